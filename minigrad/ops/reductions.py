"""Sums, means and extremes along axes.

All of them take an axis, a tuple of axes, or None for all axes, and `keepdims` as in NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..registry import Array, Forward, constant, op
from .elementary import exp, log
from .selection import keep_where, where
from .shaping import broadcast_to, reshape, squeeze

Axis = int | tuple[int, ...] | None


@op(np.sum, piecewise_linear=True)
def sum(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Forward:
    """Sum along an axis.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> mg.sum(x, axis=0)
    tensor([4., 6.], dtype=float64, op=sum)
    """
    shape, kept = np.shape(x), _kept_shape(np.shape(x), axis)
    return np.sum(x, axis=axis, keepdims=keepdims), lambda g: broadcast_to(reshape(g, kept), shape)


@op(np.mean, piecewise_linear=True)
def mean(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Forward:
    """Arithmetic mean along an axis."""
    shape, kept = np.shape(x), _kept_shape(np.shape(x), axis)
    count = math.prod(shape) / (math.prod(kept) or 1)
    return np.mean(x, axis=axis, keepdims=keepdims), lambda g: broadcast_to(
        reshape(g / count, kept), shape
    )


@op(np.max, piecewise_linear=True)
def max(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Forward:
    """Return the largest element along an axis; equal ones share the gradient equally.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 1.0, 0.0], requires_grad=True)
    >>> mg.max(x).backward()
    >>> x.grad
    tensor([0.5, 0.5, 0. ], dtype=float64)
    """
    return _extreme(np.max, x, axis, keepdims)


@op(np.min, piecewise_linear=True)
def min(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Forward:
    """Return the smallest element along an axis; equal ones share the gradient equally."""
    return _extreme(np.min, x, axis, keepdims)


def _extreme(
    reduce: Callable[..., Array], x: Array, axis: Axis, keepdims: bool
) -> tuple[Array, Callable[[Array], Array]]:
    shape, kept = np.shape(x), _kept_shape(np.shape(x), axis)
    out = reduce(x, axis=axis, keepdims=True)
    winners = np.equal(x, out)
    if np.any(np.not_equal(out, out)):
        winners = winners | np.not_equal(x, x)  # a nan wins, and equals nothing
    count = np.sum(winners, axis=axis, keepdims=True)
    share = None if np.all(np.equal(count, 1)) else count.astype(out.dtype)

    def spread(g: Array) -> Array:
        g = reshape(g, kept)
        return keep_where(winners, broadcast_to(g if share is None else g / share, shape))

    return out if keepdims else squeeze(out, axis), spread


@op
def logsumexp(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Forward:
    """Logarithm of the sum of exponentials along an axis, without overflow.

    The largest element is subtracted before and added after (Blanchard, Higham and Higham,
    "Accurately computing the log-sum-exp and softmax functions", 2021).
    """
    kept = _kept_shape(np.shape(x), axis)
    largest = max(constant(x), axis, keepdims=True)
    largest = where(np.isfinite(largest), largest, 0.0)
    total = sum(exp(x - largest), axis, keepdims=True)
    with np.errstate(divide="ignore"):  # the sum over nothing but -inf is 0, its logarithm -inf
        out = log(total) + largest
    return (
        out if keepdims else squeeze(out, axis),
        lambda g: reshape(g, kept) * exp(x - out),
    )


def _kept_shape(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """The shape that a reduction has with ``keepdims=True``."""
    if axis is None:
        return (1,) * len(shape)
    axes = np.lib.array_utils.normalize_axis_tuple(axis, len(shape))
    return tuple(1 if i in axes else length for i, length in enumerate(shape))
