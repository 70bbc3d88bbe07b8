"""Samples of diagonals, triangles and powers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, nonzero, real, rngs, shapes


@st.composite
def _diagonals(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=2))
    first, second = draw(st.permutations(range(len(shape))))[:2]
    settings = {
        "offset": draw(st.integers(-3, 3)),
        "axis1": first,
        "axis2": second - len(shape) * draw(st.booleans()),
    }
    return Call((real(draw(rngs()), shape),), settings)


@st.composite
def _embeddings(draw: st.DrawFn) -> Call:
    call = draw(_diagonals())
    (x,) = call.arrays
    part = np.diagonal(x, **call.settings).shape
    return Call((real(draw(rngs()), part),), {"shape": x.shape, **call.settings})


@st.composite
def _with_offset(draw: st.DrawFn, shape: st.SearchStrategy[tuple[int, ...]]) -> Call:
    return Call((real(draw(rngs()), draw(shape)),), {"k": draw(st.integers(-3, 3))})


@st.composite
def _bases(draw: st.DrawFn) -> Call:
    values = nonzero(draw(rngs()), (draw(st.integers(0, 4)),))
    settings = {
        "N": draw(st.one_of(st.none(), st.integers(0, 5))),
        "increasing": draw(st.booleans()),
    }
    return Call((values,), settings)


def _scatter_diagonal(
    x: Array, shape: tuple[int, ...], offset: int, axis1: int, axis2: int
) -> Array:
    out = np.zeros(shape, x.dtype)
    view = np.diagonal(out, offset, axis1, axis2)
    view.flags.writeable = True
    view[...] = x
    return out


vectors = st.integers(0, 3).map(lambda length: (length,))

SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.diagonal: Samples(_diagonals(), np.diagonal),
    ops.scatter_diagonal: Samples(_embeddings(), _scatter_diagonal),
    ops.diag: Samples(
        _with_offset(st.one_of(vectors, st.tuples(st.integers(1, 3), st.integers(1, 3)))), np.diag
    ),
    ops.diagflat: Samples(_with_offset(shapes()), np.diagflat),
    ops.trace: Samples(_diagonals(), np.trace),
    ops.tril: Samples(_with_offset(shapes(dims=1)), np.tril),
    ops.triu: Samples(_with_offset(shapes(dims=1)), np.triu),
    ops.vander: Samples(_bases(), np.vander),
}
