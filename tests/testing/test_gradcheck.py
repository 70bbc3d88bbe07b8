"""What gradcheck takes, how it looks, and what it refuses."""

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


@mg.op
def half_a_percent(x, /):
    out = mg.exp(x)
    return out, lambda g: 1.005 * g * out


# What passes


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(
    ("f", "inputs"),
    [
        (mg.tanh, [[0.5, -1.0]]),
        (mg.divide, [[1.0, 2.0], [[0.1], [3.0]]]),
        (mg.log, [[0.01, 1.0, 100.0]]),
        (lambda x: 1e6 * x**3, [[1e-3, 1.0]]),
        (lambda x: 1e-6 * mg.exp(x), [[5.0, -5.0]]),
        (lambda x: 1e-20 * mg.exp(x), [[1.0, -1.0]]),
        (lambda x: 1e20 * mg.exp(x), [[1.0, -1.0]]),
        (lambda x: (x[0] * 2, x[1] ** 2), [[1.0, 2.0]]),
        (lambda x: {"a": x * 2, "b": [x**2]}, [[1.0, 2.0]]),
        (mg.ones_like, [[1.0]]),
        (lambda x, y: x * 2.0, [[1.0], [2.0]]),
        (mg.exp, [np.zeros((0, 2))]),
        (lambda x: x[:0], [np.ones(3)]),
        (mg.exp, [1.5]),
    ],
)
def test_a_right_derivative_passes(f, inputs, order):
    report = mg.gradcheck(f, *inputs, order=order)
    assert report
    assert report.verdict == "ok"
    orders = {element.order for element in report.elements}
    assert orders == ({1, *range(1, order + 1)} if report.elements else set())


@pytest.mark.parametrize("fast", [False, True])
def test_every_element_of_every_input_has_a_verdict(fast):
    report = mg.gradcheck(mg.matmul, np.ones((2, 3)), np.ones((3, 1)), fast=fast)
    places = [(element.parameter, element.index) for element in report.elements]
    if fast:
        assert places == [("a random direction", (line,)) for line in range(3)]
    else:
        assert places == [
            *(("x", index) for index in np.ndindex(2, 3)),
            *(("y", index) for index in np.ndindex(3, 1)),
        ]


def test_gradgradcheck_checks_both_orders():
    report = mg.gradgradcheck(mg.tanh, [0.5])
    assert {(e.function, e.order) for e in report.elements} == {
        ("tanh", 1),
        ("gradient of tanh", 2),
    }


def test_inputs_in_containers_are_named():
    def f(parameters, x):
        return parameters["w"] * x + parameters["layers"][1][0]

    parameters = {"w": np.ones(2), "layers": [None, (np.ones(1),)]}
    report = mg.gradcheck(f, parameters, [1.0, 2.0], order=2)
    assert report
    names = {e.parameter for e in report.elements if e.order == 1}
    assert names == {"parameters['w']", "parameters['layers'][1][0]", "x"}


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
        assert not mg.gradcheck(lambda x: x.detach(), [1.0])


# Modules


def test_the_parameters_of_a_module_are_checked():
    layer = mg.nn.Linear(3, 2)
    report = mg.gradcheck(layer, np.ones((4, 3)), order=2)
    assert report
    assert {e.parameter for e in report.elements if e.order == 1} == {"x", "weight", "bias"}


@pytest.mark.parametrize("frozen", ["weight", "bias"])
def test_a_frozen_parameter_is_not_checked(frozen):
    layer = mg.nn.Linear(3, 2)
    getattr(layer, frozen).requires_grad = False
    report = mg.gradcheck(layer, np.ones((4, 3)))
    assert report.verdict == "ok"
    assert {e.parameter for e in report.elements} == {"x", "weight", "bias"} - {frozen}
    assert getattr(layer, frozen).dtype == np.float32


def test_a_module_is_afterwards_what_it_was():
    layer = mg.nn.BatchNorm2d(2)
    before, nodes = layer.state_dict(), [p._node for p in layer.parameters()]
    assert mg.gradcheck(layer, np.random.default_rng(0).normal(size=(3, 2, 2, 2)))
    after = layer.state_dict()
    assert all(np.array_equal(after[name], value) for name, value in before.items())
    assert [p._node for p in layer.parameters()] == nodes
    assert all(p.dtype == np.float32 for p in layer.parameters())


def test_a_module_is_restored_after_an_error():
    class Failing(mg.nn.Linear):
        def forward(self, x):
            raise RuntimeError("on purpose")

    layer = Failing(2, 2)
    value = layer.weight._value
    with pytest.raises(RuntimeError, match="on purpose"):
        mg.gradcheck(layer, np.ones((1, 2)))
    assert layer.weight._value is value


def test_a_wrong_layer_is_found_by_the_name_of_its_parameter():
    class Wrong(mg.nn.Module):
        def __init__(self):
            self.scale = mg.nn.Parameter([1.0, 2.0])
            self.shift = mg.nn.Parameter([0.5, 0.5])

        def forward(self, x):
            return x * self.scale.detach() + self.shift

    report = mg.gradcheck(Wrong(), [3.0, 4.0])
    verdicts = {e.parameter: e.verdict for e in report.elements}
    assert verdicts == {"x": "ok", "scale": "detached", "shift": "ok"}


# Precision


@pytest.mark.parametrize("value", [[1.0, 2.0], np.float32([1, 2]), mg.tensor([1.0, 2.0], "f4")])
def test_inputs_are_checked_in_double_precision(value):
    seen = []

    def f(x):
        seen.append(x.dtype)
        return x * x

    report = mg.gradcheck(f, value)
    assert report
    low = np.asarray(value).dtype == np.float32
    assert set(seen) == {np.dtype(np.float64)} | ({np.dtype(np.float32)} if low else set())
    assert ("in float32 against float64" in report.method) is low


@pytest.mark.parametrize(
    "f",
    [
        mg.tanh,
        mg.softmax,
        lambda x: mg.logsumexp(x, axis=-1),
        lambda x: x @ x.T,
        lambda x: mg.var(x, axis=0),
        lambda x: mg.relu(x) + 100.0,
        mg.nn.Linear(4, 3),
        mg.nn.Sequential(mg.nn.Linear(4, 5), mg.nn.ReLU(), mg.nn.Linear(5, 2)),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_right_functions_of_few_digits_are_ok_without_options(f, dtype):
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(dtype)
    assert mg.gradcheck(f, x).verdict == "ok"


@pytest.mark.parametrize("seed", range(20))
def test_a_model_in_single_precision_may_be_closed_over(seed):
    mg.manual_seed(seed)
    model = mg.nn.Sequential(mg.nn.Linear(3, 4), mg.nn.ReLU(), mg.nn.Linear(4, 2))
    x = np.random.default_rng(seed).normal(size=(5, 3))
    assert mg.gradcheck(lambda x: model(x), x)
    assert mg.gradcheck(lambda x: model(x), x.astype(np.float32))


def test_a_wrong_gradient_is_seen_in_single_precision():
    x = np.random.default_rng(0).normal(size=5).astype(np.float32)
    report = mg.gradcheck(half_a_percent, x)
    assert report.verdict == "wrong"
    report = mg.gradcheck(lambda x: (2 * x.detach() * x).astype(np.float32), x.astype(float))
    assert report.verdict == "wrong"


def test_digits_lost_in_single_precision_are_told():
    def cancelling(x):
        return (x + 1e4 - 1e4) * x**2

    report = mg.gradcheck(cancelling, np.float32([0.3003]))
    assert report.verdict == "imprecise"
    assert report.worst.function == "cancelling in float32"


def test_an_overflow_of_single_precision_is_told():
    report = mg.gradcheck(lambda x: mg.exp(x) * mg.exp(x), np.float32([50.0, 1.0]))
    assert report.verdict == "not finite"
    assert report.worst.function == "<lambda> in float32"
    assert report.worst.index == (0,)


# What it finds where it is hard


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
        (mg.relu, 1e-9),
        (mg.relu, -1e-9),
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
        "a kink very close by on the left",
        "a kink very close by on the right",
        "a jump nearby",
    ],
)
def test_smaller_steps_are_tried_where_large_ones_lead_astray(f, at, order):
    assert mg.gradcheck(f, [at], order=order).verdict == "ok"


@pytest.mark.parametrize("at", [3e-4, 1e-6, 0.5])
def test_a_wrong_derivative_is_found_with_smaller_steps_too(at):
    @mg.op
    def slightly_off(x, /):
        return mg.sqrt(x), lambda g: 1.005 * g * 0.5 / mg.sqrt(x)

    assert mg.gradcheck(slightly_off, [at]).verdict == "wrong"


@pytest.mark.parametrize("constant", [0.0, 1e2, 1e4, 1e6])
@pytest.mark.parametrize("seed", range(5))
def test_half_a_percent_is_found_beside_large_values(constant, seed):
    report = mg.gradcheck(lambda x: half_a_percent(x) + constant, [0.3, -1.2, 0.8], seed=seed)
    assert report.verdict == "wrong"


@pytest.mark.parametrize("scale", [1e-30, 1e-10, 1.0, 1e10, 1e30])
@pytest.mark.parametrize("at", [1e-6, 1.0, 1e6])
def test_half_a_percent_is_found_at_any_scale(scale, at):
    @mg.op
    def slightly_off(x, /):
        return scale * (x / at) ** 3, lambda g: 3.015 * scale * g * x**2 / at**3

    assert mg.gradcheck(slightly_off, np.array([at, 2 * at])).verdict == "wrong"
    assert mg.gradcheck(lambda x: scale * (x / at) ** 3, np.array([at, 2 * at])).verdict == "ok"


def test_a_small_derivative_is_judged_beside_a_large_one_of_another_input():
    @mg.op
    def both(x, y, /):
        return 1e9 * x + y * y, (lambda g: 1e9 * g, lambda g: 2.01 * g * y)

    report = mg.gradcheck(both, 1.0, [1.0, 2.0])
    assert {e.parameter for e in report.elements if e.verdict == "wrong"} == {"y"}


@pytest.mark.parametrize(
    ("large", "factor", "verdict"),
    [(1e3, 1.001, "wrong"), (20.0, 2.0, "wrong"), (1e5, -1.0, "imprecise")],
)
def test_a_small_element_is_judged_beside_a_large_one(large, factor, verdict):
    @mg.op
    def total(x, /):
        error = np.where(np.arange(2) == 1, factor, 1.0)
        return mg.sum(x**3), lambda g: 3 * g * x**2 * error

    report = mg.gradcheck(total, [large, 1.0])
    assert [element.verdict for element in report.elements] == ["ok", verdict]


@pytest.mark.parametrize("constant", [1e14, 1e16, 1e20])
def test_a_derivative_that_no_digit_shows_is_not_called_right(constant):
    @mg.op
    def wrong(x, /):
        return x * 1.0, lambda g: -5 * g

    assert mg.gradcheck(lambda x: wrong(x) + constant, [0.3]).verdict == "imprecise"


@pytest.mark.parametrize("seed", range(10))
def test_the_sign_of_the_gradient_of_the_output_matters(seed):
    @mg.op
    def without_sign(x, /):
        return 2 * mg.sum(x), lambda g: 2 * mg.abs(g) * np.ones_like(x)

    assert mg.gradcheck(without_sign, [1.0, 2.0], seed=seed).verdict == "wrong"


def test_symmetric_matrices_are_moved_as_such_and_that_is_said():
    report = mg.gradcheck(mg.linalg.eigvalsh, np.diag([1.0, 2.0, 4.0]) + 0.1, order=2)
    assert report
    assert "Symmetric matrices" in str(report)
    transposed = mg.op(lambda x, /: (mg.tril(x), lambda g: mg.tril(g).T))
    assert not mg.gradcheck(transposed, np.ones((3, 3)))


# Many inputs and outputs


def test_many_inputs_are_checked_in_few_calls():
    calls = itertools.count()

    def f(x):
        next(calls)
        return mg.tanh(x) * x

    report = mg.gradcheck(f, np.random.default_rng(0).normal(size=1000))
    assert report
    assert next(calls) == report.evaluations <= 60
    assert report.method.startswith("3 random directions of 1000 inputs")


def test_kinks_among_many_inputs_do_not_cost_more():
    x = np.random.default_rng(0).normal(size=1000)
    report = mg.gradcheck(lambda x: mg.abs(mg.relu(x) - 0.3), x)
    assert report
    assert report.evaluations <= 60


@pytest.mark.parametrize("seed", range(5))
def test_one_wrong_element_of_many_is_located(seed):
    @mg.op
    def one_off(x, y, /):
        error = np.where(np.arange(400) == 137, 1.01, 1.0)
        out = mg.exp(y)
        return mg.sin(x) + out, (lambda g: g * mg.cos(x), lambda g: g * out * error)

    x = np.random.default_rng(seed).normal(size=400)
    report = mg.gradcheck(one_off, x, x, seed=seed)
    worst = report.worst
    assert (report.verdict, worst.parameter, worst.index) == ("wrong", "y", (137,))
    assert worst.analytic == pytest.approx(1.01 * worst.numeric)


def test_a_detached_input_of_many_is_located():
    x = np.random.default_rng(0).normal(size=300)
    report = mg.gradcheck(lambda x, y: x + mg.exp(y.detach()), x, x)
    assert (report.verdict, report.worst.parameter) == ("detached", "y")


def test_a_constant_factor_is_named_among_many_inputs():
    report = mg.gradcheck(half_a_percent, np.random.default_rng(0).normal(size=300))
    assert report.diagnosis[0].kind == "factor"


def test_many_outputs_are_contracted():
    def f(x):
        return mg.exp(x[:, None] * np.linspace(0, 1, 1000))

    report = mg.gradcheck(f, [0.5, 1.0])
    assert report
    assert report.method == "each of 2 inputs, 2000 outputs times random numbers"
    assert not mg.gradcheck(lambda x: half_a_percent(f(x)), [0.5, 1.0])


# What it says


def test_the_report_names_function_input_index_values_and_tolerance():
    x, y = np.ones((2, 2)), np.array([[1.0, 2.0], [3.0, 4.0]])
    report = mg.gradcheck(wrong_square, x, y)
    assert not report
    assert report.function == "wrong_square"
    assert report.verdicts == {"wrong": 1, "ok": 7}
    worst = report.worst
    assert (worst.parameter, worst.index, worst.output) == ("y", (1, 1), "output[1, 1]")
    assert (worst.analytic, worst.numeric) == pytest.approx((12.0, 8.0))
    assert 0 < worst.tolerance < 1e-5
    assert worst.margin > 1e5


def test_assert_gradients_raises_the_report():
    mg.testing.assert_gradients(mg.exp, [1.0], order=2)
    with pytest.raises(GradientError, match=r"wrong_square") as caught:
        mg.testing.assert_gradients(wrong_square, np.ones((2, 2)), np.ones((2, 2)))
    assert isinstance(caught.value, AssertionError)
    assert caught.value.report.verdict == "wrong"
    assert str(caught.value) == str(caught.value.report)


def test_a_failure_of_second_order_names_the_gradient():
    @mg.op(piecewise_linear=True)
    def square(x, /):
        return x * x, lambda g: 2 * g * x

    report = mg.gradcheck(square, [1.0], order=2)
    assert report.worst.function == "gradient of square"
    assert report.worst.order == 2
    assert report.diagnosis[0].kind == "history lost"


class Detaching:
    def __call__(self, x):
        return x.detach()


@pytest.mark.parametrize(
    ("f", "inputs", "function", "parameter"),
    [
        (lambda x, /, scale=1.0: x.detach() * scale, [1.0], "<lambda>", "x"),
        (lambda *arrays: arrays[1].detach(), [1.0, 2.0], "<lambda>", "input 1"),
        (Detaching(), [1.0], "Detaching", "x"),
    ],
)
def test_a_function_and_its_inputs_have_their_names(f, inputs, function, parameter):
    worst = mg.gradcheck(f, *inputs).worst
    assert (worst.function, worst.parameter) == (function, parameter)


def test_the_tolerance_can_be_set():
    @mg.op
    def slightly_off(x, /):
        return x * x, lambda g: 2.0002 * g * x

    assert not mg.gradcheck(slightly_off, [1.0])
    assert mg.gradcheck(slightly_off, [1.0], rtol=1e-3)
    assert mg.gradcheck(slightly_off, [1.0], atol=1e-3)


def test_the_seed_makes_it_repeatable():
    found = [
        mg.gradcheck(lambda x: x.detach(), np.ones(300), seed=seed).worst for seed in (1, 1, 2)
    ]
    assert found[0] == found[1] != found[2]


def test_a_complex_step_confirms_what_differences_cannot():
    report = mg.gradcheck(lambda x: x + 1e12, [0.3])
    assert report
    assert "complex steps" in report.method


# What it refuses


@pytest.mark.parametrize("value", [3, np.array([1, 2]), mg.tensor([1, 2]), "text", None])
def test_nothing_to_check_is_refused(value):
    with pytest.raises(ValueError, match="no input is floating"):
        mg.gradcheck(lambda x: x, value)


@pytest.mark.parametrize("f", [lambda x: x > 0, mg.argmax, lambda x: ()])
def test_a_function_without_floating_results_is_refused(f):
    with pytest.raises(ValueError, match="returned nothing floating"):
        mg.gradcheck(f, [1.0])


@pytest.mark.parametrize("result", [None, "text", object()])
def test_a_function_that_returns_no_tensor_is_refused(result):
    with pytest.raises(TypeError, match=rf"returned a {type(result).__name__}, expected a tensor"):
        mg.gradcheck(lambda x: result, [1.0])


def test_a_tuple_of_inputs_is_refused():
    with pytest.raises(TypeError, match=r"takes 2 inputs; pass them one by one"):
        mg.gradcheck(lambda x, y: x * y, (np.ones(2), np.ones(2)))
    assert mg.gradcheck(lambda pair: pair[0] * pair[1], (np.ones(2), np.ones(2)))


@pytest.mark.parametrize("order", [0, -1])
def test_an_order_below_one_is_refused(order):
    with pytest.raises(ValueError, match=f"order is at least 1, got {order}"):
        mg.gradcheck(mg.exp, [1.0], order=order)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed is at least 0, got -1"):
        mg.gradcheck(mg.exp, [1.0], seed=-1)


def test_blame_is_for_ops_that_may_be_wrong():
    report = mg.gradcheck(lambda x: half_a_percent(x * 2.0), [1.0], blame=True)
    assert report.blame.op == "half_a_percent"
    assert "half_a_percent, called at" in str(report)
    assert mg.gradcheck(lambda x: x.detach(), [1.0], blame=True).blame is None
    assert mg.gradcheck(mg.exp, [1.0], blame=True).blame is None


@pytest.mark.parametrize("fast", [False, True])
def test_every_call_is_counted(fast):
    for f, x in ((mg.exp, [0.5, 1.0]), (half_a_percent, [0.5, 1.0]), (mg.sort, [1.0, 1.0, 1.0])):
        calls = itertools.count()

        def counted(x, f=f, calls=calls):
            next(calls)
            return f(x)

        report = mg.gradcheck(counted, x, fast=fast, order=2)
        assert report.evaluations == next(calls)


def test_an_empty_input_beside_others():
    for fast in (False, True):
        assert mg.gradcheck(lambda x, y: y * 2.0, np.zeros(0), np.ones(3), fast=fast)


def test_errors_of_the_function_are_not_swallowed():
    def failing(x):
        raise KeyError("on purpose")

    with pytest.raises(KeyError, match="on purpose"):
        mg.gradcheck(failing, [1.0])
