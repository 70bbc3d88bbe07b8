"""Samples of norms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, reduction, rngs, separated, shapes
from .linear_algebra import batches, with_singular_values

_ORDERS = [1, 2, np.inf, -np.inf, 0, 3, 2.5, 0.5, -1.5]
_MATRIX_ORDERS = ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]


def _values(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    # No two of the same size, and no zero.
    return separated(0.1)(rng, shape) / 2


@st.composite
def _vectors(draw: st.DrawFn) -> Call:
    call = draw(reduction(_values))
    return Call(call.arrays, {**call.settings, "ord": draw(st.sampled_from(_ORDERS))})


@st.composite
def _matrices(draw: st.DrawFn) -> Call:
    # Wide or tall, with singular values and sums of rows and columns that all differ.
    m, n = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    x = with_singular_values(draw(rngs()), draw(batches()), m, n)
    settings = {"ord": draw(st.sampled_from(_MATRIX_ORDERS)), "keepdims": draw(st.booleans())}
    return Call((x,), settings)


@st.composite
def _norms(draw: st.DrawFn) -> Call:
    kind = draw(st.sampled_from(["all", "vectors", "matrices"]))
    if kind == "all":
        call = draw(reduction(_values))
        return Call(call.arrays, {"keepdims": call.settings["keepdims"]})
    if kind == "vectors":
        x = _values(draw(rngs()), draw(shapes(dims=1, side=1)))
        settings: dict[str, Any] = {
            "ord": draw(st.sampled_from([None, *_ORDERS])),
            "axis": draw(st.integers(-x.ndim, x.ndim - 1)),
        }
    else:
        (x,), settings = (part := draw(_matrices())).arrays, dict(part.settings)
        del settings["keepdims"]
        if x.ndim > 2 or draw(st.booleans()):
            axes = draw(st.permutations(range(x.ndim)))[:2]
            x = np.moveaxis(x, (-2, -1), axes)
            settings["axis"] = tuple(axis - x.ndim * draw(st.booleans()) for axis in axes)
    return Call((x,), {**settings, "keepdims": draw(st.booleans())})


@st.composite
def _conditions(draw: st.DrawFn) -> Call:
    n, p = draw(st.integers(1, 3)), draw(st.sampled_from([None, *_MATRIX_ORDERS]))
    m = draw(st.integers(1, 3)) if p in (None, 2, -2) else n
    batch = draw(st.sampled_from([(), (2,)]))
    return Call((with_singular_values(draw(rngs()), batch, m, n),), {"p": p})


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.norm: Samples(_norms(), np.linalg.norm),
    ops.vector_norm: Samples(_vectors(), np.linalg.vector_norm),
    ops.matrix_norm: Samples(_matrices(), np.linalg.matrix_norm),
    ops.cond: Samples(_conditions(), np.linalg.cond),
}
