from collections import namedtuple

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import default_collate

Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("items", "dtype"),
    [
        ([1, 2], np.int64),
        ([1.0, 2.0], np.float64),
        ([1, 2.5], np.float64),
        ([True, False], np.bool_),
        ([1j, 2], np.complex128),
        ([np.float32(1), np.float32(2)], np.float32),
        ([np.zeros((2, 3), np.uint8)] * 4, np.uint8),
        ([np.zeros(0)] * 2, np.float64),
    ],
)
def test_numbers_and_arrays(items, dtype):
    batch = default_collate(items)
    assert batch.dtype == dtype
    np.testing.assert_array_equal(batch, np.array(items))


def test_a_batch_does_not_share_memory_with_its_items():
    item = np.zeros(3)
    default_collate([item])[...] = 1
    assert not item.any()


def test_tensors_stay_on_the_graph():
    t = mg.tensor(np.arange(6.0).reshape(3, 2), requires_grad=True)
    batch = default_collate([t[2], np.ones(2), t[2]])
    (batch * batch).sum().backward()
    np.testing.assert_array_equal(t.grad.numpy(), [[0, 0], [0, 0], [16, 20]])


def test_nested_parts():
    items = [
        {"point": Point(np.ones(2) * i, i), "rest": [f"name {i}", (i, b"bytes")]} for i in range(3)
    ]
    batch = default_collate(items)
    assert isinstance(batch["point"], Point)
    np.testing.assert_array_equal(batch["point"].x, [[0, 0], [1, 1], [2, 2]])
    np.testing.assert_array_equal(batch["point"].y, [0, 1, 2])
    assert batch["rest"][0] == ["name 0", "name 1", "name 2"]
    numbers, texts = batch["rest"][1]
    np.testing.assert_array_equal(numbers, [0, 1, 2])
    assert texts == [b"bytes"] * 3


@pytest.mark.parametrize(
    ("items", "error", "message"),
    [
        ([], ValueError, "at least one item"),
        ([np.ones(3), np.ones(3), np.ones(4)], ValueError, r"\(3,\).*\(4,\) \(item 2\)"),
        ([np.ones(3), 1.0], ValueError, "crop or pad"),
        ([(1, 2), (1,)], ValueError, r"a tuple of 2 \(item 0 of the batch\) and a tuple of 1"),
        ([(1, 2), [1, 2]], ValueError, "a list of 2"),
        ([(1, 2), 3], ValueError, "and 3"),
        ([{"a": 1}, {"b": 1}], ValueError, "dicts with different keys"),
        ([{"a": 1}, 5], ValueError, "dicts with different keys"),
        ([None], TypeError, "no rule for a NoneType; .* collate_fn="),
        ([object()], TypeError, "no rule for a object"),
        ([1, 2**70], TypeError, "array of objects"),
        ([1, None], TypeError, r"array of objects, not of numbers: \['NoneType', 'int'\]"),
    ],
)
def test_what_cannot_be_one_batch(items, error, message):
    with pytest.raises(error, match=message):
        default_collate(items)
