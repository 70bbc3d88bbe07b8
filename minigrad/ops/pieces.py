"""Elementwise kernels over large arrays, piece by piece in cache, on several threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..resources import in_parallel

# Elements of a piece: a few arrays of them fit in a core's cache.
PIECE = 1 << 16
# Of an array that is worth the trouble.
WORTH = 2 * PIECE
Kernel = Callable[..., object]


def in_pieces(kernel: Kernel, *arrays: np.ndarray[Any, Any]) -> bool:
    """Call `kernel` with parts of arrays of one shape that lie in memory in the same order.

    Returns
    -------
    bool
        False if nothing was done: the arrays are small, or not all in the same order without gaps.
    """
    first = arrays[0]
    if first.size < WORTH:
        return False
    order = sorted(range(first.ndim), key=lambda axis: -first.strides[axis])
    flat = []
    for array in arrays:
        moved = array.transpose(order)
        if array.shape != first.shape or not moved.flags.c_contiguous:
            return False
        flat.append(moved.reshape(-1))

    def work(start: int) -> None:
        kernel(*(array[start : start + PIECE] for array in flat))

    in_parallel(work, range(0, first.size, PIECE))
    return True
