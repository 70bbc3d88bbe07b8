"""Samples of changes of the shape, the order of the axes, or the dtype."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, elementwise, real, rngs, shapes, unary


@st.composite
def _reshapes(draw: st.DrawFn) -> Call:
    shape = draw(shapes(side=1))
    options: list[Any] = [-1, shape[::-1], (1, *shape), (*shape, 1), (math.prod(shape),)]
    return Call((real(draw(rngs()), shape),), {"shape": draw(st.sampled_from(options))})


@st.composite
def _squeezes(draw: st.DrawFn) -> Call:
    shape = draw(shapes())
    ones = [axis for axis, length in enumerate(shape) if length == 1]
    options: list[Any] = [None, tuple(ones), *ones]
    return Call((real(draw(rngs()), shape),), {"axis": draw(st.sampled_from(options))})


@st.composite
def _transposes(draw: st.DrawFn) -> Call:
    shape = draw(shapes())
    order = draw(
        st.permutations([axis - len(shape) * draw(st.booleans()) for axis in range(len(shape))])
    )
    axes = draw(st.sampled_from([None, tuple(order)]))
    return Call((real(draw(rngs()), shape),), {"axes": axes})


@st.composite
def _broadcasts(draw: st.DrawFn, back: bool = False) -> Call:
    """A shape, and one to which it broadcasts: to sum from the second, or to stretch the first."""
    shape = draw(shapes())
    wide = draw(hnp.broadcastable_shapes(shape, max_dims=4, max_side=3))
    wide = np.broadcast_shapes(shape, wide)
    start, end = (wide, shape) if back else (shape, wide)
    return Call((real(draw(rngs()), start),), {"shape": end})


@st.composite
def _conversions(draw: st.DrawFn) -> Call:
    # Differences need the precision, so the dtypes are not smaller than float64.
    dtype = draw(st.sampled_from([np.float64, np.longdouble, "f8"]))
    return Call((real(draw(rngs()), draw(shapes())),), {"dtype": dtype})


@st.composite
def _flattenings(draw: st.DrawFn) -> Call:
    shape = draw(shapes())
    start, end = 0, -1
    if shape:
        start = draw(st.integers(0, len(shape) - 1))
        end = draw(st.integers(start, len(shape) - 1)) - len(shape) * draw(st.booleans())
    return Call((real(draw(rngs()), shape),), {"start_dim": start, "end_dim": end})


@st.composite
def _expansions(draw: st.DrawFn) -> Call:
    shape = draw(shapes())
    rank = len(shape) + draw(st.integers(1, 2))
    places = draw(st.permutations(range(rank)))[: rank - len(shape)]
    places = [place - rank * draw(st.booleans()) for place in places]
    axis = places[0] if len(places) == 1 and draw(st.booleans()) else tuple(places)
    return Call((real(draw(rngs()), shape),), {"axis": axis})


def _matrices() -> st.SearchStrategy[Call]:
    return st.builds(lambda rng, shape: Call((real(rng, shape),), {}), rngs(), shapes(dims=2))


@st.composite
def _several(draw: st.DrawFn) -> Call:
    rng = draw(rngs())
    drawn = draw(st.lists(shapes(), min_size=1, max_size=3))
    return Call(tuple(real(rng, shape) for shape in drawn), {})


@st.composite
def _swaps(draw: st.DrawFn, *names: str) -> Call:
    """Two axes of an array with one or more."""
    shape = draw(shapes(dims=1))
    axis = st.integers(-len(shape), len(shape) - 1)
    return Call((real(draw(rngs()), shape),), {name: draw(axis) for name in names})


@st.composite
def _moves(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1))
    count = draw(st.integers(0, len(shape)))
    source, destination = (
        [
            axis - len(shape) * draw(st.booleans())
            for axis in draw(st.permutations(range(len(shape))))[:count]
        ]
        for _ in range(2)
    )
    settings: dict[str, Any] = {"source": source, "destination": destination}
    if count == 1 and draw(st.booleans()):
        settings = {"source": source[0], "destination": destination[0]}
    return Call((real(draw(rngs()), shape),), settings)


@st.composite
def _rollings(draw: st.DrawFn) -> Call:
    call = draw(_swaps("axis"))
    rank = call.arrays[0].ndim
    return Call(call.arrays, {**call.settings, "start": draw(st.integers(-rank, rank))})


def _broadcast_together(*arrays: Array) -> list[Array]:
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    return [np.zeros(shape) + array for array in arrays]


def _flatten(x: Array, start_dim: int, end_dim: int) -> Array:
    shape = np.shape(x) or (1,)
    end = end_dim % len(shape) + 1
    return x.reshape(*shape[:start_dim], math.prod(shape[start_dim:end]), *shape[end:])


def _reshape(x: Array, shape: tuple[int, ...]) -> Array:
    return np.reshape(x, shape)  # by position: NumPy has changed the name


def _sum_to(x: Array, shape: tuple[int, ...]) -> Array:
    wide = (1,) * (x.ndim - len(shape)) + shape
    for axis, length in enumerate(wide):
        if length == 1:
            x = x.sum(axis=axis, keepdims=True)
    return x.reshape(shape)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.reshape: Samples(_reshapes(), _reshape),
    ops.squeeze: Samples(_squeezes(), np.squeeze),
    ops.transpose: Samples(_transposes(), np.transpose),
    ops.broadcast_to: Samples(_broadcasts(), np.broadcast_to),
    ops.sum_to: Samples(_broadcasts(back=True), _sum_to),
    ops.astype: Samples(_conversions(), lambda x, dtype: x.astype(dtype)),
    ops.copy: Samples(unary(real), np.copy),
    ops.ravel: Samples(unary(real), np.ravel),
    ops.flatten: Samples(_flattenings(), _flatten),
    ops.expand_dims: Samples(_expansions(), np.expand_dims),
    ops.atleast_1d: Samples(_several(), np.atleast_1d),
    ops.atleast_2d: Samples(_several(), np.atleast_2d),
    ops.atleast_3d: Samples(_several(), np.atleast_3d),
    ops.matrix_transpose: Samples(_matrices(), lambda x: np.swapaxes(x, -1, -2)),
    ops.swapaxes: Samples(_swaps("axis1", "axis2"), np.swapaxes),
    ops.moveaxis: Samples(_moves(), np.moveaxis),
    ops.rollaxis: Samples(_rollings(), np.rollaxis),
    ops.broadcast_arrays: Samples(
        st.one_of(elementwise(real), elementwise(real, real), elementwise(real, real, real)),
        _broadcast_together,
    ),
}
