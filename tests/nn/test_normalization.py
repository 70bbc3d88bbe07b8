import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

rng = np.random.default_rng(0)


def batch(*shape, dtype=np.float64):
    return rng.normal(3.0, 2.0, shape).astype(dtype)


# Batch normalisation


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.BatchNorm1d, (7, 3)),
        (nn.BatchNorm1d, (4, 3, 5)),
        (nn.BatchNorm2d, (4, 3, 5, 2)),
        (nn.BatchNorm3d, (2, 3, 2, 3, 2)),
    ],
)
def test_batch_norm_is_by_channel(layer, shape):
    x = batch(*shape)
    axes = (0, *range(2, len(shape)))
    y = layer(3, dtype=np.float64)(x).detach().numpy()
    np.testing.assert_allclose(y.mean(axes), np.zeros(3), atol=1e-12)
    np.testing.assert_allclose(y.var(axes), np.ones(3), rtol=1e-4)
    # Not by position: there means remain.
    assert np.abs(y.mean(1)).max() > 0.1


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.3, 1.0, 0.0, None]), st.integers(1, 4))
@settings(max_examples=20)
def test_running_statistics_have_the_convention_of_pytorch(seed, momentum, batches):
    data = np.random.default_rng(seed).normal(2.0, 3.0, (batches, 5, 2, 3))
    layer = nn.BatchNorm1d(2, momentum=momentum, dtype=np.float64)
    mean, var = np.zeros(2), np.ones(2)
    for count, x in enumerate(data, start=1):
        layer(x)
        new = 1 / count if momentum is None else momentum
        mean = (1 - new) * mean + new * x.mean((0, 2))
        var = (1 - new) * var + new * x.var((0, 2), ddof=1)
    np.testing.assert_allclose(layer.running_mean, mean, rtol=1e-12)
    np.testing.assert_allclose(layer.running_var, var, rtol=1e-12)
    assert layer.num_batches_tracked.item() == batches
    assert layer.num_batches_tracked.dtype == np.int64


def test_evaluation_takes_the_running_statistics_and_leaves_them_alone():
    layer = nn.BatchNorm2d(3)
    layer(batch(8, 3, 4, 4))
    state = layer.state_dict()
    x = batch(1, 3, 1, 1)  # a single value is no matter here
    layer.eval()
    first, second = layer(x), layer(2 * x)
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, state[name])
    scale = np.sqrt(state["running_var"] + 1e-5)
    expected = (x[0, :, 0, 0] - state["running_mean"]) / scale
    np.testing.assert_allclose(first.detach().numpy()[0, :, 0, 0], expected, rtol=1e-4)
    assert not np.allclose(first.detach(), second.detach())


def test_without_running_statistics_evaluation_takes_those_of_its_batch():
    layer = nn.BatchNorm1d(3, track_running_stats=False)
    assert list(layer.state_dict()) == ["weight", "bias"]
    x = batch(6, 3)
    np.testing.assert_array_equal(layer(x).detach(), layer.eval()(x).detach())


def test_statistics_are_no_part_of_the_graph():
    layer = nn.BatchNorm1d(2)
    x = mg.tensor(batch(4, 2), requires_grad=True)
    layer(x)
    assert not layer.running_mean.requires_grad
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]
    with mg.no_grad():
        layer(x)
    assert layer.num_batches_tracked.item() == 2


def test_an_input_that_is_refused_changes_no_statistics():
    layer = nn.BatchNorm1d(2)
    with pytest.raises(ValueError, match="a single value in each channel"):
        layer(batch(1, 2))
    assert layer.num_batches_tracked.item() == 0
    np.testing.assert_array_equal(layer.running_mean, [0, 0])


def test_an_empty_batch_leaves_the_running_statistics():
    layer = nn.BatchNorm2d(3)
    assert layer(np.zeros((0, 3, 2, 2))).shape == (0, 3, 2, 2)
    np.testing.assert_array_equal(layer.running_var, [1, 1, 1])


def test_reset_running_stats_forgets():
    layer = nn.BatchNorm2d(3)
    fresh = layer.state_dict()
    layer(batch(2, 3, 4, 4))
    layer.reset_running_stats()
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, fresh[name])
        assert array.dtype == fresh[name].dtype


def test_the_function_updates_arrays_and_tensors_alike():
    x = batch(5, 2)
    arrays, tensors = (np.zeros(2), np.ones(2)), (mg.zeros(2), mg.ones(2))
    F.batch_norm(x, *arrays, training=True)
    F.batch_norm(mg.tensor(x), *tensors, training=True)
    for one, other in zip(arrays, tensors, strict=True):
        np.testing.assert_array_equal(one, other)
    assert arrays[0][0] != 0
    kept = [a.copy() for a in arrays]
    F.batch_norm(x, *arrays)
    np.testing.assert_array_equal(arrays, kept)


@pytest.mark.parametrize("mean", [0.0, 1e3, 1e5])
@pytest.mark.parametrize(
    "make",
    [
        lambda **dtype: nn.BatchNorm1d(3, **dtype),
        lambda **dtype: nn.LayerNorm(64, **dtype),
        lambda **dtype: nn.GroupNorm(1, 3, **dtype),
        lambda **dtype: nn.InstanceNorm1d(3, affine=True, **dtype),
    ],
)
def test_a_mean_far_from_0_costs_no_digits(make, mean):
    x = (rng.normal(size=(32, 3, 64)) + mean).astype(np.float32)
    g = rng.normal(size=x.shape).astype(np.float32)
    exact = make(dtype=np.float64)
    layer = make()
    single = mg.tensor(x, requires_grad=True)
    double = mg.tensor(x.astype(np.float64), requires_grad=True)
    y, expected = layer(single), exact(double)
    assert (y.dtype, expected.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(y.detach(), expected.detach(), rtol=1e-5, atol=1e-5)
    y.backward(g)
    expected.backward(g.astype(np.float64))
    np.testing.assert_allclose(single.grad, double.grad, rtol=1e-4, atol=1e-5)


# All of them

LAYERS = [
    (nn.BatchNorm1d(4), (5, 4)),
    (nn.BatchNorm1d(1), (5, 1, 2)),
    (nn.BatchNorm2d(4), (1, 4, 3, 3)),
    (nn.BatchNorm3d(4), (2, 4, 2, 2, 2)),
    (nn.InstanceNorm1d(4, affine=True), (2, 4, 3)),
    (nn.InstanceNorm2d(4), (1, 4, 3, 3)),
    (nn.InstanceNorm3d(4, track_running_stats=True), (2, 4, 2, 2, 2)),
    (nn.GroupNorm(2, 4), (2, 4, 3)),
    (nn.LayerNorm((4, 3)), (2, 4, 3)),
    (nn.RMSNorm(3), (2, 4, 3)),
    (nn.LocalResponseNorm(3), (2, 4, 3)),
]
every_layer = pytest.mark.parametrize(
    ("layer", "shape"), LAYERS, ids=[type(layer).__name__ for layer, _ in LAYERS]
)


@every_layer
def test_single_precision_stays_single(layer, shape):
    x = mg.tensor(batch(*shape, dtype=np.float32), requires_grad=True)
    y = layer(x)
    assert y.dtype == np.float32
    assert y.shape == shape
    y.backward(np.ones(shape))
    assert x.grad.dtype == np.float32


def test_half_precision_does_not_overflow():
    x = (200 * batch(4, 4, 9)).astype(np.float16)
    expected = x.astype(np.float64)
    for function in (mg.batch_norm, mg.instance_norm, lambda x: mg.layer_norm(x, 9)):
        y = function(x)
        assert y.dtype == np.float16
        np.testing.assert_allclose(y, function(expected), rtol=1e-3, atol=1e-3)


@every_layer
def test_an_input_of_equal_values_has_finite_gradients(layer, shape):
    x = mg.tensor(np.full(shape, 0.1, np.float32), requires_grad=True)
    y = layer(x)
    y.backward(batch(*shape, dtype=np.float32))
    assert np.isfinite(x.grad.numpy()).all()
    if not isinstance(layer, nn.RMSNorm | nn.LocalResponseNorm):
        np.testing.assert_array_equal(y.detach(), np.zeros(shape))


@every_layer
def test_the_batch_may_be_innermost_in_memory(layer, shape):
    x = batch(*shape, dtype=np.float32)
    turned = np.moveaxis(np.moveaxis(x, 0, -1).copy(), -1, 0)
    one, other = (mg.asarray(layer(array)).detach() for array in (x, turned))
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_results_lie_in_memory_as_the_input_does():
    x = np.moveaxis(batch(4, 5, 6, 8), -1, 0)
    for function in (mg.batch_norm, mg.instance_norm, lambda x, *_: mg.group_norm(x, 2)):
        ones = np.ones(4)
        tracked = mg.tensor(x, requires_grad=True)
        y = function(tracked, None, None, ones, ones)
        assert y.numpy().strides == x.strides
        (g,) = mg.grad(y, tracked, mg.tensor(x))
        assert g.numpy().strides == x.strides


def test_groups_are_of_adjacent_channels():
    x = np.array([[0.0, 1.0, 100.0, 101.0]])
    np.testing.assert_allclose(mg.group_norm(x, 2), [[-1, 1, -1, 1]], rtol=1e-4)


def test_parameters_start_at_1_and_0():
    for layer in (nn.BatchNorm2d(3), nn.GroupNorm(3, 3), nn.LayerNorm(3)):
        np.testing.assert_array_equal(layer.weight.detach(), np.ones(3))
        np.testing.assert_array_equal(layer.bias.detach(), np.zeros(3))
        assert layer.weight.dtype == layer.bias.dtype == np.float32
    assert nn.BatchNorm1d(3, bias=False).bias is None
    assert nn.BatchNorm1d(3, affine=False).weight is None
    assert nn.LayerNorm(3, elementwise_affine=False).weight is None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.BatchNorm2d(3)(batch(2, 3, 4)), ValueError, r"BatchNorm2d\(3.*\(2, 3, 4\)"),
        (lambda: nn.BatchNorm2d(3)(batch(2, 4, 2, 2)), ValueError, r"\(2, 4, 2, 2\).*C = 3"),
        (lambda: nn.BatchNorm1d(3)(1.0), ValueError, r"shape \(\), expected \(N, C\) or"),
        (lambda: nn.BatchNorm1d(0), ValueError, "BatchNorm1d: num_features must be at least 1"),
        (lambda: nn.BatchNorm1d(3)(1j * batch(2, 3)), TypeError, "BatchNorm1d: .* complex128"),
        (lambda: nn.InstanceNorm2d(3)(batch(2, 3, 1, 1)), ValueError, "a single position"),
        (lambda: nn.InstanceNorm1d(3)(batch(2, 3)), ValueError, r"\(2, 3\), expected \(C, L\)"),
        (lambda: nn.GroupNorm(3, 4), ValueError, "num_groups=3 does not divide num_channels=4"),
        (lambda: nn.GroupNorm(2, 4)(batch(2, 3)), ValueError, r"\(2, 3\), expected \(N, 4, "),
        (lambda: nn.LayerNorm(4)(batch(2, 3)), ValueError, r"\(2, 3\), expected \(\.\.\., 4\)"),
        (lambda: nn.LayerNorm(()), ValueError, "at least one length"),
        (lambda: nn.LayerNorm((2, 3))(batch(3)), ValueError, r"expected \(\.\.\., 2, 3\)"),
        (lambda: nn.RMSNorm(4)(batch(2, 3)), ValueError, r"RMSNorm.*\(2, 3\)"),
        (lambda: nn.LocalResponseNorm(2)(batch(2, 3)), ValueError, "local_response_norm: takes"),
        (lambda: F.batch_norm(batch(2, 3)), ValueError, "running_mean and running_var"),
        (lambda: F.instance_norm(batch(2, 3, 4), use_input_stats=False), ValueError, "missing"),
        (
            lambda: F.batch_norm(batch(2, 3), np.ones(2), np.ones(2), training=True),
            ValueError,
            r"running_mean has shape \(2,\), but x of shape \(2, 3\)",
        ),
        (lambda: mg.batch_norm(batch(2, 3), np.ones(3)), ValueError, "a mean and a variance"),
        (lambda: mg.batch_norm(batch(3)), ValueError, r"expected \(N, C, \.\.\.\)"),
        (
            lambda: mg.batch_norm(batch(2, 3), None, None, np.ones(2)),
            ValueError,
            r"batch_norm: weight has shape \(2,\).* must be \(3,\)",
        ),
        (lambda: mg.group_norm(batch(2, 3), 2), ValueError, "3 channels, which 2 groups"),
        (
            lambda: mg.layer_norm(batch(2, 3), 3, np.ones(2)),
            ValueError,
            r"layer_norm: weight has shape \(2,\), but normalized_shape is \(3,\)",
        ),
        (lambda: mg.layer_norm(np.ones((2, 3), int), 3), TypeError, "layer_norm: x is int64"),
        (lambda: nn.InstanceNorm1d(3)(np.ones((2, 3, 4), bool)), TypeError, "expected floats"),
    ],
)
def test_misuse_is_explained(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_running_statistics_are_floats_and_come_together():
    x = np.ones((2, 4, 3))
    batch_norm = nn.functional.batch_norm
    with pytest.raises(TypeError, match=r"^batch_norm: running_mean must be an array of floats"):
        batch_norm(x, np.zeros(4, int), np.ones(4), training=True)
    with pytest.raises(TypeError, match=r"running_mean must be an array of floats, got list"):
        batch_norm(x, [0.0] * 4, np.ones(4), training=True)
    with pytest.raises(ValueError, match=r"^batch_norm: takes running_mean and running_var, or"):
        batch_norm(x, np.zeros(4), None, training=True)


@pytest.mark.parametrize(
    "normalize",
    [
        lambda x, eps: mg.layer_norm(x, 6, eps=eps),
        lambda x, eps: mg.group_norm(x, 2, eps=eps),
        lambda x, eps: mg.batch_norm(x, eps=eps),
        lambda x, eps: mg.batch_norm(x, np.zeros(4, "f4"), np.ones(4, "f4"), eps=eps),
        lambda x, eps: mg.instance_norm(x, eps=eps),
        lambda x, eps: mg.rms_norm(x, 6, eps=eps),
        lambda x, eps: mg.normalize(x, eps=eps),
        lambda x, eps: mg.local_response_norm(x, 3, alpha=eps, k=eps),
    ],
)
def test_a_numpy_scalar_as_setting_keeps_float32(normalize):
    x = mg.random.normal(size=(3, 4, 6), dtype=np.float32, requires_grad=True)
    out = normalize(x, np.float64(1e-3))
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out.detach(), normalize(x, 1e-3).detach())
