"""Turning arrays: elements in the opposite order, moved around, or by right angles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..registry import Array, Forward, composed, op

if TYPE_CHECKING:
    from ..tensor import Tensor


@op(np.flip, piecewise_linear=True)
def flip(x: Array, /, axis: int | tuple[int, ...] | None = None) -> Forward:
    """Array with its elements in the opposite order along the given axes, or along all."""
    return np.flip(x, axis), lambda g: flip(g, axis)


@composed(np.fliplr)
def fliplr(x: Array, /) -> Tensor:
    """Array with its elements in the opposite order along its second axis."""
    return flip(x, 1)


@composed(np.flipud)
def flipud(x: Array, /) -> Tensor:
    """Array with its elements in the opposite order along its first axis."""
    return flip(x, 0)


@op(np.roll, piecewise_linear=True)
def roll(
    x: Array, /, shift: int | Sequence[int], axis: int | tuple[int, ...] | None = None
) -> Forward:
    """Array with its elements moved along an axis; those that leave at the end enter in front.

    Parameters
    ----------
    x : array
    shift : int or sequence of int
        How far, one for each axis.
    axis : int or tuple of int, optional
        By default elements move through the array flattened.

    Examples
    --------
    >>> mg.roll(mg.tensor([1.0, 2.0, 3.0]), 1)
    tensor([3., 1., 2.], dtype=float64)
    """
    back = np.negative(shift).tolist()
    return np.roll(x, shift, axis), lambda g: roll(g, back, axis)


@op(np.rot90, piecewise_linear=True)
def rot90(x: Array, /, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Forward:
    """Array turned `k` times by a right angle, from the first of two axes to the second."""
    return np.rot90(x, k, axes), lambda g: rot90(g, -k, axes)


@composed("numpy.fft.fftshift")
def fftshift(x: Array, /, axes: int | tuple[int, ...] | None = None) -> Tensor:
    """Array with the element at index 0 moved to the middle, along the given axes or along all."""
    return _shifted(x, axes, +1)


@composed("numpy.fft.ifftshift")
def ifftshift(x: Array, /, axes: int | tuple[int, ...] | None = None) -> Tensor:
    """Array with the middle element moved to index 0; undoes `fftshift`."""
    return _shifted(x, axes, -1)


def _shifted(x: Array, axes: int | tuple[int, ...] | None, sign: int) -> Tensor:
    shape = np.shape(x)
    every = tuple(range(len(shape)))
    along = every if axes is None else np.lib.array_utils.normalize_axis_tuple(axes, len(shape))
    # Of an odd length, the middle has as many elements before it as behind it.
    half = [shape[i] // 2 if sign > 0 else -(shape[i] // 2) for i in along]
    return roll(x, half, along)
