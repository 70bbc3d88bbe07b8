"""Data divided into parts, at random."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..random import generator
from ._checks import checked_length
from ._datasets import Items, Subset
from ._samplers import Rng


def random_split(
    dataset: Items[Any], lengths: Sequence[int | float], *, rng: Rng = None
) -> list[Subset[Any]]:
    """Divide a data set into parts that do not overlap.

    Parameters
    ----------
    dataset
        What is divided.
    lengths
        The parts' lengths, integers that add up to the data set's; or, if there is a float among
        them, fractions that add up to 1. Fractions are rounded down, and what is left goes to the
        parts one item each, from the first on, as PyTorch does it.
    rng
        A `numpy.random.Generator` or a seed. By default the generator that
        `minigrad.manual_seed` restarts.

    Raises
    ------
    ValueError
        If lengths are negative or do not add up.

    Warns
    -----
    UserWarning
        If a fraction is too small for a single item.

    Examples
    --------
    >>> train, test = mg.data.random_split(range(10), [0.75, 0.25], rng=0)
    >>> len(train), len(test)
    (8, 2)
    >>> sorted([*train, *test])
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    total = len(dataset)
    if any(not length >= 0 for length in lengths):  # also where it is nan
        raise ValueError(f"random_split: lengths must be at least 0, got {list(lengths)}")
    # A sum of 1 says fractions also of integers, which is [1] or [1, 0]: all items, and none.
    if sum(lengths) == 1 or any(isinstance(length, float | np.floating) for length in lengths):
        if not math.isclose(sum(lengths), 1):
            raise ValueError(
                f"random_split: fractions must add up to 1, got {sum(lengths)}; "
                "give lengths as integers"
            )
        counts = [math.floor(total * fraction) for fraction in lengths]
        for left in range(total - sum(counts)):
            counts[left % len(counts)] += 1
        for fraction, count in zip(lengths, counts, strict=True):
            if not count:
                warnings.warn(
                    f"random_split: the part of {fraction} of {total} items is empty", stacklevel=2
                )
    else:
        counts = [int(length) for length in lengths]
        if sum(counts) != total:
            raise ValueError(
                f"random_split: lengths {counts} add up to {sum(counts)}; the data set has "
                f"{total} items"
            )
    order = generator(rng).permutation(total)
    ends = np.cumsum(counts)
    return [
        Subset(dataset, order[end - count : end].tolist())
        for count, end in zip(counts, ends, strict=True)
    ]


def train_test_split(
    *arrays: Any,
    test_size: int | float = 0.25,
    stratify: Any = None,
    rng: Rng = None,
) -> list[Any]:
    """Divide the rows of arrays into a part to train on and a part to test on.

    Parameters
    ----------
    *arrays
        NumPy arrays or tensors of equal length.
    test_size
        How many rows to test on: an integer, or a float for a fraction of all, rounded up.
    stratify
        Labels, one for each row. Each label's share of the test rows then is its share of all
        rows, to within one row.
    rng
        A `numpy.random.Generator` or a seed. By default the generator that
        `minigrad.manual_seed` restarts.

    Returns
    -------
    parts : list
        For each array its training rows and its test rows, in scikit-learn's order:
        ``x_train, x_test, y_train, y_test``. All rows are in a random order.

    Raises
    ------
    TypeError
        If there is no array, or something else in place of one.
    ValueError
        If lengths differ, or one of the parts would be empty.

    Examples
    --------
    >>> x, y = mg.data.moons(100, rng=0)
    >>> x_train, x_test, y_train, y_test = mg.data.train_test_split(
    ...     x, y, test_size=0.2, stratify=y, rng=0
    ... )
    >>> x_train.shape, np.bincount(y_test)
    ((80, 2), array([10, 10]))
    """
    total = checked_length("train_test_split", arrays)
    if isinstance(test_size, bool) or not isinstance(
        test_size, int | float | np.integer | np.floating
    ):
        raise TypeError(f"train_test_split: test_size must be a number, got {test_size!r}")
    is_fraction = isinstance(test_size, float | np.floating)
    if is_fraction and not 0 < test_size < 1:
        raise ValueError(
            f"train_test_split: test_size as a fraction lies between 0 and 1, not at {test_size}"
        )
    count = math.ceil(total * test_size) if is_fraction else int(test_size)
    if not 0 < count < total:
        raise ValueError(
            f"train_test_split: {count} of {total} rows to test on leave one of the parts empty"
        )
    order = generator(rng).permutation(total)
    if stratify is None:
        train, test = order[count:], order[:count]
    else:
        labels = np.asarray(stratify)
        if labels.shape != (total,):
            raise ValueError(
                f"train_test_split: stratify must be labels of the shape ({total},), "
                f"got {labels.shape}"
            )
        is_test = _stratified(labels[order], count)
        train, test = order[~is_test], order[is_test]
    return [array[part] for array in arrays for part in (train, test)]


def _stratified(labels: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Mark `count` entries so that each label has its share, by the largest remainders."""
    _, label, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    # In integers: shares are exact, and so are ties between remainders.
    wanted, remainder = np.divmod(sizes * count, len(labels))
    largest_first = np.argsort(-remainder, kind="stable")
    wanted[largest_first[: count - wanted.sum()]] += 1
    # How many entries of the same label come before each one.
    by_label = np.argsort(label, kind="stable")
    starts = np.cumsum(sizes) - sizes
    rank = np.empty_like(by_label)
    rank[by_label] = np.arange(len(labels)) - starts[label[by_label]]
    return np.asarray(rank < wanted[label])
