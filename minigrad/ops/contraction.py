"""Products that sum over an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, op
from .arithmetic import multiply
from .einstein_summation import einsum
from .indexing import getitem
from .joining import stack
from .shaping import moveaxis, reshape, transpose
from .splitting import unstack

if TYPE_CHECKING:
    from ..tensor import Tensor


def twins(*names: str) -> list[Any]:
    """Those of NumPy's functions that this version of it has."""
    return [getattr(np, name) for name in names if hasattr(np, name)]


@op(np.matmul, np.linalg.matmul)
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
    x_rank, y_rank = np.ndim(x), np.ndim(y)
    # One product of flat matrices is several times as fast as a batch of products.
    is_flat = x_rank > 2 and y_rank == 2
    try:
        if is_flat:
            out = np.matmul(np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1])), y)
            out = np.reshape(out, (*x.shape[:-1], y.shape[-1]))
        else:
            out = np.matmul(x, y)
    except ValueError:
        raise ValueError(
            f"matmul: x has shape {np.shape(x)}, y {np.shape(y)}; the last axis of x must be as "
            "long as the last but one of y (or the only one), and the axes before them broadcast"
        ) from None

    def by_x(g: Array) -> Array:
        if y_rank == 1:
            return column(g) * y
        if x_rank == 1:
            return vector(matmul(y, column(g)))
        return matmul(g, swapped(y))

    def by_y(g: Array) -> Array:
        if x_rank == 1:
            return column(g) * x if y_rank == 1 else column(x) * row(g)
        if y_rank == 1:
            return vector(matmul(swapped(x), column(g)))
        if is_flat:
            n, (k, m) = math.prod(x.shape[:-1]), y.shape
            return matmul(transpose(reshape(x, (n, k))), reshape(g, (n, m)))
        return matmul(swapped(x), g)

    return out, (by_x, by_y)


@composed(np.dot)
def dot(x: Array, y: Array, /) -> Tensor:
    """Sum of products over the last axis of `x` and the last but one of `y`, or its only one.

    A product of two vectors, or of two matrices; a scalar multiplies. Unlike those of `matmul` the
    other axes do not broadcast: the result has those of `x`, then those of `y`.
    """
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return multiply(x, y)
    if np.ndim(x) <= 2 and np.ndim(y) <= 2:
        return matmul(x, y)
    return tensordot(x, y, (-1, -1 if np.ndim(y) == 1 else -2))


@composed(np.inner)
def inner(x: Array, y: Array, /) -> Tensor:
    """Sum of products over the last axes of two arrays; the result has the axes before them."""
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return multiply(x, y)
    return tensordot(x, y, (-1, -1))


@composed(np.outer, np.linalg.outer)
def outer(x: Array, y: Array, /) -> Tensor:
    """Products of each element of `x` with each of `y`, both flattened: ``out[i, j] = x[i] y[j]``.

    Returns
    -------
    array of shape (x.size, y.size)
    """
    return multiply(reshape(x, (-1, 1)), reshape(y, (1, -1)))


@composed(np.vdot)
def vdot(x: Array, y: Array, /) -> Tensor:
    """Sum of the products of the elements of two arrays, both flattened."""
    return matmul(reshape(x, (-1,)), reshape(y, (-1,)))


@composed(np.tensordot, np.linalg.tensordot)
def tensordot(x: Array, y: Array, /, axes: int | Sequence[int | Sequence[int]] = 2) -> Tensor:
    """Sum of products over several axes of two arrays.

    Parameters
    ----------
    x, y : array
    axes : int or (axes of x, axes of y)
        Which axes are summed, pair by pair; an integer n stands for the last n of `x` and the
        first n of `y`.

    Returns
    -------
    array
        With the other axes of `x`, then the other axes of `y`.

    Raises
    ------
    ValueError
        If the axes of a pair are not equally long.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.tensordot(np.ones((2, 3, 4)), np.ones((4, 3, 5)), axes=([1, 2], [1, 0])).shape
    (2, 5)
    """
    x_shape, y_shape = np.shape(x), np.shape(y)
    of_x, of_y = _pairs(axes, len(x_shape), len(y_shape))
    lengths = [x_shape[axis] for axis in of_x]
    if lengths != [y_shape[axis] for axis in of_y]:
        raise ValueError(
            f"tensordot: axes {of_x} of x, of shape {x_shape}, are summed with axes {of_y} of y, "
            f"of shape {y_shape}; the two of a pair must be equally long"
        )
    rest_of_x = [axis for axis in range(len(x_shape)) if axis not in of_x]
    rest_of_y = [axis for axis in range(len(y_shape)) if axis not in of_y]
    outside = [x_shape[axis] for axis in rest_of_x], [y_shape[axis] for axis in rest_of_y]
    k, n, m = math.prod(lengths), *map(math.prod, outside)
    rows = reshape(transpose(x, (*rest_of_x, *of_x)), (n, k))
    columns = reshape(transpose(y, (*of_y, *rest_of_y)), (k, m))
    return reshape(matmul(rows, columns), (*outside[0], *outside[1]))


def _pairs(axes: Any, x_rank: int, y_rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of both operands that are summed, none of them negative."""
    if np.ndim(axes) == 0:
        count = int(axes)
        if not 0 <= count <= min(x_rank, y_rank):
            raise ValueError(f"tensordot: axes={count} of operands that have {x_rank} and {y_rank}")
        return tuple(range(x_rank - count, x_rank)), tuple(range(count))
    of_x, of_y = axes
    return (
        np.lib.array_utils.normalize_axis_tuple(of_x, x_rank),
        np.lib.array_utils.normalize_axis_tuple(of_y, y_rank),
    )


@composed(np.kron)
def kron(x: Array, y: Array, /) -> Tensor:
    """Kronecker product: blocks of `y`, each multiplied by one element of `x`.

    Axes of length 1 are put in front of the operand that has fewer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.kron(mg.tensor([1, 10]), [1, 2, 3])
    tensor([ 1,  2,  3, 10, 20, 30], dtype=int64)
    """
    rank = max(np.ndim(x), np.ndim(y))
    x_shape = (1,) * (rank - np.ndim(x)) + np.shape(x)
    y_shape = (1,) * (rank - np.ndim(y)) + np.shape(y)
    coarse = reshape(x, tuple(length for blocks in x_shape for length in (blocks, 1)))
    fine = reshape(y, tuple(length for inside in y_shape for length in (1, inside)))
    shape = tuple(blocks * inside for blocks, inside in zip(x_shape, y_shape, strict=True))
    return reshape(multiply(coarse, fine), shape)


@composed(np.vecdot, np.linalg.vecdot)
def vecdot(x: Array, y: Array, /, *, axis: int = -1) -> Tensor:
    """Products of vectors with vectors along an axis; the other axes broadcast.

    Parameters
    ----------
    x, y : array
    axis : int
        The axis of the vectors, in each operand by itself.
    """
    x, y = moveaxis(x, axis, -1), moveaxis(y, axis, -1)
    if x.shape[-1] != y.shape[-1]:
        raise ValueError(
            f"vecdot: the vectors of x, of shape {x.shape}, and of y, of shape {y.shape}, are not "
            "equally long"
        )
    return einsum("...i,...i", x, y)


@composed(*twins("matvec"))
def matvec(x: Array, y: Array, /) -> Tensor:
    """Products of matrices (..., n, k) with vectors (..., k); the axes in front broadcast."""
    return vector(matmul(x, column(y)))


@composed(*twins("vecmat"))
def vecmat(x: Array, y: Array, /) -> Tensor:
    """Products of vectors (..., n) with matrices (..., n, m); the axes in front broadcast."""
    return getitem(matmul(row(x), y), (..., 0, slice(None)))


@composed(np.cross, np.linalg.cross)
def cross(
    x: Array,
    y: Array,
    /,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Tensor:
    """Cross products of vectors of three components; the other axes broadcast.

    Parameters
    ----------
    x, y : array
    axisa, axisb, axisc : int
        The axis of the vectors in `x`, in `y` and in the result.
    axis : int, optional
        Stands for all three.

    Raises
    ------
    ValueError
        If the vectors have not three components.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    lengths = np.shape(x)[axisa], np.shape(y)[axisb]
    if lengths != (3, 3):
        raise ValueError(
            f"cross: vectors have three components, got {lengths[0]} in x and {lengths[1]} in y; "
            "in the plane write x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]"
        )
    (x0, x1, x2), (y0, y1, y2) = unstack(x, axis=axisa), unstack(y, axis=axisb)
    return stack([x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, x0 * y1 - x1 * y0], axisc)


def swapped(x: Array) -> Array:
    """Matrices with rows and columns exchanged."""
    return transpose(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def column(x: Array) -> Array:
    """Vectors as matrices of one column."""
    return getitem(x, (..., None))


def row(x: Array) -> Array:
    """Vectors as matrices of one row."""
    return getitem(x, (..., None, slice(None)))


def vector(x: Array) -> Array:
    """Matrices of one column as vectors."""
    return getitem(x, (..., 0))
