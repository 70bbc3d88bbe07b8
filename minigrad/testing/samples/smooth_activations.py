"""Samples of smooth nonlinear functions of networks."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from .calls import Array, Samples, nonzero, real, unary
from .rectifiers import with_settings

# Without SciPy there is no exact one.
FORMS = ["tanh", "none"] if importlib.util.find_spec("scipy") else ["tanh"]


def softplus(x: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """Logarithm of 1 and an exponential."""
    return np.asarray(np.where(beta * x > threshold, x, np.log(1 + np.exp(beta * x)) / beta))


def gelu_exact(x: Array) -> Array:
    """Product of `x` and the normal distribution function, by the standard library."""
    return np.asarray(x * (1 + np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2))) / 2)


def gelu_by_tanh(x: Array) -> Array:
    """Product of `x` and the approximation of the normal distribution function."""
    return np.asarray(x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.softplus: Samples(
        with_settings(real, {"beta": [1.0, 0.5, 3.0, -2.0], "threshold": [20.0, 30.0]}), softplus
    ),
    ops.logsigmoid: Samples(unary(real), lambda x: -softplus(-x)),
    ops.silu: Samples(unary(real), lambda x: x / (1 + np.exp(-x))),
    ops.gelu: Samples(
        with_settings(real, {"approximate": FORMS}),
        lambda x, approximate: gelu_exact(x) if approximate == "none" else gelu_by_tanh(x),
    ),
    ops.mish: Samples(unary(real), lambda x: x * np.tanh(softplus(x))),
    ops.softsign: Samples(unary(nonzero), lambda x: x / (1 + np.abs(x))),
    ops.tanhshrink: Samples(unary(real), lambda x: x - np.tanh(x)),
}
