"""detect_anomaly names the op, the element, the line and the remedy."""

import threading

import numpy as np
import pytest

import minigrad as mg


def leaf(*values):
    return mg.tensor(values, dtype=float, requires_grad=True)


def found(compute, *inputs):
    """The message about a computation."""
    with pytest.raises(mg.AnomalyError) as caught, mg.detect_anomaly():
        compute(*inputs)
    return str(caught.value)


@pytest.mark.parametrize(
    ("compute", "values", "parts"),
    [
        (mg.log, [1, 0], ["log, forward: the result became -inf at (1,), where x = 0.0", "1e-12"]),
        (mg.log, [-1], ["log, forward: the result became nan at (0,), where x = -1.0"]),
        (mg.sqrt, [-1], ["sqrt, forward", "nan"]),
        (mg.exp, [1000], ["exp, forward", "inf", "mg.logsumexp"]),
        (lambda x: 1 / x, [0], ["divide, forward", "where x = 1, y = 0.0", "denominator"]),
        (lambda x: np.divide(x, x), [0], ["divide, forward", "nan"]),
        (lambda x: mg.sum(x * x), [1e200], ["multiply, forward", "inf"]),
    ],
)
def test_forward(compute, values, parts):
    message = found(compute, leaf(*values))
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("compute", "values", "parts"),
    [
        (mg.sqrt, [4, 0], ["sqrt, backward: the gradient of x became inf at (1,)", "1e-12"]),
        (lambda x: x**0.5, [0], ["power, backward", "where x = 0.0, y = 0.5", "slope at 0"]),
        (
            lambda x: mg.where(x > 0, mg.sqrt(x), 0),
            [4, 0],
            ["sqrt, backward", "nan at (1,)", "mg.where(c, f(mg.where(c, x, 1.0)), y)"],
        ),
    ],
)
def test_backward(compute, values, parts):
    message = found(lambda x: compute(x).sum().backward(), leaf(*values))
    assert all(part in message for part in parts), message


def test_the_line_of_code_is_the_users():
    def compute(x):
        y = mg.sqrt(x)  # here
        return (2 * y).sum().backward()

    message = found(compute, leaf(0))
    assert f"{__file__}:" in message
    assert "in compute: y = mg.sqrt(x)  # here" in message


def test_the_line_behind_a_numpy_call_is_the_users():
    message = found(lambda x: np.log(x), leaf(0))  # through NumPy
    assert "# through NumPy" in message


def test_the_line_of_an_op_with_several_outputs():
    @mg.op
    def halves(x, /):
        return (x / 2, mg.sqrt(x)), lambda g, h: g / 2 + h / mg.sqrt(x)

    def compute(x):
        one, other = halves(x)  # two at once
        return (one + other).sum().backward()

    assert "# two at once" in found(compute, leaf(0))


def test_what_was_computed_outside_has_no_line():
    y = mg.sqrt(leaf(0)).sum()
    assert "called outside of detect_anomaly()" in found(lambda: y.backward())


def test_the_second_derivative_is_watched():
    def compute(x):
        (slope,) = mg.grad((x**1.5).sum(), x, create_graph=True)
        mg.grad(slope.sum(), x)

    assert "backward: the gradient of" in found(compute, leaf(0))


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: mg.where(x > 0, x, -np.inf),
        lambda x: x * np.nan,
        lambda x: mg.log_softmax(mg.where(x > 0, x, -np.inf)),
        lambda x: mg.where(x > 0, mg.sqrt(mg.where(x > 0, x, 1.0)), 0),
    ],
)
def test_what_comes_in_is_not_made(compute):
    x = leaf(1, 0)
    with mg.detect_anomaly():
        result = compute(x)
    assert result.shape == (2,)


def test_values_and_gradients_are_the_same_inside():
    outside, inside = leaf(1, 2), leaf(1, 2)
    mg.tanh(outside * 2).sum().backward()
    with mg.detect_anomaly():
        mg.tanh(inside * 2).sum().backward()
    np.testing.assert_array_equal(outside.grad, inside.grad)


def test_modes_nest():
    x = leaf(0)
    with mg.detect_anomaly():
        with mg.no_grad():
            assert not mg.is_grad_enabled()
            mg.log(x)
            with mg.enable_grad(), pytest.raises(mg.AnomalyError):
                mg.log(x)
        assert mg.is_grad_enabled()
        with pytest.raises(mg.AnomalyError):
            mg.log(x)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        mg.log(x)


def test_a_watch_may_be_entered_again():
    before = np.geterr()
    watch = mg.detect_anomaly()
    with watch:
        with watch, pytest.raises(mg.AnomalyError):
            mg.log(leaf(0))
        with pytest.raises(mg.AnomalyError):
            mg.log(leaf(0))
    assert np.geterr() == before


def test_other_threads_are_not_watched():
    results = []

    def elsewhere():
        with np.errstate(all="ignore"):
            results.append(mg.log(leaf(0)).tolist())

    with mg.detect_anomaly():
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert results == [[-np.inf]]
