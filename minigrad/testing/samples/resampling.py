"""Samples of sparse matrices along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ...ops.resampling import Taps
from .calls import Array, Call, Samples, real, rngs, shapes


@st.composite
def _resamplings(draw: st.DrawFn) -> Call:
    """Matrices with and without weights, some with rows or columns of zeros."""
    rng, shape = draw(rngs()), draw(shapes(dims=1))
    axis = draw(st.integers(0, len(shape) - 1))
    taken = rng.random((draw(st.integers(0, 5)), shape[axis])) < draw(st.sampled_from([0.3, 1]))
    places, sources = np.nonzero(taken)
    weights = real(rng, places.shape) if draw(st.booleans()) else None
    taps = Taps(places, sources, weights, (taken.shape[0], taken.shape[1]))
    return Call((real(rng, shape),), {"taps": taps, "axis": axis})


def _by_a_matrix(x: Array, taps: Taps, axis: int) -> Array:
    matrix = np.zeros(taps.lengths)
    matrix[taps.places, taps.sources] = 1 if taps.weights is None else taps.weights
    return np.moveaxis(np.tensordot(matrix, x, (1, axis)), 0, axis)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.resample: Samples(_resamplings(), _by_a_matrix),
}
