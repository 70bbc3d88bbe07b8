"""Joining arrays, and adding to and taking out of one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Dispatched, Forward, composed, constant, op
from .indexing import getitem, scatter
from .shaping import (
    astype,
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_to,
    moveaxis,
    ravel,
    reshape,
)

if TYPE_CHECKING:
    from ..tensor import Tensor


@op(np.concatenate, piecewise_linear=True, sequence=True)
def concatenate(arrays: Sequence[Array], /, axis: int | None = 0) -> Forward:
    """Arrays joined along an axis; with ``axis=None`` each is flattened first.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.concatenate([mg.tensor([1.0, 2.0]), mg.tensor([3.0])])
    tensor([1., 2., 3.], dtype=float64)
    """
    out = np.concatenate(arrays, axis=axis)
    shapes = [np.shape(array) for array in arrays]
    along = 0 if axis is None else axis % out.ndim
    lengths = [int(np.prod(shape)) if axis is None else shape[along] for shape in shapes]

    def closure(start: int, stop: int, shape: tuple[int, ...]) -> Any:
        part = (slice(None),) * along + (slice(start, stop),)
        return lambda g: reshape(getitem(g, part), shape)

    ends = itertools.accumulate(lengths)
    return out, [
        closure(end - length, end, shape)
        for end, length, shape in zip(ends, lengths, shapes, strict=True)
    ]


concat = concatenate


@op(np.stack, piecewise_linear=True, sequence=True)
def stack(arrays: Sequence[Array], /, axis: int = 0) -> Forward:
    """Arrays of one shape joined along a new axis.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.stack([mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0])], axis=1)
    tensor([[1., 3.],
            [2., 4.]], dtype=float64)
    """
    out = np.stack(arrays, axis=axis)
    before = (slice(None),) * (axis % out.ndim)

    def closure(number: int) -> Any:
        return lambda g: getitem(g, (*before, number))

    return out, [closure(number) for number in range(len(arrays))]


@composed(np.hstack)
def hstack(arrays: Sequence[Array], /) -> Tensor:
    """Arrays joined along their second axis, or along the first where they have only one."""
    parts = [atleast_1d(array) for array in arrays]
    return concatenate(parts, 0 if parts and parts[0].ndim == 1 else 1)


@composed(np.vstack)
def vstack(arrays: Sequence[Array], /) -> Tensor:
    """Arrays joined along their first axis; those with one axis are rows."""
    return concatenate([atleast_2d(array) for array in arrays])


@composed(np.dstack)
def dstack(arrays: Sequence[Array], /) -> Tensor:
    """Arrays joined along their third axis, with new axes as `atleast_3d` puts them."""
    return concatenate([atleast_3d(array) for array in arrays], 2)


@composed(np.column_stack)
def column_stack(arrays: Sequence[Array], /) -> Tensor:
    """Arrays joined along their second axis; those with one axis are columns."""
    return concatenate(
        [array if np.ndim(array) > 1 else reshape(array, (-1, 1)) for array in arrays], 1
    )


@composed(np.block)
def block(arrays: Any, /) -> Tensor:
    """Array of blocks in nested lists: the innermost are joined along the last axis.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([[1.0]])
    >>> mg.block([[x, 2 * x], [3 * x, 4 * x]])
    tensor([[1., 2.],
            [3., 4.]], dtype=float64)
    """
    depth = _depth(arrays)
    rank = max(depth, *(np.ndim(leaf) for leaf in _leaves(arrays)))
    return _joined_blocks(arrays, depth, rank)


def _depth(blocks: Any) -> int:
    if isinstance(blocks, tuple):
        raise TypeError("block: blocks are arranged in lists, got a tuple")
    if not isinstance(blocks, list):
        return 0
    depths = {_depth(part) for part in blocks}
    if len(depths) != 1:
        raise ValueError(
            "block: a list is empty"
            if not depths
            else f"block: the lists are nested to different depths, {sorted(depths)} in one list"
        )
    return 1 + depths.pop()


def _leaves(blocks: Any) -> Iterator[Array]:
    if isinstance(blocks, list):
        for part in blocks:
            yield from _leaves(part)
    else:
        yield blocks


def _joined_blocks(blocks: Any, depth: int, rank: int) -> Tensor:
    if not depth:
        shape = np.shape(blocks)
        return reshape(blocks, (1,) * (rank - len(shape)) + shape)
    return concatenate([_joined_blocks(part, depth - 1, rank) for part in blocks], -depth)


@composed(np.append)
def append(x: Array, values: Array, /, axis: int | None = None) -> Tensor:
    """Array with values behind its own, along an axis, or both flattened."""
    return concatenate([x, values], axis)


@composed(np.insert)
def insert(x: Array, obj: Any, values: Array, /, axis: int | None = None) -> Tensor:
    """Array with values put in before some of its elements, along an axis, or flattened.

    Parameters
    ----------
    x : array
    obj : int, slice or sequence of int
        Before which elements of `x`, as it was; not differentiable.
    values : array
        Broadcasts to what is put in, and takes the dtype of `x`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.insert(mg.tensor([1.0, 4.0]), 1, [2.0, 3.0])
    tensor([1., 2., 3., 4.], dtype=float64)
    """
    if axis is None:
        x, axis = ravel(x), 0
    shape = np.shape(x)
    axis = np.lib.array_utils.normalize_axis_index(axis, len(shape), "insert")
    if isinstance(obj, Dispatched):
        obj = np.asarray(constant(obj))
    length = shape[axis]
    count = np.insert(np.arange(length), obj, -1).size - length
    values = reshape(values, (1,) * (len(shape) - np.ndim(values)) + np.shape(values))
    if not isinstance(obj, slice) and np.ndim(obj) == 0:
        values = moveaxis(values, 0, axis)  # as in x[:, obj] = values, not x[:, [obj]] = values
    if count == 1:
        count = np.shape(values)[axis]
    values = broadcast_to(values, (*shape[:axis], count, *shape[axis + 1 :]))
    # NumPy does it to the numbers of the elements; those behind x are the values.
    order = np.insert(np.arange(length), obj, np.arange(length, length + count))
    dtype = x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype
    joined = concatenate([x, astype(values, dtype)], axis)
    return getitem(joined, (slice(None),) * axis + (order,))


@op(np.delete, piecewise_linear=True)
def delete(x: Array, /, obj: Any, axis: int | None = None) -> Forward:
    """Array without some of its elements, along an axis, or flattened.

    Parameters
    ----------
    x : array
    obj : int, slice, or sequence of int or bool
        Which elements.
    axis : int, optional

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.delete(mg.tensor([1.0, 2.0, 3.0]), [0, 2])
    tensor([2.], dtype=float64)
    """
    shape = np.shape(x)
    flat = (x.size,) if axis is None else shape
    axis = 0 if axis is None else np.lib.array_utils.normalize_axis_index(axis, len(shape))
    keep = np.zeros(flat[axis], dtype=bool)
    keep[np.delete(np.arange(flat[axis]), obj)] = True
    index = (slice(None),) * axis + (keep,)
    return np.reshape(x, flat)[index], lambda g: reshape(scatter(g, index, flat), shape)
