import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.data import random_split, train_test_split


@pytest.mark.parametrize(
    ("total", "lengths", "expected"),
    [
        (10, [7, 3], [7, 3]),
        (10, [10, 0], [10, 0]),
        (0, [0], [0]),
        (10, [0.5, 0.5], [5, 5]),
        (10, [0.75, 0.25], [8, 2]),
        (11, [0.5, 0.3, 0.2], [6, 3, 2]),  # floors 5, 3, 2, and the one that is left
        (10, [0.33, 0.33, 0.34], [4, 3, 3]),
        (11, [0.25] * 4, [3, 3, 3, 2]),
        (7, [1.0], [7]),
        (7, [1], [7]),
        (1, [1], [1]),
        (10, [0.6, 0.3, 0.1], [6, 3, 1]),  # these add up to 0.9999999999999999
    ],
)
def test_lengths_and_fractions(total, lengths, expected):
    parts = random_split(range(total), lengths, rng=0)
    assert [len(part) for part in parts] == expected
    assert sorted(item for part in parts for item in part) == list(range(total))


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([7, 4], r"\[7, 4\] add up to 11; the data set has 10 items"),
        ([11, -1], "at least 0"),
        ([0.5, 0.4], r"fractions must add up to 1, got 0.9"),
        ([0.5, 5], "fractions must add up to 1"),
        ([np.nan, 0.5], "at least 0"),
        ([], "add up to 0"),
    ],
)
def test_lengths_that_do_not_fit(lengths, message):
    with pytest.raises(ValueError, match=message):
        random_split(range(10), lengths)


def test_a_fraction_without_an_item_is_worth_a_warning():
    with pytest.warns(UserWarning, match="the part of 0.1 of 3 items is empty"):
        random_split(range(3), [0.9, 0.1])


def test_splits_follow_the_seed():
    def split(rng):
        return [part.indices for part in random_split(range(20), [15, 5], rng=rng)]

    assert split(1) == split(1) == split(np.random.default_rng(1))
    assert split(1) != split(2)
    mg.manual_seed(1)
    first = split(None)
    mg.manual_seed(1)
    assert split(None) == first


rows = np.arange(30).reshape(15, 2)


@pytest.mark.parametrize(("test_size", "count"), [(4, 4), (0.25, 4), (0.2, 3), (np.int64(1), 1)])
def test_rows_stay_together(test_size, count):
    labels = rows[:, 0]
    x_train, x_test, y_train, y_test = train_test_split(rows, labels, test_size=test_size, rng=0)
    assert len(x_test) == len(y_test) == count
    np.testing.assert_array_equal(x_train[:, 0], y_train)
    np.testing.assert_array_equal(x_test[:, 0], y_test)
    np.testing.assert_array_equal(np.sort(np.concatenate([y_train, y_test])), labels)
    assert not np.array_equal(y_train, np.sort(y_train))


def test_tensors_are_split_too():
    train, test = train_test_split(mg.tensor(rows), test_size=5, rng=0)
    assert isinstance(test, mg.Tensor)
    assert train.shape == (10, 2)


@given(
    labels=st.lists(st.integers(-3, 3), min_size=2, max_size=60),
    data=st.data(),
    seed=st.integers(0, 1000),
)
def test_strata_have_their_share(labels, data, seed):
    labels = np.array(labels)
    count = data.draw(st.integers(1, len(labels) - 1))
    place = np.arange(len(labels))
    train, test = train_test_split(place, test_size=count, stratify=labels, rng=seed)
    assert len(test) == count
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), place)
    for label in np.unique(labels):
        share = np.count_nonzero(labels == label) * count / len(labels)
        assert abs(np.count_nonzero(labels[test] == label) - share) < 1


def test_strata_are_drawn_at_random():
    labels = np.repeat(["a", "b"], 50)
    place = np.arange(100)
    tests = [
        set(train_test_split(place, test_size=10, stratify=labels, rng=seed)[1].tolist())
        for seed in range(30)
    ]
    assert len(set.union(*tests)) > 80


@pytest.mark.parametrize(
    ("arrays", "settings", "error", "message"),
    [
        ((), {}, TypeError, "train_test_split: at least one array"),
        ((rows, rows[:3]), {}, ValueError, "equal lengths"),
        ((rows,), {"test_size": 0}, ValueError, "0 of 15 rows"),
        ((rows,), {"test_size": 15}, ValueError, "15 of 15 rows"),
        ((rows,), {"test_size": -1}, ValueError, "leave one of the parts empty"),
        ((rows,), {"test_size": 1.0}, ValueError, "lies between 0 and 1"),
        ((rows,), {"test_size": 0.0}, ValueError, "lies between 0 and 1"),
        ((rows,), {"test_size": np.nan}, ValueError, "lies between 0 and 1"),
        ((rows,), {"test_size": "a"}, TypeError, "test_size must be a number"),
        ((rows,), {"test_size": True}, TypeError, "test_size must be a number"),
        ((rows,), {"stratify": rows}, ValueError, r"shape \(15,\), got \(15, 2\)"),
    ],
)
def test_impossible_splits(arrays, settings, error, message):
    with pytest.raises(error, match=message):
        train_test_split(*arrays, **settings)
