"""Elementary functions of one variable."""

from __future__ import annotations

import numpy as np

from ..registry import Array, Forward, op


@op(np.exp)
def exp(x: Array, /) -> Forward:
    """Exponential function, elementwise."""
    out = np.exp(x)
    return out, lambda g: g * out


@op(np.log)
def log(x: Array, /) -> Forward:
    """Natural logarithm, elementwise; ``log'(0)`` is inf."""
    return np.log(x), lambda g: g / x


@op(np.sqrt)
def sqrt(x: Array, /) -> Forward:
    """Non-negative square root, elementwise; ``sqrt'(0)`` is inf."""
    out = np.sqrt(x)
    return out, lambda g: g * 0.5 / out


@op(np.tanh)
def tanh(x: Array, /) -> Forward:
    """Hyperbolic tangent, elementwise."""
    out = np.tanh(x)
    return out, lambda g: g * (1 - out * out)
