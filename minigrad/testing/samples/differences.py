"""Samples of differences, slopes and areas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, positive, real, rngs, shapes


@st.composite
def _differences(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    rng = draw(rngs())
    settings: dict[str, Any] = {"n": draw(st.integers(0, 2)), "axis": axis}
    for name in ("prepend", "append"):
        edge = list(shape)
        edge[axis] = draw(st.integers(0, 2))
        if draw(st.booleans()):
            # In half the precision, for the check that float32 stays float32.
            settings[name] = draw(st.sampled_from([0.5, real(rng, tuple(edge)).astype("f4")]))
    return Call((real(rng, shape),), settings)


@st.composite
def _flat_differences(draw: st.DrawFn) -> Call:
    rng = draw(rngs())
    ends = [real(rng, draw(shapes())) for _ in range(draw(st.integers(0, 2)))]
    return Call((real(rng, draw(shapes())), *ends), {})


def coordinates(rng: np.random.Generator, length: int) -> Array:
    """Numbers in order, none close to another."""
    return np.asarray(np.cumsum(positive(rng, (length,))))


@st.composite
def _slopes(draw: st.DrawFn) -> Call:
    edge_order = draw(st.integers(1, 2))
    shape = tuple(n + edge_order for n in draw(shapes(dims=1, side=1)))
    count = draw(st.integers(1, len(shape)))
    axes = tuple(draw(st.permutations(range(len(shape))))[:count])
    axis = draw(st.sampled_from([axes, axes[0] if count == 1 else axes, None]))
    rng = draw(rngs())
    lengths = [shape[i] for i in (range(len(shape)) if axis is None else axes)]
    spacings = draw(
        st.sampled_from(
            [
                [],
                [positive(rng, ())],
                [coordinates(rng, length) for length in lengths],
                [positive(rng, ()), *(coordinates(rng, length) for length in lengths[1:])],
            ]
        )
    )
    return Call((real(rng, shape), *spacings), {"axis": axis, "edge_order": edge_order})


@st.composite
def _areas(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1, side=1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    rng = draw(rngs())
    samples = draw(st.sampled_from([[], [real(rng, (shape[axis],))], [real(rng, shape)]]))
    settings: dict[str, Any] = {"axis": axis} if samples else {"dx": 0.5, "axis": axis}
    return Call((real(rng, shape), *samples), settings)


def _ediff1d(x: Array, to_end: Any = None, to_begin: Any = None) -> Array:
    parts = [to_begin, np.diff(x.reshape(-1)), to_end]
    return np.concatenate([np.reshape(part, -1) for part in parts if part is not None])


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.diff: Samples(_differences(), np.diff),
    ops.ediff1d: Samples(_flat_differences(), _ediff1d, floating=3),
    ops.gradient: Samples(_slopes(), np.gradient),
    ops.trapezoid: Samples(_areas(), np.trapezoid, floating=2),
}
