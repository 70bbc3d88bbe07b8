"""Samples of ranges and grids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, Values, elementwise, positive, real, rngs


@st.composite
def _ranges(draw: st.DrawFn, values: Values, sign: bool = False) -> Call:
    call = draw(elementwise(values, values))
    if sign and draw(st.booleans()):
        call = call.map(np.negative)
    rank = np.broadcast(*call.arrays).ndim
    settings = {
        "num": draw(st.integers(0, 4)),
        "endpoint": draw(st.booleans()),
        "axis": draw(st.integers(-rank - 1, rank)),
    }
    return Call(call.arrays, settings)


@st.composite
def _powers(draw: st.DrawFn) -> Call:
    call = draw(_ranges(real))
    base = draw(st.one_of(st.floats(0.5, 10), st.just(positive(draw(rngs()), ()))))
    return Call(call.arrays, {**call.settings, "base": float(base)})


@st.composite
def _axes(draw: st.DrawFn) -> Call:
    rng = draw(rngs())
    lengths = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    settings = {
        "copy": draw(st.booleans()),
        "sparse": draw(st.booleans()),
        "indexing": draw(st.sampled_from(["xy", "ij"])),
    }
    return Call(tuple(real(rng, (length,)) for length in lengths), settings)


def _meshgrid(*arrays: Array, **settings: Any) -> list[Array]:
    return list(np.meshgrid(*arrays, **settings))


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.linspace: Samples(_ranges(real), np.linspace),
    ops.logspace: Samples(_powers(), np.logspace),
    ops.geomspace: Samples(_ranges(positive, sign=True), np.geomspace),
    ops.meshgrid: Samples(_axes(), _meshgrid),
}
