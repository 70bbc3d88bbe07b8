"""Functions of NumPy that write: what they refuse, and what they take as NumPy does."""

import numpy as np
import pytest

import minigrad as mg

X = np.arange(6.0).reshape(2, 3)


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
        (lambda t: np.fill_diagonal(t, 1), ValueError, r"^fill_diagonal: x has shape \(3,\); it"),
        (
            lambda t: mg.fill_diagonal(mg.zeros((1, 2, 3)), 1.0),
            ValueError,
            r"^fill_diagonal: x has shape \(1, 2, 3\); .* several of one length",
        ),
        (lambda t: np.place(t, t < 1, []), ValueError, r"^place: no values for the 3 elements"),
    ],
)
def test_a_mistake_is_named(write, error, message):
    with pytest.raises(error, match=message):
        write(mg.zeros(3))


def test_no_values_change_nothing():
    assert mg.put(mg.tensor(X), [0, 1], []).tolist() == X.tolist()


def test_lists_and_numbers_are_values():
    assert mg.put(mg.tensor(X), [0], [9.0]).tolist()[0][0] == 9.0
    assert mg.copyto(mg.tensor(X), 7).tolist() == np.full((2, 3), 7.0).tolist()
    assert mg.copyto(mg.tensor(X), [1, 2, 3], where=[True, False, True]).tolist() == [
        [1.0, 1.0, 3.0],
        [1.0, 4.0, 3.0],
    ]


def test_what_is_copied_is_converted():
    result = mg.copyto(mg.tensor([1.0, 2.0], dtype="f4"), np.array([3.0, 4.0]))
    assert result.dtype == np.float32


def test_the_function_leaves_its_argument_alone():
    t = mg.tensor(X)
    mg.fill_diagonal(t, 9.0)
    assert t.tolist() == X.tolist()
