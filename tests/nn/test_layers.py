from collections import OrderedDict

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

rng = np.random.default_rng(0)
images = rng.standard_normal((2, 3, 6, 5)).astype(np.float32)


def lin(start, stop, shape):
    return np.linspace(start, stop, np.prod(shape)).reshape(shape)


# Values


def test_linear_is_x_times_weight_transposed_plus_bias():
    layer = nn.Linear(5, 4)
    for shape in [(5,), (3, 5), (2, 3, 5), (0, 5)]:
        x = rng.standard_normal(shape).astype(np.float32)
        expected = x @ layer.weight.numpy().T + layer.bias.numpy()
        np.testing.assert_allclose(layer(x).detach().numpy(), expected, rtol=1e-5)


def test_linear_has_the_published_values():
    layer = nn.Linear(120, 3, dtype=np.float64)
    weight = lin(-0.2, 0.3, (120, 3)).T
    layer.load_state_dict({"weight": weight, "bias": np.linspace(-0.3, 0.1, 3)})
    out = nn.Sequential(nn.Flatten(), layer)(lin(-0.1, 0.5, (2, 4, 5, 6)))
    np.testing.assert_allclose(
        out.detach().numpy(),
        [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]],
        atol=5e-9,
    )


def test_a_two_layer_network_has_the_published_loss():
    model = nn.Sequential(
        nn.Linear(5, 50, dtype=np.float64), nn.ReLU(), nn.Linear(50, 7, dtype=np.float64)
    )
    model.load_state_dict(
        {
            "0.weight": lin(-0.7, 0.3, (5, 50)).T,
            "0.bias": np.linspace(-0.1, 0.9, 50),
            "2.weight": lin(-0.3, 0.4, (50, 7)).T,
            "2.bias": np.linspace(-0.9, 0.1, 7),
        }
    )
    x = np.linspace(-5.5, 4.5, 15).reshape(5, 3).T
    loss = F.cross_entropy(model(x), [0, 5, 1])
    assert loss.item() == pytest.approx(3.4702243556, abs=5e-11)
    penalty = sum((layer.weight * layer.weight).sum() for layer in (model[0], model[2]))
    assert (loss + 0.5 * penalty).item() == pytest.approx(26.5948426952, abs=5e-11)


def test_the_gradient_of_a_network_agrees_with_differences():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, dtype=np.float64, rng=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(24, 3, dtype=np.float64, rng=2),
    )
    x = images.astype(np.float64)

    def loss():
        return F.cross_entropy(model(x), [0, 2])

    loss().backward()
    rng = np.random.default_rng(3)
    for parameter in model.parameters():
        direction = rng.standard_normal(parameter.shape)
        slope = (parameter.grad.numpy() * direction).sum()
        value, h = parameter.data, 1e-6
        parameter.data = value + h * direction
        above = loss().item()
        parameter.data = value - h * direction
        below = loss().item()
        parameter.data = value
        assert slope == pytest.approx((above - below) / (2 * h), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("kernel_size", "stride", "padding"), [(3, 1, 1), ((3, 2), (2, 1), (0, 1)), (2, 3, 0)]
)
def test_conv2d_is_the_function(kernel_size, stride, padding):
    layer = nn.Conv2d(3, 4, kernel_size, stride, padding)
    expected = mg.conv2d(
        images, layer.weight.numpy(), layer.bias.numpy(), stride=stride, padding=padding
    )
    np.testing.assert_array_equal(layer(images).detach().numpy(), expected)
    without = nn.Conv2d(3, 4, kernel_size, stride, padding, bias=False)
    assert without.bias is None
    assert without(images).shape == expected.shape


@pytest.mark.parametrize(
    ("kernel_size", "stride", "padding"), [(2, None, 0), ((3, 2), (2, 1), (1, 0)), (3, 1, 1)]
)
def test_max_pool2d_is_the_function(kernel_size, stride, padding):
    layer = nn.MaxPool2d(kernel_size, stride, padding)
    expected = mg.max_pool2d(images, kernel_size, stride, padding)
    np.testing.assert_array_equal(layer(images), expected)


@pytest.mark.parametrize(
    ("dims", "shape"),
    [((), (2, 90)), ((0,), (180,)), ((1, 2), (2, 18, 5)), ((-2, -1), (2, 3, 30))],
)
def test_flatten_joins_a_run_of_axes(dims, shape):
    out = nn.Flatten(*dims)(mg.tensor(images))
    assert out.shape == shape
    np.testing.assert_array_equal(out.numpy(), images.reshape(shape))


def test_flatten_takes_an_empty_batch():
    assert nn.Flatten()(np.zeros((0, 3, 4))).shape == (0, 12)


def test_a_layer_without_parameters_gives_an_array_for_an_array():
    for layer in (nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Sequential()):
        assert isinstance(layer(images), np.ndarray)
        assert isinstance(layer(mg.tensor(images)), mg.Tensor)


# What layers take


@pytest.mark.parametrize("layer", [nn.Linear(5, 2), nn.Conv2d(3, 2, 3)])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "uint8", "int64", "bool"])
def test_inputs_become_the_dtype_of_the_parameters(layer, dtype):
    x = np.abs(images * 3).astype(dtype)
    out = layer(x)
    assert out.dtype == np.float32
    np.testing.assert_array_equal(
        out.detach().numpy(), layer(x.astype(np.float32)).detach().numpy()
    )
    assert layer(mg.tensor(x)).dtype == np.float32


@pytest.mark.parametrize("layer", [nn.Linear(5, 2), nn.Conv2d(3, 2, 3)])
def test_the_conversion_is_recorded(layer):
    x = mg.tensor(images, dtype=np.float64, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad.dtype == np.float64
    assert np.any(x.grad.numpy())


def test_a_float64_network_stays_float64():
    out = nn.Linear(5, 2, dtype=np.float64)(images)
    assert out.dtype == np.float64


@pytest.mark.parametrize("layer", [nn.Linear(5, 2), nn.Conv2d(3, 2, 3)])
def test_complex_inputs_are_refused(layer):
    with pytest.raises(TypeError, match="the input is complex128, expected real numbers"):
        layer(images + 1j * images.astype(float))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: nn.Linear(4, 2)(images),
            ValueError,
            r"Linear\(in_features=4.*shape \(2, 3, 6, 5\), expected \(\.\.\., 4\)",
        ),
        (
            lambda: nn.Sequential(nn.LSTM(5, 3), nn.Linear(3, 2))(images[0]),
            TypeError,
            r"Linear: the input is a tuple, .* \(output, state\) pass on the output",
        ),
        (
            lambda: nn.Linear(5, 2)(nn.utils.rnn.pack_sequence([mg.tensor(images[0, 0])])),
            TypeError,
            r"the input is a PackedSequence, .* packed\._replace\(data=layer\(packed\.data\)\)",
        ),
        (lambda: nn.Linear(4, 2)(1.0), ValueError, r"has shape \(\), expected"),
        (lambda: nn.Conv2d(1, 2, 3)(images), ValueError, "has 3 channels"),
        (lambda: nn.Conv2d(3, 2, 3)(images[0]), ValueError, r"x\[None\]"),
        (lambda: nn.Conv2d(3, 2, 9)(images), ValueError, "larger than x"),
        (lambda: nn.MaxPool2d(9)(images), ValueError, "larger than x"),
        (lambda: nn.Flatten(2)(np.zeros((2, 3))), IndexError, r"Flatten.*shape \(2, 3\)"),
        (lambda: nn.Linear(0, 2), ValueError, "Linear: in_features must be at least 1, got 0"),
        (lambda: nn.Linear(2, 2.0), TypeError, "out_features must be an integer, got 2.0"),
        (lambda: nn.Conv2d(1, 0, 3), ValueError, "out_channels must be at least 1"),
        (lambda: nn.Conv2d(1, 1, 0), ValueError, "Conv2d: kernel_size must be at least 1"),
        (lambda: nn.Conv2d(1, 1, 3, stride=0), ValueError, "Conv2d: stride must be at least 1"),
        (lambda: nn.Conv2d(1, 1, (3, 3, 3)), TypeError, "kernel_size is an integer or a pair"),
        (lambda: nn.MaxPool2d(2, stride=0), ValueError, "MaxPool2d: stride must be at least 1"),
        (lambda: nn.MaxPool2d("2"), TypeError, "MaxPool2d: kernel_size is an integer or a pair"),
    ],
)
def test_misuse_is_explained(call, error, message):
    with pytest.raises(error, match=message):
        call()


# Initial values


@pytest.mark.parametrize(
    ("layer", "fan_in"), [(nn.Linear(64, 500), 64), (nn.Conv2d(3, 500, (4, 5)), 60)]
)
def test_parameters_are_uniform_within_one_over_the_root_of_fan_in(layer, fan_in):
    for parameter in layer.parameters():
        values = parameter.numpy() * np.sqrt(fan_in)
        assert parameter.dtype == np.float32
        assert 0.95 < np.abs(values).max() <= 1 + 1e-6
        assert values.std() == pytest.approx(1 / np.sqrt(3), rel=0.1)
        assert abs(values.mean()) < 0.1


@pytest.mark.parametrize("make", [nn.Linear, lambda *n, **rng: nn.Conv2d(*n, 3, **rng)])
def test_the_seed_fixes_the_parameters(make):
    mg.manual_seed(3)
    first = make(4, 5).state_dict()
    mg.manual_seed(3)
    second = make(4, 5).state_dict()
    with_rng, with_seed = make(4, 5, rng=np.random.default_rng(3)), make(4, 5, rng=3)
    for other in (second, with_rng.state_dict(), with_seed.state_dict()):
        for name, array in first.items():
            np.testing.assert_array_equal(array, other[name])
    assert not np.array_equal(make(4, 5).state_dict()["weight"], first["weight"])


# Sequential


def test_sequential_is_a_sequence():
    layers = [nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)]
    model = nn.Sequential(*layers)
    assert len(model) == 3
    assert list(model) == layers
    assert model[0] is layers[0]
    assert model[-1] is layers[2]
    assert list(model[1:]) == layers[1:]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    # As in PyTorch, a part keeps the names.
    assert list(model[1:].state_dict()) == ["2.weight", "2.bias"]
    with pytest.raises(IndexError, match="layer 3 of 3"):
        model[3]


@pytest.mark.parametrize("mapping", [dict, OrderedDict])
def test_sequential_takes_names(mapping):
    model = nn.Sequential(mapping([("a", nn.Linear(2, 3)), ("b", nn.Linear(3, 1))]))
    assert model.a is model[0]
    assert list(model.state_dict()) == ["a.weight", "a.bias", "b.weight", "b.bias"]
    assert model(np.ones((1, 2))).shape == (1, 1)


def test_an_empty_sequential_is_the_identity():
    assert nn.Sequential()(images) is images


@pytest.mark.parametrize(
    ("layers", "error", "message"),
    [
        ([nn.ReLU], TypeError, "make an instance of it"),
        ([[nn.ReLU()]], TypeError, "unpack it"),
        ([mg.relu], TypeError, "layer '0' is <function relu"),
        ([{"a.b": nn.ReLU()}], ValueError, "'a.b' cannot name a layer"),
        ([{"forward": nn.ReLU()}], ValueError, "'forward' cannot name a layer"),
        ([{1: nn.ReLU()}], ValueError, "1 cannot name a layer"),
    ],
)
def test_sequential_refuses(layers, error, message):
    with pytest.raises(error, match=message):
        nn.Sequential(*layers)


# Functions


def test_functional_has_pytorchs_names():
    x = mg.tensor([[1.0, 2.0, 4.0]])
    np.testing.assert_allclose(F.softmax(x, dim=1).numpy().sum(), 1)
    np.testing.assert_allclose(F.log_softmax(x, dim=-1).exp().numpy(), F.softmax(x, 1).numpy())
    assert F.linear(x, np.ones((2, 3)), np.ones(2)).tolist() == [[8.0, 8.0]]
    assert F.linear(x, np.ones((2, 3))).tolist() == [[7.0, 7.0]]
    assert F.relu(-x, inplace=True).tolist() == [[0.0, 0.0, 0.0]]
    assert F.conv2d is mg.conv2d
    assert F.max_pool2d is mg.max_pool2d
    assert F.cross_entropy is mg.cross_entropy
    assert (F.sigmoid, F.tanh) == (mg.sigmoid, mg.tanh)
