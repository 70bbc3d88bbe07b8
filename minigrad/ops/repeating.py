"""Arrays that repeat the elements of another: in runs, as tiles, or in windows that overlap."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, constant, op
from .indexing import getitem, scatter
from .shaping import broadcast_to, expand_dims, ravel, reshape

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed(np.repeat)
def repeat(x: Array, /, repeats: int | Sequence[int], axis: int | None = None) -> Tensor:
    """Array with each of its elements repeated along an axis, or of the array flattened.

    Parameters
    ----------
    x : array
    repeats : int or sequence of int
        How often: each alike, or a number for each.
    axis : int, optional

    Examples
    --------
    >>> mg.repeat(mg.tensor([1.0, 2.0]), [1, 2])
    tensor([1., 2., 2.], dtype=float64)
    """
    if axis is None:
        x, axis = ravel(x), 0
    shape = np.shape(x)
    axis = np.lib.array_utils.normalize_axis_index(axis, len(shape), "repeat")
    if np.ndim(repeats):
        counts = np.asarray(constant(repeats))
        if counts.shape not in {(1,), (shape[axis],)}:
            raise ValueError(
                f"repeat: repeats has shape {counts.shape}, expected a number or "
                f"({shape[axis]},), one for each place of axis {axis}"
            )
        return getitem(x, (slice(None),) * axis + (np.repeat(np.arange(shape[axis]), counts),))
    count = operator.index(repeats)  # type: ignore[arg-type]  # it has no axis
    if count < 0:
        raise ValueError(f"repeat: repeats must be at least 0, got {count}")
    before, behind = shape[: axis + 1], shape[axis + 1 :]
    runs = broadcast_to(expand_dims(x, axis + 1), (*before, count, *behind))
    return reshape(runs, (*before[:-1], before[-1] * count, *behind))


@composed(np.tile)
def tile(x: Array, /, reps: int | Sequence[int]) -> Tensor:
    """Array laid side by side with itself, so often along each axis.

    Parameters
    ----------
    x : array
    reps : int or sequence of int
        For the last axes, or with new axes in front of those of `x`.

    Examples
    --------
    >>> mg.tile(mg.tensor([1.0, 2.0]), (2, 2))
    tensor([[1., 2., 1., 2.],
            [1., 2., 1., 2.]], dtype=float64)
    """
    counts: list[int] = np.atleast_1d(reps).tolist()
    if any(count < 0 for count in counts):
        raise ValueError(f"tile: reps must be at least 0, got {reps}")
    shape = np.shape(x)
    shape = (1,) * (len(counts) - len(shape)) + shape
    counts = [1] * (len(shape) - len(counts)) + counts
    pairs = list(zip(counts, shape, strict=True))
    once = reshape(x, tuple(n for _, length in pairs for n in (1, length)))
    tiles = broadcast_to(once, tuple(n for pair in pairs for n in pair))
    return reshape(tiles, tuple(count * length for count, length in pairs))


@composed(np.resize)
def resize(x: Array, /, new_shape: int | tuple[int, ...]) -> Tensor:
    """Array of another shape, filled with the elements in row-major order, again and again.

    An array without elements gives zeros.
    """
    shape = tuple(new_shape) if isinstance(new_shape, (tuple, list)) else (new_shape,)
    if any(length < 0 for length in shape):
        raise ValueError(f"resize: the lengths of new_shape must be at least 0, got {new_shape}")
    total = math.prod(shape)
    flat = ravel(x)
    if not flat.shape[0]:
        return reshape(scatter(flat, slice(0), (total,)), shape)
    flat = tile(flat, -(-total // flat.shape[0]))
    return reshape(getitem(flat, slice(total)), shape)


@op(np.lib.stride_tricks.sliding_window_view, piecewise_linear=True)
def sliding_window_view(
    x: Array, /, window_shape: int | tuple[int, ...], axis: int | tuple[int, ...] | None = None
) -> Forward:
    """Array of all windows of a shape, at every place; where they overlap, gradients add up.

    Parameters
    ----------
    x : array
    window_shape : int or tuple of int
        One length for each of the axes.
    axis : int or tuple of int, optional
        The axes along which windows slide; an axis may be given twice. By default all.

    Returns
    -------
    array
        With the places of the windows along the axes of `x`, and the axes of a window at the end.
        An axis of length n has n - w + 1 places for a window of length w.

    Examples
    --------
    >>> x = mg.tensor([1.0, 2.0, 4.0, 8.0], requires_grad=True)
    >>> windows = mg.sliding_window_view(x, 2)
    >>> windows.tolist()
    [[1.0, 2.0], [2.0, 4.0], [4.0, 8.0]]
    >>> windows.sum().backward()
    >>> x.grad
    tensor([1., 2., 2., 1.], dtype=float64)
    """
    out = np.lib.stride_tricks.sliding_window_view(x, window_shape, axis)
    rank = np.ndim(x)
    places: Any = range(rank) if axis is None else axis
    axes = np.lib.array_utils.normalize_axis_tuple(places, rank, allow_duplicate=True)
    return out, lambda g: add_windows(g, axes)


@op(piecewise_linear=True)
def add_windows(x: Array, /, axis: tuple[int, ...]) -> Forward:
    """Add windows up, each at its place: the adjoint of `sliding_window_view`.

    Parameters
    ----------
    x : array
        As `sliding_window_view` gives it.
    axis : tuple of int
        The axes of the places, at least 0, in the order in which those of the window stand.
    """
    windows = np.shape(x)[np.ndim(x) - len(axis) :]
    # The axes of a window first: inner loops then run along the places, of which there are many.
    out = np.moveaxis(x, range(-len(axis), 0), range(len(axis)))
    # The windows of one axis after the other, each in as few steps as there are elements in a
    # window, or places, whichever are fewer.
    for number, along in enumerate(axis, 1):
        window, *shape = out.shape
        before = (slice(None),) * (len(axis) - number + along)
        count = shape[len(before)]
        shape[len(before)] = count + window - 1
        total = np.zeros_like(out, shape=tuple(shape), order="C")
        if window <= count:
            for i in range(window):
                total[(*before, slice(i, i + count))] += out[i]
        else:
            for i in range(count):
                part = out[(slice(None), *before, i)]
                total[(*before, slice(i, i + window))] += np.moveaxis(part, 0, len(before))
        out = total
    return out, lambda g: sliding_window_view(g, windows, axis)
