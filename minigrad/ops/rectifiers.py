"""Nonlinear functions of networks that are linear in pieces, and the exponential linear units.

Where a function has a kink its slope is the one that PyTorch takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..registry import Array, Forward, composed, op
from .activations import relu
from .comparison import greater, greater_equal, logical_not
from .elementary import expm1
from .selection import chosen, keep_where, masked, rectified, where
from .shaping import reshape

if TYPE_CHECKING:
    from ..tensor import Tensor

# Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks" (2017).
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


# Bent at 0


@op(piecewise_linear=True)
def leaky_relu(x: Array, /, negative_slope: float = 0.01) -> Forward:
    """Rectifier that lets a little through: `x` where it is positive, else ``negative_slope * x``.

    The slope at 0 is `negative_slope`. From Maas, Hannun and Ng, "Rectifier nonlinearities improve
    neural network acoustic models" (2013).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.leaky_relu([-2.0, 3.0], 0.1)
    array([-0.2,  3. ])
    """
    keep, slope = np.greater(x, 0), float(negative_slope)
    if slope == 0:  # which makes nan of inf
        return rectified(x), lambda g: keep_where(keep, g)
    return chosen(keep, x, slope * x), lambda g: where(keep, g, slope * g)


@composed()
def prelu(x: Array, weight: Array, /) -> Tensor:
    """Leaky rectifier whose slopes of negative numbers are learned, one for all or one a channel.

    Parameters
    ----------
    x : array of shape (N, C, ...)
        Or of any shape, with one slope.
    weight : array of shape (1,), (C,) or ()
        The slopes, also that at 0.

    Raises
    ------
    ValueError
        If `weight` has another shape.

    Notes
    -----
    From He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.prelu([[-1.0, -1.0]], [0.25, 0.5])
    array([[-0.25, -0.5 ]])
    """
    shape, slopes = np.shape(x), np.shape(weight)
    channels = shape[1] if len(shape) > 1 else 1
    if len(slopes) > 1 or slopes not in ((), (1,), (channels,)):
        raise ValueError(
            f"prelu: weight has shape {slopes}, expected (1,), or ({channels},) for the "
            f"{channels} channels of x of shape {shape}; channels are axis 1"
        )
    # With one channel for each slope, all but the channels' axis is broadcast.
    if slopes:
        one_each = (*slopes, *(1,) * (len(shape) - 2)) if len(shape) > 1 else slopes[: len(shape)]
        weight = reshape(weight, one_each)
    # No positive number meets the slopes, so that an infinite one makes no nan there.
    return relu(x) + weight * keep_where(logical_not(greater(x, 0)), x)


@composed()
def elu(x: Array, /, alpha: float = 1.0) -> Tensor:
    """Exponential linear unit: `x` where it is positive, else ``alpha * (exp(x) - 1)``.

    The slope at 0 is `alpha`. From Clevert, Unterthiner and Hochreiter, "Fast and accurate deep
    network learning by exponential linear units" (2016).
    """
    return _exponential(x, float(alpha), 1.0)


@composed()
def selu(x: Array, /) -> Tensor:
    """Scaled exponential linear unit, which keeps mean 0 and variance 1 from layer to layer.

    It is ``1.0507 * elu(x, 1.6733)``. From Klambauer, Unterthiner, Mayr and Hochreiter,
    "Self-normalizing neural networks" (2017); initial weights have the variance 1 / fan-in there.
    """
    return SELU_SCALE * _exponential(x, SELU_ALPHA, 1.0)


@composed()
def celu(x: Array, /, alpha: float = 1.0) -> Tensor:
    """Exponential linear unit with slope 1 at 0 for every `alpha`, to which it goes down.

    It is `x` where that is positive, else ``alpha * (exp(x / alpha) - 1)``. From Barron,
    "Continuously differentiable exponential linear units" (2017).

    Raises
    ------
    ValueError
        If `alpha` is 0.
    """
    alpha = float(alpha)
    if alpha == 0:
        raise ValueError("celu: alpha must not be 0, for x is divided by it")
    return _exponential(x, alpha, 1 / alpha)


def _exponential(x: Array, alpha: float, rate: float) -> Tensor:
    """Array where it is positive, else ``alpha * (exp(rate * x) - 1)``."""
    positive = greater(x, 0)
    # 0 where x is positive, for there the exponential might overflow.
    low = keep_where(logical_not(positive), x)
    return where(positive, x, alpha * expm1(rate * low))


# Between limits


@op(piecewise_linear=True)
def hardtanh(x: Array, /, min_val: float = -1.0, max_val: float = 1.0) -> Forward:
    """Array limited to an interval; at its ends, other than with `clip`, the slope is 0.

    Raises
    ------
    ValueError
        If `min_val` is above `max_val`.
    """
    low, high = float(min_val), float(max_val)
    if low > high:
        raise ValueError(f"hardtanh: min_val={min_val} is above max_val={max_val}")
    between = np.logical_and(np.greater(x, low), np.less(x, high))
    return np.clip(x, low, high), lambda g: keep_where(between, g)


@composed()
def relu6(x: Array, /) -> Tensor:
    """Rectifier that goes no higher than 6; at 0 and 6 its slope is 0.

    From Krizhevsky, "Convolutional deep belief networks on CIFAR-10" (2010).
    """
    return hardtanh(x, 0.0, 6.0)


@composed()
def hardsigmoid(x: Array, /) -> Tensor:
    """Logistic function in three straight pieces: 0 up to -3, 1 from 3 on, ``x / 6 + 1/2`` between.

    At the two kinks the slope is 0.
    """
    return (hardtanh(x, -3.0, 3.0) + 3) / 6


@composed()
def hardswish(x: Array, /) -> Tensor:
    """Product of `x` and its `hardsigmoid`: 0 up to -3, `x` from 3 on.

    From Howard et al., "Searching for MobileNetV3" (2019). The slope at -3 is 0, that at 3 is 1.
    """
    near = hardtanh(x, -3.0, 3.0)
    return where(greater_equal(x, 3), x, near * ((near + 3) / 6))


# With a gap


@op(piecewise_linear=True)
def threshold(x: Array, /, threshold: float, value: float) -> Forward:
    """Elements above a threshold, and a value in the place of all others, whose slope is 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.threshold([0.5, 1.0, 2.0], 1, -9)
    array([-9., -9.,  2.])
    """
    replaced = np.less_equal(x, float(threshold))  # a nan stays
    keep = np.logical_not(replaced)
    return np.where(replaced, float(value), x), lambda g: keep_where(keep, g)


@op(piecewise_linear=True)
def hardshrink(x: Array, /, lambd: float = 0.5) -> Forward:
    """Array with 0 in the place of what is not farther than `lambd` from it."""
    keep = np.logical_not(np.less_equal(np.abs(x), float(lambd)))  # a nan stays
    return masked(keep, x), lambda g: keep_where(keep, g)


@op(piecewise_linear=True)
def softshrink(x: Array, /, lambd: float = 0.5) -> Forward:
    """Array with all elements moved towards 0 by `lambd`, and no farther.

    Raises
    ------
    ValueError
        If `lambd` is negative.
    """
    lambd = float(lambd)
    if lambd < 0:
        raise ValueError(f"softshrink: lambd must be at least 0, got {lambd}")
    keep = np.logical_not(np.less_equal(np.abs(x), lambd))
    return x - np.clip(x, -lambd, lambd), lambda g: keep_where(keep, g)
