"""Samples of normalising channels, groups of them and features."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, positive, real, rngs, separated


def _eps() -> st.SearchStrategy[float]:
    return st.sampled_from([1e-5, 0.5])


@st.composite
def _channels(draw: st.DrawFn, least: int) -> Call:
    """Images of any number of directions; statistics, weights and biases by position."""
    directions = tuple(draw(st.lists(st.integers(1, 3), min_size=least, max_size=3)))
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 3)), *directions)
    rng = draw(rngs())
    arrays: list[Array] = [separated()(rng, shape)]
    by_own = math.prod(directions) > 1 if least else math.prod(shape) > shape[1]
    given = draw(st.integers(0 if by_own else 2, 4).filter(lambda count: count != 1))
    arrays += [kind(rng, shape[1:2]) for kind in (real, positive, real, real)[:given]]
    return Call(tuple(arrays), {"eps": draw(_eps())})


@st.composite
def _groups(draw: st.DrawFn) -> Call:
    groups, each = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    rest = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    shape, rng = (draw(st.integers(0, 2)), groups * each, *rest), draw(rngs())
    arrays: list[Any] = [separated()(rng, shape), groups]
    arrays += [real(rng, shape[1:2]) for _ in range(draw(st.integers(0, 2)))]
    return Call(tuple(arrays), {"eps": draw(_eps())})


@st.composite
def features(draw: st.DrawFn, most: int) -> Call:
    """An array whose last axis is normalised, with at most so many parameters, or its last axes."""
    shape, rng = draw(hnp.array_shapes(max_dims=3, max_side=3)), draw(rngs())
    x = separated()(rng, shape)
    parameters = draw(st.integers(0, most))
    if parameters:
        arrays = [real(rng, shape[-1:]) for _ in range(parameters)]
        return Call((x, shape[-1], *arrays), {"eps": draw(_eps())})
    last = shape[draw(st.integers(0, len(shape) - 1)) :]
    return Call((x,), {"normalized_shape": last, "eps": draw(_eps())})


def _scaled(x: Array, axis: Any, eps: float) -> Array:
    mean = np.mean(x, axis=axis, keepdims=True)
    return np.asarray((x - mean) / np.sqrt(np.var(x, axis=axis, keepdims=True) + eps))


def _column(vector: Any, x: Array) -> Any:
    return np.reshape(vector, (-1,) + (1,) * (x.ndim - 2))


def _channels_by(positions: int) -> Callable[..., Array]:
    """The reference whose own statistics are over the first axis too, or the positions alone."""

    def by_channels(
        x: Array,
        mean: Any = None,
        var: Any = None,
        weight: Any = 1.0,
        bias: Any = 0.0,
        *,
        eps: float,
    ) -> Array:
        if mean is None:
            axes = tuple(i for i in range(x.ndim) if i >= 2 or i < positions)
            out = _scaled(x, axes, eps)
        else:
            out = (x - _column(mean, x)) / np.sqrt(_column(var, x) + eps)
        return np.asarray(out * _column(weight, x) + _column(bias, x))

    return by_channels


def _group_norm(
    x: Array, num_groups: int, weight: Any = 1.0, bias: Any = 0.0, *, eps: float
) -> Array:
    out = np.empty_like(x)
    size = x.shape[1] // num_groups
    for item in range(x.shape[0]):
        for group in range(num_groups):
            channels = slice(group * size, (group + 1) * size)
            out[item, channels] = _scaled(x[item, channels], None, eps)
    return np.asarray(out * _column(weight, x) + _column(bias, x))


def _layer_norm(
    x: Array, normalized_shape: Any, weight: Any = 1.0, bias: Any = 0.0, *, eps: float
) -> Array:
    axes = tuple(range(-np.size(normalized_shape), 0))
    return np.asarray(_scaled(x, axes, eps) * weight + bias)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.batch_norm: Samples(_channels(least=0), _channels_by(positions=1), floating=5),
    ops.instance_norm: Samples(_channels(least=1), _channels_by(positions=0), floating=5),
    ops.group_norm: Samples(_groups(), _group_norm, floating=3),
    ops.layer_norm: Samples(features(most=2), _layer_norm, floating=3),
}
