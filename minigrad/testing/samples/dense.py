"""Samples of the dense layer."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs


@st.composite
def _layers(draw: st.DrawFn) -> Call:
    rng = draw(rngs())
    outer = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    rows, columns = draw(st.integers(0, 3)), draw(st.integers(0, 4))
    bias = (real(rng, (rows,)),) if draw(st.booleans()) else ()
    return Call((real(rng, (*outer, columns)), real(rng, (rows, columns)), *bias), {})


def _by_sums(x: Array, weight: Array, bias: Array | None = None) -> Array:
    out = np.sum(x[..., None, :] * weight, axis=-1)
    return np.asarray(out if bias is None else out + bias)


SAMPLES = {ops.linear: Samples(_layers(), _by_sums)}
