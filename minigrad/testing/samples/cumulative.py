"""Samples of sums, products and extremes up to each element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, Values, real, rngs, separated, shapes
from .reductions import with_zeros


@st.composite
def along_one(draw: st.DrawFn, values: Values, side: int = 0) -> Call:
    """One array, and an axis or none."""
    # Products pair elements by halves and by odd and even, so the last axis may be longer.
    shape = (*draw(shapes(side=side)), *draw(st.sampled_from([(), (5,), (6,)])))
    axes = st.integers(-len(shape), len(shape) - 1) if shape else st.none()
    axis = draw(st.one_of(st.none(), axes))
    return Call((values(draw(rngs()), shape),), {"axis": axis})


@st.composite
def _with_initial(draw: st.DrawFn, values: Values) -> Call:
    shape = draw(shapes(dims=1))
    axes = st.integers(-len(shape), len(shape) - 1)
    axis = draw(axes if len(shape) > 1 else st.one_of(st.none(), axes))
    settings = {"axis": axis, "include_initial": draw(st.booleans())}
    return Call((values(draw(rngs()), shape),), settings)


def _cumulative(
    cumulate: Callable[..., Array],
    initial: float,
    x: Array,
    axis: int | None,
    include_initial: bool,
) -> Array:
    out = cumulate(x, axis)
    along = 0 if axis is None else axis
    return np.insert(out, 0, initial, axis=along) if include_initial else out


def _accumulate(ufunc: np.ufunc, x: Array, axis: int | None) -> Array:
    return ufunc.accumulate(x.reshape(-1) if axis is None else x, axis=axis or 0)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.cumsum: Samples(along_one(real), np.cumsum),
    ops.cumprod: Samples(along_one(with_zeros), np.cumprod),
    ops.logcumsumexp: Samples(
        along_one(real), lambda x, axis: np.log(np.cumsum(np.exp(x), axis=axis))
    ),
    ops.cummax: Samples(along_one(separated()), lambda x, axis: _accumulate(np.maximum, x, axis)),
    ops.cummin: Samples(along_one(separated()), lambda x, axis: _accumulate(np.minimum, x, axis)),
    ops.cumulative_sum: Samples(
        _with_initial(real), lambda x, **settings: _cumulative(np.cumsum, 0, x, **settings)
    ),
    ops.cumulative_prod: Samples(
        _with_initial(with_zeros), lambda x, **settings: _cumulative(np.cumprod, 1, x, **settings)
    ),
}
