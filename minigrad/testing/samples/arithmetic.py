"""Samples of arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from .calls import Array, Samples, elementwise, nonzero, positive, real, unary


def dividend(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers whose quotient by a divisor is never close to an integer."""
    return np.asarray(
        0.5 * rng.integers(-5, 6, shape) + 0.2 * rng.choice([-1, 1]) + rng.uniform(-0.02, 0.02)
    )


def divisor(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers close to 0.5, 1 and 2, of both signs."""
    return np.asarray(rng.choice([-2, -1, -0.5, 0.5, 1, 2], shape) * rng.uniform(0.995, 1.005))


def binary(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers that are close to no integer and to no power of 2."""
    return np.asarray(
        rng.choice([-5.5, -2.5, -0.7, -0.3, 0.3, 0.7, 2.5, 6.5], shape)
        + rng.uniform(-0.04, 0.04, shape)
    )


def exponent(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A few integers of both signs."""
    return np.asarray(rng.integers(-4, 5, shape))


def remainder(x: Array, y: Array) -> Array:
    """What is left of `x` by the definition, for divisors of either sign."""
    return np.asarray(x - np.floor(x / y) * y)


def fmod(x: Array, y: Array) -> Array:
    """The same with the quotient rounded towards 0."""
    return np.asarray(x - np.trunc(x / y) * y)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.add: Samples(elementwise(real, real), np.add),
    ops.subtract: Samples(elementwise(real, real), np.subtract),
    ops.multiply: Samples(elementwise(real, real), np.multiply),
    ops.divide: Samples(elementwise(real, nonzero), np.divide),
    ops.negative: Samples(unary(real), np.negative),
    ops.positive: Samples(unary(real), np.positive),
    ops.reciprocal: Samples(unary(nonzero), lambda x: 1 / x),
    ops.square: Samples(unary(real), lambda x: x * x),
    ops.power: Samples(elementwise(positive, real), np.power),
    ops.float_power: Samples(elementwise(positive, real), np.float_power),
    ops.absolute: Samples(unary(nonzero), lambda x: np.maximum(x, -x)),
    ops.fabs: Samples(unary(nonzero), lambda x: np.maximum(x, -x)),
    ops.copysign: Samples(
        elementwise(nonzero, nonzero), lambda x, y: np.where(y < 0, -np.abs(x), np.abs(x))
    ),
    ops.floor_divide: Samples(elementwise(dividend, divisor), lambda x, y: np.floor(x / y)),
    ops.remainder: Samples(elementwise(dividend, divisor), remainder),
    ops.fmod: Samples(elementwise(dividend, divisor), fmod),
    ops.divmod: Samples(
        elementwise(dividend, divisor), lambda x, y: (np.floor(x / y), remainder(x, y))
    ),
    ops.modf: Samples(unary(binary), lambda x: (x - np.trunc(x), np.trunc(x))),
    ops.ldexp: Samples(elementwise(real, exponent), lambda x, y: x * 2.0**y, floating=1),
    ops.frexp: Samples(unary(binary), np.frexp),
    ops.hypot: Samples(elementwise(nonzero, real), lambda x, y: np.sqrt(x * x + y * y)),
}
