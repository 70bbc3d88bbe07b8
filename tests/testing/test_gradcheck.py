import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import GradientError


@mg.op
def wrong_square(x, y, /):
    """Wrong in one element of its second input."""
    off = np.array([[1.0, 1.0], [1.0, 1.5]])
    return x * x + y * y, (lambda g: 2 * g * x, lambda g: 2 * g * y * off)


# What it passes


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(
    ("f", "inputs"),
    [
        (mg.tanh, [[0.5, -1.0]]),
        (mg.divide, [[1.0, 2.0], [[0.1], [3.0]]]),
        (mg.log, [[0.01, 1.0, 100.0]]),
        (lambda x: 1e6 * x**3, [[1e-3, 1.0]]),
        (lambda x: 1e-6 * mg.exp(x), [[5.0, -5.0]]),
        (lambda x: (x[0] * 2, x[1] ** 2), [[1.0, 2.0]]),
        (mg.ones_like, [[1.0]]),
        (lambda x, y: x * 2.0, [[1.0], [2.0]]),
        (mg.exp, [np.zeros((0, 2))]),
        (mg.exp, [1.5]),
    ],
)
def test_a_right_derivative_passes(f, inputs, order):
    assert mg.gradcheck(f, *inputs, order=order) is True


@pytest.mark.parametrize("value", [[1.0, 2.0], np.float32([1, 2]), mg.tensor([1.0, 2.0], "f4")])
def test_inputs_are_checked_in_double_precision(value):
    seen = []

    def f(x):
        seen.append(x.dtype)
        return x * x

    assert mg.gradcheck(f, value)
    assert set(seen) == {np.dtype(np.float64)}


def test_inputs_that_are_not_floating_are_passed_on():
    def pick(x, index, name):
        assert (index.dtype, name) == (np.int64, "name")
        return x[index]

    assert mg.gradcheck(pick, [1.0, 2.0], np.array([0, 0, 1]), "name", order=2)


def test_inputs_are_not_changed():
    x = np.array([1.0, 2.0])
    mg.gradcheck(mg.exp, x, order=2)
    assert x.tolist() == [1.0, 2.0]


def test_it_works_under_no_grad():
    with mg.no_grad():
        assert mg.gradcheck(mg.exp, [1.0], order=2)
        with pytest.raises(GradientError):
            mg.gradcheck(lambda x: x.detach(), [1.0])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("f", "at"),
    [
        (lambda x: (mg.relu(x) - np.array([1e3, 2e3])) ** 2, [-1.0, 2.0]),
        (lambda x: mg.relu(x).sum() + 1e6, [1.0, -2.0]),
        (lambda x: mg.relu(x) + 1e6, [-2.0]),
    ],
)
def test_a_derivative_of_zero_passes_beside_large_values(f, at, order):
    assert mg.gradcheck(f, at, order=order)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("f", "at"),
    [
        (lambda x: mg.tanh(x - 100.0), 100.5),
        (lambda x: mg.exp(1e3 * x), 1e-3),
        (mg.sqrt, 5e-4),
        (mg.log, 1e-5),
        (mg.relu, 3e-4),
        (mg.relu, 1e-6),
        (mg.relu, -1e-6),
        (lambda x: mg.where(x > 1, 1.0, 0.0) + x, 1.0 + 1e-5),
    ],
    ids=[
        "a bend far from zero",
        "a steep slope",
        "the end of the domain",
        "the end of the domain closer by",
        "a kink nearby",
        "a kink closer by on the left",
        "a kink closer by on the right",
        "a jump nearby",
    ],
)
def test_smaller_steps_are_tried_where_large_ones_lead_astray(f, at, order):
    assert mg.gradcheck(f, [at], order=order)


@pytest.mark.parametrize("at", [3e-4, 1e-6, 0.5])
def test_a_wrong_derivative_is_found_with_smaller_steps_too(at):
    @mg.op
    def slightly_off(x, /):
        return mg.sqrt(x), lambda g: 1.005 * g * 0.5 / mg.sqrt(x)

    with pytest.raises(GradientError, match="wrong derivative"):
        mg.gradcheck(slightly_off, [at])


# What it says


def test_a_failure_names_function_input_index_values_and_tolerance():
    x, y = np.ones((2, 2)), np.array([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(
        GradientError,
        match=r"wrong_square: wrong derivative by 'y' at index \(1, 1\)\n"
        r"(.*\n)*  analytic +-?\d+\.\d+\n  numeric +-?\d+\.\d+\n  tolerance +\d",
    ) as caught:
        mg.gradcheck(wrong_square, x, y)
    error = caught.value
    assert (error.function, error.parameter, error.index) == ("wrong_square", "y", (1, 1))
    assert error.analytic == pytest.approx(1.5 * error.numeric)
    assert 0 < error.tolerance < 1e-3 * abs(error.numeric)


def test_a_failure_of_second_order_names_the_gradient():
    @mg.op(piecewise_linear=True)
    def square(x, /):
        return x * x, lambda g: 2 * g * x

    with pytest.raises(GradientError, match=r"^gradient of square: wrong derivative by 'x'"):
        mg.gradcheck(square, [1.0], order=2)


class Detaching:
    def __call__(self, x):
        return x.detach()


@pytest.mark.parametrize(
    ("f", "inputs", "name"),
    [
        (lambda x, /, scale=1.0: x.detach() * scale, [1.0], r"^<lambda>: .* by 'x'"),
        (lambda *arrays: arrays[1].detach(), [1.0, 2.0], r"^<lambda>: .* by 'input 1'"),
        (Detaching(), [1.0], r"^Detaching: .* by 'x'"),
    ],
)
def test_a_function_and_its_inputs_have_their_names(f, inputs, name):
    with pytest.raises(GradientError, match=name):
        mg.gradcheck(f, *inputs)


def test_the_tolerance_can_be_set():
    @mg.op
    def slightly_off(x, /):
        return x * x, lambda g: 2.0002 * g * x

    assert mg.gradcheck(slightly_off, [1.0], rtol=1e-3)
    with pytest.raises(GradientError):
        mg.gradcheck(slightly_off, [1.0])


def test_the_seed_makes_it_repeatable():
    messages = []
    for seed in (1, 1, 2):
        with pytest.raises(GradientError) as caught:
            mg.gradcheck(lambda x: x.detach(), [1.0], seed=seed)
        messages.append(str(caught.value))
    assert messages[0] == messages[1] != messages[2]


# What it does not pass


@pytest.mark.parametrize(
    ("f", "at"),
    [
        (mg.relu, 0.0),
        (lambda x: mg.maximum(x, -x), 0.0),
        (lambda x: mg.maximum(x, 2 * x), 0.0),
        (lambda x: mg.max(mg.concatenate([x, -x])), 0.0),
        (mg.relu, 1e-9),
        (mg.relu, -1e-9),
        (mg.relu, 5e-8),
        (lambda x: mg.where(x > 1, 1.0, 0.0) * 1.0 + x, 1.0),
        (lambda x: mg.where(x > 1, 1.0, 0.0) + x, 1.0 + 1e-8),
        (lambda x: mg.relu(x) + 1e6, 0.0),
        (lambda x: mg.relu(x) * np.array([1.0, 1e7]), [0.0, 1.0]),
        (lambda x: (mg.relu(x) - np.array([1e3, 2e3])) ** 2, [0.0, 2.0]),
    ],
    ids=[
        "relu",
        "absolute value, whose slope at the kink is the mean of both sides",
        "two slopes of one sign",
        "a tie of two elements",
        "a kink within reach on the left",
        "a kink within reach on the right",
        "a kink within reach of some steps",
        "a jump",
        "a jump within reach",
        "a kink beside a large constant",
        "a kink beside a large slope",
        "a kink beside large values",
    ],
)
def test_a_kink_or_a_jump_is_not_judged(f, at):
    with pytest.raises(GradientError, match=r"cannot judge .*\n(.*\n)*.*kink or a jump"):
        mg.gradcheck(f, np.ravel(at))


def test_a_tie_of_a_window_is_not_judged():
    with pytest.raises(GradientError, match="cannot judge"):
        mg.gradcheck(lambda x: mg.max_pool2d(x, 2), np.ones((1, 1, 2, 2)))


def test_a_kink_of_the_derivative_does_not_pass():
    with pytest.raises(GradientError):
        mg.gradcheck(lambda x: mg.where(x > 0, x * x, -x * x), [0.0], order=2)


@pytest.mark.parametrize("digits", [np.float32, np.float16])
def test_rounding_to_single_precision_is_not_judged(digits):
    def rounded(x):
        return mg.exp(x.astype(digits)).astype(float)

    with pytest.raises(GradientError):
        mg.gradcheck(rounded, [1.0])


@pytest.mark.parametrize("at", [0.01, 0.3, 1.0, 7.0])
@pytest.mark.parametrize("constant", [0.0, 10.0, 1000.0])
def test_rounded_values_that_do_not_change_close_by_have_no_derivative_of_zero(constant, at):
    def staircase(x):
        return mg.tensor((x.numpy() + constant).astype("f4").astype(float))

    with pytest.raises(GradientError):
        mg.gradcheck(staircase, [at])


@pytest.mark.parametrize("constant", [0.0, 1e2, 1e4, 1e6])
@pytest.mark.parametrize("seed", range(5))
def test_half_a_percent_is_found_beside_large_values(constant, seed):
    @mg.op
    def slightly_off(x, /):
        out = mg.exp(x)
        return out + constant, lambda g: 1.005 * g * out

    with pytest.raises(GradientError, match="wrong derivative"):
        mg.gradcheck(slightly_off, [0.3, -1.2, 0.8], seed=seed)


@pytest.mark.parametrize("slope", [1.0, 1.005, 0.0])
def test_a_derivative_lost_in_rounding_is_not_judged(slope):
    @mg.op
    def shifted(x, /):
        return x + 1e12, lambda g: slope * g

    with pytest.raises(GradientError, match=r"cannot judge .*\n(.*\n)*.*rounding of large values"):
        mg.gradcheck(shifted, [0.3, -1.2])


def test_a_function_that_returns_other_values_each_time_is_refused():
    numbers = itertools.count()

    def noisy(x):
        return x + 1e-9 * next(numbers)

    with pytest.raises(ValueError, match=r"noisy returned different values .*fixed seed"):
        mg.gradcheck(noisy, [1.0])


@pytest.mark.parametrize("f", [lambda x: x.detach() ** 2, lambda x: mg.tensor(x.numpy()) * x])
def test_a_detached_function_does_not_pass(f):
    with pytest.raises(GradientError, match="wrong derivative"):
        mg.gradcheck(f, [3.0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", [lambda x: x / 0.0, mg.log, lambda x: x * np.nan])
def test_values_that_are_not_finite_are_refused(f):
    with pytest.raises(ValueError, match="values that are not finite"):
        mg.gradcheck(f, [0.0, 1.0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", [mg.sqrt, lambda x: x * mg.sqrt(x)])
def test_the_end_of_the_domain_is_not_judged(f):
    with pytest.raises(GradientError, match=r"cannot judge .*\n(.*\n)*.*step away are not finite"):
        mg.gradcheck(f, [0.0])


def test_a_derivative_that_is_not_finite_does_not_pass():
    @mg.op
    def endless(x, /):
        return x * 1.0, lambda g: g * np.inf

    with pytest.raises(GradientError, match=r"analytic +-?inf"):
        mg.gradcheck(endless, [1.0])


@pytest.mark.parametrize("value", [3, np.array([1, 2]), mg.tensor([1, 2]), "text", None])
def test_nothing_to_check_is_refused(value):
    with pytest.raises(ValueError, match="no input is floating"):
        mg.gradcheck(lambda x: x, value)


@pytest.mark.parametrize("f", [lambda x: x > 0, mg.argmax, lambda x: ()])
def test_a_function_without_floating_results_is_refused(f):
    with pytest.raises(ValueError, match="returned nothing floating"):
        mg.gradcheck(f, [1.0])


@pytest.mark.parametrize("result", [1.0, np.ones(2), {"a": 1}, None])
def test_a_function_that_returns_no_tensor_is_refused(result):
    with pytest.raises(TypeError, match=rf"returned a {type(result).__name__}, expected a tensor"):
        mg.gradcheck(lambda x: result, [1.0])


@pytest.mark.parametrize("order", [0, -1])
def test_an_order_below_one_is_refused(order):
    with pytest.raises(ValueError, match=f"order is at least 1, got {order}"):
        mg.gradcheck(mg.exp, [1.0], order=order)
