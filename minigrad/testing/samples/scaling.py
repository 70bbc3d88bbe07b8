"""Samples of dividing by a norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, along_axis, real, rngs, separated
from .normalization import features


@st.composite
def _orders(draw: st.DrawFn) -> Call:
    call = draw(along_axis(separated()))
    orders = [1, 2, 2.5] if isinstance(call.settings["axis"], tuple) else [1, 2, 3, np.inf]
    return Call(call.arrays, call.settings | {"p": draw(st.sampled_from(orders))})


@st.composite
def _adjacent(draw: st.DrawFn) -> Call:
    shape = draw(hnp.array_shapes(min_dims=3, max_dims=4, max_side=3))
    settings = {"size": draw(st.integers(1, 4)), "alpha": draw(st.sampled_from([1e-4, 0.5]))}
    return Call((real(draw(rngs()), shape),), settings | {"beta": 0.75, "k": 1.5})


def _rms_norm(
    x: Array, normalized_shape: Any, weight: Any = 1.0, *, eps: float | None = None
) -> Array:
    axes = tuple(range(-np.size(normalized_shape), 0))
    return np.asarray(x / np.sqrt(np.mean(np.square(x), axis=axes, keepdims=True) + eps) * weight)


def _local_response_norm(x: Array, size: int, alpha: float, beta: float, k: float) -> Array:
    out = np.empty_like(x)
    for c in range(x.shape[1]):
        adjacent = x[:, max(0, c - size // 2) : c + (size - 1) // 2 + 1]
        out[:, c] = x[:, c] / (k + alpha * np.sum(adjacent**2, axis=1) / size) ** beta
    return out


def _normalize(x: Array, p: float, axis: Any) -> Array:
    if p == np.inf:
        return np.asarray(x / np.max(np.abs(x), axis=axis, keepdims=True))
    return np.asarray(x / np.sum(np.abs(x) ** p, axis=axis, keepdims=True) ** (1 / p))


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.rms_norm: Samples(features(most=1), _rms_norm, floating=2),
    ops.local_response_norm: Samples(_adjacent(), _local_response_norm),
    ops.normalize: Samples(_orders(), _normalize),
}
