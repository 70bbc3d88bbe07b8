import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    MapDataset,
    Subset,
    TensorDataset,
)

x = np.arange(20.0).reshape(10, 2)
y = np.arange(10)


class Letters(Dataset):
    def __init__(self, letters):
        self.letters = letters

    def __len__(self):
        return len(self.letters)

    def __getitem__(self, index):
        return self.letters[index]


def test_a_derived_class_is_iterated_by_its_length():
    class Endless(Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return -index

    assert list(Endless()) == [0, -1, -2]


def test_two_data_sets_add_up():
    both = Letters("abc") + Letters("") + ["d", "e"]
    assert isinstance(both, ConcatDataset)
    assert list(both) == list("abcde")
    assert [both[-place] for place in range(1, 6)] == list("edcba")


@pytest.mark.parametrize("index", [5, -6])
def test_outside_of_both(index):
    with pytest.raises(IndexError, match=f"index {index} is outside of 5 items"):
        ConcatDataset(["abc", "de"])[index]


def test_what_cannot_be_concatenated():
    with pytest.raises(ValueError, match="at least one data set"):
        ConcatDataset([])
    with pytest.raises(TypeError, match="gives no item for an index"):
        ConcatDataset([IterableDataset()])


@pytest.mark.parametrize("kind", [Dataset, IterableDataset, mg.data.Sampler])
def test_a_class_that_defines_nothing_says_what_it_must(kind):
    class Mine(kind):
        pass

    with pytest.raises(NotImplementedError, match=r"Mine must define __(iter|len)__"):
        list(Mine())


def test_the_rows_of_arrays_and_tensors():
    t = mg.tensor(x, requires_grad=True)
    data = TensorDataset(t, y)
    assert len(data) == 10
    row, label = data[3]
    assert isinstance(row, mg.Tensor)
    assert label == 3
    assert data.tensors[1] is y


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        ((), TypeError, "TensorDataset: at least one array is needed"),
        (([1, 2],), TypeError, "argument 0 is a list; make an array of it"),
        ((y, np.float32(3)), TypeError, "argument 1 is a"),
        ((y, np.array(3)), TypeError, "argument 1 is a zero-dimensional array"),
        ((y, y[:4]), ValueError, r"equal lengths, got \[10, 4\]"),
    ],
)
def test_what_are_no_rows(arrays, error, message):
    with pytest.raises(error, match=message):
        TensorDataset(*arrays)


def test_a_subset_of_a_subset():
    part = Subset(Subset(TensorDataset(x, y), [9, 7, 5]), np.array([2, 0]))
    assert [int(label) for _, label in part] == [5, 9]


class TestMap:
    def test_the_input_of_a_pair(self):
        data = MapDataset(TensorDataset(x, y), np.negative)
        np.testing.assert_array_equal(data[2][0], -x[2])
        assert data[2][1] == 2

    def test_input_and_target(self):
        data = MapDataset(
            TensorDataset(x, y), np.negative, target_transform=lambda label: label % 2
        )
        assert [int(label) for _, label in data] == [0, 1] * 5

    def test_items_that_are_no_tuples_go_through_whole(self):
        assert list(MapDataset("abc", str.upper)) == list("ABC")
        assert list(MapDataset("abc")) == list("abc")

    def test_errors(self):
        with pytest.raises(TypeError, match="transform must be a function, got 3"):
            MapDataset(x, 3)
        with pytest.raises(TypeError, match="needs items that are tuples of input and target"):
            MapDataset("abc", target_transform=str.upper)[0]


def test_a_stream_of_items():
    class Lines(IterableDataset):
        def __iter__(self):
            return iter("abcde")

    assert list(DataLoader(Lines(), 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(DataLoader(Lines(), 2, drop_last=True)) == [["a", "b"], ["c", "d"]]
    assert list(DataLoader(Lines(), None)) == list("abcde")
    with pytest.raises(TypeError, match="Lines has no length"):
        len(DataLoader(Lines(), 2))
    for settings in ({"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}):
        with pytest.raises(ValueError, match="in its own order"):
            DataLoader(Lines(), **settings)


def test_a_stream_with_a_length():
    class Numbers(IterableDataset):
        def __iter__(self):
            return iter(range(7))

        def __len__(self):
            return 7

    assert len(DataLoader(Numbers(), 3)) == 3
    assert len(DataLoader(Numbers(), 3, drop_last=True)) == 2
    assert len(DataLoader(Numbers(), None)) == 7


def test_an_endless_stream_is_read_only_as_far_as_it_is_used():
    class Endless(IterableDataset):
        def __iter__(self):
            return itertools.count()

    for workers in (0, 2):
        batches = itertools.islice(DataLoader(Endless(), 2, num_workers=workers), 3)
        assert [batch.tolist() for batch in batches] == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("mask", [np.array([True, False, True]), [False, True, True]])
def test_a_mask_is_not_taken_for_indices(mask):
    with pytest.raises(TypeError, match=r"Subset: indices is a mask .* np\.flatnonzero\(mask\)"):
        Subset([1, 2, 3], mask)
