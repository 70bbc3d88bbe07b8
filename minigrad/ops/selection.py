"""Choosing between values: masks, where, the larger and the smaller of two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..registry import Array, Forward, op

_BITS: dict[int, Any] = {2: np.int16, 4: np.int32, 8: np.int64}


def masked(keep: Array, x: Array) -> Array:
    """Return `x` where `keep` is True and exactly 0 elsewhere, on arrays.

    Multiplying by the mask would turn ``inf * 0`` into nan, and ``np.where`` is slow on a mask that
    no branch predictor can guess. So the bits of the floats are ANDed with the mask widened to all
    ones, which is exact for every value and as fast as a multiplication.
    """
    if type(x) is not np.ndarray or type(keep) is not np.ndarray or keep.dtype != bool:
        return np.where(keep, x, np.zeros_like(x, shape=()))
    bits = _BITS.get(x.itemsize) if x.dtype.kind == "f" else None
    if bits is None:
        return np.where(keep, x, np.zeros((), x.dtype))
    wide = np.negative(keep.view(np.int8), dtype=bits)
    if wide.shape == x.shape:
        wide &= x.view(bits)
    else:
        wide = wide & x.view(bits)
    return wide.view(x.dtype)


@op(piecewise_linear=True)
def keep_where(keep: Array, x: Array, /) -> Forward:
    """Array where a mask is True, and exactly 0 elsewhere, also for inf and nan.

    Parameters
    ----------
    keep : array of bool
        The mask; not differentiable.
    x : array of a shape with which that of `keep` broadcasts
    """
    return masked(keep, x), (None, lambda g: keep_where(keep, g))


@op(np.where, piecewise_linear=True)
def where(condition: Array, x: Array, y: Array, /) -> Forward:
    """Elements of `x` where a condition holds, and of `y` elsewhere, with broadcasting.

    Parameters
    ----------
    condition : array of bool
        Not differentiable.
    x, y : array
        No gradient crosses from the branch that was not taken, not even nan.
    """
    holds = np.not_equal(condition, 0)
    return np.where(holds, x, y), (
        None,
        lambda g: keep_where(holds, g),
        lambda g: keep_where(np.logical_not(holds), g),
    )


def _extreme(
    extreme: np.ufunc, wins: np.ufunc, x: Array, y: Array
) -> tuple[Array, tuple[Callable[[Array], Array], ...]]:
    out = extreme(x, y)
    x_wins, y_wins = wins(x, y), wins(y, x)
    tied = np.equal(x, y)
    if np.any(tied):
        # Each of two equal values gets half of the gradient.
        share = np.where(tied, 0.5, 1.0).astype(out.dtype, copy=False)
        x_wins, y_wins = x_wins | tied, y_wins | tied
        return out, (
            lambda g: keep_where(x_wins, g * share),
            lambda g: keep_where(y_wins, g * share),
        )
    return out, (lambda g: keep_where(x_wins, g), lambda g: keep_where(y_wins, g))


@op(np.maximum, piecewise_linear=True)
def maximum(x: Array, y: Array, /) -> Forward:
    """Return the larger of two arrays, elementwise; equal values share the gradient equally."""
    return _extreme(np.maximum, np.greater, x, y)


@op(np.minimum, piecewise_linear=True)
def minimum(x: Array, y: Array, /) -> Forward:
    """Return the smaller of two arrays, elementwise; equal values share the gradient equally."""
    return _extreme(np.minimum, np.less, x, y)
