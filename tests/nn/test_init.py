import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import init


def weight(*shape, dtype=np.float32):
    return nn.Parameter(np.full(shape, np.nan), dtype)


RANDOM = [
    lambda t, rng: init.uniform_(t, -1, 2, rng=rng),
    lambda t, rng: init.normal_(t, 1, 2, rng=rng),
    lambda t, rng: init.trunc_normal_(t, rng=rng),
    lambda t, rng: init.sparse_(t, 0.3, rng=rng),
    lambda t, rng: init.orthogonal_(t, rng=rng),
    lambda t, rng: init.xavier_uniform_(t, rng=rng),
    lambda t, rng: init.xavier_normal_(t, rng=rng),
    lambda t, rng: init.kaiming_uniform_(t, rng=rng),
    lambda t, rng: init.kaiming_normal_(t, rng=rng),
]
FIXED = [
    lambda t, rng: init.zeros_(t),
    lambda t, rng: init.ones_(t),
    lambda t, rng: init.constant_(t, 3),
    lambda t, rng: init.eye_(t),
]


@pytest.mark.parametrize("fill", RANDOM + FIXED)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_tensor_is_filled_in_place_without_a_record(fill, dtype):
    t = weight(6, 4, dtype=dtype)
    before = t * 1
    assert fill(t, 0) is t
    assert t.is_leaf
    assert t.requires_grad
    assert t.dtype == dtype
    assert np.isfinite(t.numpy()).all()
    assert np.isnan(before.detach().numpy()).all()


@pytest.mark.parametrize("fill", RANDOM)
def test_a_seed_decides(fill):
    first, second, third = (fill(weight(6, 4), rng).numpy() for rng in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert (first != third).any()
    mg.manual_seed(5)
    first = fill(weight(6, 4), None).numpy()
    mg.manual_seed(5)
    np.testing.assert_array_equal(first, fill(weight(6, 4), None).numpy())


@pytest.mark.parametrize("fill", RANDOM + FIXED)
def test_empty_tensors_stay_empty(fill):
    assert fill(weight(0, 4), 0).shape == (0, 4)


def moments(fill, *shape):
    values = fill(weight(*shape, dtype=np.float64)).numpy()
    return values.mean(), values.std(), values.min(), values.max()


@pytest.mark.parametrize(
    ("fill", "std", "bound"),
    [
        (lambda t: init.uniform_(t, -3, 3, rng=0), 3 / math.sqrt(3), 3),
        (lambda t: init.normal_(t, std=0.2, rng=0), 0.2, None),
        # fans of (300, 200, 2): in 400, out 600
        (lambda t: init.xavier_uniform_(t, 2, rng=0), 2 * math.sqrt(2 / 1000), 2 * math.sqrt(6e-3)),
        (lambda t: init.xavier_normal_(t, 2, rng=0), 2 * math.sqrt(2 / 1000), None),
        (
            lambda t: init.kaiming_uniform_(t, nonlinearity="relu", rng=0),
            math.sqrt(2 / 400),
            math.sqrt(6 / 400),
        ),
        (lambda t: init.kaiming_normal_(t, a=1, mode="fan_out", rng=0), math.sqrt(1 / 600), None),
        (lambda t: init.kaiming_uniform_(t, math.sqrt(5), rng=0), 1 / math.sqrt(1200), 1 / 20),
    ],
)
def test_moments_and_bounds(fill, std, bound):
    mean, spread, least, most = moments(fill, 300, 200, 2)
    assert abs(mean) < 4 * std / math.sqrt(120_000)
    assert spread == pytest.approx(std, rel=0.01)
    if bound is not None:
        assert -bound <= least < -0.999 * bound
        assert 0.999 * bound < most <= bound


@pytest.mark.parametrize(
    ("settings", "mean", "std"),
    [
        # Of a normal distribution cut off, from its density and distribution function.
        ({}, 0.0, 0.8796256610342397),
        ({"a": 3, "b": 3.1}, 3.0474631087, 0.0287957892),
        ({"a": 5, "b": math.inf}, 5.1865039671, 0.1808215245),
        ({"a": -math.inf, "b": -6}, -6.1584825, 0.1548794),
        ({"mean": 1, "std": 2, "a": 1, "b": math.inf}, 1 + 2 * math.sqrt(2 / math.pi), 1.2056205),
    ],
)
def test_a_normal_distribution_that_is_cut_off(settings, mean, std):
    found, spread, least, most = moments(
        lambda t: init.trunc_normal_(t, **settings, rng=0), 100_000, 1
    )
    assert found == pytest.approx(mean, abs=5 * std / math.sqrt(100_000))
    assert spread == pytest.approx(std, rel=0.02)
    assert settings.get("a", -2) <= least
    assert most <= settings.get("b", 2)


@pytest.mark.parametrize("shape", [(4, 4), (6, 4), (4, 6), (5, 2, 3), (7, 2, 3), (1, 3)])
def test_rows_or_columns_are_orthogonal(shape):
    matrix = init.orthogonal_(weight(*shape, dtype=np.float64), 2, rng=0).numpy()
    matrix = matrix.reshape(shape[0], -1)
    product = matrix @ matrix.T if shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)


def test_an_orthogonal_matrix_may_turn_either_way():
    signs = {np.sign(init.orthogonal_(weight(1, 1), rng=seed).item()) for seed in range(20)}
    assert signs == {-1.0, 1.0}


def test_sparse_columns():
    values = init.sparse_(weight(10, 500), 0.25, std=2, rng=0).numpy()
    np.testing.assert_array_equal((values == 0).sum(0), np.full(500, 3))
    assert values[values != 0].std() == pytest.approx(2, rel=0.05)
    assert ((values == 0).sum(1) > 0).all()


def test_dirac_filters_keep_their_input():
    x = np.random.default_rng(0).standard_normal((2, 4, 5, 5)).astype(np.float32)
    layer = nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=False)
    init.dirac_(layer.weight, groups=2)
    np.testing.assert_array_equal(layer(x).detach(), x)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: init.uniform_(t, 2, 1), ValueError, "uniform_: a must not be larger than b"),
        (lambda t: init.normal_(t, std=-1), ValueError, "normal_: std must be at least 0"),
        (lambda t: init.trunc_normal_(t, a=1, b=1), ValueError, "trunc_normal_: a must be below b"),
        (lambda t: init.sparse_(t, 2), ValueError, "sparsity must be from 0 to 1"),
        (lambda t: init.eye_(t[0].detach()), ValueError, r"takes a matrix, got .* shape \(4,\)"),
        (lambda t: init.dirac_(t), ValueError, "takes filters of 3 to 5 axes"),
        (lambda t: init.dirac_(weight(3, 2, 2), 2), ValueError, "groups=2 does not divide 3"),
        (lambda t: init.xavier_normal_(nn.Linear(2, 3).bias), ValueError, "at least two axes"),
        (
            lambda t: init.kaiming_normal_(nn.Linear(2, 3)),
            TypeError,
            "takes the weights, such as layer.weight, got Linear",
        ),
        (
            lambda t: init.kaiming_normal_(t, mode="fan"),
            ValueError,
            "kaiming_normal_: mode is 'fan_in' or 'fan_out'",
        ),
        (lambda t: init.calculate_gain("rule"), ValueError, "'rule' has no known gain; there are"),
        (lambda t: init.calculate_gain("leaky_relu", "a"), TypeError, "slope must be a number"),
        (lambda t: init.zeros_(t.data), TypeError, "such as layer.weight, got the values alone"),
        (lambda t: init.zeros_(np.ones(3)), TypeError, "got ndarray"),
        (lambda t: init.zeros_(mg.tensor([1])), TypeError, "takes a floating tensor, got int64"),
    ],
)
def test_what_does_not_fit_is_an_error(call, error, message):
    with pytest.raises(error, match=message):
        call(weight(6, 4))
