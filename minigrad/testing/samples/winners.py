"""Samples of taking from the places of winners, and of putting there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ...ops.pooling_windows import Pool, pool_of
from ..strategies.windows import places, window_settings, windows_of
from .calls import Array, Call, Samples, real, rngs


@st.composite
def _won(draw: st.DrawFn, gather: bool = False) -> Call:
    """Values for windows, or images to take them from, and a winner in each window."""
    shape, settings = draw(window_settings(pool=True))
    rng, windows = draw(rngs()), windows_of(shape, settings)
    n, c, *_ = shape
    winners = np.zeros((c, *windows.out, n), np.uint8)
    for at in np.ndindex(windows.out):
        inside = [k for k, place in enumerate(places(windows, at)) if place is not None]
        winners[:, *at] = rng.choice(inside, (c, n))
    x = real(rng, shape if gather else (n, c, *windows.out))
    return Call((x,), {"winners": winners, "pool": pool_of(windows)})


def _places(winners: Array, pool: Pool) -> Array:
    """Place in the image of each winner (N, C, *out, spatial axes)."""
    found = np.zeros((*winners.shape, len(pool.axes)), int)
    for at in np.ndindex(winners.shape):
        element = np.unravel_index(winners[at], [axis.size for axis in pool.axes])
        for i, (axis, o, k) in enumerate(zip(pool.axes, at[1:-1], element, strict=True)):
            found[(*at, i)] = axis.starts[o] + k * axis.dilation
    return np.moveaxis(found, -2, 0)


def _scatter_winners_by_loops(x: Array, winners: Array, pool: Pool) -> Array:
    images, found = np.zeros(pool.image, x.dtype), _places(winners, pool)
    for at in np.ndindex(x.shape):
        images[(*at[:2], *found[at])] += x[at]
    return images


def _gather_winners_by_loops(x: Array, winners: Array, pool: Pool) -> Array:
    values, found = np.empty((*x.shape[:2], *pool.out), x.dtype), _places(winners, pool)
    for at in np.ndindex(values.shape):
        values[at] = x[(*at[:2], *found[at])]
    return values


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.scatter_winners: Samples(_won(), _scatter_winners_by_loops),
    ops.gather_winners: Samples(_won(gather=True), _gather_winners_by_loops),
}
