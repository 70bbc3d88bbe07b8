"""Samples of products that sum over an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs, shapes


@st.composite
def gufunc(draw: st.DrawFn, signature: str) -> Call:
    """Arrays whose last axes fit a signature, and whose other axes broadcast."""
    drawn = draw(
        hnp.mutually_broadcastable_shapes(signature=signature, max_dims=2, min_side=0, max_side=3)
    )
    rng = draw(rngs())
    return Call(tuple(real(rng, shape) for shape in drawn.input_shapes), {})


@st.composite
def _dots(draw: st.DrawFn, place: int) -> Call:
    """Arrays with one axis in common, at `place` of the second where that has so many; scalars."""
    rng, common = draw(rngs()), draw(st.integers(0, 3))
    lengths = st.lists(st.integers(0, 3), max_size=2)
    first = (*draw(lengths), common)
    second = draw(lengths)
    second.insert(max(len(second) + 1 + place, 0), common)
    pair = draw(
        st.sampled_from([(first, tuple(second)), (first, ()), ((), tuple(second)), ((), ())])
    )
    return Call(tuple(real(rng, shape) for shape in pair), {})


@st.composite
def pairs(draw: st.DrawFn) -> Call:
    """Two arrays of any shapes."""
    rng = draw(rngs())
    return Call((real(rng, draw(shapes())), real(rng, draw(shapes()))), {})


@st.composite
def _flat_products(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes()), draw(rngs())
    return Call((real(rng, shape), real(rng, shape[::-1])), {})


@st.composite
def _tensor_products(draw: st.DrawFn) -> Call:
    rng = draw(rngs())
    x = [draw(st.integers(0, 3)) for _ in range(draw(st.integers(0, 3)))]
    y = [draw(st.integers(0, 3)) for _ in range(draw(st.integers(0, 3)))]
    count = draw(st.integers(0, min(len(x), len(y))))
    of_x = draw(st.permutations(range(len(x))))[:count]
    of_y = draw(st.permutations(range(len(y))))[:count]
    if draw(st.booleans()):
        of_x, of_y = [*range(len(x) - count, len(x))], [*range(count)]
        axes: Any = count
    elif count == 1 and draw(st.booleans()):
        axes = (of_x[0] - len(x), of_y[0])
    else:
        axes = ([axis - len(x) for axis in of_x], tuple(of_y))
    for i, j in zip(of_x, of_y, strict=True):
        y[j] = x[i]
    return Call((real(rng, tuple(x)), real(rng, tuple(y))), {"axes": axes})


@st.composite
def _along(draw: st.DrawFn) -> Call:
    call = draw(gufunc("(k),(k)->()"))
    x, y = call.arrays
    axis = draw(st.integers(-min(x.ndim, y.ndim), -1))
    return Call((np.moveaxis(x, -1, axis), np.moveaxis(y, -1, axis)), {"axis": axis})


@st.composite
def _crosses(draw: st.DrawFn) -> Call:
    call = draw(gufunc("(k),(k)->()"))
    rng = draw(rngs())
    x, y = (real(rng, (*array.shape[:-1], 3)) for array in call.arrays)
    if draw(st.booleans()):
        axis = draw(st.integers(-min(x.ndim, y.ndim), -1))
        return Call((np.moveaxis(x, -1, axis), np.moveaxis(y, -1, axis)), {"axis": axis})
    places = [draw(st.integers(-rank, rank - 1)) for rank in (x.ndim, y.ndim, max(x.ndim, y.ndim))]
    settings = dict(zip(("axisa", "axisb", "axisc"), places, strict=True))
    return Call((np.moveaxis(x, -1, places[0]), np.moveaxis(y, -1, places[1])), settings)


def _cross(x: Array, y: Array, **settings: Any) -> Array:
    # NumPy's function turns vectors with no others beside them into scalars.
    return np.asarray(np.cross(x, y, **settings))


def _vecdot(x: Array, y: Array, axis: int) -> Array:
    return np.asarray(np.sum(np.moveaxis(x, axis, -1) * np.moveaxis(y, axis, -1), axis=-1))


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.matmul: Samples(gufunc(np.matmul.signature), np.matmul),
    ops.dot: Samples(_dots(-2), np.dot),
    ops.inner: Samples(_dots(-1), np.inner),
    ops.outer: Samples(pairs(), np.outer),
    ops.vdot: Samples(_flat_products(), np.vdot),
    ops.tensordot: Samples(_tensor_products(), np.tensordot),
    ops.kron: Samples(pairs(), np.kron),
    ops.vecdot: Samples(_along(), _vecdot),
    ops.matvec: Samples(gufunc("(n,k),(k)->(n)"), lambda x, y: np.einsum("...nk,...k->...n", x, y)),
    ops.vecmat: Samples(gufunc("(n),(n,k)->(k)"), lambda x, y: np.einsum("...n,...nk->...k", x, y)),
    ops.cross: Samples(_crosses(), _cross),
}
