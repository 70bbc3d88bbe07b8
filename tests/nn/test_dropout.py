import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_elements_are_dropped_with_probability_p_and_scaled(p, dtype):
    x = np.full((400, 500), 3.0, dtype)
    y = nn.Dropout(p, rng=0)(x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y[y != 0], 3 / (1 - p), rtol=1e-6)
    assert (y == 0).mean() == pytest.approx(p, abs=0.005)
    assert y.mean() == pytest.approx(3, rel=0.02)


def test_the_gradient_passes_where_values_did():
    x = mg.tensor(np.ones((20, 30)), requires_grad=True)
    y = F.dropout(x, 0.3)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, y.detach())


def test_what_is_dropped_is_0_also_where_it_was_not_finite():
    x = mg.tensor(np.full(100, np.inf), requires_grad=True)
    y = F.dropout(x, 0.5, rng=0).detach().numpy()
    assert set(y) == {0.0, np.inf}
    everything = F.dropout(x, 1.0)
    np.testing.assert_array_equal(everything.detach(), np.zeros(100))
    everything.backward(np.full(100, np.inf))
    np.testing.assert_array_equal(x.grad, np.zeros(100))


@pytest.mark.parametrize("function", [F.dropout, F.alpha_dropout])
def test_without_training_or_probability_it_is_the_identity(function):
    x = mg.tensor(np.ones(5), requires_grad=True)
    assert function(x, 0.5, training=False) is x
    assert function(x, 0.0, training=True) is x


def test_a_layer_is_the_identity_in_evaluation():
    x = np.ones((2, 3, 4, 5))
    for kind in (nn.Dropout, nn.Dropout2d, nn.AlphaDropout):
        layer = kind(0.5)
        assert layer.eval()(x) is x
        assert not np.array_equal(layer.train()(x), x)


def test_the_seed_fixes_what_is_dropped():
    x = np.ones(1000)
    mg.manual_seed(3)
    first = nn.Dropout()(x)
    mg.manual_seed(3)
    layer = nn.Dropout()
    np.testing.assert_array_equal(layer(x), first)
    assert not np.array_equal(layer(x), first)
    own, other = nn.Dropout(rng=3), nn.Dropout(rng=np.random.default_rng(3))
    np.testing.assert_array_equal(own(x), other(x))
    np.testing.assert_array_equal(F.dropout(x, rng=3), first)


def test_a_copy_of_a_layer_draws_from_the_shared_generator():
    x, layer = np.ones(100), nn.Dropout()
    twin = copy.deepcopy(layer)
    mg.manual_seed(0)
    first = twin(x)
    mg.manual_seed(0)
    np.testing.assert_array_equal(layer(x), first)


def test_every_draw_is_independent_of_the_place():
    y = F.dropout(np.ones((64, 32, 8, 8), np.float32), 0.5, rng=0)
    for axis in range(4):
        others = tuple(i for i in range(4) if i != axis)
        assert np.abs(y.mean(others) - 1).max() < 0.2


@pytest.mark.parametrize(
    ("layer", "function", "shape", "channels"),
    [
        (nn.Dropout1d, F.dropout1d, (40, 50, 3), 2),
        (nn.Dropout1d, F.dropout1d, (400, 3), 1),
        (nn.Dropout2d, F.dropout2d, (40, 50, 2, 3), 2),
        (nn.Dropout3d, F.dropout3d, (40, 50, 2, 1, 3), 2),
        (nn.Dropout3d, F.dropout3d, (400, 2, 1, 3), 1),
    ],
)
def test_whole_channels_are_dropped(layer, function, shape, channels):
    y = layer(0.25, rng=0)(np.ones(shape))
    np.testing.assert_array_equal(y, function(np.ones(shape), 0.25, rng=0))
    flat = y.reshape(*shape[:channels], -1)
    assert (flat == flat[..., :1]).all()
    assert (flat[..., 0] == 0).mean() == pytest.approx(0.25, abs=0.06)


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).standard_normal(200_000)
    for p in (0.1, 0.5):
        y = F.alpha_dropout(x, p, training=True, rng=1)
        assert y.mean() == pytest.approx(0, abs=0.02)
        assert y.std() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(F.alpha_dropout(x, 1.0, training=True), np.zeros(x.shape))


def test_dropout_of_images_keeps_their_memory_order():
    x = np.moveaxis(np.ones((3, 4, 5, 8), np.float32), -1, 0)
    for y in (F.dropout(x), F.dropout2d(x)):
        assert y.strides == x.strides


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.Dropout(1.5), "Dropout: p is a probability, from 0 to 1, got 1.5"),
        (lambda: nn.Dropout2d(-1), "Dropout2d: p is a probability"),
        (lambda: F.dropout(np.ones(2), float("nan")), "dropout: p is a probability"),
        (lambda: F.dropout2d(np.ones((2, 3, 4))), r"dropout2d: x has shape \(2, 3, 4\).*dropout1d"),
        (lambda: F.dropout1d(np.ones(2)), r"dropout1d: x has shape \(2,\)"),
    ],
)
def test_misuse_is_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()
