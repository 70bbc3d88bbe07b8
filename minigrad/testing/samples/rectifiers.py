"""Samples of nonlinear functions of networks that are linear in pieces, and their like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, Values, nonzero, real, rngs, separated, shapes, unary

# A quarter away from all multiples of one half, at which the kinks are.
off_halves = separated(0.25)


@st.composite
def with_settings(draw: st.DrawFn, values: Values, choices: dict[str, list[Any]]) -> Call:
    """One array of any shape, and one of several values for each setting."""
    array = values(draw(rngs()), draw(shapes()))
    return Call((array,), {name: draw(st.sampled_from(some)) for name, some in choices.items()})


@st.composite
def with_slopes(draw: st.DrawFn) -> Call:
    """One array, and one slope or one for each channel."""
    rng, shape = draw(rngs()), draw(shapes())
    channels = shape[1] if len(shape) > 1 else 1
    slopes = draw(st.sampled_from([(), (1,), (channels,)]))
    return Call((nonzero(rng, shape), real(rng, slopes)), {})


def prelu(x: Array, weight: Array) -> Array:
    """Positive part, and the negative part times slopes along the second axis."""
    lengths = [1] * x.ndim
    if x.ndim > 1:
        lengths[1] = -1
    return np.asarray(np.where(x > 0, x, np.reshape(weight, lengths) * x))


def bent(alpha: float, scale: float, rate: float) -> Callable[[Array], Array]:
    """The function that goes down to ``-scale * alpha``."""
    return lambda x: scale * np.where(x > 0, x, alpha * (np.exp(rate * x) - 1))


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.leaky_relu: Samples(
        with_settings(nonzero, {"negative_slope": [0.01, 0.5, 0.0, 2.0, -0.3]}),
        lambda x, negative_slope: np.maximum(x, 0) + negative_slope * np.minimum(x, 0),
    ),
    ops.prelu: Samples(with_slopes(), prelu),
    ops.elu: Samples(
        with_settings(nonzero, {"alpha": [1.0, 0.3, 2.0]}), lambda x, alpha: bent(alpha, 1, 1)(x)
    ),
    ops.selu: Samples(unary(nonzero), bent(1.6732632423543772, 1.0507009873554805, 1)),
    ops.celu: Samples(
        with_settings(nonzero, {"alpha": [1.0, 0.4, 2.0]}),
        lambda x, alpha: bent(alpha, 1, 1 / alpha)(x),
    ),
    ops.hardtanh: Samples(
        with_settings(off_halves, {"min_val": [-1.0, -2.5, 0.0], "max_val": [1.0, 0.5, 2.0]}),
        lambda x, min_val, max_val: np.minimum(np.maximum(x, min_val), max_val),
    ),
    ops.relu6: Samples(unary(off_halves), lambda x: np.minimum(np.maximum(x, 0), 6)),
    ops.hardsigmoid: Samples(
        unary(off_halves), lambda x: np.minimum(np.maximum(x / 6 + 0.5, 0), 1)
    ),
    ops.hardswish: Samples(
        unary(off_halves), lambda x: x * np.minimum(np.maximum(x / 6 + 0.5, 0), 1)
    ),
    ops.threshold: Samples(
        with_settings(off_halves, {"threshold": [0.0, -1.0, 0.5], "value": [0.0, 3.0, -2.0]}),
        lambda x, threshold, value: np.where(x > threshold, x, value),
    ),
    ops.hardshrink: Samples(
        with_settings(off_halves, {"lambd": [0.5, 1.0, 0.0]}),
        lambda x, lambd: np.where((x > lambd) | (x < -lambd), x, 0),
    ),
    ops.softshrink: Samples(
        with_settings(off_halves, {"lambd": [0.5, 1.0, 0.0]}),
        lambda x, lambd: np.sign(x) * np.maximum(np.abs(x) - lambd, 0),
    ),
}
