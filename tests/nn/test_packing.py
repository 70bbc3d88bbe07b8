import numpy as np
import pytest

import minigrad as mg
from minigrad.nn.utils import rnn

LENGTHS = (2, 4, 1, 4)
SEQUENCES = [
    np.random.default_rng(length).normal(size=(length, 3)) + n for n, length in enumerate(LENGTHS)
]


def test_rows_are_those_of_one_step_after_another():
    packed = rnn.pack_sequence([np.array([1, 2, 3]), np.array([4, 5]), np.array([6])])
    assert packed.data.tolist() == [1, 4, 6, 2, 5, 3]
    assert packed.batch_sizes.tolist() == [3, 2, 1]
    assert packed.sorted_indices is packed.unsorted_indices is None


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("kind", [np.asarray, mg.tensor])
def test_there_and_back(batch_first, kind):
    sequences = [kind(s) for s in SEQUENCES]
    padded = rnn.pad_sequence(sequences, batch_first)
    assert padded.shape == (4, 4, 3)
    packed = rnn.pack_padded_sequence(padded, LENGTHS, batch_first, enforce_sorted=False)
    again, lengths = rnn.pad_packed_sequence(packed, batch_first)
    assert lengths.tolist() == list(LENGTHS)
    np.testing.assert_array_equal(again, padded)
    for found in (
        rnn.unpack_sequence(packed),
        rnn.unpack_sequence(rnn.pack_sequence(sequences, enforce_sorted=False)),
        rnn.unpad_sequence(padded, LENGTHS, batch_first),
    ):
        for one, other in zip(found, sequences, strict=True):
            assert type(one) is type(other)
            np.testing.assert_array_equal(one, other)


def test_padding():
    x = [np.array([1.0, 2.0]), np.array([3.0])]
    right = rnn.pad_sequence(x, batch_first=True, padding_value=-1.0)
    left = rnn.pad_sequence(x, padding_value=-1.0, padding_side="left")
    assert right.tolist() == [[1, 2], [3, -1]]
    assert left.T.tolist() == [[1, 2], [-1, 3]]
    padded, _ = rnn.pad_packed_sequence(rnn.pack_sequence(x), True, np.inf, total_length=3)
    assert padded.tolist() == [[1, 2, np.inf], [3, np.inf, np.inf]]


def test_derivatives():
    def there_and_back(*sequences):
        packed = rnn.pack_sequence(sequences, enforce_sorted=False)
        packed = packed._replace(data=packed.data**2)
        return (packed.data, rnn.pad_packed_sequence(packed, padding_value=2.0, total_length=5)[0])

    assert mg.gradcheck(there_and_back, *(s[:, 0] for s in SEQUENCES[:3]), order=2)


X = np.zeros((4, 2, 3))
BAD = [
    (lambda: rnn.pack_padded_sequence(X, [5, 1]), ValueError, "from 1 to 4"),
    (lambda: rnn.pack_padded_sequence(X, [4, 0]), ValueError, "from 1 to 4"),
    (lambda: rnn.pack_padded_sequence(X[:, :0], []), ValueError, "the batch is empty"),
    (lambda: rnn.pack_padded_sequence(X, [4]), ValueError, "must be 2 integers"),
    (lambda: rnn.pack_padded_sequence(X, [4.0, 1.0]), ValueError, "must be 2 integers"),
    (lambda: rnn.pack_padded_sequence(X, [1, 4]), ValueError, "pass enforce_sorted=False"),
    (lambda: rnn.pack_padded_sequence(X[0, 0], [1]), ValueError, r"expected \(T, N, ...\)"),
    (lambda: rnn.pad_packed_sequence(X), TypeError, "expected a PackedSequence, got a ndarray"),
    (
        lambda: rnn.pad_packed_sequence(rnn.pack_sequence([X]), total_length=3),
        ValueError,
        "total_length=3 is less",
    ),
    (lambda: rnn.pad_sequence([X, X[0]]), ValueError, "alike but for their lengths"),
    (lambda: rnn.pad_sequence([]), ValueError, "alike but for their lengths"),
    (lambda: rnn.pad_sequence([X], padding_side="top"), ValueError, "'right' or 'left'"),
    (lambda: rnn.pack_sequence([X[:2], X]), ValueError, "pass enforce_sorted=False"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
