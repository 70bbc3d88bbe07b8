"""Sums, products, means and extremes along axes.

All of them take an axis, a tuple of axes, or None for all axes, and `keepdims` as in NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, constant, nondifferentiable, op
from .elementary import exp, log
from .joining import concatenate
from .selection import keep_where, where
from .shaping import broadcast_to, inverse, reshape, squeeze, transpose

if TYPE_CHECKING:
    from ..tensor import Tensor

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
    shape, kept = np.shape(x), kept_shape(np.shape(x), axis)
    return np.sum(x, axis=axis, keepdims=keepdims), lambda g: broadcast_to(reshape(g, kept), shape)


@op(np.mean, piecewise_linear=True)
def mean(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Forward:
    """Arithmetic mean along an axis."""
    shape, kept = np.shape(x), kept_shape(np.shape(x), axis)
    count = math.prod(shape) / (math.prod(kept) or 1)
    return np.mean(x, axis=axis, keepdims=keepdims), lambda g: broadcast_to(
        reshape(g / count, kept), shape
    )


@op(np.max, np.amax, piecewise_linear=True)
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
    return extreme(np.max, x, axis, keepdims)


@op(np.min, np.amin, piecewise_linear=True)
def min(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Forward:
    """Return the smallest element along an axis; equal ones share the gradient equally."""
    return extreme(np.min, x, axis, keepdims)


amax = max
amin = min


def extreme(
    reduce: Callable[..., Array], x: Array, axis: Axis, keepdims: bool, nan_wins: bool = True
) -> tuple[Array, Callable[[Array], Array]]:
    """The rule of a maximum or minimum whose equal winners share the gradient."""
    shape, kept = np.shape(x), kept_shape(np.shape(x), axis)
    out = reduce(x, axis=axis, keepdims=True)
    winners = np.equal(x, out)
    if nan_wins and np.any(np.not_equal(out, out)):
        winners = winners | np.not_equal(x, x)  # a nan wins, and equals nothing
    count = np.maximum(np.sum(winners, axis=axis, keepdims=True), 1)
    share = None if np.all(np.equal(count, 1)) else count.astype(out.dtype)

    def spread(g: Array) -> Array:
        g = reshape(g, kept)
        return keep_where(winners, broadcast_to(g if share is None else g / share, shape))

    return out if keepdims else squeeze(out, axis), spread


@composed(np.ptp)
def ptp(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Largest minus smallest element along an axis ("peak to peak"); ties as in `max` and `min`."""
    return max(x, axis, keepdims=keepdims) - min(x, axis, keepdims=keepdims)


@op(np.prod, piecewise_linear=False)
def prod(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Forward:
    """Product along an axis; over no elements it is 1.

    The derivative by an element is the product of the others, without a division by the element.
    So it is exact where elements are 0, at every order.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([0.0, 2.0, 3.0], requires_grad=True)
    >>> mg.prod(x).backward()
    >>> x.grad
    tensor([6., 0., 0.], dtype=float64)
    """
    kept = kept_shape(np.shape(x), axis)
    return (
        np.prod(x, axis=axis, keepdims=keepdims),
        lambda g: reshape(g, kept) * _products_of_others(x, axis),
    )


def _products_of_others(x: Array, axis: Axis) -> Array:
    """For each element the product of the others along an axis."""
    reduced, rest = split_axes(x.ndim, axis)
    order = reduced + rest
    front = transpose(x, order)
    count = math.prod(front.shape[: len(reduced)])
    others = _others(reshape(front, (count, *front.shape[len(reduced) :])))
    return transpose(reshape(others, front.shape), inverse(order))


def _others(rows: Array) -> Array:
    """For each row the product of the others: rows are paired, a pair has the others of both."""
    half = rows.shape[0] // 2
    if not half:
        return np.ones_like(rows)
    first, second, odd = rows[:half], rows[half : 2 * half], rows[2 * half :]
    pairs = first * second
    others = _others(concatenate([pairs, odd]) if odd.shape[0] else pairs)
    of_pairs = others[:half]
    return concatenate([of_pairs * second, of_pairs * first, others[half:]])


@nondifferentiable(np.count_nonzero)
def count_nonzero(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """Count the elements along an axis that are not 0; nan is not 0."""
    return np.count_nonzero(x, axis=axis, keepdims=keepdims)


@op
def logsumexp(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Forward:
    """Logarithm of the sum of exponentials along an axis, without overflow.

    The largest element is subtracted before and added after (Blanchard, Higham and Higham,
    "Accurately computing the log-sum-exp and softmax functions", 2021).
    """
    kept = kept_shape(np.shape(x), axis)
    rest, log_total, largest = log_of_sum(x, axis)
    out = log_total + largest
    # Not from the output: where that is large, its rounding error is that of a factor here.
    return (
        out if keepdims else squeeze(out, axis),
        lambda g: reshape(g, kept) * exp(rest - log_total),
    )


def log_of_sum(x: Array, axis: Axis) -> tuple[Array, Array, Array]:
    """The logarithm of a sum of exponentials, in two parts that do not overflow.

    Returns
    -------
    rest, log_total, largest : array
        The array minus its largest elements (minus 0 where they are not finite), the logarithm of
        the sum of exponentials of that, and what was subtracted.
    """
    largest = np.max(constant(x), axis=axis, keepdims=True)
    largest = where(np.isfinite(largest), largest, 0.0)
    rest = x - largest
    with np.errstate(divide="ignore"):  # the sum over nothing but -inf is 0, its logarithm -inf
        return rest, log(sum(exp(rest), axis, keepdims=True)), largest


def kept_shape(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """The shape that a reduction has with ``keepdims=True``."""
    if axis is None:
        return (1,) * len(shape)
    ndim = len(shape)
    if type(axis) is int and -ndim <= axis < ndim:  # by far the most frequent
        axis %= ndim
        return (*shape[:axis], 1, *shape[axis + 1 :])
    axes = np.lib.array_utils.normalize_axis_tuple(axis, ndim)
    return tuple(1 if i in axes else length for i, length in enumerate(shape))


def split_axes(ndim: int, axis: Axis) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes that a reduction takes away, and those that it leaves."""
    if axis is None:
        return tuple(range(ndim)), ()
    axes = np.lib.array_utils.normalize_axis_tuple(axis, ndim)
    return axes, tuple(i for i in range(ndim) if i not in axes)
