"""Trigonometric and hyperbolic functions, their inverses, and angles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..registry import Array, Forward, composed, op
from .arithmetic import hypot, multiply
from .elementary import sqrt
from .selection import keep_where, where

if TYPE_CHECKING:
    from ..tensor import Tensor


@op(np.sin)
def sin(x: Array, /) -> Forward:
    """Sine of an angle in radians, elementwise."""
    return np.sin(x), lambda g: g * cos(x)


@op(np.cos)
def cos(x: Array, /) -> Forward:
    """Cosine of an angle in radians, elementwise."""
    return np.cos(x), lambda g: -g * sin(x)


@op(np.tan)
def tan(x: Array, /) -> Forward:
    """Tangent of an angle in radians, elementwise."""
    out = np.tan(x)
    return out, lambda g: g * (1 + out * out)


@op(np.arcsin)
def arcsin(x: Array, /) -> Forward:
    """Inverse sine, elementwise, from -pi/2 to pi/2; its derivative at -1 and 1 is inf."""
    return np.arcsin(x), lambda g: g / sqrt((1 - x) * (1 + x))


@op(np.arccos)
def arccos(x: Array, /) -> Forward:
    """Inverse cosine, elementwise, from 0 to pi; its derivative at -1 and 1 is -inf."""
    return np.arccos(x), lambda g: -g / sqrt((1 - x) * (1 + x))


@op(np.arctan)
def arctan(x: Array, /) -> Forward:
    """Inverse tangent, elementwise, from -pi/2 to pi/2."""
    return np.arctan(x), lambda g: g / (1 + x * x)


@op(np.arctan2)
def arctan2(y: Array, x: Array, /) -> Forward:
    """Angle of the vector (x, y), from -pi to pi, elementwise with broadcasting.

    At ``x == y == 0`` both derivatives are 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> y = mg.tensor([0.0, 2.0], requires_grad=True)
    >>> mg.arctan2(y, [0.0, 2.0]).sum().backward()
    >>> y.grad
    tensor([0.  , 0.25], dtype=float64)
    """

    def by(other: Array, g: Array) -> Array:
        # Divided twice by the length: its square could overflow.
        length = hypot(y, x)
        nonzero = np.not_equal(length, 0)
        length = where(nonzero, length, 1.0)
        return keep_where(nonzero, g * (other / length / length))

    return np.arctan2(y, x), (lambda g: by(x, g), lambda g: by(y, -g))


@op(np.sinh)
def sinh(x: Array, /) -> Forward:
    """Hyperbolic sine, elementwise."""
    return np.sinh(x), lambda g: g * cosh(x)


@op(np.cosh)
def cosh(x: Array, /) -> Forward:
    """Hyperbolic cosine, elementwise."""
    return np.cosh(x), lambda g: g * sinh(x)


@op(np.arcsinh)
def arcsinh(x: Array, /) -> Forward:
    """Inverse hyperbolic sine, elementwise."""
    return np.arcsinh(x), lambda g: g / hypot(1.0, x)


@op(np.arccosh)
def arccosh(x: Array, /) -> Forward:
    """Inverse hyperbolic cosine, elementwise, of 1 and above; its derivative at 1 is inf."""
    return np.arccosh(x), lambda g: g / (sqrt(x - 1) * sqrt(x + 1))


@op(np.arctanh)
def arctanh(x: Array, /) -> Forward:
    """Inverse hyperbolic tangent, elementwise, from -1 to 1; its derivative there is inf."""
    return np.arctanh(x), lambda g: g / ((1 - x) * (1 + x))


asin = arcsin
acos = arccos
atan = arctan
atan2 = arctan2
asinh = arcsinh
acosh = arccosh
atanh = arctanh


@composed(np.deg2rad, np.radians)
def deg2rad(x: Array, /) -> Tensor:
    """Angle in radians of an angle in degrees, elementwise."""
    return multiply(x, math.pi / 180)


@composed(np.rad2deg, np.degrees)
def rad2deg(x: Array, /) -> Tensor:
    """Angle in degrees of an angle in radians, elementwise."""
    return multiply(x, 180 / math.pi)


radians = deg2rad
degrees = rad2deg


@op(np.unwrap, piecewise_linear=True)
def unwrap(
    p: Array,
    /,
    discont: float | None = None,
    axis: int = -1,
    *,
    period: float = 2 * math.pi,
) -> Forward:
    """Array without jumps along an axis: whole periods are added to what comes behind each.

    Parameters
    ----------
    p : array
    discont : float, optional
        The smallest step that is a jump; half a period by default, and at least.
    axis : int
    period : float

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.unwrap(mg.tensor([1.0, 2.0, 3.0, 0.0, 1.0]), period=4)
    tensor([1., 2., 3., 4., 5.], dtype=float64)
    """
    return np.unwrap(p, discont, axis, period=period), lambda g: g
