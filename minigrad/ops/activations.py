"""Nonlinear functions of networks."""

from __future__ import annotations

import numpy as np

from ..registry import Array, Dispatched, Forward, op
from .elementary import exp
from .reductions import log_of_sum, sum
from .selection import keep_where, rectified


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
    # exp of a number that is never positive; for positive x, 1 / (1 + e) is the mirror image.
    e = np.exp(-np.abs(x))
    return np.where(np.greater_equal(x, 0), 1, e) / (1 + e)


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
