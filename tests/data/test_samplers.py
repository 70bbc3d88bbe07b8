import numpy as np
import pytest

import minigrad as mg
from minigrad.data import BatchSampler, RandomSampler, SequentialSampler, WeightedRandomSampler


def test_in_order():
    assert list(SequentialSampler("abc")) == [0, 1, 2]
    assert len(SequentialSampler("abc")) == 3


@pytest.mark.parametrize(("num_samples", "length"), [(None, 5), (3, 3), (5, 5), (12, 12)])
@pytest.mark.parametrize("replacement", [False, True])
def test_random_indices(replacement, num_samples, length):
    sampler = RandomSampler(range(5), replacement, num_samples, rng=0)
    order = list(sampler)
    assert len(order) == len(sampler) == length
    assert set(order) <= set(range(5))
    assert all(type(index) is int for index in order)
    if not replacement:
        counts = np.bincount(order, minlength=5)
        assert counts.max() - counts.min() <= 1


def test_without_replacement_it_is_a_permutation_of_the_generator():
    rng = np.random.default_rng(3)
    sampler = RandomSampler(range(8), rng=3)
    assert list(sampler) == rng.permutation(8).tolist()
    assert list(sampler) == rng.permutation(8).tolist()


def test_nothing_to_sample():
    assert list(RandomSampler([])) == []
    with pytest.raises(ValueError, match="no items to take num_samples from"):
        RandomSampler([], num_samples=2)


def test_weights_are_relative_frequencies():
    weights = np.array([0.0, 1.0, 3.0])
    drawn = np.bincount(list(WeightedRandomSampler(weights, 20_000, rng=0)), minlength=3) / 20_000
    # Standard deviation sqrt(.25 * .75 / 20000) = 0.003.
    np.testing.assert_allclose(drawn, [0, 0.25, 0.75], atol=0.015)


def test_weights_without_replacement():
    sampler = WeightedRandomSampler([1e308, 0.0, 1e308, 1e308], 3, replacement=False, rng=0)
    assert sorted(sampler) == [0, 2, 3]
    assert len(sampler) == 3


@pytest.mark.parametrize(
    ("weights", "settings", "message"),
    [
        ([-1.0, 2.0], {}, "finite, at least 0"),
        ([np.nan, 2.0], {}, "finite, at least 0"),
        ([np.inf, 2.0], {}, "finite, at least 0"),
        ([0.0, 0.0], {}, "not all 0"),
        ([], {}, "not all 0"),
        ([[1.0]], {}, r"one axis, got the shape \(1, 1\)"),
        ([1.0, 0.0], {"num_samples": 2, "replacement": False}, "there are 1 items of positive"),
        ([1.0], {"num_samples": 0}, "num_samples must be at least 1"),
    ],
)
def test_impossible_weights(weights, settings, message):
    with pytest.raises(ValueError, match=message):
        WeightedRandomSampler(weights, **{"num_samples": 1} | settings)


@pytest.mark.parametrize("length", range(8))
@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 9])
@pytest.mark.parametrize("drop_last", [False, True])
def test_batches_of_indices(length, batch_size, drop_last):
    sampler = BatchSampler(range(length), batch_size, drop_last)
    found = list(sampler)
    assert len(found) == len(sampler)
    joined = [index for batch in found for index in batch]
    assert joined == list(range(len(joined)))
    assert len(joined) == (length - length % batch_size if drop_last else length)
    assert all(len(batch) == batch_size for batch in found[:-1])


def test_a_sampler_without_length():
    with pytest.raises(TypeError, match="generator, has no length"):
        len(BatchSampler((index for index in range(3)), 2, False))


@pytest.mark.parametrize("wrong", [2.0, True, None])
def test_a_batch_size_is_an_integer(wrong):
    with pytest.raises(TypeError, match="BatchSampler: batch_size must be an integer"):
        BatchSampler(range(3), wrong, False)


def test_the_shared_generator_is_the_default():
    mg.manual_seed(0)
    first = list(RandomSampler(range(9))), list(WeightedRandomSampler(np.ones(9), 9))
    mg.manual_seed(0)
    assert first == (list(RandomSampler(range(9))), list(WeightedRandomSampler(np.ones(9), 9)))
