"""Samples of arrays that repeat the elements of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs, shapes


@st.composite
def _repetitions(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1))
    axis = draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1)))
    length = int(np.prod(shape)) if axis is None else shape[axis]
    count = st.integers(0, 3)
    repeats: Any = draw(st.one_of(count, st.lists(count, min_size=length, max_size=length)))
    if isinstance(repeats, list):
        repeats = np.array(repeats, dtype=int)  # of an empty list NumPy makes floats
    return Call((real(draw(rngs()), shape),), {"repeats": repeats, "axis": axis})


@st.composite
def _tilings(draw: st.DrawFn) -> Call:
    count = st.integers(0, 3)
    reps = draw(st.one_of(count, st.lists(count, max_size=3).map(tuple)))
    return Call((real(draw(rngs()), draw(shapes())),), {"reps": reps})


@st.composite
def _sizes(draw: st.DrawFn) -> Call:
    shape = draw(st.one_of(st.integers(0, 6), shapes()))
    return Call((real(draw(rngs()), draw(shapes())),), {"new_shape": shape})


@st.composite
def _windows(draw: st.DrawFn) -> Call:
    rng, shape = draw(rngs()), draw(st.lists(st.integers(1, 5), min_size=1, max_size=2).map(tuple))
    if draw(st.booleans()):  # along an axis twice
        axis = draw(st.integers(0, len(shape) - 1))
        first = draw(st.integers(1, shape[axis]))
        window = (first, draw(st.integers(1, shape[axis] - first + 1)))
        return Call((real(rng, shape),), {"window_shape": window, "axis": (axis, axis)})
    axes = draw(st.permutations(range(len(shape))))[: draw(st.integers(1, len(shape)))]
    lengths = [draw(st.integers(1, shape[axis])) for axis in axes]
    if len(axes) == 1:
        settings: dict[str, Any] = {"window_shape": lengths[0], "axis": axes[0] - len(shape)}
        return Call((real(rng, shape),), settings)
    settings = {"window_shape": tuple(lengths), "axis": tuple(axes)}
    if axes == sorted(axes) and draw(st.booleans()):
        settings["axis"] = None
    return Call((real(rng, shape),), settings)


def _sliding(x: Array, window_shape: Any, axis: Any) -> Array:
    return np.lib.stride_tricks.sliding_window_view(x, window_shape, axis)


@st.composite
def _laid_windows(draw: st.DrawFn) -> Call:
    call = draw(_windows().filter(lambda call: call.settings["axis"] is not None))
    axis = call.settings["axis"]
    rank = call.arrays[0].ndim
    axis = tuple(i % rank for i in (axis if isinstance(axis, tuple) else (axis,)))
    return Call((real(draw(rngs()), call.apply(_sliding).shape),), {"axis": axis})


def _add_windows(x: Array, axis: tuple[int, ...]) -> Array:
    places = x.ndim - len(axis)
    shape = list(x.shape[:places])
    for along, length in zip(axis, x.shape[places:], strict=True):
        shape[along] += length - 1
    out = np.zeros(shape, x.dtype)
    for index in np.ndindex(x.shape):
        at = list(index[:places])
        for along, offset in zip(axis, index[places:], strict=True):
            at[along] += offset
        out[tuple(at)] += x[index]
    return out


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.repeat: Samples(_repetitions(), np.repeat),
    ops.tile: Samples(_tilings(), np.tile),
    ops.resize: Samples(_sizes(), np.resize),
    ops.sliding_window_view: Samples(_windows(), _sliding),
    ops.add_windows: Samples(_laid_windows(), _add_windows),
}
