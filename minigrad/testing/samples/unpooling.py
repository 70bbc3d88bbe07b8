"""Samples of max unpooling."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ..strategies.windows import each, window_settings, windows_of
from .calls import Array, Call, Samples, real, rngs
from .pooling import RANKS


@st.composite
def _unpooled(draw: st.DrawFn, rank: int) -> Call:
    """Values and places, some of which are the same."""
    shape, settings = draw(window_settings(rank, pool=True))
    settings["dilation"] = 1
    windows, rng = windows_of(shape, settings), draw(rngs())
    x = real(rng, (*shape[:2], *windows.out))
    output_size: tuple[int, ...] | None = shape[2:] if draw(st.booleans()) else shape
    del settings["dilation"]
    default = [
        (o - 1) * s - 2 * p + k
        for o, s, p, k in zip(
            windows.out,
            windows.stride,
            each(settings["padding"], rank),
            windows.size,
            strict=True,
        )
    ]
    if min(default) > 0 and draw(st.booleans()):
        output_size = None
    lengths = shape[2:] if output_size else default
    indices = rng.integers(0, math.prod(lengths), x.shape)
    return Call((x,), {"indices": indices, **settings, "output_size": output_size})


def _unpool_by_loops(
    x: Array,
    indices: Array,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: tuple[int, ...] | None,
) -> Array:
    rank = x.ndim - 2
    settings = (each(setting, rank) for setting in (kernel_size, stride, padding))
    lengths = [(o - 1) * s - 2 * p + k for o, k, s, p in zip(x.shape[2:], *settings, strict=True)]
    if output_size:
        lengths = list(output_size[-rank:])
    out = np.zeros((*x.shape[:2], math.prod(lengths)), x.dtype)
    for at in np.ndindex(x.shape):
        out[(*at[:2], indices[at])] = x[at]
    return out.reshape(*x.shape[:2], *lengths)


SAMPLES: dict[Callable[..., Any], Samples] = {
    getattr(ops, f"max_unpool{rank}d"): Samples(_unpooled(rank), _unpool_by_loops) for rank in RANKS
}
