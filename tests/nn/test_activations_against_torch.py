"""Activation layers against PyTorch's: outputs, gradients, repr, over random configurations."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")

SHAPES = [(5,), (4, 6), (2, 3, 4), (2, 3, 4, 2), (0, 4)]
CASES = [
    ("ReLU", {}),
    ("ReLU", {"inplace": True}),
    ("ReLU6", {}),
    ("LeakyReLU", {}),
    ("LeakyReLU", {"negative_slope": 0.3, "inplace": True}),
    ("LeakyReLU", {"negative_slope": -0.5}),
    ("LeakyReLU", {"negative_slope": 0.0}),
    ("PReLU", {}),
    ("PReLU", {"init": 0.0}),
    ("ELU", {}),
    ("ELU", {"alpha": 0.4}),
    ("SELU", {}),
    ("CELU", {"alpha": 1.0}),
    ("CELU", {"alpha": 2.0, "inplace": True}),
    ("GELU", {}),
    ("GELU", {"approximate": "tanh"}),
    ("SiLU", {}),
    ("Mish", {}),
    ("Softplus", {}),
    ("Softplus", {"beta": 3.0, "threshold": 4.0}),
    ("Softsign", {}),
    ("Hardtanh", {}),
    ("Hardtanh", {"min_val": -0.2, "max_val": 1.3, "inplace": True}),
    ("Hardsigmoid", {}),
    ("Hardswish", {"inplace": True}),
    ("Sigmoid", {}),
    ("LogSigmoid", {}),
    ("Tanh", {}),
    ("Tanhshrink", {}),
    ("Softshrink", {}),
    ("Softshrink", {"lambd": 1.1}),
    ("Hardshrink", {"lambd": 0.3}),
    ("Threshold", {"threshold": 0.3, "value": -7.0}),
    ("Softmax", {"dim": -1}),
    ("Softmax", {"dim": 0}),
    ("LogSoftmax", {"dim": -1}),
    ("Softmin", {"dim": 0}),
]
# With shapes of their own.
MORE = [
    ("PReLU", {"num_parameters": 6}, (4, 6)),
    ("PReLU", {"num_parameters": 3, "init": -0.5}, (2, 3, 4)),
    ("PReLU", {"num_parameters": 3}, (2, 3, 4, 2)),
    ("GLU", {}, (3, 4)),
    ("GLU", {"dim": 1}, (2, 6, 3)),
    ("GLU", {"dim": 0}, (8,)),
    ("Softmax2d", {}, (2, 3, 4, 5)),
    ("Softmax2d", {}, (3, 4, 5)),
]
# There is no softmax along an axis of no elements.
ALL = MORE + [
    (name, settings, shape)
    for name, settings in CASES
    for shape in SHAPES
    if shape[0] or settings.get("dim") != 0
]
ROUNDED = {"Hardsigmoid", "CELU"}  # PyTorch rounds a constant of these to single precision


def pair(name, settings):
    return getattr(nn, name)(**settings), getattr(torch.nn, name)(**settings)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "settings", "shape"), ALL, ids=str)
def test_outputs_and_gradients_are_pytorchs(name, settings, shape, dtype):
    rng = np.random.default_rng([len(name), *shape])
    values = rng.normal(scale=4, size=shape).astype(dtype)
    cotangent = rng.normal(size=shape).astype(dtype)
    if name == "PReLU":
        ours = nn.PReLU(**settings, dtype=dtype)
        theirs = torch.nn.PReLU(**settings).to(torch.from_numpy(values).dtype)
        ours.load_state_dict(theirs.state_dict())
    else:
        ours, theirs = pair(name, settings)
    x = mg.tensor(values, requires_grad=True)
    t = torch.tensor(values, requires_grad=True)
    y, u = ours(x), theirs(t.clone())
    assert (y.dtype, y.shape) == (dtype, tuple(u.shape))
    cotangent = cotangent[tuple(slice(n) for n in y.shape)]
    inputs = [x, *ours.parameters()]
    found = mg.grad([y], inputs, [cotangent])
    expected = torch.autograd.grad(u, [t, *theirs.parameters()], torch.tensor(cotangent))
    single = dtype == np.float32 or name in ROUNDED
    near = {"rtol": 1e-5, "atol": 1e-5} if single else {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(y.detach(), u.detach(), **near)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == dtype
        np.testing.assert_allclose(one, other, **near)


@pytest.mark.parametrize(
    ("name", "settings"), CASES + [(name, settings) for name, settings, _ in MORE], ids=str
)
def test_repr_state_and_attributes_are_pytorchs(name, settings):
    ours, theirs = pair(name, settings)
    assert repr(ours) == repr(theirs)
    assert {k: v.shape for k, v in ours.state_dict().items()} == {
        k: tuple(v.shape) for k, v in theirs.state_dict().items()
    }
    for key, value in settings.items():
        assert getattr(ours, key) == getattr(theirs, key) == value


@pytest.mark.parametrize(
    "layer",
    [
        lambda nn: nn.RReLU(),
        lambda nn: nn.RReLU(0.1, 0.2, True),
        lambda nn: nn.Dropout(0.3, True),
        lambda nn: nn.Dropout2d(),
        lambda nn: nn.AlphaDropout(0.2),
        lambda nn: nn.FeatureAlphaDropout(0.2),
        lambda nn: nn.LeakyReLU(0.2, True),
        lambda nn: nn.Threshold(1, 2, True),
        lambda nn: nn.Hardtanh(-1, 1, True),
        lambda nn: nn.ELU(1.0, True),
        lambda nn: nn.Softplus(2, 10),
    ],
)
def test_repr_with_positional_settings_is_pytorchs(layer):
    assert repr(layer(nn)) == repr(layer(torch.nn))


FUNCTIONS = [
    ("relu", (True,)),
    ("relu6", (True,)),
    ("leaky_relu", (0.2, True)),
    ("threshold", (0.1, 3.0, True)),
    ("hardtanh", (-0.5, 0.7, True)),
    ("hardsigmoid", (True,)),
    ("hardswish", (True,)),
    ("elu", (0.7, True)),
    ("selu", (True,)),
    ("celu", (0.5, True)),
    ("silu", (True,)),
    ("mish", (True,)),
    ("rrelu", (0.2, 0.4, False, True)),
    ("dropout", (0.5, False, True)),
    ("alpha_dropout", (0.5, False, True)),
    ("feature_alpha_dropout", (0.5, False, True)),
    ("glu", (0,)),
    ("softmin", (1,)),
    ("softplus", (2, 1)),
    ("softshrink", (0.2,)),
    ("hardshrink", (0.2,)),
    ("logsigmoid", ()),
    ("softsign", ()),
    ("tanhshrink", ()),
]


@pytest.mark.parametrize(("name", "settings"), FUNCTIONS, ids=str)
def test_a_function_takes_settings_in_pytorchs_order(name, settings):
    x = np.random.default_rng(0).normal(size=(4, 3))
    expected = getattr(torch.nn.functional, name)(torch.tensor(x), *settings)
    kept = x.copy()
    np.testing.assert_allclose(getattr(F, name)(x, *settings), expected, rtol=1e-6, atol=1e-12)
    np.testing.assert_array_equal(x, kept)


def test_rrelu_in_evaluation_is_pytorchs():
    x = np.random.default_rng(0).normal(size=(4, 3))
    ours, theirs = nn.RReLU(0.1, 0.5).eval(), torch.nn.RReLU(0.1, 0.5).eval()
    np.testing.assert_allclose(ours(x), theirs(torch.tensor(x)), rtol=1e-12)
