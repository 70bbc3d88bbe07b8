"""Samples of pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ...ops.windows import Windows
from .calls import Array, Call, Samples, real, rngs
from .columns import images, places, window_settings, windows_of


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
    return Call((x,), {"winners": winners, "windows": windows})


def _max_pool_by_loops(x: Array, **settings: Any) -> Array:
    windows = windows_of(x.shape, settings)
    out = np.empty((*x.shape[:2], *windows.out), x.dtype)
    for n, c, *at in np.ndindex(out.shape):
        out[n, c, *at] = max(
            x[n, c, *place] for place in places(windows, tuple(at)) if place is not None
        )
    return out


def _scatter_winners_by_loops(x: Array, winners: Array, windows: Windows) -> Array:
    images = np.zeros(windows.image, x.dtype)
    for n, c, *at in np.ndindex(x.shape):
        place = list(places(windows, tuple(at)))[winners[c, *at, n]]
        images[n, c, *place] += x[n, c, *at]
    return images


def _gather_winners_by_loops(x: Array, winners: Array, windows: Windows) -> Array:
    values = np.empty((*x.shape[:2], *windows.out), x.dtype)
    for n, c, *at in np.ndindex(values.shape):
        place = list(places(windows, tuple(at)))[winners[c, *at, n]]
        values[n, c, *at] = x[n, c, *place]
    return values


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.max_pool2d: Samples(images(2, pool=True), _max_pool_by_loops),
    ops.scatter_winners: Samples(_won(), _scatter_winners_by_loops),
    ops.gather_winners: Samples(_won(gather=True), _gather_winners_by_loops),
}
