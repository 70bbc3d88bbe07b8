"""Adding rows to those of an array by number, which `np.add.at` does element by element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

# Shorter rows are added element by element: the work on a row as a whole would not pay off.
WIDE = 16
# A row that is named so often is summed by itself; the others are added in as many rounds.
OFTEN = 8


def rows_named(index: Any, shape: tuple[int, ...]) -> Any:
    """Return the numbers of the wide rows that an index names, from 0, or None if it is another.

    Numbers that are out of range are left to NumPy, which says so.
    """
    if not (isinstance(index, np.ndarray) and index.ndim and index.dtype.kind in "iu"):
        return None
    count, width = shape[0], math.prod(shape[1:])
    if width < WIDE or not index.size or index.min() < -count or index.max() >= count:
        return None
    numbers = index.astype(np.intp)
    numbers[numbers < 0] += count
    return numbers


def add_rows(out: np.ndarray[Any, Any], x: np.ndarray[Any, Any], numbers: Any) -> None:
    """Add rows to those of an array of zeros; a number that is repeated stands for their sum.

    Parameters
    ----------
    out : array of shape (count, ...), of zeros in C order
        Written to.
    x : array that broadcasts to (numbers.shape..., out.shape[1:]...)
    numbers : array of int, from 0 to count - 1
        In any order.
    """
    width = math.prod(out.shape[1:])
    rows = np.broadcast_to(x, (*numbers.shape, *out.shape[1:])).reshape(-1, width)
    out, numbers = out.reshape(-1, width), numbers.reshape(-1)
    order = np.argsort(numbers, kind="stable")
    inside = np.flatnonzero(np.diff(numbers[order])) + 1
    starts = np.concatenate([[0], inside])
    counts = np.diff(starts, append=numbers.size)
    # The most frequent come first, so those that a round still concerns are in front.
    by_count = np.argsort(-counts, kind="stable")
    starts, counts = starts[by_count], counts[by_count]
    targets = numbers[order[starts]]
    many = int(np.count_nonzero(counts > OFTEN))
    for target, start, count in zip(
        targets[:many].tolist(), starts[:many].tolist(), counts[:many].tolist(), strict=True
    ):
        np.add.reduce(rows[order[start : start + count]], axis=0, out=out[target])
    starts, counts, targets = starts[many:], counts[many:], targets[many:]
    if not starts.size:
        return
    out[targets] = rows[order[starts]]
    for turn in range(1, int(counts[0])):
        left = int(np.count_nonzero(counts > turn))
        out[targets[:left]] += rows[order[starts[:left] + turn]]
