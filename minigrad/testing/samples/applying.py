"""Samples of functions that call a function on parts of an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs, shapes


def _product(row: Array) -> Any:
    return row[:, None] * row


def _mean_square(row: Array) -> Any:
    return np.mean(row * row)


@st.composite
def _vectors(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1, side=1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    function = draw(st.sampled_from([_product, _mean_square, np.tanh]))
    return Call((function, axis, real(draw(rngs()), shape)), {})


@st.composite
def _axis_by_axis(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1, side=1))
    axes = draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, max_size=3, unique=True))
    return Call((np.mean, real(draw(rngs()), shape)), {"axes": axes})


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.apply_along_axis: Samples(_vectors(), np.apply_along_axis, floating=1),
    ops.apply_over_axes: Samples(_axis_by_axis(), np.apply_over_axes, floating=1),
}
