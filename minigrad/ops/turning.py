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
