"""Samples of NumPy's functions that write to their first argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, mask, real, rngs, shapes


@st.composite
def _puts(draw: st.DrawFn) -> Call:
    rng, shape = draw(rngs()), draw(shapes(dims=1, side=1))
    x = real(rng, shape)
    mode = draw(st.sampled_from(["raise", "wrap", "clip"]))
    beyond = 0 if mode == "raise" else 2
    indices = rng.integers(-x.size - beyond, x.size + beyond, draw(st.integers(0, 4)))
    values = real(rng, (draw(st.integers(1, 5)),))
    return Call((x, indices, values), {"mode": mode})


@st.composite
def _under_masks(draw: st.DrawFn) -> Call:
    rng, shape = draw(rngs()), draw(shapes())
    values = real(rng, draw(st.sampled_from([shape, (1,), (2,)])))
    return Call((real(rng, shape), mask(rng, shape), values if values.size else np.ones(1)), {})


@st.composite
def _copies(draw: st.DrawFn) -> Call:
    rng, shape = draw(rngs()), draw(shapes())
    where = draw(st.sampled_from([True, mask(rng, shape)]))
    source = real(rng, draw(st.sampled_from([shape, shape[1:], ()])))
    return Call((real(rng, shape), source), {"casting": "same_kind", "where": where})


@st.composite
def _diagonals(draw: st.DrawFn) -> Call:
    rng = draw(rngs())
    shape = draw(st.sampled_from([(3, 3), (2, 4), (7, 2), (2, 2, 2), (1, 1)]))
    values = real(rng, draw(st.sampled_from([(), (1,), (2,), (5,)])))
    return Call((real(rng, shape), values), {"wrap": draw(st.booleans())})


def _on_a_copy(write: Callable[..., None]) -> Callable[..., Array]:
    def reference(x: Array, *operands: Any, **settings: Any) -> Array:
        x = x.copy()
        write(x, *operands, **settings)
        return x

    return reference


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.put: Samples(_puts(), _on_a_copy(np.put), floating=2),
    ops.place: Samples(_under_masks(), _on_a_copy(np.place), floating=2),
    ops.putmask: Samples(_under_masks(), _on_a_copy(np.putmask), floating=2),
    ops.copyto: Samples(_copies(), _on_a_copy(np.copyto)),
    ops.fill_diagonal: Samples(_diagonals(), _on_a_copy(np.fill_diagonal)),
}
