"""Samples of reading and writing parts of an array."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ..strategies import indices
from .calls import Array, Call, Samples, mask, real, rngs, shapes


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


def _axes(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    return st.none() | st.integers(-len(shape), len(shape) - 1)


@st.composite
def _takings(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(dims=1, side=1)), draw(rngs())
    axis, mode = draw(_axes(shape)), draw(st.sampled_from(["raise", "wrap", "clip"]))
    length = math.prod(shape) if axis is None else shape[axis]
    margin = length if mode == "raise" else 2 * length
    low = 0 if mode == "clip" else -margin
    indices = np.asarray(rng.integers(low, length if mode == "raise" else margin, draw(shapes())))
    return Call((real(rng, shape), indices), {"axis": axis, "mode": mode})


@st.composite
def _compressions(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(dims=1)), draw(rngs())
    axis = draw(_axes(shape))
    length = math.prod(shape) if axis is None else shape[axis]
    condition = mask(rng, (draw(st.integers(0, length)),))
    return Call((condition, real(rng, shape)), {"axis": axis})


@st.composite
def _extractions(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes()), draw(rngs())
    return Call((mask(rng, shape), real(rng, shape)), {})


@st.composite
def _along(draw: st.DrawFn, put: bool = False) -> Call:
    """An array, indices along an axis, which may broadcast along the others, and new values."""
    shape, rng = draw(shapes(dims=1, side=1)), draw(rngs())
    axis = draw(_axes(shape))
    if axis is None:
        length, wide = math.prod(shape), [draw(st.integers(0, 3))]
    else:
        length, wide = shape[axis], [draw(st.sampled_from([1, n])) for n in shape]
        wide[axis] = draw(st.integers(0, 3))
    indices = rng.integers(-length, length, wide)
    values = [real(rng, draw(st.sampled_from([tuple(wide), ()])))] if put else []
    return Call((real(rng, shape), indices, *values), {"axis": axis})


def _put_along_axis(x: Array, indices: Array, values: Array, axis: int | None) -> Array:
    out = x.copy()
    np.put_along_axis(out, indices, values, axis)
    return out


@st.composite
def _pieces(draw: st.DrawFn) -> Call:
    shape, rng, count = draw(shapes()), draw(rngs()), draw(st.integers(1, 2))
    functions: list[Any] = [lambda x: x * x, 1.5, lambda x: -x]
    settings = {
        "condlist": [mask(rng, shape) for _ in range(count)],
        "funclist": functions[: count + draw(st.integers(0, 1))],
    }
    return Call((real(rng, shape),), settings)


def _scatter_add(x: Array, value: Array, index: Any) -> Array:
    out = x.copy()
    np.add.at(out, index, value)
    return out


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.getitem: Samples(_readings(), lambda x, index: x[index]),
    ops.scatter: Samples(_scatterings(), _scatter),
    ops.setitem: Samples(_writings(), _setitem),
    ops.scatter_add: Samples(_writings(), _scatter_add),
    ops.take: Samples(_takings(), np.take, floating=1),
    ops.compress: Samples(_compressions(), np.compress, floating=1),
    ops.extract: Samples(_extractions(), np.extract, floating=1),
    ops.take_along_axis: Samples(_along(), np.take_along_axis, floating=1),
    ops.put_along_axis: Samples(_along(put=True), _put_along_axis, floating=2),
    ops.piecewise: Samples(_pieces(), np.piecewise, floating=1),
}
