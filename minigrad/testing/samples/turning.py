"""Samples of turning arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Call, Samples, real, rngs, shapes


@st.composite
def _flips(draw: st.DrawFn) -> Call:
    shape = draw(shapes())
    axes: list[st.SearchStrategy[Any]] = [st.none(), hnp.valid_tuple_axes(len(shape))]
    if shape:
        axes.append(st.integers(-len(shape), len(shape) - 1))
    return Call((real(draw(rngs()), shape),), {"axis": draw(st.one_of(axes))})


def _fixed(dims: int) -> st.SearchStrategy[Call]:
    return st.builds(lambda rng, shape: Call((real(rng, shape),), {}), rngs(), shapes(dims=dims))


@st.composite
def _rolls(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1))
    axis = draw(
        st.one_of(
            st.none(),
            st.integers(-len(shape), len(shape) - 1),
            hnp.valid_tuple_axes(len(shape), min_size=1),
        )
    )
    shift = st.integers(-4, 4)
    shifts = draw(
        st.tuples(*[shift] * len(axis))
        if isinstance(axis, tuple) and draw(st.booleans())
        else shift
    )
    return Call((real(draw(rngs()), shape),), {"shift": shifts, "axis": axis})


@st.composite
def _turns(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=2))
    first, second = draw(st.permutations(range(len(shape))))[:2]
    settings = {
        "k": draw(st.integers(-3, 5)),
        "axes": (first, second - len(shape) * draw(st.booleans())),
    }
    return Call((real(draw(rngs()), shape),), settings)


@st.composite
def _shifts(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1))
    axes = draw(
        st.one_of(
            st.none(),
            st.integers(-len(shape), len(shape) - 1),
            hnp.valid_tuple_axes(len(shape), min_size=1),
        )
    )
    return Call((real(draw(rngs()), shape),), {"axes": axes})


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.fftshift: Samples(_shifts(), np.fft.fftshift),
    ops.ifftshift: Samples(_shifts(), np.fft.ifftshift),
    ops.flip: Samples(_flips(), np.flip),
    ops.fliplr: Samples(_fixed(2), np.fliplr),
    ops.flipud: Samples(_fixed(1), np.flipud),
    ops.roll: Samples(_rolls(), np.roll),
    ops.rot90: Samples(_turns(), np.rot90),
}
