"""Functions of NumPy that write: what they refuse, and what they take as NumPy does."""

import numpy as np
import pytest

import minigrad as mg


@pytest.mark.parametrize(
    "write",
    [
        lambda a: np.put(a, [], [1]),
        lambda a: np.put(a, [True], [1]),
        lambda a: np.put(a, [9, -9], [7, 8], mode="wrap"),
        lambda a: np.put(a, [9, -9], [7, 8], "clip"),
        lambda a: np.copyto(a, 2),
        lambda a: np.copyto(a, 1.5, casting="unsafe"),
        lambda a: np.copyto(a, 3, where=[[True], [False]]),
    ],
)
@pytest.mark.parametrize("dtype", [float, "f4", "i8", "u1"])
def test_equals_numpy(write, dtype):
    array = np.arange(6).astype(dtype).reshape(2, 3)
    t = mg.tensor(array)
    write(array)
    write(t)
    assert t.dtype == array.dtype
    np.testing.assert_array_equal(t, array)


@pytest.mark.parametrize(
    ("write", "error", "message"),
    [
        (lambda t: np.place(t, [True, False], [1]), ValueError, r"^place: mask .*\(2,\), x \(3,\)"),
        (lambda t: np.putmask(t, [True], 1), ValueError, r"^putmask: mask .*\(1,\), x \(3,\)"),
        (lambda t: np.put(t, [3], 1), IndexError, r"^put: indices has numbers from 3 to 3"),
        (lambda t: np.put(t, [0.5], 1), TypeError, r"^put: indices is float64, expected integers"),
        (lambda t: np.put(t, [0], 1, mode="no"), ValueError, r"^put: mode is .* got 'no'"),
        (lambda t: np.copyto(t, [1, 2]), ValueError, r"^copyto: source has shape \(2,\), .*\(3,\)"),
        (lambda t: np.copyto(t.astype(int), 1.5), TypeError, r"^copyto: float64 does not convert"),
    ],
)
def test_a_mistake_is_named(write, error, message):
    with pytest.raises(error, match=message):
        write(mg.zeros(3))
