"""Samples of pooling by averages and norms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ..strategies.windows import windows_of
from .calls import Array, Call, Samples, nonzero, real
from .pooling import RANKS, by_loops, members, pooled


@st.composite
def _averaged(draw: st.DrawFn, rank: int) -> Call:
    call = draw(pooled(rank, real, "count_include_pad"))
    return Call(
        call.arrays, {**call.settings, "divisor_override": draw(st.sampled_from([None, 3]))}
    )


def _average_by_loops(
    x: Array, count_include_pad: bool, divisor_override: int | None, **settings: Any
) -> Array:
    windows = windows_of(x.shape, settings)
    values = by_loops(np.sum)(x, **settings)
    for at, found in members(windows):
        divisor = len(found)
        if count_include_pad:
            # The elements that do not hang over the padding.
            divisor = math.prod(
                sum(o * s + k * d < before + length + after for k in range(size))
                for o, s, d, size, length, (before, after) in zip(
                    at,
                    windows.stride,
                    windows.dilation,
                    windows.size,
                    x.shape[2:],
                    windows.padding,
                    strict=True,
                )
            )
        values[(..., *at)] /= divisor_override or divisor
    return np.asarray(values)


@st.composite
def _normed(draw: st.DrawFn, rank: int) -> Call:
    call = draw(pooled(rank, nonzero, padded=False, dilated=False))
    p = draw(st.sampled_from([1, 2, 3.5]))
    return Call(call.arrays, {"norm_type": p, **call.settings})


def _norm_by_loops(x: Array, norm_type: float, **settings: Any) -> Array:
    windows = windows_of(x.shape, settings)
    values: Array = by_loops(np.mean)(abs(x) ** norm_type, **settings)
    return np.asarray((values * math.prod(windows.size)) ** (1 / norm_type))


SAMPLES: dict[Callable[..., Any], Samples] = {}
for _rank in RANKS:
    SAMPLES[getattr(ops, f"avg_pool{_rank}d")] = Samples(_averaged(_rank), _average_by_loops)
    SAMPLES[getattr(ops, f"lp_pool{_rank}d")] = Samples(_normed(_rank), _norm_by_loops)
