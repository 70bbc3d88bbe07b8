import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.ops import standardize

rng = np.random.default_rng(0)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_the_gradient_knows_that_mean_and_variance_depend_on_x(seed):
    """Neither a shift nor a scaling of a channel changes the result, so neither has a slope."""
    x = mg.tensor(np.random.default_rng(seed).normal(size=(6, 3, 2)), requires_grad=True)
    y = mg.batch_norm(x, eps=0)
    (g,) = mg.grad(y, x, np.random.default_rng(seed + 1).normal(size=x.shape))
    np.testing.assert_allclose(g.sum((0, 2)), np.zeros(3), atol=1e-10)
    np.testing.assert_allclose((g * x.detach()).sum((0, 2)), np.zeros(3), atol=1e-10)


def test_the_statistics_are_differentiable():
    x = mg.tensor(rng.normal(size=(5, 2)), requires_grad=True)
    found = standardize(x, axis=(0,))
    for statistic, expected in ((found.mean, mg.mean(x, 0)), (found.variance, mg.var(x, 0))):
        np.testing.assert_allclose(statistic.detach()[0], expected.detach(), rtol=1e-12)
        g = rng.normal(size=2)
        (one,) = mg.grad(statistic, x, g[None], retain_graph=True)
        (other,) = mg.grad(expected, x, g)
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_all_outputs_are_differentiable_together():
    def mixed(x, weight):
        out, mean, variance = standardize(x, weight, axis=(1,))
        return out * variance + mean

    assert mg.gradcheck(mixed, rng.normal(size=(3, 4)), rng.normal(size=4), order=2)


def test_a_bias_alone_and_weights_of_another_dtype():
    x = rng.normal(size=(5, 3)).astype(np.float32)
    wide = rng.normal(size=3)
    plain = mg.batch_norm(x)
    np.testing.assert_allclose(mg.batch_norm(x, None, None, None, wide), plain + wide, rtol=1e-6)
    for parameters in ((wide,), (wide, x[0]), (x[0], wide)):
        tracked = mg.tensor(x, requires_grad=True)
        y = mg.batch_norm(tracked, None, None, *parameters)
        assert y.dtype == np.float64
        (g,) = mg.grad(y, tracked, np.ones(y.shape))
        assert g.dtype == np.float32


@pytest.mark.parametrize("offset", [0, 1e4, 1e6])
def test_equal_values_become_exactly_0(offset):
    for dtype in (np.float32, np.float64):
        x = np.full((7, 3, 11), offset + 0.1, dtype)
        np.testing.assert_array_equal(mg.batch_norm(x), np.zeros(x.shape))
        np.testing.assert_array_equal(mg.layer_norm(x, 11), np.zeros(x.shape))


def test_an_element_far_from_the_others_costs_them_no_digits():
    # The first of them is what all are shifted by.
    x = rng.normal(size=(1000, 1))
    x[0] = 1e3
    single = mg.batch_norm(x.astype(np.float32))
    exact = mg.batch_norm(x.astype(np.float32).astype(np.float64))
    np.testing.assert_allclose(single, exact, rtol=1e-5, atol=1e-5)


def test_axes_may_be_many_and_inputs_read_only():
    x = rng.normal(size=(2, 3, 2, 3, 2, 2))
    x.flags.writeable = False
    y = mg.group_norm(x, 3)
    np.testing.assert_allclose(y.mean((2, 3, 4, 5)), np.zeros((2, 3)), atol=1e-12)
    with pytest.raises(ValueError, match="neither"):
        mg.instance_norm(x, None, np.ones(3))


def test_by_given_statistics_also_these_get_gradients():
    x, mean, var = rng.normal(size=(4, 3, 2)), rng.normal(size=3), rng.uniform(1, 2, 3)
    assert mg.gradcheck(mg.batch_norm, x, mean, var, order=2)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_local_response_norm_of_one_channel(size):
    x = rng.normal(size=(2, 1, 3))
    expected = x / (2 + 0.5 * x * x / size) ** 0.75
    np.testing.assert_allclose(mg.local_response_norm(x, size, 0.5, 0.75, 2), expected)


@pytest.mark.parametrize(
    "normalized",
    [
        lambda x: mg.rms_norm(x, 4),
        lambda x: mg.normalize(x, axis=-1),
        lambda x: mg.local_response_norm(x[:, :, None], 2, alpha=1.0),
        lambda x: mg.layer_norm(x, 4),
    ],
    ids=["rms", "normalize", "local response", "layer"],
)
def test_half_precision_does_not_overflow(normalized):
    x = np.array([[300.0, 400.0, -200.0, 250.0]] * 3, np.float16)
    out = normalized(x)
    assert out.dtype == np.float16
    np.testing.assert_allclose(out, normalized(x.astype(np.float64)), rtol=2e-3)


def test_an_empty_batch_has_an_empty_gradient_of_any_order():
    x = mg.tensor(np.zeros((0, 3, 4, 4)), requires_grad=True)
    out = mg.batch_norm(x)
    (slope,) = mg.grad((out * out).sum(), x, create_graph=True)
    (curvature,) = mg.grad(slope.sum(), x)
    assert slope.shape == curvature.shape == x.shape
