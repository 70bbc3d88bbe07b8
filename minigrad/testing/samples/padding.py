"""Samples of margins around arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, nonzero, real, rngs, shapes

_HAS_AXIS = "axis" in inspect.signature(np.trim_zeros).parameters  # since NumPy 2.2


@st.composite
def _margins(draw: st.DrawFn) -> Call:
    mode = draw(st.sampled_from(["constant", "edge", "reflect", "symmetric", "wrap"]))
    # What is copied must be there.
    shape = draw(shapes(dims=1, side=mode != "constant"))
    width = st.integers(0, 4)
    pair = st.tuples(width, width)
    widths = draw(st.one_of(width, pair, st.lists(pair, min_size=len(shape), max_size=len(shape))))
    settings: dict[str, Any] = {"pad_width": widths, "mode": mode}
    if mode == "constant":
        settings["constant_values"] = draw(st.sampled_from([0.0, 1.5, (1.0, 2.0), [(1.0, 2.0)]]))
    return Call((real(draw(rngs()), shape),), settings)


@st.composite
def _folds(draw: st.DrawFn) -> Call:
    mode = draw(st.sampled_from(["edge", "reflect", "symmetric", "wrap"]))
    inner = draw(shapes(dims=1, side=1))
    widths = tuple(draw(st.tuples(*[st.integers(0, 4)] * 2)) for _ in inner)
    shape = tuple(length + sum(width) for length, width in zip(inner, widths, strict=True))
    return Call((real(draw(rngs()), shape),), {"pad_width": widths, "mode": mode})


@st.composite
def _with_zeros(draw: st.DrawFn) -> Call:
    """Arrays with zeros that stay: one that is cut off jumps with the smallest difference."""
    rng = draw(rngs())
    shape = draw(shapes(dims=1, side=1)) if _HAS_AXIS else (draw(st.integers(1, 6)),)
    values = np.where(rng.random(shape) < 0.5, 0.0, nonzero(rng, shape))
    values[(0,) * len(shape)] = values[(-1,) * len(shape)] = 1.0
    settings: dict[str, Any] = {"trim": draw(st.sampled_from(["f", "b", "fb", "BF"]))}
    if _HAS_AXIS:
        axis = st.integers(-len(shape), len(shape) - 1)
        settings["axis"] = draw(st.one_of(st.none(), axis, st.tuples(axis)))
    return Call((values,), settings)


def _fold(x: Array, pad_width: Any, mode: Any) -> Array:
    """Each element goes where `pad` took it from."""
    shape = [n - sum(width) for n, width in zip(x.shape, pad_width, strict=True)]
    origin = np.pad(np.arange(np.prod(shape)).reshape(shape), pad_width, mode=mode)
    out = np.zeros(int(np.prod(shape)), x.dtype)
    np.add.at(out, origin.ravel(), x.ravel())
    return out.reshape(shape)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.pad: Samples(_margins(), np.pad),
    ops.fold_margins: Samples(_folds(), _fold),
    ops.trim_zeros: Samples(_with_zeros(), lambda x, **_: x),
}
