"""Samples of sum pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ...ops.pooling_windows import Pool, pool_of
from ..strategies.windows import window_settings, windows_of
from .calls import Array, Call, Samples, real, rngs
from .pooling import RANKS, by_loops, pooled


@st.composite
def _windowed(draw: st.DrawFn, spread: bool = False) -> Call:
    shape, settings = draw(window_settings(pool=True))
    pool = pool_of(windows_of(shape, settings))
    return Call((real(draw(rngs()), (*shape[:2], *pool.out) if spread else shape),), {"pool": pool})


def _matrix(pool: Pool) -> Array:
    """Which pixel is in which window, (windows, pixels)."""
    matrix: Array = np.ones((1, 1))
    for axis in pool.axes:
        along = np.zeros((axis.out, axis.length))
        for o, start in enumerate(axis.starts):
            pixels = start + axis.dilation * np.arange(axis.size)
            along[o, pixels[(pixels >= 0) & (pixels < axis.length)]] = 1
        matrix = np.kron(matrix, along)
    return matrix


def _sum_by_matrix(x: Array, pool: Pool) -> Array:
    flat = x.reshape(*x.shape[:2], _matrix(pool).shape[1])
    return (flat @ _matrix(pool).T).reshape(*x.shape[:2], *pool.out)


def _spread_by_matrix(x: Array, pool: Pool) -> Array:
    flat = x.reshape(*x.shape[:2], _matrix(pool).shape[0])
    return (flat @ _matrix(pool)).reshape(pool.image)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.sum_windows: Samples(_windowed(), _sum_by_matrix),
    ops.spread_windows: Samples(_windowed(spread=True), _spread_by_matrix),
} | {
    getattr(ops, f"sum_pool{rank}d"): Samples(pooled(rank, real), by_loops(np.sum))
    for rank in RANKS
}
