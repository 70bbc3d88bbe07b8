"""Special functions: error functions and gamma functions, whose values are SciPy's."""

from __future__ import annotations

import importlib
import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Dispatched, Forward, composed, op
from .activations import sigmoid
from .arithmetic import multiply
from .comparison import equal, less_equal
from .elementary import exp, log
from .selection import where

if TYPE_CHECKING:
    from ..tensor import Tensor


def _scipy(name: str) -> Any:
    """The ufunc of SciPy, which is loaded only here."""
    try:
        return getattr(importlib.import_module("scipy.special"), name)
    except ImportError as error:
        raise ImportError(
            f"scipy.special.{name} is not there; pip install 'minigrad[special]' installs SciPy"
        ) from error


# Error functions and the normal distribution


@op("scipy.special.erf")
def erf(x: Array, /) -> Forward:
    """Error function, elementwise: ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0."""
    return _scipy("erf")(x), lambda g: g * (2 / math.sqrt(math.pi) * exp(-x * x))


@op("scipy.special.erfc")
def erfc(x: Array, /) -> Forward:
    """Complementary error function ``1 - erf(x)``, elementwise, accurate for large `x`."""
    return _scipy("erfc")(x), lambda g: g * (-2 / math.sqrt(math.pi) * exp(-x * x))


@op("scipy.special.erfinv")
def erfinv(x: Array, /) -> Forward:
    """Inverse of `erf`, elementwise, from -1 to 1; its derivative there is inf."""
    out = _scipy("erfinv")(x)
    return out, lambda g: g * (math.sqrt(math.pi) / 2 * exp(out * out))


@op("scipy.special.ndtr")
def ndtr(x: Array, /) -> Forward:
    """Distribution function of the standard normal distribution, elementwise."""
    return _scipy("ndtr")(x), lambda g: g * (exp(-0.5 * x * x) / math.sqrt(2 * math.pi))


# Gamma functions


@op("scipy.special.gamma")
def gamma(x: Array, /) -> Forward:
    """Gamma function, elementwise: ``(x - 1)!`` for positive integers."""
    out = _scipy("gamma")(x)
    return out, lambda g: g * (out * digamma(x))


@op("scipy.special.gammaln")
def gammaln(x: Array, /) -> Forward:
    """Logarithm of the absolute value of the gamma function, elementwise."""
    return _scipy("gammaln")(x), lambda g: g * digamma(x)


lgamma = gammaln


@op("scipy.special.digamma")
def digamma(x: Array, /) -> Forward:
    """Derivative of the logarithm of the gamma function, elementwise."""
    return _scipy("digamma")(x), lambda g: g * polygamma(1, x)


@composed()
def polygamma(n: int, x: Array, /) -> Tensor:
    """Derivative of `digamma` of order `n`, elementwise in `x`.

    Parameters
    ----------
    n : int
        0 or above.
    x : array

    Raises
    ------
    ValueError
        If `n` is negative.

    Notes
    -----
    `scipy.special.polygamma` takes no tensors, since it is no ufunc.
    """
    order = operator.index(n)
    if order < 0:
        raise ValueError(f"polygamma: n is an order of derivative, at least 0, got {order}")
    return digamma(x) if order == 0 else digamma_derivative(x, order)


@op
def digamma_derivative(x: Array, /, order: int) -> Forward:
    """Derivative of `digamma` of order 1 or above: a Hurwitz zeta function (DLMF 25.11.12)."""
    if isinstance(x, Dispatched):
        out: Array = digamma_derivative(x, order)
    else:
        factor = float((-1) ** (order + 1) * math.factorial(order))
        out = factor * _scipy("zeta")(order + 1.0, x)
    return out, lambda g: g * digamma_derivative(x, order + 1)


# Logits, and x log y


@composed("scipy.special.expit")
def expit(x: Array, /) -> Tensor:
    """Logistic function ``1 / (1 + exp(-x))``, elementwise: `sigmoid` by SciPy's name."""
    return sigmoid(x)


@op("scipy.special.logit")
def logit(x: Array, /) -> Forward:
    """Inverse of the logistic function, ``log(x / (1 - x))``, elementwise, from 0 to 1."""
    return _scipy("logit")(x), lambda g: g / (x * (1 - x))


@composed("scipy.special.xlogy")
def xlogy(x: Array, y: Array, /) -> Tensor:
    """Product ``x * log(y)``, and 0 where `x` is 0, elementwise with broadcasting.

    Where `x` is 0 and the logarithm is not finite, both derivatives are 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> p = mg.tensor([0.0, 1.0], requires_grad=True)
    >>> mg.xlogy(p, p).sum().backward()
    >>> p.grad
    tensor([0., 1.], dtype=float64)
    """
    pole = less_equal(y, 0) | equal(y, np.inf)
    return multiply(x, log(where(equal(x, 0) & pole, 1.0, y)))
