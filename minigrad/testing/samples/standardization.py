"""Samples of shifting and scaling to mean 0 and variance 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs, separated


@st.composite
def _along_axes(draw: st.DrawFn) -> Call:
    """An array and axes of it that are not empty, and perhaps weights and biases that broadcast."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=3))
    chosen = draw(hnp.valid_tuple_axes(len(shape)))
    axis = tuple(i % len(shape) for i in chosen)
    shape = tuple(n if i in axis else draw(st.integers(0, n)) for i, n in enumerate(shape))
    rng = draw(rngs())
    arrays = [separated()(rng, shape)]
    for _ in range(draw(st.integers(0, 2))):
        lengths = [draw(st.sampled_from([1, n])) for n in shape]
        arrays.append(real(rng, tuple(lengths[draw(st.integers(0, len(shape))) :])))
    return Call(tuple(arrays), {"axis": axis, "eps": draw(st.sampled_from([1e-5, 0.5]))})


def _standardize(
    x: Array, weight: Any = 1.0, bias: Any = 0.0, *, axis: tuple[int, ...], eps: float
) -> list[Array]:
    kept = {"axis": axis, "keepdims": True}
    mean, variance = np.mean(x, **kept), np.var(x, **kept)  # type: ignore[call-overload]  # settings of both
    return [(x - mean) / np.sqrt(variance + eps) * weight + bias, mean, variance]


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.standardize: Samples(_along_axes(), _standardize, floating=3),
}
