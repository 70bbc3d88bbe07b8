"""The four operations, powers, absolute values and division with a remainder."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..registry import Array, Forward, composed, op
from .elementary import log
from .rounding import flat
from .selection import keep_where, where

if TYPE_CHECKING:
    from ..tensor import Tensor


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


@op(np.positive, piecewise_linear=True)
def positive(x: Array, /) -> Forward:
    """Array as it is, elementwise."""
    return np.positive(x), lambda g: g


@op(np.reciprocal)
def reciprocal(x: Array, /) -> Forward:
    """Quotient ``1 / x``, elementwise; of integers it is an integer, as in NumPy."""
    out = np.reciprocal(x)
    return out, lambda g: -g * out * out


@op(np.square)
def square(x: Array, /) -> Forward:
    """Square, elementwise."""
    return np.square(x), lambda g: g * (2 * x)


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
            return g * (y * x ** (y - 1)) if y != 0 else flat(g)
        # 0 ** -1 is inf; where y is 0 any finite base will do, since y is a factor.
        base = where(y == 0, 1.0, x)
        return g * (y * base ** (y - 1))

    def by_exponent(g: Array) -> Array:
        if isinstance(x, (int, float)) and x > 0:
            return g * (out * math.log(x))
        base = where((x == 0) & (y >= 0), 1.0, x)
        return g * out * log(base)

    return out, (by_base, by_exponent)


pow = power


@composed(np.float_power)
def float_power(x: Array, y: Array, /) -> Tensor:
    """Array raised to a power, in float64 at least; in all else as `power`."""
    double = np.float64(1.0)  # not weak, as the Python number would be
    return power(multiply(x, double), multiply(y, double))


# Signs


@op(np.absolute, piecewise_linear=True)
def absolute(x: Array, /) -> Forward:
    """Absolute value, elementwise; ``absolute'(0)`` is 0."""
    return np.absolute(x), lambda g: _signed(g, x, np.sign(x))


abs = absolute


@op(np.fabs, piecewise_linear=True)
def fabs(x: Array, /) -> Forward:
    """Absolute value as a float, elementwise; ``fabs'(0)`` is 0."""
    return np.fabs(x), lambda g: _signed(g, x, np.sign(x))


@op(np.copysign, piecewise_linear=True)
def copysign(x: Array, y: Array, /) -> Forward:
    """Absolute value of `x` with the sign of `y`, elementwise with broadcasting.

    The derivative by `x` is 0 where `x` is 0, that by `y` is 0 everywhere.
    """
    out = np.copysign(x, y)
    return out, (lambda g: _signed(g, x, np.sign(x) * np.sign(out)), flat)


def _signed(g: Array, x: Array, sign: Array) -> Array:
    """Gradient `g` times a sign, and 0 where `x` is 0, also for inf and nan."""
    return keep_where(np.not_equal(x, 0), g * sign)


# Division with a remainder


@op(np.floor_divide, piecewise_linear=True)
def floor_divide(x: Array, y: Array, /) -> Forward:
    """Largest integer that is not above ``x / y``; its derivatives are 0."""
    return np.floor_divide(x, y), (flat, flat)


@op(np.remainder, piecewise_linear=True)
def remainder(x: Array, y: Array, /) -> Forward:
    """Remainder ``x - floor(x / y) * y``, which has the sign of `y`.

    At a jump the derivatives are those of the side on which the value lies.

    Examples
    --------
    >>> import minigrad as mg
    >>> x, y = mg.tensor([7.0, -7.0]), mg.tensor(3.0, requires_grad=True)
    >>> mg.remainder(x, y)
    tensor([1., 2.], dtype=float64, op=remainder)
    >>> mg.remainder(x, y).sum().backward()
    >>> y.grad
    tensor(1., dtype=float64)
    """
    return np.remainder(x, y), (lambda g: g, lambda g: -g * np.floor_divide(x, y))


mod = remainder


@op(np.fmod, piecewise_linear=True)
def fmod(x: Array, y: Array, /) -> Forward:
    """Remainder ``x - trunc(x / y) * y``, which has the sign of `x`.

    At a jump the derivatives are those of the side on which the value lies.
    """
    out = np.fmod(x, y)
    # Rounding could lift x / y to the next integer; what fmod left out is an exact multiple of y.
    return out, (lambda g: g, lambda g: -g * np.rint((x - out) / y))


@composed(np.divmod)
def divmod(x: Array, y: Array, /) -> tuple[Tensor, Tensor]:
    """Return ``floor_divide(x, y)`` and ``remainder(x, y)``."""
    return floor_divide(x, y), remainder(x, y)


@op(np.modf, piecewise_linear=True)
def modf(x: Array, /) -> Forward:
    """Fractional and integral part, both with the sign of `x`; the latter has the derivative 0."""
    return np.modf(x), lambda by_fraction, by_integer: by_fraction


# Binary exponents


@op(np.ldexp, piecewise_linear=True)
def ldexp(x: Array, y: Array, /) -> Forward:
    """Product ``x * 2**y``, elementwise with broadcasting.

    Parameters
    ----------
    x : array
    y : array of int
        Not differentiable.
    """
    return np.ldexp(x, y), (lambda g: ldexp(g, y), None)


@op(np.frexp, piecewise_linear=True)
def frexp(x: Array, /) -> Forward:
    """Mantissa and integer exponent, ``x = mantissa * 2**exponent``.

    The mantissa is 0, or from 0.5 to 1 by magnitude.
    The mantissa is differentiable for a fixed exponent, so its derivative is ``2**-exponent``.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor(6.0, requires_grad=True)
    >>> mantissa, exponent = mg.frexp(x)
    >>> mantissa.item(), exponent.item()
    (0.75, 3)
    >>> mantissa.backward()
    >>> x.grad
    tensor(0.125, dtype=float64)
    """
    mantissa, exponent = np.frexp(x)
    return (mantissa, exponent), lambda g, _: ldexp(g, np.negative(exponent))


# Lengths


@op(np.hypot)
def hypot(x: Array, y: Array, /) -> Forward:
    """Length ``sqrt(x**2 + y**2)`` of the vector (x, y), without overflow.

    At ``x == y == 0`` both derivatives are 0.
    """
    out = np.hypot(x, y)

    def by(side: Array, g: Array) -> Array:
        nonzero = np.not_equal(out, 0)
        return keep_where(nonzero, g * (side / where(nonzero, out, 1.0)))

    return out, (lambda g: by(x, g), lambda g: by(y, g))
