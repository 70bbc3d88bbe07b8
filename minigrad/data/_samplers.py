"""In which order items are taken, and how they are put into batches.

`batches` and `DataLoader` both go by these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import Any

import numpy as np

from ..random import generator
from ._checks import checked_integer

Rng = np.random.Generator | int | None


class Sampler:
    """A base class for orders of items; a derived class defines `__iter__` and `__len__`.

    Nothing needs to derive from it: a list of indices is a sampler, too.
    """

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__")


class SequentialSampler(Sampler):
    """Every item once, in order.

    Examples
    --------
    >>> list(mg.data.SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """Items in a random order, a new one for each loop.

    Parameters
    ----------
    data_source
        What the indices are for; only its length matters.
    replacement
        Whether an item may come more than once.
    num_samples
        How many to take; by default as many as there are. Without `replacement` more than there are
        means whole orders, one after the other, and a part of a last one.
    rng
        A `numpy.random.Generator` or a seed. By default the generator that
        `minigrad.manual_seed` restarts. It is drawn from when a loop starts.

    Raises
    ------
    ValueError
        If `num_samples` is below 1, or above 0 for what is empty.

    Examples
    --------
    >>> sorted(mg.data.RandomSampler(range(5), rng=0))
    [0, 1, 2, 3, 4]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        *,
        rng: Rng = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._asked = (
            None
            if num_samples is None
            else checked_integer("RandomSampler", "num_samples", num_samples)
        )
        if self._asked and not len(data_source):
            raise ValueError("RandomSampler: there are no items to take num_samples from")
        self._rng = generator(rng)

    @property
    def num_samples(self) -> int:
        """How many indices a loop gives."""
        return len(self.data_source) if self._asked is None else self._asked

    def __iter__(self) -> Iterator[int]:
        length, wanted = len(self.data_source), self.num_samples
        if not wanted:
            return iter(())
        if self.replacement:
            order = self._rng.integers(length, size=wanted)
        else:
            rounds = -(-wanted // length)
            order = np.concatenate([self._rng.permutation(length) for _ in range(rounds)])
        return iter(order[:wanted].tolist())

    def __len__(self) -> int:
        return self.num_samples


class WeightedRandomSampler(Sampler):
    """Items at random, each as often as its weight says: a remedy for rare classes.

    Parameters
    ----------
    weights
        One number of at least 0 for each item; they need not add up to 1.
    num_samples
        How many to take in a loop.
    replacement
        Whether an item may come more than once.
    rng
        As in `RandomSampler`.

    Raises
    ------
    ValueError
        If weights are negative, not finite or all 0, or `num_samples` is below 1 or, without
        `replacement`, more than there are positive weights.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 0, 0, 0, 0, 0, 1])
    >>> weights = 1 / np.bincount(labels)[labels]
    >>> often = list(mg.data.WeightedRandomSampler(weights, 1000, rng=0)).count(8)
    >>> 450 < often < 550
    True
    """

    def __init__(
        self,
        weights: Sequence[float] | np.ndarray[Any, Any],
        num_samples: int,
        replacement: bool = True,
        *,
        rng: Rng = None,
    ) -> None:
        self.weights = np.asarray(weights, np.float64)
        self.num_samples = checked_integer("WeightedRandomSampler", "num_samples", num_samples)
        self.replacement = replacement
        if self.weights.ndim != 1:
            raise ValueError(
                "WeightedRandomSampler: weights must have one axis, "
                f"got the shape {self.weights.shape}"
            )
        is_good = np.isfinite(self.weights) & (self.weights >= 0)
        if not is_good.all() or not self.weights.any():
            raise ValueError(
                "WeightedRandomSampler: weights must be finite, at least 0, and not all 0"
            )
        positive = np.count_nonzero(self.weights)
        if not replacement and self.num_samples > positive:
            raise ValueError(
                f"WeightedRandomSampler: without replacement there are {positive} items of "
                f"positive weight to take, got {self.num_samples}"
            )
        self._rng = generator(rng)

    def __iter__(self) -> Iterator[int]:
        # Scaled by the largest first, so that their sum is finite.
        chances = self.weights / self.weights.max()
        order = self._rng.choice(
            len(chances), self.num_samples, replace=self.replacement, p=chances / chances.sum()
        )
        return iter(order.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """The indices of a sampler in lists of `batch_size`; the last one holds what is left.

    Parameters
    ----------
    sampler
        Gives the indices; any iterable of them.
    batch_size
        The length of a batch.
    drop_last
        Whether to leave out a last batch that is shorter than the others.

    Raises
    ------
    TypeError
        If `batch_size` is no integer.
    ValueError
        If `batch_size` is below 1.

    Examples
    --------
    >>> list(mg.data.BatchSampler(range(5), 2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        self.sampler = sampler
        self.batch_size = checked_integer("BatchSampler", "batch_size", batch_size)
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[Any]]:
        return in_batches(iter(self.sampler), self.batch_size, self.drop_last)

    def __len__(self) -> int:
        if not isinstance(self.sampler, Sized):
            raise TypeError(
                f"BatchSampler: the sampler, {type(self.sampler).__name__}, has no length"
            )
        return batch_count(len(self.sampler), self.batch_size, self.drop_last)


def in_batches(items: Iterator[Any], batch_size: int, drop_last: bool) -> Iterator[list[Any]]:
    """Yield lists of `batch_size` items."""
    while batch := list(islice(items, batch_size)):
        if len(batch) == batch_size or not drop_last:
            yield batch


def batch_count(length: int, batch_size: int, drop_last: bool) -> int:
    """Return how many batches there are in `length` items."""
    whole, rest = divmod(length, batch_size)
    return whole + (rest > 0 and not drop_last)
