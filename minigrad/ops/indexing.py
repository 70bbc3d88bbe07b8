"""Reading and writing parts of an array.

An index is whatever NumPy takes: integers, slices, ellipsis, newaxis, arrays of integers or
booleans, and tuples of them. Indices are settings; a tensor in one is used for its value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, constant, op
from .comparison import flatnonzero
from .row_sums import add_rows, rows_named
from .selection import bounded, keep_where

if TYPE_CHECKING:
    from ..tensor import Tensor

# From so many elements on, finding the places of all pays off.
MANY = 1024


@op(piecewise_linear=True)
def getitem(x: Array, /, index: Any) -> Forward:
    """Part of an array, ``x[index]``; the gradients of elements read several times add up.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> x[[0, 0, 2]].sum().backward()
    >>> x.grad
    tensor([2., 0., 1.], dtype=float64)
    """
    shape = x.shape
    return x[index], lambda g: scatter(g, index, shape)


@op(piecewise_linear=True)
def scatter(x: Array, /, index: Any, shape: tuple[int, ...]) -> Forward:
    """Array of zeros to which `x` is added at an index, repeated elements adding up.

    The adjoint of `getitem`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.scatter(mg.tensor([1, 2, 3]), [0, 0, 2], (4,))
    tensor([3, 0, 3, 0], dtype=int64)
    """
    out = np.zeros_like(x, shape=shape, order="C")
    if not _may_repeat(index):
        out[index] = x
    elif type(out) is np.ndarray and (numbers := rows_named(index, shape)) is not None:
        add_rows(out, x, numbers)
    elif type(out) is np.ndarray and np.size(x) >= MANY:
        # On one axis np.add.at is several times faster than on many.
        places = _places(shape, index)
        np.add.at(out.reshape(-1), places.reshape(-1), np.broadcast_to(x, places.shape).reshape(-1))
    else:
        np.add.at(out, index, x)
    return out, lambda g: getitem(g, index)


def _places(shape: tuple[int, ...], index: Any) -> np.ndarray[Any, np.dtype[np.intp]]:
    """The places in row-major order of the elements that an index reads from an array.

    Without making an array of that shape, which may be much larger than what is read.
    """
    places, stride = np.zeros((), np.intp), math.prod(shape)
    for axis, length in enumerate(shape):
        stride //= max(length, 1)
        along = np.reshape(np.arange(length) * stride, (-1,) + (1,) * (len(shape) - axis - 1))
        places = places + np.broadcast_to(along, shape)[index]
    return places


@op(piecewise_linear=True)
def setitem(x: Array, value: Array, /, index: Any) -> Forward:
    """Copy of an array in which the elements at an index have other values.

    Where the index repeats an element, the last value stays, and it alone gets the gradient.

    Parameters
    ----------
    x : array
    value : array that broadcasts to the shape of ``x[index]``

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.setitem(mg.tensor([1.0, 2.0, 3.0]), 0.0, slice(1, None))
    tensor([1., 0., 0.], dtype=float64)
    """
    x_shape, value_ndim = x.shape, np.ndim(value)
    out = np.copy(x)  # of a NumPy scalar, too, an array
    out[index] = value
    untouched = np.ones_like(x, dtype=bool)
    untouched[index] = False

    def by_value(g: Array) -> Array:
        part = getitem(g, index)
        if _may_repeat(index):
            # Each element is owned by the last position that was written to it.
            positions = np.arange(part.size).reshape(part.shape)
            owner = np.zeros(x_shape, dtype=np.intp)
            owner[index] = positions
            part = keep_where(owner[index] == positions, part)
        # NumPy lets a value have more axes, of length 1, than its place.
        return part[(None,) * (value_ndim - part.ndim)] if value_ndim > part.ndim else part

    return out, (lambda g: keep_where(untouched, g), by_value)


def _may_repeat(index: Any) -> bool:
    """Whether an index could name an element twice: integers, slices and masks never do."""
    return not all(
        part is None
        or part is Ellipsis
        or isinstance(part, (int, np.integer, slice))
        or (isinstance(part, np.ndarray) and part.dtype == bool)
        for part in (index if isinstance(index, tuple) else (index,))
    )


@composed()
def scatter_add(x: Array, value: Array, /, index: Any) -> Tensor:
    """Array to which a value is added at an index, repeated elements adding up.

    What ``np.add.at(x, index, value)`` would make of `x`, and JAX's ``x.at[index].add(value)``.

    Parameters
    ----------
    x : array
    value : array that broadcasts to the shape of ``x[index]``

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.scatter_add(mg.tensor([1.0, 2.0]), 10.0, [0, 0])
    tensor([21.,  2.], dtype=float64)
    """
    try:
        added = scatter(value, index, np.shape(x))
    except (IndexError, ValueError) as error:
        raise type(error)(
            f"scatter_add: {error}; x has shape {np.shape(x)}, value {np.shape(value)}, which must "
            "broadcast to that of x[index]"
        ) from error
    return x + added


@composed(np.take)
def take(x: Array, indices: Array, /, axis: int | None = None, mode: str = "raise") -> Tensor:
    """Elements of an array at integers along an axis; without one, of the flattened array.

    Parameters
    ----------
    x : array
    indices : array of int
        Not differentiable. The result has their axes at the place of the axis.
    axis : int, optional
    mode : {"raise", "wrap", "clip"}
        Whether an index out of range is an error, taken modulo the length, or clipped.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.take(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), [1, 1], axis=1)
    tensor([[2., 2.],
            [4., 4.]], dtype=float64)
    """
    if axis is None:
        x, axis = np.reshape(x, -1), 0
    along = np.lib.array_utils.normalize_axis_index(axis, np.ndim(x), "take")
    places = bounded("take", "indices", indices, np.shape(x)[along], mode)
    return getitem(x, (slice(None),) * along + (places,))


@composed(np.compress)
def compress(condition: Array, x: Array, /, axis: int | None = None) -> Tensor:
    """Slices of an array along an axis, or elements of it flattened, where a condition holds.

    Parameters
    ----------
    condition : array of bool, of one axis
        Not differentiable. Where it is shorter than the axis, the rest is left out.
    x : array
    axis : int, optional
    """
    if np.ndim(condition) != 1:
        raise ValueError(
            f"compress: condition has shape {np.shape(condition)}, expected one axis; x[condition] "
            "takes a mask with more"
        )
    if axis is None:
        x, axis = np.reshape(x, -1), 0
    along = np.lib.array_utils.normalize_axis_index(axis, np.ndim(x), "compress")
    return take(x, _where("compress", condition, np.shape(x)[along]), along)


@composed(np.extract)
def extract(condition: Array, x: Array, /) -> Tensor:
    """Elements of an array, flattened, where a condition holds, as ``x[condition]``.

    Parameters
    ----------
    condition : array of bool, with as many elements
        Not differentiable.
    x : array
    """
    return take(x, _where("extract", condition, np.size(x)))


def _where(op: str, condition: Array, length: int) -> Array:
    """The places at which a condition holds."""
    places = np.asarray(flatnonzero(condition))
    if places.size and places[-1] >= length:
        raise IndexError(
            f"{op}: condition holds at {places[-1]}, but there are only {length} elements to choose"
        )
    return places


@composed(np.take_along_axis)
def take_along_axis(x: Array, indices: Array, /, axis: int | None = -1) -> Tensor:
    """Elements of an array that have other indices along one axis, the same along the others.

    Parameters
    ----------
    x : array
    indices : array of int, with as many axes
        Not differentiable; broadcasts with `x` along the other axes. What `argsort` returns, say.
    axis : int or None
        None stands for the flattened array.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([[3.0, 1.0], [0.0, 2.0]])
    >>> mg.take_along_axis(x, mg.argsort(x))
    tensor([[1., 3.],
            [0., 2.]], dtype=float64)
    """
    if axis is None:
        x, axis = np.reshape(x, -1), 0
    return getitem(x, _along("take_along_axis", np.shape(x), indices, axis))


@composed(np.put_along_axis, in_place=True)
def put_along_axis(x: Array, indices: Array, values: Array, /, axis: int | None = -1) -> Tensor:
    """Copy of an array with other elements at indices along one axis; see `take_along_axis`.

    ``np.put_along_axis(t, ...)`` makes the tensor `t` stand for the copy. Where an index is
    repeated, the last value stays, and it alone gets the gradient.

    Parameters
    ----------
    x : array
    indices : array of int, with as many axes
        Not differentiable.
    values : array that broadcasts to the shape of `indices`
    axis : int or None
        None stands for the flattened array.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.put_along_axis(mg.tensor([[3.0, 1.0], [0.0, 2.0]]), [[0], [1]], 9.0)
    tensor([[9., 1.],
            [0., 9.]], dtype=float64)
    """
    if axis is None:
        flat: Any = put_along_axis(np.reshape(x, -1), indices, values, 0)
        return np.reshape(flat, np.shape(x))  # type: ignore[return-value]  # of a tensor, a tensor
    return setitem(x, values, _along("put_along_axis", np.shape(x), indices, axis))


def _along(
    op: str, shape: tuple[int, ...], indices: Array, axis: int
) -> tuple[np.ndarray[Any, np.dtype[np.intp]], ...]:
    """The index that takes elements along an axis."""
    axis = np.lib.array_utils.normalize_axis_index(axis, len(shape), op)
    along = bounded(op, "indices", indices, shape[axis], "raise")
    if along.ndim != len(shape):
        raise ValueError(
            f"{op}: indices of shape {along.shape} need as many axes as x of shape {shape}"
        )
    grid = list(np.indices(shape, sparse=True, dtype=np.intp))
    grid[axis] = along
    return tuple(grid)


@composed(np.piecewise)
def piecewise(
    x: Array,
    /,
    condlist: Array | Sequence[Array],
    funclist: Sequence[Any],
    *args: Any,
    **kw: Any,
) -> Tensor:
    """Functions of the parts of an array for which conditions hold, each called on its part.

    Parameters
    ----------
    x : array
    condlist : sequence of array of bool, or one such
        Where several hold, the last one decides.
    funclist : sequence of callable or number
        One for each condition; one more is for where no condition holds, which is 0 otherwise.
    *args, **kw
        Go to the functions.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([-4.0, 9.0])
    >>> mg.piecewise(x, [x > 0], [mg.sqrt, 0.0])  # the square root sees no negative number
    tensor([0., 3.], dtype=float64)
    """
    if isinstance(condlist, (list, tuple)):
        several = np.ndim(condlist[0]) > 0 or not np.ndim(x)
    else:
        several = np.ndim(condlist) > np.ndim(x)
    conditions = [
        np.asarray(constant(condition), dtype=bool)
        for condition in (condlist if several else [condlist])
    ]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.logical_or.reduce(conditions))
    if len(funclist) != len(conditions):
        raise ValueError(
            f"piecewise: {len(conditions)} conditions need as many functions, or one more for the "
            f"rest, got {len(funclist)}"
        )
    # Zeros that are tracked as x is, whatever holds.
    out = keep_where(np.zeros(np.shape(x), dtype=bool), x)
    for condition, function in zip(conditions, funclist, strict=True):
        if not callable(function):
            out = setitem(out, function, condition)
        elif condition.any():
            out = setitem(out, function(getitem(x, condition), *args, **kw), condition)
    return out
