"""Matrices by their structure: diagonals, triangles, powers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..registry import Array, Forward, composed, op
from .arithmetic import power
from .reductions import sum
from .selection import keep_where
from .shaping import expand_dims, ravel

if TYPE_CHECKING:
    from ..tensor import Tensor


@op(np.diagonal, piecewise_linear=True)
def diagonal(x: Array, /, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Forward:
    """Diagonals of the matrices in two axes, along a new last axis in place of these.

    Parameters
    ----------
    x : array
    offset : int
        How far above the main diagonal, negative below.
    axis1, axis2 : int
        The axes of rows and columns.
    """
    shape = np.shape(x)
    out = np.diagonal(x, offset, axis1, axis2)
    return out, lambda g: scatter_diagonal(g, shape, offset, axis1, axis2)


@op(piecewise_linear=True)
def scatter_diagonal(
    x: Array, /, shape: tuple[int, ...], offset: int = 0, axis1: int = 0, axis2: int = 1
) -> Forward:
    """Array of zeros but for the diagonals of the matrices in two axes: the adjoint of `diagonal`.

    Parameters
    ----------
    x : array
        The diagonals along its last axis.
    shape : tuple of int
        Of the result.
    offset, axis1, axis2 : int
        As for `diagonal`.
    """
    out = np.zeros_like(x, shape=shape, order="C")
    matrices = np.moveaxis(out, (axis1, axis2), (-2, -1))
    numbers = np.arange(np.shape(x)[-1])
    matrices[..., numbers + max(-offset, 0), numbers + max(offset, 0)] = x
    return out, lambda g: diagonal(g, offset, axis1, axis2)


@composed(np.diag)
def diag(x: Array, /, k: int = 0) -> Tensor:
    """Diagonal of a matrix, or the matrix with a diagonal; `k` counts upward from the main one.

    Examples
    --------
    >>> mg.diag(mg.tensor([1.0, 2.0]))
    tensor([[1., 0.],
            [0., 2.]], dtype=float64)
    >>> mg.diag(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), k=1)
    tensor([2.], dtype=float64)
    """
    shape = np.shape(x)
    if len(shape) == 2:
        return diagonal(x, k)
    if len(shape) != 1:
        raise ValueError(f"diag: x has shape {shape}, expected one axis or two")
    return scatter_diagonal(x, (shape[0] + abs(k),) * 2, k)


@composed(np.diagflat)
def diagflat(x: Array, /, k: int = 0) -> Tensor:
    """Matrix with the elements of an array, flattened, as its diagonal."""
    return diag(ravel(x), k)


@composed(np.trace)
def trace(x: Array, /, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Sums of the diagonals of the matrices in two axes."""
    return sum(diagonal(x, offset, axis1, axis2), -1)


@composed(np.tril)
def tril(x: Array, /, k: int = 0) -> Tensor:
    """Lower triangles of matrices, exactly 0 above the diagonal with the number `k`."""
    return keep_where(_lower("tril", x, k), x)


@composed(np.triu)
def triu(x: Array, /, k: int = 0) -> Tensor:
    """Upper triangles of matrices, exactly 0 below the diagonal with the number `k`."""
    return keep_where(~_lower("triu", x, k - 1), x)


def _lower(name: str, x: Array, k: int) -> Array:
    shape = np.shape(x)
    if not shape:
        raise ValueError(f"{name}: x has no axes, expected matrices of shape (..., n, m)")
    return np.tri(shape[-2:][0], shape[-1], k=k, dtype=bool)


@composed(np.vander)
def vander(x: Array, /, N: int | None = None, increasing: bool = False) -> Tensor:
    """Vandermonde matrix: in each row the powers of an element, from ``N - 1`` down to 0.

    Parameters
    ----------
    x : array of shape (n,)
    N : int, optional
        Number of columns, by default n.
    increasing : bool
        Whether the powers go up from 0.

    Examples
    --------
    >>> mg.vander(mg.tensor([2.0, 3.0]), 3)
    tensor([[4., 2., 1.],
            [9., 3., 1.]], dtype=float64)
    """
    shape = np.shape(x)
    if len(shape) != 1:
        raise ValueError(f"vander: x has shape {shape}, expected one axis")
    column = expand_dims(x, 1)
    # Exponents of the dtype of x: a float32 matrix stays one.
    dtype = column.dtype if column.dtype.kind == "f" else int
    powers = np.arange(shape[0] if N is None else N, dtype=dtype)
    return power(column, powers if increasing else powers[::-1])
