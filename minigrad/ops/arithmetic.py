"""The four operations, negation and powers."""

from __future__ import annotations

import numpy as np

from ..registry import Array, Forward, op
from .elementary import log
from .selection import where


@op(np.add, piecewise_linear=True)
def add(x: Array, y: Array, /) -> Forward:
    """Sum of two arrays, elementwise with broadcasting."""
    return np.add(x, y), (lambda g: g, lambda g: g)


@op(np.subtract, piecewise_linear=True)
def subtract(x: Array, y: Array, /) -> Forward:
    """Difference of two arrays, elementwise with broadcasting."""
    return np.subtract(x, y), (lambda g: g, lambda g: -g)


@op(np.multiply)
def multiply(x: Array, y: Array, /) -> Forward:
    """Product of two arrays, elementwise with broadcasting."""
    return np.multiply(x, y), (lambda g: g * y, lambda g: g * x)


@op(np.divide)
def divide(x: Array, y: Array, /) -> Forward:
    """Quotient of two arrays, elementwise with broadcasting."""
    out = np.divide(x, y)
    return out, (lambda g: g / y, lambda g: -g * out / y)


@op(np.negative, piecewise_linear=True)
def negative(x: Array, /) -> Forward:
    """Array with its sign changed, elementwise."""
    return np.negative(x), lambda g: -g


@op(np.power)
def power(x: Array, y: Array, /) -> Forward:
    """Array raised to a power, elementwise with broadcasting.

    At the boundary ``x == 0`` the derivatives are those of the constants next to it: by `x` it is
    0 where ``y == 0``, by `y` it is 0 where ``y >= 0``. For negative `x` the derivative by `y` is
    nan.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([0.0, 2.0], requires_grad=True)
    >>> (x**0 + x**3).sum().backward()
    >>> x.grad
    tensor([ 0., 12.], dtype=float64)
    """
    out = np.power(x, y)

    def by_base(g: Array) -> Array:
        if isinstance(y, (int, float)):
            return g * (y * x ** (y - 1)) if y != 0 else g * 0.0
        # 0 ** -1 is inf; where y is 0 any finite base will do, since y is a factor.
        base = where((x == 0) & (y == 0), 1.0, x)
        return g * (y * base ** (y - 1))

    def by_exponent(g: Array) -> Array:
        base = where((x == 0) & (y >= 0), 1.0, x)
        return g * out * log(base)

    return out, (by_base, by_exponent)
