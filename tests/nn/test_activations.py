"""Activations without PyTorch: values, infinities, large numbers, orders, layers, misuse."""

import copy
import functools
import importlib
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

inf, nan = np.inf, np.nan
HAS_SCIPY = importlib.util.find_spec("scipy") is not None
NEEDS_SCIPY = pytest.mark.skipif(not HAS_SCIPY, reason="the exact GELU needs SciPy")

SELU_SCALE, SELU_LIMIT = 1.0507009873554805, -1.7580993408473766

# Name, function, values at -inf, -10000, 0, 10000 and inf, slopes there.
EXTREMES = [
    ("relu", mg.relu, [0, 0, 0, 1e4, inf], [0, 0, 0, 1, 1]),
    ("relu6", mg.relu6, [0, 0, 0, 6, 6], [0, 0, 0, 0, 0]),
    ("leaky_relu", mg.leaky_relu, [-inf, -100, 0, 1e4, inf], [0.01, 0.01, 0.01, 1, 1]),
    (
        "leaky_relu without leak",
        functools.partial(mg.leaky_relu, negative_slope=0),
        [0, 0, 0, 1e4, inf],
        [0, 0, 0, 1, 1],
    ),
    (
        "prelu",
        lambda x: mg.prelu(x, np.array([0.5], x.dtype)),
        [-inf, -5000, 0, 1e4, inf],
        [0.5, 0.5, 0.5, 1, 1],
    ),
    ("elu", functools.partial(mg.elu, alpha=2), [-2, -2, 0, 1e4, inf], [0, 0, 2, 1, 1]),
    (
        "selu",
        mg.selu,
        [SELU_LIMIT, SELU_LIMIT, 0, SELU_SCALE * 1e4, inf],
        [0, 0, -SELU_LIMIT, SELU_SCALE, SELU_SCALE],
    ),
    ("celu", functools.partial(mg.celu, alpha=2), [-2, -2, 0, 1e4, inf], [0, 0, 1, 1, 1]),
    ("hardtanh", mg.hardtanh, [-1, -1, 0, 1, 1], [0, 0, 1, 0, 0]),
    ("hardsigmoid", mg.hardsigmoid, [0, 0, 0.5, 1, 1], [0, 0, 1 / 6, 0, 0]),
    ("hardswish", mg.hardswish, [0, 0, 0, 1e4, inf], [0, 0, 0.5, 1, 1]),
    ("hardshrink", mg.hardshrink, [-inf, -1e4, 0, 1e4, inf], [1, 1, 0, 1, 1]),
    ("softshrink", mg.softshrink, [-inf, 0.5 - 1e4, 0, 1e4 - 0.5, inf], [1, 1, 0, 1, 1]),
    (
        "threshold",
        functools.partial(mg.threshold, threshold=1, value=9),
        [9, 9, 9, 1e4, inf],
        [0, 0, 0, 1, 1],
    ),
    ("softplus", mg.softplus, [0, 0, np.log(2), 1e4, inf], [0, 0, 0.5, 1, 1]),
    (
        "softplus without threshold",
        functools.partial(mg.softplus, threshold=inf),
        [0, 0, np.log(2), 1e4, inf],
        [0, 0, 0.5, 1, 1],
    ),
    ("sigmoid", mg.sigmoid, [0, 0, 0.5, 1, 1], [0, 0, 0.25, 0, 0]),
    ("logsigmoid", mg.logsigmoid, [-inf, -1e4, -np.log(2), 0, 0], [1, 1, 0.5, 0, 0]),
    ("silu", mg.silu, [0, 0, 0, 1e4, inf], [0, 0, 0.5, 1, 1]),
    ("swish", mg.swish, [0, 0, 0, 1e4, inf], [0, 0, 0.5, 1, 1]),
    pytest.param("gelu", mg.gelu, [0, 0, 0, 1e4, inf], [0, 0, 0.5, 1, 1], marks=NEEDS_SCIPY),
    (
        "gelu by tanh",
        functools.partial(mg.gelu, approximate="tanh"),
        [0, 0, 0, 1e4, inf],
        [0, 0, 0.5, 1, 1],
    ),
    ("mish", mg.mish, [0, 0, 0, 1e4, inf], [0, 0, 0.6, 1, 1]),
    ("softsign", mg.softsign, [-1, -1e4 / 10001, 0, 1e4 / 10001, 1], [0, 0, 1, 0, 0]),
    ("tanhshrink", mg.tanhshrink, [-inf, 1 - 1e4, 0, 1e4 - 1, inf], [1, 1, 0, 1, 1]),
    ("step", mg.step, [0, 0, 0, 1, 1], [0, 0, 0, 0, 0]),
]


# Warnings are errors here: an overflow on the way would be one.
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(("name", "function", "values", "slopes"), EXTREMES)
def test_infinities_and_large_numbers(name, function, values, slopes, dtype):
    x = mg.tensor(np.array([-inf, -1e4, 0, 1e4, inf], dtype), requires_grad=True)
    y = function(x)
    near = {"rtol": 1e-3 if dtype == np.float16 else 1e-6, "atol": 1e-7}
    np.testing.assert_allclose(y.detach(), values, **near)
    (slope,) = mg.grad([y], [x], [np.ones(5, dtype)], create_graph=True)
    np.testing.assert_allclose(slope.detach(), slopes, **near)
    assert y.dtype == slope.dtype == dtype
    if slope.requires_grad:
        (curvature,) = mg.grad([slope], [x], [np.ones(5, dtype)])
        assert np.isfinite(curvature).all()
        np.testing.assert_allclose(curvature[[0, 1, 3, 4]], 0, atol=1e-7)


@pytest.mark.parametrize(("name", "function", "values", "slopes"), EXTREMES)
def test_nan_stays_nan_and_an_array_an_array(name, function, values, slopes):
    y = function(np.array([nan, 1.0]))
    assert type(y) is np.ndarray
    np.testing.assert_array_equal(np.isnan(y), [True, False])


def test_softplus_is_accurate_where_it_is_small():
    x = np.array([-700.0, -100.0, -40.0, -1e-20])
    np.testing.assert_allclose(mg.softplus(x), np.log1p(np.exp(x)), rtol=1e-15)
    single = np.linspace(-80, 25, 999, dtype=np.float32)
    exact = np.logaddexp(0, single.astype(float))
    np.testing.assert_allclose(mg.softplus(single), exact, rtol=4e-7)


@pytest.mark.parametrize(
    "function", [mg.silu, mg.mish, functools.partial(mg.gelu, approximate="tanh"), mg.logsigmoid]
)
def test_what_single_precision_gives_is_right_to_a_few_digits_less(function):
    single = np.linspace(-12, 12, 4001, dtype=np.float32)
    t, u = (mg.tensor(x, requires_grad=True) for x in (single.astype(float), single))
    y, v = function(t), function(u)
    (slope,), (rounded,) = mg.grad([y.sum()], [t]), mg.grad([v.sum()], [u])
    scale = np.maximum(np.abs(single), 1)
    assert (np.abs(v.detach().numpy() - y.detach().numpy()) <= 1e-6 * scale).all()
    assert (np.abs(rounded.numpy() - slope.numpy()) <= 2e-6 * scale).all()


def test_softplus_above_its_threshold_is_straight():
    x = mg.tensor([1.9, 2.1], requires_grad=True)
    y = mg.softplus(x, 1.0, 2.0)
    y.sum().backward()
    np.testing.assert_allclose(y.detach(), [np.log(1 + np.exp(1.9)), 2.1])
    np.testing.assert_allclose(x.grad, [1 / (1 + np.exp(-1.9)), 1])


def test_an_infinite_gradient_meets_no_zero():
    """What a mask keeps back is 0, and not inf * 0."""
    x = mg.tensor([-2.0, 2.0], requires_grad=True)
    for function in (mg.relu6, mg.hardtanh, mg.softshrink, mg.leaky_relu, mg.hardshrink):
        (found,) = mg.grad([function(x)], [x], [np.full(2, inf)])
        assert not np.isnan(found).any()
    weight = mg.tensor([0.25], requires_grad=True)
    infinite = mg.tensor([[inf], [-1.0]], requires_grad=True)
    mg.prelu(infinite, weight).backward(np.ones((2, 1)))
    assert weight.grad.tolist() == [-1.0]


# Along an axis


def test_maxout_of_neighbours():
    x = np.array([[1.0, 5.0, -2.0, -3.0, 0.0, 0.0]])
    assert mg.maxout(x, 2).tolist() == [[5.0, -2.0, 0.0]]
    assert mg.maxout(x, 3).tolist() == [[5.0, 0.0]]
    assert mg.maxout(x, 6).tolist() == [[5.0]]
    np.testing.assert_array_equal(mg.maxout(x, 1), x)
    np.testing.assert_array_equal(mg.maxout(x.T, 2, axis=0), mg.maxout(x, 2, axis=-1).T)


def test_maxout_layer_is_the_largest_of_linear_functions():
    layer = nn.Maxout(3, 2, pieces=4, dtype=np.float64, rng=0)
    x = np.random.default_rng(1).normal(size=(5, 3))
    weight, bias = layer.linear.weight.numpy(), layer.linear.bias.numpy()
    for output in range(2):
        rows = slice(4 * output, 4 * output + 4)
        largest = (x @ weight[rows].T + bias[rows]).max(1)
        np.testing.assert_allclose(layer(x).detach()[:, output], largest)
    assert layer(x.astype(np.float32)).dtype == np.float64
    assert nn.Maxout(3, 2, 4)(x).dtype == np.float32
    assert mg.gradcheck(lambda weight, x: mg.maxout(x @ weight.T, 4), weight, x)
    assert list(nn.Maxout(3, 2, 4, bias=False).state_dict()) == ["linear.weight"]
    assert repr(layer).startswith("Maxout(\n  out_features=2, pieces=4\n  (linear): Linear(")


def test_maxout_can_be_relu_and_the_absolute_value():
    layer = nn.Maxout(1, 2, pieces=2, dtype=np.float64)
    layer.linear.weight.data = [[1.0], [0.0], [1.0], [-1.0]]
    layer.linear.bias.data = np.zeros(4)
    x = np.array([[-2.0], [3.0]])
    assert layer(x).tolist() == [[0.0, 2.0], [3.0, 3.0]]


def test_step_and_identity():
    """The step function of Deep Learning from Scratch, and what its last layers apply."""
    assert mg.step(np.array([-1.0, 0.0, 1.0])).tolist() == [0, 0, 1]
    x = mg.tensor([1.0])
    assert F.identity(x) is x


# Random ones


def test_rrelu_draws_one_slope_for_each_negative_element():
    x = np.full((200, 300), -1.0, np.float32)
    layer = nn.RReLU(0.2, 0.6, rng=0)
    y = layer(x)
    assert y.dtype == np.float32
    assert (y <= -0.2).all()
    assert (y >= -0.6).all()
    assert y.mean() == pytest.approx(-0.4, abs=0.002)
    assert np.unique(y).size > 50_000
    assert not np.array_equal(layer(x), y)
    np.testing.assert_array_equal(nn.RReLU(0.2, 0.6, rng=0)(x), y)
    np.testing.assert_array_equal(layer.eval()(x), np.float32(-0.4))


def test_the_slope_of_rrelu_is_the_one_drawn():
    x = mg.tensor([-2.0, -1.0, 0.0, 3.0, inf], requires_grad=True)
    y = F.rrelu(x, training=True, rng=0)
    y.backward(np.ones(5))
    np.testing.assert_allclose(x.grad[:2], y.detach()[:2] / [-2.0, -1.0])
    assert 1 / 8 <= x.grad[2].item() <= 1 / 3
    assert x.grad[3:].tolist() == [1, 1]
    assert F.rrelu(-1.0, 0.5, 0.5, training=True) == -0.5


def test_rrelu_draws_from_the_shared_generator():
    x, layer = -np.ones(10), nn.RReLU()
    twin = copy.deepcopy(layer)
    mg.manual_seed(0)
    first = layer(x)
    mg.manual_seed(0)
    np.testing.assert_array_equal(twin(x), first)


def test_gumbel_softmax_draws_by_the_logits():
    logits = np.log(np.array([0.2, 0.5, 0.3], np.float32))
    drawn = F.gumbel_softmax(np.broadcast_to(logits, (20_000, 3)), hard=True, rng=0)
    assert drawn.dtype == np.float32
    assert set(np.unique(drawn)) == {0.0, 1.0}
    np.testing.assert_allclose(drawn.mean(0), [0.2, 0.5, 0.3], atol=0.02)
    soft = F.gumbel_softmax(logits, tau=0.5, rng=0)
    np.testing.assert_allclose(soft.sum(), 1, rtol=1e-6)


def test_a_hard_choice_has_the_gradient_of_the_soft_one():
    logits = np.random.default_rng(0).normal(size=(4, 3))
    gradients = []
    for hard in (False, True):
        x = mg.tensor(logits, requires_grad=True)
        F.gumbel_softmax(x, 0.7, hard, dim=0, rng=1).backward(np.arange(12.0).reshape(4, 3))
        gradients.append(x.grad.numpy())
    np.testing.assert_array_equal(*gradients)
    assert gradients[0].any()


# Layers


def test_prelu_learns_one_slope_or_one_for_each_channel():
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    for count in (1, 3):
        layer = nn.PReLU(count, init=0.5, dtype=np.float64)
        mg.testing.assert_gradients(layer, x)
        np.testing.assert_allclose(layer(x).detach(), np.where(x > 0, x, 0.5 * x))
    assert nn.PReLU()(x).dtype == np.float32
    assert [name for name, _ in nn.PReLU().named_parameters()] == ["weight"]


@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (0, 3), (2, 3, 0)])
def test_prelu_with_one_slope_takes_any_shape(shape):
    assert nn.PReLU()(np.full(shape, -1.0)).shape == shape


def test_layers_without_parameters_return_arrays_for_arrays():
    x = np.array([[-1.0, 2.0]], np.float32)
    for layer in (nn.ReLU(), nn.ELU(), nn.SiLU(), nn.Softmax(1), nn.GLU(), nn.RReLU()):
        y = layer(x)
        assert type(y) is np.ndarray
        assert y.dtype == np.float32


def test_inplace_changes_nothing():
    x = np.array([-1.0, 2.0])
    for layer in (nn.ReLU(inplace=True), nn.Dropout(0.5, inplace=True), nn.Hardtanh(inplace=True)):
        layer(x)
    F.relu(x, True)
    assert x.tolist() == [-1.0, 2.0]


def test_feature_alpha_dropout_drops_channels():
    x = np.random.default_rng(0).standard_normal((200, 50, 4))
    y = nn.FeatureAlphaDropout(0.3, rng=0)(x)
    dropped = (y == y[..., :1]).all(-1)
    assert dropped.mean() == pytest.approx(0.3, abs=0.02)
    assert y.mean() == pytest.approx(0, abs=0.03)
    assert y.std() == pytest.approx(1, abs=0.03)


def test_softmax_converts_before():
    x = np.array([[1.0, 2.0]], np.float32)
    for function in (F.softmax, F.log_softmax, F.softmin):
        assert function(x, dim=1, dtype=np.float64).dtype == np.float64


# Misuse


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.Softmax()(np.ones((2, 3))), "softmax: dim is missing; pass the axis"),
        (lambda: nn.LogSoftmax()(np.ones((2, 3))), "log_softmax: dim is missing"),
        (lambda: F.softmin(np.ones((2, 3))), "softmin: dim is missing"),
        (lambda: nn.Softmax2d()(np.ones((2, 3))), r"Softmax2d: the input has shape \(2, 3\)"),
        (lambda: mg.glu(np.ones((2, 3))), r"glu: axis -1 of x of shape \(2, 3\) is halved"),
        (lambda: mg.glu(1.0), r"glu: x of shape \(\) has no axis -1"),
        (lambda: mg.maxout(np.ones((2, 3)), 2), "maxout: axis 1 .* 3 elements, .* pieces=2"),
        (lambda: mg.maxout(np.ones((2, 3)), 0), "pieces=0"),
        (lambda: mg.maxout(np.ones(3), 3), r"maxout: x of shape \(3,\) has no axis 1"),
        (lambda: mg.prelu(np.ones((2, 3)), np.ones(2)), r"prelu: weight has shape \(2,\).*\(3,\)"),
        (lambda: nn.PReLU(2)(np.ones((2, 3))), r"prelu: weight has shape \(2,\)"),
        (lambda: nn.PReLU(0), "PReLU: num_parameters must be at least 1"),
        (lambda: nn.Maxout(2, 3, 0), "Maxout: pieces must be at least 1"),
        (lambda: mg.celu(np.ones(2), 0), "celu: alpha must not be 0"),
        (lambda: mg.softplus(np.ones(2), 0), "softplus: beta must not be 0"),
        (lambda: mg.softshrink(np.ones(2), -1), "softshrink: lambd must be at least 0"),
        (lambda: mg.hardtanh(np.ones(2), 1, -1), "hardtanh: min_val=1 is above max_val=-1"),
        (lambda: nn.Hardtanh(1, 1), "Hardtanh: min_val=1 must be below max_val=1"),
        (lambda: nn.RReLU(0.5, 0.1), r"RReLU: lower=0\.5 is above upper=0\.1"),
        (lambda: F.rrelu(np.ones(2), 0.5, 0.1), "rrelu: lower"),
        (lambda: mg.gelu(np.ones(2), "erf"), "gelu: approximate is 'none' or 'tanh', got 'erf'"),
        (lambda: F.gumbel_softmax(np.ones(2), 0), "gumbel_softmax: tau is a temperature"),
        (lambda: F.feature_alpha_dropout(np.ones(2)), r"feature_alpha_dropout: x has shape \(2,\)"),
    ],
)
def test_misuse_is_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_without_scipy_the_exact_gelu_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(ImportError, match=r"pip install 'minigrad\[special\]'.*approximate=\"tanh"):
        nn.GELU()(np.ones(2))
    assert nn.GELU("tanh")(np.zeros(2)).tolist() == [0, 0]
