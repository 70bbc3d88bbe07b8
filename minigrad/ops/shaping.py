"""Changing shape, order, extent or dtype, never a value."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..registry import Array, Forward, op
from .indexing import getitem


@op(np.reshape, piecewise_linear=True)
def reshape(x: Array, /, shape: int | tuple[int, ...]) -> Forward:
    """Array with its elements, in row-major order, in another shape; one length may be -1."""
    before = np.shape(x)
    return np.reshape(x, shape), lambda g: reshape(g, before)


@op(np.squeeze, piecewise_linear=True)
def squeeze(x: Array, /, axis: int | tuple[int, ...] | None = None) -> Forward:
    """Array without axes of length 1: the given ones, or all."""
    before = np.shape(x)
    return np.squeeze(x, axis=axis), lambda g: reshape(g, before)


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
        back = tuple(sorted(range(len(order)), key=order.__getitem__))
    return np.transpose(x, axes), lambda g: transpose(g, back)


@op(np.broadcast_to, piecewise_linear=True)
def broadcast_to(x: Array, /, shape: int | tuple[int, ...]) -> Forward:
    """Array repeated along axes of length 1, and along new axes in front, to a shape."""
    before = np.shape(x)
    return np.broadcast_to(x, shape), lambda g: sum_to(g, before)


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


@op(piecewise_linear=True)
def astype(x: Array, /, dtype: Any) -> Forward:
    """Array converted to a dtype; the gradient is converted back."""
    return x.astype(dtype), lambda g: g


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


@op(np.pad, piecewise_linear=True)
def pad(
    x: Array,
    /,
    pad_width: int | Sequence[Any],
    mode: str = "constant",
    *,
    constant_values: float = 0,
) -> Forward:
    """Array with a margin of a constant value.

    Parameters
    ----------
    x : array
    pad_width : int, (before, after), or one such pair for each axis
        Number of elements added before and after each axis, as in `numpy.pad`.
    mode : str
        Only ``"constant"``.
    constant_values : float
        The value of the margin.

    Raises
    ------
    ValueError
        If a width is negative, or the mode is another one.
    """
    if mode != "constant":
        raise ValueError(f"pad: mode {mode!r} has no gradient here; only 'constant' has")
    out = np.pad(x, pad_width, mode="constant", constant_values=constant_values)
    widths = np.broadcast_to(pad_width, (x.ndim, 2))
    inner = tuple(
        slice(before, before + length)
        for before, length in zip(widths[:, 0].tolist(), x.shape, strict=True)
    )
    return out, lambda g: getitem(g, inner)
