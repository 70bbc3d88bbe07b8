"""Smooth nonlinear functions of networks, which overflow nowhere and are right at infinity."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..registry import Array, Forward, composed, constant, op, replayed
from .activations import sigmoid
from .elementary import exp, tanh
from .rounding import limit
from .selection import chosen, where
from .shaping import astype
from .special import ndtr

if TYPE_CHECKING:
    from ..tensor import Tensor


# Between 0 and x


@op
def softplus(x: Array, /, beta: float = 1.0, threshold: float = 20.0) -> Forward:
    """Smooth rectifier ``log(1 + exp(beta * x)) / beta``.

    Parameters
    ----------
    x : array
    beta : float
        How sharply it bends; not 0.
    threshold : float
        Above it, ``beta * x`` counts as so large that the result is `x` itself.

    Raises
    ------
    ValueError
        If `beta` is 0.

    Notes
    -----
    From Dugas, Bengio, Bélisle, Nadeau and Garcia, "Incorporating second-order functional knowledge
    for better option pricing" (2001).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.softplus([-1000.0, 0.0, 1000.0]).tolist()
    [0.0, 0.6931471805599453, 1000.0]
    """
    beta, threshold = float(beta), float(threshold)
    if beta == 0:
        raise ValueError("softplus: beta must not be 0, for the result is divided by it")

    scaled = beta * x
    linear = np.greater(constant(scaled), threshold)
    out = None if replayed(x) else chosen(linear, 1.0 * x, _log_of_one_more(scaled) / beta)
    return out, lambda g: where(linear, g, g * sigmoid(scaled))


def _log_of_one_more(x: Array) -> Array:
    """Logarithm of ``1 + exp(x)``."""
    e = np.exp(-np.abs(x))
    # log(1 + e) is log of the rounded sum and, to first order, of what rounding lost: as accurate
    # as `np.log1p`, and for float32 many times faster.
    total = 1 + e
    e -= total - 1
    e /= total
    e += np.log(total)
    e += np.maximum(x, 0)
    return e


@composed()
def logsigmoid(x: Array, /) -> Tensor:
    """Logarithm of the logistic function, ``-log(1 + exp(-x))``, accurate for all numbers."""
    return -softplus(np.negative(x), 1.0, math.inf)


# Gates: x times a number from 0 to 1 that depends on x


def _gated(
    x: Array,
    far: float,
    gate: Callable[[Array], Array],
    slope: Callable[[Array, Array], Array],
) -> Forward:
    """The rule of ``x * gate(x)``, where `slope` is the gate's derivative from `x` and the gate.

    Farther than `far` from 0 the gate is 0 or 1 to the last digit, and is taken there: an infinite
    x would make nan of it.
    """
    height = gate(limit(x, -far, far))

    def gradient(g: Array) -> Array:
        near = limit(x, -far, far)
        return g * (height + near * slope(near, height))

    return np.maximum(x, -far) * height, gradient


@op
def silu(x: Array, /) -> Forward:
    """Sigmoid linear unit ``x * sigmoid(x)``, also called swish.

    From Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function
    approximation in reinforcement learning" (2018).
    """
    return _gated(x, 1000.0, sigmoid, lambda near, height: height * (1 - height))


swish = silu


@op
def gelu(x: Array, /, approximate: Literal["none", "tanh"] = "none") -> Forward:
    """Gaussian error linear unit: `x` times the chance that a standard normal number is below it.

    Parameters
    ----------
    x : array
    approximate : {"none", "tanh"}
        The distribution function itself, which comes from SciPy (``pip install
        'minigrad[special]'``), or an approximation of it by the hyperbolic tangent, which does not.

    Raises
    ------
    ImportError
        If SciPy is needed and not there.
    ValueError
        If `approximate` is something else.

    Notes
    -----
    Both from Hendrycks and Gimpel, "Gaussian error linear units" (2016).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.gelu([-1.0, 0.0, 1.0], "tanh").round(4)
    array([-0.1588,  0.    ,  0.8412])
    """
    if approximate == "none":
        return _gated(x, 40.0, _normal, lambda near, _: exp(-0.5 * near * near) * _DENSITY)
    if approximate == "tanh":
        return _gated(x, 40.0, _nearly_normal, _nearly_normal_density)
    raise ValueError(f"gelu: approximate is 'none' or 'tanh', got {approximate!r}")


_DENSITY = 1 / math.sqrt(2 * math.pi)  # of a standard normal number at 0
_CUBIC = 0.044715


def _normal(x: Array) -> Array:
    try:
        height = ndtr(x)
    except ImportError as error:
        raise ImportError(
            "gelu: the exact function needs SciPy; pip install 'minigrad[special]' installs it, "
            'and approximate="tanh" does without'
        ) from error
    return height if height.dtype == x.dtype else astype(height, x.dtype)  # it knows no float16


def _nearly_normal(x: Array) -> Array:
    # (1 + tanh(u)) / 2 is the logistic function of 2 u, in which nothing cancels.
    return sigmoid(4 * _DENSITY * x * (1 + _CUBIC * x * x))


def _nearly_normal_density(x: Array, height: Array) -> Array:
    return 4 * _DENSITY * (1 + 3 * _CUBIC * x * x) * (height * (1 - height))


@op
def mish(x: Array, /) -> Forward:
    """Mish, ``x * tanh(softplus(x))``.

    From Misra, "Mish: a self regularized non-monotonic activation function" (2020).
    """

    # With s the logistic function of x, and q what it lacks of 1, the hyperbolic tangent is
    # s (1 + q) / (1 + q^2). No term of this and of its derivative is negative, so nothing cancels.
    def gate(near: Array) -> Array:
        s = sigmoid(near)
        q = 1 - s
        return s * (1 + q) / (1 + q * q)

    def slope(near: Array, height: Array) -> Array:
        s = sigmoid(near)
        q = 1 - s
        ratio = 2 * q / (1 + q * q)
        return s * ratio * ratio

    return _gated(x, 1000.0, gate, slope)


# Between two limits, and beside the identity


@op
def softsign(x: Array, /) -> Forward:
    """Slow sigmoid ``x / (1 + abs(x))``, from -1 to 1."""
    # A rational function of the largest number is 1; of infinity it would be nan.
    largest = float(np.finfo(np.result_type(getattr(x, "dtype", float), np.float16)).max)

    near = limit(x, -largest, largest)

    def gradient(g: Array) -> Array:
        share = 1 / (1 + abs(x))
        return g * (share * share)

    return near / (1 + abs(near)), gradient


@op
def tanhshrink(x: Array, /) -> Forward:
    """What the hyperbolic tangent takes away, ``x - tanh(x)``; its slope is ``tanh(x)**2``."""
    out = tanh(x)
    return x - out, lambda g: g * (out * out)
