"""Samples of splitting an array into parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs, shapes


@st.composite
def _cuts(draw: st.DrawFn, length: int, equal: bool) -> Any:
    """A number of parts, or indices, also some that go back or beyond the end."""
    if draw(st.booleans()):
        return draw(st.lists(st.integers(-length - 1, length + 1), max_size=3))
    return draw(st.sampled_from([n for n in range(1, 4) if not (equal and length % n)]))


@st.composite
def _splits(draw: st.DrawFn, equal: bool = True) -> Call:
    shape = draw(shapes(dims=1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    settings = {"indices_or_sections": draw(_cuts(shape[axis], equal)), "axis": axis}
    return Call((real(draw(rngs()), shape),), settings)


@st.composite
def _splits_along(draw: st.DrawFn, axis: int, dims: int) -> Call:
    shape = draw(shapes(dims=dims))
    length = shape[min(axis, len(shape) - 1)]
    return Call((real(draw(rngs()), shape),), {"indices_or_sections": draw(_cuts(length, True))})


@st.composite
def _unstackings(draw: st.DrawFn) -> Call:
    # Without parts there would be nothing to differentiate.
    shape = draw(shapes(dims=1, side=1))
    settings = {"axis": draw(st.integers(-len(shape), len(shape) - 1))}
    return Call((real(draw(rngs()), shape),), settings)


def _unstack(x: Array, axis: int) -> list[Array]:
    return list(np.moveaxis(x, axis, 0))


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.array_split: Samples(_splits(equal=False), np.array_split),
    ops.split: Samples(_splits(), np.split),
    ops.hsplit: Samples(_splits_along(1, 1), np.hsplit),
    ops.vsplit: Samples(_splits_along(0, 2), np.vsplit),
    ops.dsplit: Samples(_splits_along(2, 3), np.dsplit),
    ops.unstack: Samples(_unstackings(), _unstack),
}
