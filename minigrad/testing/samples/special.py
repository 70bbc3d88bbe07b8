"""Samples of special functions."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, elementwise, positive, real, rngs, shapes, unary


def inside(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers from -0.8 to 0.8."""
    return np.asarray(rng.uniform(-0.8, 0.8, shape))


def probability(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers well between 0 and 1."""
    return np.asarray(rng.uniform(0.1, 0.9, shape))


def off_poles(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Positive numbers, and negative ones well between integers."""
    return np.asarray(rng.integers(-3, 3, shape) + rng.uniform(0.3, 0.7, shape))


def by_element(function: Callable[[float], float]) -> Callable[..., Array]:
    """A function of the standard library, elementwise."""
    return np.vectorize(function, otypes=[float])


def scipy(name: str) -> Callable[..., Array]:
    """A function of SciPy, which is loaded when it is called."""

    def reference(*arrays: Array) -> Array:
        function: Callable[..., Array] = getattr(importlib.import_module("scipy.special"), name)
        return function(*arrays)

    return reference


@st.composite
def ordered(draw: st.DrawFn) -> Call:
    """An order of derivative from 0, and an array."""
    return Call((np.array(draw(st.integers(0, 4))), off_poles(draw(rngs()), draw(shapes()))), {})


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.erf: Samples(unary(real), by_element(math.erf)),
    ops.erfc: Samples(unary(real), by_element(math.erfc)),
    ops.erfinv: Samples(unary(inside), scipy("erfinv")),
    ops.ndtr: Samples(unary(real), by_element(lambda x: math.erfc(-x / math.sqrt(2)) / 2)),
    ops.gamma: Samples(unary(off_poles), by_element(math.gamma)),
    ops.gammaln: Samples(unary(off_poles), by_element(math.lgamma)),
    ops.digamma: Samples(unary(off_poles), scipy("digamma")),
    ops.polygamma: Samples(ordered(), scipy("polygamma"), floating=1),
    ops.digamma_derivative: Samples(
        st.builds(
            lambda rng, shape, order: Call((off_poles(rng, shape),), {"order": order}),
            rngs(),
            shapes(),
            st.integers(1, 4),
        ),
        lambda x, order: scipy("polygamma")(order, x),
    ),
    ops.expit: Samples(unary(real), lambda x: 1 / (1 + np.exp(-x))),
    ops.logit: Samples(unary(probability), lambda x: np.log(x / (1 - x))),
    ops.xlogy: Samples(elementwise(real, positive), lambda x, y: x * np.log(y)),
}
