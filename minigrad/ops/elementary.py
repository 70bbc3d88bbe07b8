"""Exponentials, logarithms, roots, and functions that NumPy has beside them."""

from __future__ import annotations

import math

import numpy as np

from ..registry import Array, Dispatched, Forward, nondifferentiable, op
from .rounding import flat
from .selection import keep_where


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


# Exponentials and logarithms


@op(np.exp2)
def exp2(x: Array, /) -> Forward:
    """Power ``2**x``, elementwise."""
    out = np.exp2(x)
    return out, lambda g: g * (out * math.log(2))


@op(np.expm1)
def expm1(x: Array, /) -> Forward:
    """Exponential minus 1, ``exp(x) - 1``, elementwise, accurate near 0."""
    # Not the output plus 1: for negative x that cancels.
    return np.expm1(x), lambda g: g * exp(x)


@op(np.log2)
def log2(x: Array, /) -> Forward:
    """Logarithm to base 2, elementwise; ``log2'(0)`` is inf."""
    return np.log2(x), lambda g: g / (x * math.log(2))


@op(np.log10)
def log10(x: Array, /) -> Forward:
    """Logarithm to base 10, elementwise; ``log10'(0)`` is inf."""
    return np.log10(x), lambda g: g / (x * math.log(10))


@op(np.log1p)
def log1p(x: Array, /) -> Forward:
    """Logarithm of one more, ``log(1 + x)``, elementwise, accurate near 0."""
    return np.log1p(x), lambda g: g / (1 + x)


@op(np.logaddexp)
def logaddexp(x: Array, y: Array, /) -> Forward:
    """Logarithm of a sum of exponentials, ``log(exp(x) + exp(y))``, without overflow.

    The derivative by `x` is the logistic function of ``x - y``; where both are the same infinity it
    is nan, as that of `logsumexp`.
    """
    # exp(-logaddexp(0, d)) is the logistic function of -d: it overflows nowhere.
    return np.logaddexp(x, y), (
        lambda g: g * exp(-logaddexp(0.0, y - x)),
        lambda g: g * exp(-logaddexp(0.0, x - y)),
    )


@op(np.logaddexp2)
def logaddexp2(x: Array, y: Array, /) -> Forward:
    """Logarithm to base 2 of a sum of powers, ``log2(2**x + 2**y)``, without overflow.

    Where both are the same infinity the derivatives are nan.
    """
    return np.logaddexp2(x, y), (
        lambda g: g * exp2(-logaddexp2(0.0, y - x)),
        lambda g: g * exp2(-logaddexp2(0.0, x - y)),
    )


# Roots


@op(np.cbrt)
def cbrt(x: Array, /) -> Forward:
    """Cube root, elementwise, also of negative numbers; ``cbrt'(0)`` is inf."""
    out = np.cbrt(x)
    return out, lambda g: g / (3 * out * out)


# Entire functions with a family of derivatives


@op(np.sinc, piecewise_linear=False)
def sinc(x: Array, /) -> Forward:
    """Normalised cardinal sine ``sin(pi x) / (pi x)``, elementwise; 1 at 0, and smooth there.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor(0.0, requires_grad=True)
    >>> (slope,) = mg.grad(mg.sinc(x), x, create_graph=True)
    >>> (curvature,) = mg.grad(slope, x)
    >>> round(curvature.item() / np.pi**2, 12)
    -0.333333333333
    """
    return np.sinc(x), lambda g: g * (math.pi * sinc_derivative(math.pi * x, 1))


@op
def sinc_derivative(x: Array, /, order: int) -> Forward:
    """Derivative of ``sin(x) / x`` of some order, accurate also near 0."""
    out = sinc_derivative(x, order) if isinstance(x, Dispatched) else _sinc_derivative(x, order)
    return out, lambda g: g * sinc_derivative(x, order + 1)


def _sinc_derivative(x: Array, order: int) -> Array:
    # Differentiating x f = sin x gives x f_n = sin(x + n pi / 2) - n f_(n-1). Near 0 that cancels,
    # and the Taylor series takes its place: the sum over k of
    # (-1)^k x^(2k-n) / ((2k-n)! (2k+1)).
    near = np.less(np.abs(x), 1 + order / 2)
    close, distant = np.where(near, x, 0.0), np.where(near, 1.0, x)

    first = (order + 1) // 2
    series: Array = 0.0
    square = close * close
    for k in reversed(range(first, first + order + 12)):
        power = 2 * k - order
        series = series * square + (-1) ** k / (math.factorial(power) * (2 * k + 1))
    if order % 2:
        series = series * close

    sine, cosine = np.sin(distant), np.cos(distant)
    recurrence = sine / distant
    for n in range(1, order + 1):
        shifted = (sine, cosine, -sine, -cosine)[n % 4]
        recurrence = (shifted - n * recurrence) / distant
    return np.where(near, series, recurrence)


@op(np.i0, piecewise_linear=False)
def i0(x: Array, /) -> Forward:
    """Modified Bessel function of the first kind of order 0, elementwise."""
    return np.i0(x), lambda g: g * i0_derivative(x, 1)


@op
def i0_derivative(x: Array, /, order: int) -> Forward:
    """Derivative of the Bessel function `i0` of some order; the first is I1."""
    out = i0_derivative(x, order) if isinstance(x, Dispatched) else _i0_derivative(x, order)
    return out, lambda g: g * i0_derivative(x, order + 1)


def _i0_derivative(x: Array, order: int) -> Array:
    # I0(x) is the mean of cosh(x cos t) over a quarter of the circle (DLMF 10.32.1). No term of a
    # derivative of that is negative (for odd orders, of another sign than x), so nothing cancels.
    # The midpoint rule is exact here up to the Bessel function of order 4 * 64, which is negligible
    # until I0 overflows.
    count = 64
    curve = np.sinh if order % 2 else np.cosh
    total: Array = 0.0
    for i in range(count):
        cosine = math.cos((i + 0.5) * math.pi / (2 * count))
        total = total + cosine**order / count * curve(cosine * x)
    return total


# Numbers that are not finite, and parts of complex numbers


@op(np.nan_to_num, piecewise_linear=True)
def nan_to_num(
    x: Array,
    /,
    copy: bool = True,
    nan: float = 0.0,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Forward:
    """Array with numbers in place of nan and the infinities; what was replaced gets no gradient.

    Parameters
    ----------
    x : array
    copy : bool
        Only True: an array is never written to.
    nan : float
        What takes the place of nan.
    posinf, neginf : float, optional
        What takes the place of inf and -inf; by default the largest and the smallest number of the
        dtype.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([np.nan, 2.0, np.inf], requires_grad=True)
    >>> mg.nan_to_num(x, posinf=9.0)
    tensor([0., 2., 9.], dtype=float64, op=nan_to_num)
    """
    if not copy:
        raise ValueError("nan_to_num: copy=False would write into the array; leave it out")
    finite = np.isfinite(x)
    out = np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)
    return out, lambda g: keep_where(finite, g)


@op(np.real, piecewise_linear=True)
def real(x: Array, /) -> Forward:
    """Real part, elementwise; of real numbers, themselves."""
    return np.real(x), lambda g: g


@op(np.real_if_close, piecewise_linear=True)
def real_if_close(x: Array, /, tol: float = 100) -> Forward:
    """Real part where all imaginary parts are within `tol` machine epsilons of 0."""
    return np.real_if_close(x, tol=tol), lambda g: g


@op(np.conjugate, piecewise_linear=True)
def conjugate(x: Array, /) -> Forward:
    """Complex conjugate, elementwise; of real numbers, themselves."""
    return np.conjugate(x), lambda g: g


conj = conjugate


@nondifferentiable(np.imag)
def imag(x: Array, /) -> Array:
    """Imaginary part, elementwise; of real numbers, 0."""
    return np.imag(x)


@op(np.angle, piecewise_linear=True)
def angle(x: Array, /, deg: bool = False) -> Forward:
    """Angle of complex numbers; of real ones 0 or, where they are negative, pi.

    Only real numbers are tracked, so the derivative is 0.
    """
    return np.angle(x, deg=deg), flat
