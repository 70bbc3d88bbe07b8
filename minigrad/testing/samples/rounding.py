"""Samples of rounding, steps and limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, elementwise, nonzero, real, rngs, separated, shapes, unary


def between(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers close to no integer and to no half of one."""
    return np.asarray(
        rng.integers(-4, 5, shape) + rng.choice([-1, 1], shape) * rng.uniform(0.1, 0.4, shape)
    )


@st.composite
def rounded(draw: st.DrawFn) -> Call:
    """An array whose elements are not halfway, and a number of decimals."""
    # More of them would be a staircase within the steps of the measurement.
    decimals = draw(st.integers(-1, 1))
    values = between(draw(rngs()), draw(shapes())) * 10.0**-decimals
    return Call((np.asarray(values),), {"decimals": decimals})


@st.composite
def limited(draw: st.DrawFn) -> Call:
    """An array and its limits: arrays, or numbers, or one of them only."""
    arrays = elementwise(separated(), separated(0.225), separated(0.35))
    if draw(st.booleans()):
        return draw(arrays)
    call = draw(unary(separated()))
    lower, upper = draw(
        st.sampled_from([(-0.3, 0.8), (None, 0.3), (-0.2, None), (0.45, -0.3), (0.3, 0.3)])
    )
    return Call(call.arrays, {"a_min": lower, "a_max": upper})


def clip(x: Array, a_min: Any, a_max: Any) -> Array:
    """The lower limit first, so that the upper one has the last word."""
    above = x if a_min is None else np.where(x < a_min, a_min, x)
    return above if a_max is None else np.where(above > a_max, a_max, above)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.floor: Samples(unary(between), lambda x: x // 1),
    ops.ceil: Samples(unary(between), lambda x: -(-x // 1)),
    ops.trunc: Samples(unary(between), lambda x: np.sign(x) * (np.abs(x) // 1)),
    ops.rint: Samples(unary(between), lambda x: (x + 0.5) // 1),
    ops.sign: Samples(unary(nonzero), lambda x: x / np.abs(x)),
    ops.round: Samples(rounded(), np.round),
    ops.heaviside: Samples(elementwise(nonzero, real), np.heaviside),
    ops.clip: Samples(limited(), clip),
    ops.limit: Samples(elementwise(separated(), separated(0.225), separated(0.35)), clip),
}
