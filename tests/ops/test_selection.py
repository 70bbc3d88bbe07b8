"""Choosing between large arrays, which goes by the bits of floats."""

import numpy as np
import pytest

import minigrad as mg

SPECIAL = [np.inf, -np.inf, np.nan, -0.0, 0.0, 1.5, -2.5]


def layouts(array):
    return {
        "C": array,
        "Fortran": np.asfortranarray(array),
        "backward": array[::-1, ::-1],
        "every second": np.repeat(array, 2, axis=1)[:, ::2],
        "a row repeated": np.broadcast_to(array[:1], array.shape),
    }


@pytest.mark.parametrize("shape", [(3, 5), (40, 50), (500, 600)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.int32])
@pytest.mark.parametrize("layout", layouts(np.zeros((2, 2))))
def test_where_is_numpys_to_the_bit(shape, dtype, layout):
    rng = np.random.default_rng(0)
    values = SPECIAL if np.dtype(dtype).kind == "f" else [0, 1, -7]
    x = layouts(rng.choice(values, shape).astype(dtype))[layout]
    y = rng.choice(values, shape).astype(dtype)
    keep = layouts(rng.random(shape) < 0.5)[layout]
    found, expected = mg.where(keep, x, y), np.where(keep, x, y)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))
    np.testing.assert_array_equal(mg.where(keep, x, y[0]), np.where(keep, x, y[0]))
    np.testing.assert_array_equal(mg.where(keep, x, dtype(3)), np.where(keep, x, dtype(3)))


def test_where_of_large_arrays_splits_the_gradient():
    rng = np.random.default_rng(0)
    keep = rng.random((60, 70)) < 0.5
    x, y = (mg.tensor(rng.normal(size=keep.shape), requires_grad=True) for _ in range(2))
    mg.where(keep, x, y).backward(np.full(keep.shape, np.inf))
    np.testing.assert_array_equal(x.grad, np.where(keep, np.inf, 0))
    np.testing.assert_array_equal(y.grad, np.where(keep, 0, np.inf))
