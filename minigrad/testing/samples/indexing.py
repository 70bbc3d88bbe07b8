"""Samples of reading and writing parts of an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, mask, real, rngs, shapes


@st.composite
def indices(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    """An index into an array: basic, repeated integers, a mask, or integers among slices."""
    rng = draw(rngs())
    kind = draw(st.sampled_from(["basic", "integers", "mask", "mixed"]))
    if kind == "basic" or not shape[0]:
        return draw(hnp.basic_indices(shape, allow_newaxis=True))
    if kind == "mask":
        return mask(rng, shape[: draw(st.integers(1, len(shape)))])
    rows = rng.integers(-shape[0], shape[0], draw(shapes(dims=1)))
    if kind == "integers":
        return rows.tolist() if draw(st.booleans()) else rows
    return (rows, ..., None, slice(None, None, draw(st.sampled_from([1, -1, 2]))))[
        : 4 if len(shape) > 1 else 3
    ]


@st.composite
def _readings(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1))
    return Call((real(draw(rngs()), shape),), {"index": draw(indices(shape))})


@st.composite
def _scatterings(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1))
    index = draw(indices(shape))
    part = np.zeros(shape)[index].shape
    return Call((real(draw(rngs()), part),), {"index": index, "shape": shape})


@st.composite
def _writings(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(dims=1)), draw(rngs())
    index = draw(indices(shape))
    part = np.zeros(shape)[index].shape
    value = draw(st.sampled_from([part, part[1:], ()]))
    return Call((real(rng, shape), real(rng, value)), {"index": index})


def _scatter(x: Array, index: Any, shape: tuple[int, ...]) -> Array:
    out = np.zeros(shape, x.dtype)
    np.add.at(out, index, x)
    return out


def _setitem(x: Array, value: Array, index: Any) -> Array:
    out = x.copy()
    out[index] = value
    return out


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.getitem: Samples(_readings(), lambda x, index: x[index]),
    ops.scatter: Samples(_scatterings(), _scatter),
    ops.setitem: Samples(_writings(), _setitem),
}
