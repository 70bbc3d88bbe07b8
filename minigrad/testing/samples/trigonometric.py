"""Samples of trigonometric functions."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, elementwise, nonzero, real, rngs, shapes, unary


def inside(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers from -0.8 to 0.8."""
    return np.asarray(rng.uniform(-0.8, 0.8, shape))


def acute(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Angles well between -pi/2 and pi/2."""
    return np.asarray(rng.uniform(-1.2, 1.2, shape))


def above_one(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers well above 1."""
    return np.asarray(rng.uniform(1.3, 3, shape))


def by_element(function: Callable[[complex], complex]) -> Callable[..., Array]:
    """A function of the standard library over complex numbers, for real ones."""
    return np.vectorize(lambda x: function(x).real, otypes=[float])


@st.composite
def phases(draw: st.DrawFn) -> Call:
    """Angles no step of which is close to half a period, nor to the smallest jump."""
    shape = draw(shapes(dims=1))
    period = draw(st.sampled_from([2 * math.pi, 360.0, 1.0]))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    rng = draw(rngs())
    steps = rng.choice([-1.2, -0.9, -0.3, 0.0, 0.2, 0.65, 1.1], shape)
    steps = steps + rng.uniform(-0.02, 0.02, shape)
    settings = {
        "discont": draw(st.sampled_from([None, 0.75 * period, period])),
        "axis": axis,
        "period": period,
    }
    return Call((np.asarray(period * np.cumsum(steps, axis=axis)),), settings)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.sin: Samples(unary(real), by_element(cmath.sin)),
    ops.cos: Samples(unary(real), by_element(cmath.cos)),
    ops.tan: Samples(unary(acute), by_element(cmath.tan)),
    ops.arcsin: Samples(unary(inside), by_element(cmath.asin)),
    ops.arccos: Samples(unary(inside), by_element(cmath.acos)),
    ops.arctan: Samples(unary(real), by_element(cmath.atan)),
    ops.arctan2: Samples(elementwise(real, nonzero), lambda y, x: np.angle(x + 1j * y)),
    ops.sinh: Samples(unary(real), by_element(cmath.sinh)),
    ops.cosh: Samples(unary(real), by_element(cmath.cosh)),
    ops.arcsinh: Samples(unary(real), by_element(cmath.asinh)),
    ops.arccosh: Samples(unary(above_one), by_element(cmath.acosh)),
    ops.arctanh: Samples(unary(inside), by_element(cmath.atanh)),
    ops.deg2rad: Samples(unary(real), np.deg2rad),
    ops.rad2deg: Samples(unary(real), np.rad2deg),
    ops.unwrap: Samples(phases(), np.unwrap),
}
