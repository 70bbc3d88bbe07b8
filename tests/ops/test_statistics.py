"""What the samples of statistics, products, running sums and differences do not show."""

import numpy as np
import pytest

import minigrad as mg

rng = np.random.default_rng(0)
X = rng.normal(size=(3, 4))


@pytest.mark.parametrize(
    ("axis", "shape"), [(None, (3, 4)), (0, (3, 4)), (1, (4,)), ((1, 0), (4, 3)), (-2, (3,))]
)
def test_average_is_differentiable_by_its_weights(axis, shape):
    if axis == (1, 0) and np.lib.NumpyVersion(np.__version__) < "2.1.0":
        pytest.skip("NumPy takes weights of several axes from 2.1 on")
    weights = rng.uniform(0.5, 2, shape)

    def average(x, weights):
        return mg.average(x, axis, weights, returned=True)

    assert mg.gradcheck(average, X, weights, order=2)
    for mine, theirs in zip(
        mg.average(X, axis, weights, returned=True),
        np.average(X, axis, weights, returned=True),
        strict=True,
    ):
        np.testing.assert_allclose(mine, theirs)
    weights = mg.tensor(weights, requires_grad=True)
    assert np.average(X, axis, weights).requires_grad


def test_average_without_weights_counts():
    average, count = mg.average(mg.tensor(X), axis=1, returned=True)
    np.testing.assert_allclose(average.numpy(), X.mean(axis=1))
    assert count.tolist() == [4.0, 4.0, 4.0]


def test_average_refuses_weights():
    with pytest.raises(ZeroDivisionError, match="weights sum to 0"):
        mg.average([1.0, 2.0], weights=[1.0, -1.0])
    with pytest.raises(ValueError, match=r"weights have shape \(3,\), x \(3, 4\) and axis is 1"):
        mg.average(X, axis=1, weights=[1.0, 2.0, 3.0])


@pytest.mark.parametrize("op", [mg.var, mg.std, mg.nanvar, mg.nanstd])
def test_ddof_has_two_names_but_one_value(op):
    assert op(X, ddof=1) == op(X, correction=1)
    with pytest.raises(TypeError, match=f"{op.__name__}: ddof=1 and correction=1 are two names"):
        op(X, ddof=1, correction=1)


def test_a_variance_cancels_no_digits():
    offsets = np.array([4.0, 7.0, 13.0, 16.0])
    assert mg.var(1e9 + offsets, ddof=1) == 30.0
    single = mg.var(mg.tensor(np.float32(1e4) + offsets.astype("f4"), dtype="f4"))
    assert single.dtype == np.float32
    assert single.item() == 22.5


@pytest.mark.parametrize("op", [mg.std, mg.nanstd])
@pytest.mark.parametrize("value", [0.1, 1e-30, 1e30])
@pytest.mark.parametrize("count", [3, 7, 1000])
def test_equal_elements_do_not_deviate(op, value, count):
    x = mg.tensor(np.full(count, value), requires_grad=True)
    out = op(x)
    out.backward()
    assert out.item() == 0
    assert not x.grad.numpy().any()


def test_quantile_refuses():
    with pytest.raises(ValueError, match="quantile: q is from 0 to 1"):
        mg.quantile(X, 50)
    with pytest.raises(ValueError, match="quantile: method is one of linear, lower"):
        mg.quantile(X, 0.5, method="middle")
    with pytest.raises(ValueError, match="no elements"):
        mg.median(mg.tensor([]))
    with pytest.raises(TypeError, match="'q' is a setting"):
        mg.quantile(mg.tensor(X), mg.tensor(0.5, requires_grad=True))


@pytest.mark.parametrize("method", ["linear", "lower", "higher", "nearest", "midpoint"])
def test_quantiles_with_infinities_and_nan_are_those_of_numpy(method):
    x = np.array([[np.inf, 1.0, -np.inf, 2.0], [np.nan, 1.0, 3.0, 2.0], [0.0, 0.0, 1.0, 0.0]])
    for q in (0.4, 0.5, 0.6):
        with np.errstate(invalid="ignore"):
            expected = np.quantile(x, q, axis=1, method=method)
        np.testing.assert_allclose(mg.quantile(x, q, axis=1, method=method), expected)
    # Where NumPy multiplies infinity by 0.
    assert mg.quantile(x[0], [0.0, 1.0], method=method).tolist() == [-np.inf, np.inf]


def test_the_median_of_infinities_is_infinite():
    assert mg.median(np.array([np.inf, np.inf])) == np.inf == np.median([np.inf, np.inf])


def test_correlations_do_not_exceed_one():
    x = rng.normal(size=50)
    for scale in rng.uniform(-2, 2, 20):
        correlation = mg.corrcoef(x, scale * x + 0.1)
        assert np.abs(correlation).max() <= 1


def test_covariances_keep_float32():
    assert np.cov(mg.tensor(X, dtype="f4")).dtype == np.float32
    assert mg.corrcoef(X.astype("f4")).dtype == np.float32


def test_diff_is_differentiable_by_what_is_put_at_its_ends():
    def diff(x, before, after):
        return mg.diff(x, 2, axis=0, prepend=before, append=after)

    assert mg.gradcheck(diff, X, X[:1], 0.5)
    assert mg.diff(np.array([True, True, False])).tolist() == [False, True]
    with pytest.raises(ValueError, match="n is the number of differences"):
        mg.diff(X, -1)


@pytest.mark.parametrize("edge_order", [1, 2])
def test_gradient_takes_float32_and_integers(edge_order):
    f = np.array([1, 4, 9, 16, 30])
    at = [0.0, 1.0, 3.0, 4.0, 4.5]
    for spacing in ((), (2.0,), (at,)):
        expected = np.gradient(f, *spacing, edge_order=edge_order)
        np.testing.assert_allclose(mg.gradient(f, *spacing, edge_order=edge_order), expected)
        single = mg.gradient(mg.tensor(f, dtype="f4"), *spacing, edge_order=edge_order)
        assert single.dtype == np.float32
        np.testing.assert_allclose(single.numpy(), expected, rtol=1e-6)


def test_gradient_refuses():
    with pytest.raises(TypeError, match="got 3 spacings for 2 axes"):
        mg.gradient(X, 1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="coordinates have shape"):
        mg.gradient(X, [0.0, 1.0], [0.0, 1.0])
    with pytest.raises(ValueError, match="needs at least 3 elements"):
        mg.gradient(X[:2], axis=0, edge_order=2)


def test_slopes_are_all_tensors_if_one_is():
    down, along = mg.gradient(X, mg.tensor([0.0, 1.0, 3.0], requires_grad=True), 2.0)
    assert down.requires_grad
    assert isinstance(along, mg.Tensor)


def test_trapezoid_refuses():
    with pytest.raises(ValueError, match=r"x has shape \(2,\), but axis 1 of y has length 4"):
        mg.trapezoid(X, [0.0, 1.0])
    with pytest.raises(np.exceptions.AxisError, match="trapezoid: axis 2 is out of bounds"):
        mg.trapezoid(X, axis=2)


@pytest.mark.parametrize("op", [mg.var, mg.prod, mg.ptp, mg.average, mg.median, mg.nanmean])
def test_lists_and_numbers_are_arrays(op):
    assert op([1, 2, 6]) == getattr(np, op.__name__)([1, 2, 6])
    assert op(3.0) == getattr(np, op.__name__)(3.0)


def test_unsigned_integers_do_not_wrap():
    x = np.array([5, 3, 250], np.uint8)
    np.testing.assert_allclose(mg.var(x), np.var(x))
    np.testing.assert_allclose(mg.cov(x), np.cov(x))
    np.testing.assert_allclose(mg.quantile(x, 0.3), np.quantile(x, 0.3))


@pytest.mark.parametrize("op", [mg.prod, mg.cumprod])
@pytest.mark.parametrize("zeros", [[], [2], [1, 4]])
def test_products_with_zeros_are_exact_at_second_order(op, zeros):
    """By all elements at once: beyond two zeros, only third derivatives are not 0."""
    x = rng.uniform(0.5, 2, 7)
    x[zeros] = 0
    assert mg.gradcheck(op, x, order=3 if len(zeros) == 2 else 2)


def test_a_cumulative_sum_of_a_matrix_needs_an_axis():
    with pytest.raises(ValueError, match=r"cumulative_sum: x has shape \(3, 4\); without axis="):
        mg.cumulative_sum(X)
    assert mg.cumulative_sum(np.zeros(0), include_initial=True).tolist() == [0]
    assert mg.cumulative_prod(np.ones((2, 0)), axis=1, include_initial=True).shape == (2, 1)


def test_a_long_cumulative_product_differentiates_in_few_steps():
    x = mg.tensor(np.ones(100_001), requires_grad=True)
    x.cumprod()[-1].backward()
    assert np.all(x.grad.numpy() == 1)


def test_an_overflow_further_on_does_not_reach_an_early_product():
    x = mg.tensor(np.full(100, 1e5), requires_grad=True)
    with np.errstate(over="ignore", invalid="ignore"):
        x.cumprod()[2].backward()
    np.testing.assert_allclose(x.grad.numpy()[:3], 1e10)


def test_a_running_sum_of_exponentials_does_not_overflow():
    x = mg.tensor([-1000.0, 1000.0, 0.0, 1000.0], requires_grad=True)
    out = x.logcumsumexp()
    out[-1].backward()
    np.testing.assert_allclose(out.numpy(), [-1000, 1000, 1000, 1000 + np.log(2)])
    np.testing.assert_allclose(x.grad.numpy(), [0, 0.5, 0, 0.5])


def test_interp_gives_the_values_at_the_points_exactly():
    xp, fp = np.sort(rng.normal(size=(2, 50)))
    np.testing.assert_array_equal(mg.interp(xp, xp, fp), fp)
    # Also beside infinite ones.
    xp, x = np.arange(3.0), np.array([0.0, 0.5, 1.0, 1.5, 2.0])
    for fp in ([0, 1, np.inf], [np.inf, 1, 2], [-np.inf, 1, 2]):
        np.testing.assert_array_equal(mg.interp(x, xp, np.array(fp)), np.interp(x, xp, fp))


def test_quantiles_of_booleans_and_variances_of_nothing():
    assert mg.median([True, True, False, False]) == np.median([True, True, False, False]) == 0.5
    with pytest.warns(RuntimeWarning):
        assert np.isnan(mg.nanvar(mg.tensor(np.zeros((0,)))).item())
