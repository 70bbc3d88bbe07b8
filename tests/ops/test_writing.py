"""What the functions that write to their first argument refuse, and what they accept."""

import numpy as np
import pytest

import minigrad as mg

X = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda t: mg.put(t, [0], 1.0, mode="around"),
            ValueError,
            "^put: mode is 'around'",
        ),
        (lambda t: mg.put(t, [6], 1.0), IndexError, "out of bounds"),
        (lambda t: mg.place(t, t > 1, []), ValueError, "^place: no values for the 4 elements"),
        (
            lambda t: mg.copyto(mg.tensor([1, 2]), 0.5),
            TypeError,
            "^copyto: float64 does not",
        ),
        (lambda t: mg.copyto(t, np.ones(4)), ValueError, r"\(4,\)"),
        (lambda t: mg.fill_diagonal(t[0], 1.0), ValueError, r"^fill_diagonal: x has shape \(3,\);"),
        (
            lambda t: mg.fill_diagonal(t[None], 1.0),
            ValueError,
            r"^fill_diagonal: x has shape \(1, 2, 3\); .* several of one length",
        ),
    ],
)
def test_a_mistake_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(mg.tensor(X))


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
