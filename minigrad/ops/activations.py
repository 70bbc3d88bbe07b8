"""Nonlinear functions of networks: the oldest, and those that look along an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..registry import Array, Dispatched, Forward, composed, op
from .elementary import exp
from .indexing import getitem
from .reductions import log_of_sum, max, sum
from .rounding import heaviside
from .selection import keep_where, rectified
from .shaping import reshape

if TYPE_CHECKING:
    from ..tensor import Tensor


@op(piecewise_linear=True)
def relu(x: Array, /) -> Forward:
    """Rectified linear unit ``max(x, 0)``, elementwise; ``relu'(0)`` is 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    >>> mg.relu(x).sum().backward()
    >>> x.grad
    tensor([0., 0., 1.], dtype=float64)
    """
    keep = np.greater(x, 0)
    return rectified(x), lambda g: keep_where(keep, g)


@op
def sigmoid(x: Array, /) -> Forward:
    """Logistic function ``1 / (1 + exp(-x))``, elementwise, without overflow."""
    # Rerun on a tensor, the output must be a tensor connected to it.
    out = sigmoid(x) if isinstance(x, Dispatched) else _logistic(x)
    return out, lambda g: g * out * (1 - out)


def _logistic(x: Array) -> Array:
    # exp of a number that is never positive, and so at most 1; for positive x, 1 / (1 + e) is the
    # mirror image.
    e = np.exp(-np.abs(x))
    out = np.maximum(e, np.greater_equal(x, 0))
    e += 1
    out /= e
    return out


@composed()
def step(x: Array, /) -> Tensor:
    """Step from 0 to 1: 1 where `x` is positive, else 0; its derivative is 0.

    The activation of the first perceptrons. `heaviside` lets one choose the value at 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.step([-1.0, 0.0, 2.0])
    array([0., 0., 1.])
    """
    return heaviside(x, 0.0)


# Along an axis


@op
def log_softmax(x: Array, /, axis: int | tuple[int, ...] = -1) -> Forward:
    """Logarithm of the softmax along an axis, ``x - logsumexp(x)``."""
    rest, log_total, _ = log_of_sum(x, axis)
    out = rest - log_total
    return out, lambda g: g - exp(out) * sum(g, axis, keepdims=True)


@op
def softmax(x: Array, /, axis: int | tuple[int, ...] = -1) -> Forward:
    """Exponentials scaled to a sum of 1 along an axis, ``exp(x - logsumexp(x))``."""
    rest, log_total, _ = log_of_sum(x, axis)
    out = exp(rest - log_total)
    return out, lambda g: out * (g - sum(g * out, axis, keepdims=True))


@composed()
def softmin(x: Array, /, axis: int | tuple[int, ...] = -1) -> Tensor:
    """Softmax of ``-x`` along an axis: the smallest element gets the largest share."""
    return softmax(np.negative(x), axis)


@composed()
def glu(x: Array, /, axis: int = -1) -> Tensor:
    """Gated linear unit: the first half of an axis times the logistic function of the second.

    Parameters
    ----------
    x : array
    axis : int
        Of even length, which is halved.

    Notes
    -----
    From Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks"
    (2017).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.glu([2.0, 3.0, 0.0, 0.0])
    array([1. , 1.5])
    """
    x, before, length = _opened("glu", x, axis)
    if length % 2:
        raise ValueError(
            f"glu: axis {axis} of x of shape {np.shape(x)} is halved, so its length must be even"
        )
    first = getitem(x, (*before, slice(length // 2)))
    second = getitem(x, (*before, slice(length // 2, None)))
    return first * sigmoid(second)


@composed()
def maxout(x: Array, /, pieces: int, axis: int = 1) -> Tensor:
    """Largest of every `pieces` neighbours along an axis; equal ones share the gradient equally.

    Parameters
    ----------
    x : array
    pieces : int
        How many neighbours compete: the axis becomes that many times shorter.
    axis : int
        By default that of channels or features.

    Raises
    ------
    ValueError
        If the length of the axis is not a multiple of `pieces`.

    Notes
    -----
    From Goodfellow, Warde-Farley, Mirza, Courville and Bengio, "Maxout networks" (2013).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.maxout([[1.0, 3.0, 2.0, -5.0]], pieces=2)
    array([[3., 2.]])
    """
    x, before, length = _opened("maxout", x, axis)
    shape, place = np.shape(x), len(before)
    if pieces < 1 or length % pieces:
        raise ValueError(
            f"maxout: axis {axis} of x of shape {shape} has {length} elements, which are no groups "
            f"of pieces={pieces}"
        )
    grouped = (*shape[:place], length // pieces, pieces, *shape[place + 1 :])
    return max(reshape(x, grouped), place + 1)


def _opened(op: str, x: Array, axis: int) -> tuple[Array, tuple[slice, ...], int]:
    """An array, the index of all that is in front of one of its axes, and the axis's length."""
    x = np.asarray(x) if isinstance(x, list | tuple) else x
    shape = np.shape(x)
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"{op}: x of shape {shape} has no axis {axis}")
    return x, (slice(None),) * (axis % len(shape)), shape[axis]
