"""Samples of pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ...ops.windows import Windows
from .calls import Array, Call, Samples, real, rngs
from .windows import images, is_inside, places, window_settings, windows_of


@st.composite
def _won(draw: st.DrawFn, gather: bool = False) -> Call:
    """Values for windows, or images to take them from, and a winner in each window."""
    shape, settings = draw(window_settings(pool=True))
    rng, windows = draw(rngs()), windows_of(shape, settings)
    n, c, *_ = shape
    winners = np.zeros((c, *windows.out, n), np.uint8)
    for i, j in np.ndindex(windows.out):
        inside = [k for k, at in enumerate(places(windows, i, j)) if is_inside(shape, at)]
        winners[:, i, j] = rng.choice(inside, (c, n))
    x = real(rng, shape if gather else (n, c, *windows.out))
    return Call((x,), {"winners": winners, "windows": windows})


def _max_pool2d_by_loops(x: Array, **settings: Any) -> Array:
    windows = windows_of(x.shape, settings)
    out = np.empty((*x.shape[:2], *windows.out), x.dtype)
    for n, c, i, j in np.ndindex(out.shape):
        out[n, c, i, j] = max(
            x[n, c, *at] for at in places(windows, i, j) if is_inside(x.shape, at)
        )
    return out


def _scatter_winners_by_loops(x: Array, winners: Array, windows: Windows) -> Array:
    images = np.zeros(windows.image, x.dtype)
    for n, c, i, j in np.ndindex(x.shape):
        images[n, c, *places(windows, i, j)[winners[c, i, j, n]]] += x[n, c, i, j]
    return images


def _gather_winners_by_loops(x: Array, winners: Array, windows: Windows) -> Array:
    values = np.empty((*x.shape[:2], *windows.out), x.dtype)
    for n, c, i, j in np.ndindex(values.shape):
        values[n, c, i, j] = x[n, c, *places(windows, i, j)[winners[c, i, j, n]]]
    return values


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.max_pool2d: Samples(images(pool=True), _max_pool2d_by_loops),
    ops.scatter_winners: Samples(_won(), _scatter_winners_by_loops),
    ops.gather_winners: Samples(_won(gather=True), _gather_winners_by_loops),
}
