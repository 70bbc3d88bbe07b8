"""Products that sum over an axis."""

from __future__ import annotations

import math

import numpy as np

from ..registry import Array, Forward, op
from .indexing import getitem
from .shaping import reshape, transpose


@op(np.matmul)
def matmul(x: Array, y: Array, /) -> Forward:
    """Matrix product of two arrays, broadcasting over all but the last two axes.

    Parameters
    ----------
    x : array of shape (..., n, k) or (k,)
    y : array of shape (..., k, m) or (k,)

    Returns
    -------
    array of shape (..., n, m), without n or m where that operand is a vector
    """
    try:
        out = np.matmul(x, y)
    except ValueError:
        raise ValueError(
            f"matmul: x has shape {np.shape(x)}, y {np.shape(y)}; the last axis of x must be as "
            "long as the last but one of y (or the only one), and the axes before them broadcast"
        ) from None
    x_rank, y_rank = np.ndim(x), np.ndim(y)

    def by_x(g: Array) -> Array:
        if y_rank == 1:
            return _column(g) * y
        if x_rank == 1:
            return _vector(matmul(y, _column(g)))
        return matmul(g, _swapped(y))

    def by_y(g: Array) -> Array:
        if x_rank == 1:
            return _column(g) * x if y_rank == 1 else _column(x) * _row(g)
        if y_rank == 1:
            return _vector(matmul(_swapped(x), _column(g)))
        if y_rank == 2 and x_rank > 2:
            # One product of two flat matrices, in place of a batch of products and their sum.
            n, (k, m) = math.prod(x.shape[:-1]), y.shape
            return matmul(transpose(reshape(x, (n, k))), reshape(g, (n, m)))
        return matmul(_swapped(x), g)

    return out, (by_x, by_y)


def _swapped(x: Array) -> Array:
    return transpose(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def _column(x: Array) -> Array:
    return getitem(x, (..., None))


def _row(x: Array) -> Array:
    return getitem(x, (..., None, slice(None)))


def _vector(x: Array) -> Array:
    return getitem(x, (..., 0))
