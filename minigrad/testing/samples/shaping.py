"""Samples of changes of shape, order, extent or dtype."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs, shapes


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
def _sequences(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(dims=1)), draw(rngs())
    axis = draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1)))
    arrays = []
    for length in draw(st.lists(st.integers(0, 3), min_size=1, max_size=3)):
        part = list(shape)
        part[0 if axis is None else axis] = length
        arrays.append(real(rng, tuple(part)))
    return Call((arrays,), {"axis": axis})


@st.composite
def _margins(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1))
    width = st.integers(0, 2)
    widths = draw(
        st.one_of(
            width,
            st.tuples(width, width),
            st.lists(st.tuples(width, width), min_size=len(shape), max_size=len(shape)),
        )
    )
    settings = {"pad_width": widths, "constant_values": draw(st.sampled_from([0.0, 1.5]))}
    return Call((real(draw(rngs()), shape),), settings)


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
    ops.concatenate: Samples(_sequences(), np.concatenate),
    ops.pad: Samples(_margins(), np.pad),
}
