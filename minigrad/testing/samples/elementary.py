"""Samples of elementary functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import (
    Array,
    Call,
    Samples,
    Values,
    elementwise,
    nonzero,
    positive,
    real,
    rngs,
    shapes,
    unary,
)


def above_minus_one(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers above -1."""
    return np.asarray(rng.uniform(-0.7, 2, shape))


def with_zeros(scale: float) -> Values:
    """Numbers of both signs, some of them 0 or close to it."""

    def values(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return np.asarray(rng.choice([0, 1e-9, 1e-3, 0.2, 1], shape) * rng.normal(0, scale, shape))

    return values


@st.composite
def of_order(draw: st.DrawFn, values: Values) -> Call:
    """One array, and an order of derivative."""
    return Call((values(draw(rngs()), draw(shapes())),), {"order": draw(st.integers(0, 6))})


def mean(of: Callable[[float], Array], x: Array) -> Array:
    """The mean of a smooth function from 0 to 1, by Gauss and Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    return sum((w / 2 * of((t + 1) / 2) for t, w in zip(nodes, weights, strict=True)), 0 * x)


def sinc_derivative(x: Array, order: int) -> Array:
    """``sin(x) / x`` is the mean of ``cos(t x)`` for t from 0 to 1."""
    return mean(lambda t: t**order * np.cos(t * x + order * math.pi / 2), x)


def i0_derivative(x: Array, order: int) -> Array:
    """``I0(x)`` is the mean of ``exp(x cos(pi t))`` for t from 0 to 1."""

    def term(t: float) -> Array:
        return math.cos(math.pi * t) ** order * np.exp(x * math.cos(math.pi * t))

    return mean(term, x)


@st.composite
def not_finite(draw: st.DrawFn) -> Call:
    """Some numbers that are not finite, and what to put in their place."""
    places = st.sampled_from([None, 0.0, -2.5])
    settings = {
        "copy": True,
        "nan": draw(st.sampled_from([0.0, 1.5])),
        "posinf": draw(places),
        "neginf": draw(places),
    }
    # Differences cannot be measured at infinities; the table of ties has those.
    return Call((draw(st.sampled_from([real, nonzero]))(draw(rngs()), draw(shapes())),), settings)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.exp: Samples(unary(real), np.exp),
    ops.exp2: Samples(unary(real), lambda x: 2.0**x),
    ops.expm1: Samples(unary(real), lambda x: np.exp(x) - 1),
    ops.log: Samples(unary(positive), np.log),
    ops.log2: Samples(unary(positive), lambda x: np.log(x) / math.log(2)),
    ops.log10: Samples(unary(positive), lambda x: np.log(x) / math.log(10)),
    ops.log1p: Samples(unary(above_minus_one), lambda x: np.log(1 + x)),
    ops.logaddexp: Samples(elementwise(real, real), lambda x, y: np.log(np.exp(x) + np.exp(y))),
    ops.logaddexp2: Samples(elementwise(real, real), lambda x, y: np.log2(2.0**x + 2.0**y)),
    ops.sqrt: Samples(unary(positive), np.sqrt),
    ops.cbrt: Samples(unary(nonzero), lambda x: np.sign(x) * np.abs(x) ** (1 / 3)),
    ops.tanh: Samples(unary(real), np.tanh),
    ops.sinc: Samples(unary(with_zeros(1.0)), lambda x: sinc_derivative(math.pi * x, 0)),
    ops.sinc_derivative: Samples(of_order(with_zeros(4.0)), sinc_derivative),
    ops.i0: Samples(unary(with_zeros(1.0)), lambda x: i0_derivative(x, 0)),
    ops.i0_derivative: Samples(of_order(with_zeros(1.0)), i0_derivative),
    ops.nan_to_num: Samples(not_finite(), np.nan_to_num),
    ops.real: Samples(unary(real), np.real),
    ops.real_if_close: Samples(unary(real), np.real_if_close),
    ops.conjugate: Samples(unary(real), np.conjugate),
    ops.imag: Samples(unary(real), np.zeros_like),
    ops.angle: Samples(
        st.builds(
            lambda rng, shape, deg: Call((nonzero(rng, shape),), {"deg": deg}),
            rngs(),
            shapes(),
            st.booleans(),
        ),
        np.angle,
    ),
}
