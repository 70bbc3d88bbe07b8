"""Samples of powers and exponentials of matrices, and of products of many."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs
from .linear_algebra import square


@st.composite
def _powers(draw: st.DrawFn) -> Call:
    (x,) = draw(square()).arrays
    return Call((x,), {"n": draw(st.integers(-3, 5))})


@st.composite
def _chains(draw: st.DrawFn) -> Call:
    rng = draw(rngs())
    lengths = draw(st.lists(st.integers(1, 3), min_size=3, max_size=5))
    arrays = [real(rng, shape) for shape in itertools.pairwise(lengths)]
    if draw(st.booleans()):
        arrays[0] = arrays[0][0]
    if draw(st.booleans()):
        arrays[-1] = arrays[-1][:, 0]
    return Call((arrays,), {})


@st.composite
def _exponents(draw: st.DrawFn) -> Call:
    (x,) = draw(square()).arrays
    return Call((x * draw(st.sampled_from([0.0, 0.5, 4.0])),), {})


def _expm(x: Array) -> Array:
    """By its series."""
    total = term = np.eye(x.shape[-1]) + 0 * x
    for n in range(1, 90):
        term = term @ x / n
        total = total + term
    return np.asarray(total)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.matrix_power: Samples(_powers(), np.linalg.matrix_power, single=1e-2),
    ops.multi_dot: Samples(_chains(), np.linalg.multi_dot),
    ops.expm: Samples(_exponents(), _expm),
}
