"""Changing the shape, the order of the axes, or the dtype, never a value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Dispatched, Forward, composed, lookup, op

if TYPE_CHECKING:
    from ..tensor import Tensor

# Since NumPy 2.1.
_NEWER = tuple(getattr(np, name) for name in ("astype",) if hasattr(np, name))


@op(np.reshape, piecewise_linear=True)
def reshape(x: Array, /, shape: int | tuple[int, ...]) -> Forward:
    """Array with its elements, in row-major order, in another shape; one length may be -1."""
    before = np.shape(x)
    return np.reshape(x, shape), lambda g: reshape(g, before)


@composed(np.ravel)
def ravel(x: Array, /) -> Tensor:
    """Array with its elements, in row-major order, along one axis."""
    return reshape(x, (math.prod(np.shape(x)),))


@composed()
def flatten(x: Array, /, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Array with a run of axes joined into one, by default all of them.

    Parameters
    ----------
    x : array
    start_dim, end_dim : int
        The first and the last of the axes, both joined; negative ones count from the end.

    Raises
    ------
    IndexError
        If `x` does not have these axes.

    Examples
    --------
    >>> mg.flatten(mg.tensor(np.ones((2, 3, 4))), start_dim=1).shape
    (2, 12)
    """
    shape = np.shape(x) or (1,)
    start, end = (dim + len(shape) if dim < 0 else dim for dim in (start_dim, end_dim))
    if not 0 <= start <= end < len(shape):
        raise IndexError(
            f"flatten: x has shape {np.shape(x)}, which has no run of axes from {start_dim} to "
            f"{end_dim}"
        )
    return reshape(x, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@op(np.squeeze, piecewise_linear=True)
def squeeze(x: Array, /, axis: int | tuple[int, ...] | None = None) -> Forward:
    """Array without axes of length 1: the given ones, or all."""
    before = np.shape(x)
    return np.squeeze(x, axis=axis), lambda g: reshape(g, before)


@composed(np.expand_dims)
def expand_dims(x: Array, /, axis: int | tuple[int, ...]) -> Tensor:
    """Array with new axes of length 1, at these places in the result."""
    places = axis if isinstance(axis, (tuple, list)) else (axis,)
    rank = np.ndim(x) + len(places)
    places = np.lib.array_utils.normalize_axis_tuple(places, rank, "expand_dims")
    lengths = iter(np.shape(x))
    return reshape(x, tuple(1 if i in places else next(lengths) for i in range(rank)))


@composed(np.atleast_1d)
def atleast_1d(*arrays: Array) -> Any:
    """Array with at least one axis; of several arrays, a tuple of such."""
    return _each(arrays, lambda shape: shape or (1,))


@composed(np.atleast_2d)
def atleast_2d(*arrays: Array) -> Any:
    """Array with at least two axes, new ones in front; of several arrays, a tuple of such."""
    return _each(arrays, lambda shape: (1,) * (2 - len(shape)) + shape)


@composed(np.atleast_3d)
def atleast_3d(*arrays: Array) -> Any:
    """Array with at least three axes; of several arrays, a tuple of such.

    As in NumPy, one of shape (n,) becomes (1, n, 1), and one of (n, m) becomes (n, m, 1).
    """
    shapes = {0: (1, 1, 1), 1: (1, -1, 1)}
    return _each(arrays, lambda shape: shapes.get(len(shape), (*shape, *(1,) * (3 - len(shape)))))


def _each(arrays: Sequence[Array], shape: Any) -> Any:
    results = alike(reshape(array, shape(np.shape(array))) for array in arrays)
    return results[0] if len(results) == 1 else results


def alike(results: Iterable[Array]) -> tuple[Array, ...]:
    """Return the results of a call that has one for each of its arrays: all tensors, if one is."""
    results = tuple(results)
    tensor = next((result for result in results if isinstance(result, Dispatched)), None)
    if tensor is None:
        return results
    # A copy, for nobody may write to what is in a tensor. Plotting passes None here, for instance.
    return tuple(
        tensor.__op__(lookup(copy), (result,), {})
        if not isinstance(result, Dispatched) and np.asarray(result).dtype.kind in "fiubc"
        else result
        for result in results
    )


@op(np.transpose, piecewise_linear=True)
def transpose(x: Array, /, axes: Sequence[int] | None = None) -> Forward:
    """Array with its axes in another order, by default reversed.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.transpose(mg.tensor([[1, 2, 3], [4, 5, 6]])).shape
    (3, 2)
    """
    back = None
    if axes is not None:
        order = np.lib.array_utils.normalize_axis_tuple(axes, np.ndim(x))
        back = inverse(order)
    return np.transpose(x, axes), lambda g: transpose(g, back)


permute_dims = transpose


def inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    """The order that undoes an order of axes."""
    return tuple(sorted(range(len(order)), key=order.__getitem__))


@op(np.matrix_transpose, np.linalg.matrix_transpose, piecewise_linear=True)
def matrix_transpose(x: Array, /) -> Forward:
    """Array with its last two axes swapped."""
    return np.matrix_transpose(x), matrix_transpose


@op(np.swapaxes, piecewise_linear=True)
def swapaxes(x: Array, /, axis1: int, axis2: int) -> Forward:
    """Array with two of its axes swapped."""
    return np.swapaxes(x, axis1, axis2), lambda g: swapaxes(g, axis1, axis2)


@op(np.moveaxis, piecewise_linear=True)
def moveaxis(x: Array, /, source: int | Sequence[int], destination: int | Sequence[int]) -> Forward:
    """Array with one or more axes at other places, the others in their order."""
    return np.moveaxis(x, source, destination), lambda g: moveaxis(g, destination, source)


@composed(np.rollaxis)
def rollaxis(x: Array, /, axis: int, start: int = 0) -> Tensor:
    """Array with an axis moved back until it stands before another; `moveaxis` is simpler."""
    rank = np.ndim(x)
    axis = np.lib.array_utils.normalize_axis_index(axis, rank, "rollaxis")
    if not -rank <= start <= rank:
        raise ValueError(f"rollaxis: start is {start}, must be from {-rank} to {rank}")
    start += rank if start < 0 else 0
    return moveaxis(x, axis, start - (axis < start))


@op(np.broadcast_to, piecewise_linear=True)
def broadcast_to(x: Array, /, shape: int | tuple[int, ...]) -> Forward:
    """Array repeated along axes of length 1, and along new axes in front, to a shape."""
    before = np.shape(x)
    return np.broadcast_to(x, shape), lambda g: sum_to(g, before)


@composed(np.broadcast_arrays)
def broadcast_arrays(*arrays: Array) -> tuple[Tensor, ...]:
    """Arrays repeated to the shape to which they broadcast together; a tuple."""
    shape = np.broadcast_shapes(*map(np.shape, arrays))
    return tuple(broadcast_to(array, shape) for array in alike(arrays))


@op(piecewise_linear=True)
def sum_to(x: Array, /, shape: tuple[int, ...]) -> Forward:
    """Sum over the axes that broadcasting an array of `shape` to that of `x` would repeat.

    The adjoint of `broadcast_to`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.sum_to(mg.tensor([[1, 2, 3], [4, 5, 6]]), (2, 1))
    tensor([[ 6],
            [15]], dtype=int64)
    """
    before = x.shape
    new = len(before) - len(shape)
    axes = tuple(range(new)) + tuple(
        new + i for i, length in enumerate(shape) if length == 1 and before[new + i] != 1
    )
    out = np.reshape(np.sum(x, axis=axes), shape)
    return out, lambda g: broadcast_to(g, before)


@op(*_NEWER, piecewise_linear=True)
def astype(x: Array, /, dtype: Any) -> Forward:
    """Array converted to a dtype; the gradient is converted back.

    Integers and truth values have no gradient: the result is untracked.
    """
    if np.dtype(dtype).kind in "iub":
        return x.astype(dtype), None
    return x.astype(dtype), lambda g: g


@op(np.copy, piecewise_linear=True)
def copy(x: Array, /) -> Forward:
    """Copy of an array; of a tensor, one with the same values and history."""
    return np.copy(x), lambda g: g
