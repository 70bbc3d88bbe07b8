"""Samples of sorting, and of finding places in what is sorted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, Values, integral, rngs, separated, shapes


@st.composite
def _sortings(draw: st.DrawFn, values: Values, kth: bool = False) -> Call:
    shape = draw(shapes(dims=1, side=int(kth)))
    axis = draw(st.none() | st.integers(-len(shape), len(shape) - 1))
    settings: dict[str, Any] = {}
    if kth:
        length = int(np.prod(shape)) if axis is None else shape[axis]
        place = st.integers(-length, length - 1)
        settings["kth"] = draw(place | st.lists(place, min_size=1, max_size=2))
    return Call((values(draw(rngs()), shape),), {**settings, "axis": axis})


@st.composite
def _stable(draw: st.DrawFn, values: Values) -> Call:
    call = draw(_sortings(values))
    how = ("kind", "stable") if draw(st.booleans()) else ("stable", True)
    return Call(call.arrays, {**call.settings, how[0]: how[1]})


@st.composite
def _best(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    settings = {
        "k": draw(st.integers(0, shape[axis])),
        "axis": axis,
        "largest": draw(st.booleans()),
    }
    return Call((separated()(draw(rngs()), shape),), settings)


@st.composite
def _permutations(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(dims=1)), draw(rngs())
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    order = np.argsort(rng.random(shape), axis=axis)
    return Call((rng.normal(size=shape),), {"order": order, "axis": axis})


@st.composite
def _keys(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(dims=1)), draw(rngs())
    keys = integral(rng, (draw(st.integers(1, 3)), *shape))
    return Call((keys,), {"axis": draw(st.integers(-len(shape), len(shape) - 1))})


@st.composite
def _searches(draw: st.DrawFn) -> Call:
    rng, edges = draw(rngs()), draw(st.integers(0, 4))
    a, v = np.sort(integral(rng, (edges,))), integral(rng, draw(shapes()))
    return Call((a, v), {"side": draw(st.sampled_from(["left", "right"]))})


@st.composite
def _binnings(draw: st.DrawFn) -> Call:
    a, v = draw(_searches()).arrays
    bins = a[::-1] if draw(st.booleans()) else a
    return Call((v, bins), {"right": draw(st.booleans())})


def _partition(x: Array, kth: Any, axis: int | None) -> Array:
    # NumPy's own has another order among the smaller ones, and among the larger ones.
    if axis is None:
        x, axis = x.reshape(-1), 0
    return np.take_along_axis(x, np.argpartition(x, kth, axis), axis)


def _permuted(x: Array, order: Array, axis: int) -> Array:
    return np.take_along_axis(x, order, axis)


def _topk(x: Array, k: int, axis: int, largest: bool) -> tuple[Array, Array]:
    order = np.argsort(-x if largest else x, axis=axis)
    indices = np.take(order, range(k), axis=axis)
    return np.take_along_axis(x, indices, axis), indices


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.sort: Samples(_sortings(separated()), np.sort),
    ops.partition: Samples(_sortings(separated(), kth=True), _partition),
    ops.topk: Samples(_best(), _topk),
    ops.permuted: Samples(_permutations(), _permuted),
    ops.argsort: Samples(_stable(integral), np.argsort),
    ops.argpartition: Samples(_sortings(separated(), kth=True), np.argpartition),
    ops.lexsort: Samples(_keys(), np.lexsort),
    ops.searchsorted: Samples(_searches(), np.searchsorted),
    ops.digitize: Samples(_binnings(), np.digitize),
}
