"""Samples of convolutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs
from .windows import is_inside, places, window_settings, windows_of


@st.composite
def _convolutions(draw: st.DrawFn) -> Call:
    shape, settings = draw(window_settings(side=4))
    rng, filters = draw(rngs()), draw(st.integers(1, 2))
    size = windows_of(shape, settings).size
    del settings["kernel_size"]
    arrays = [real(rng, shape), real(rng, (filters, shape[1], *size))]
    if draw(st.booleans()):
        arrays.append(real(rng, (filters,)))
    return Call(tuple(arrays), settings)


def _conv2d_by_loops(x: Array, weight: Array, bias: Array | None = None, **settings: Any) -> Array:
    windows = windows_of(x.shape, {"kernel_size": weight.shape[2:], **settings})
    out = np.zeros((x.shape[0], weight.shape[0], *windows.out), x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        for (di, dj), at in zip(np.ndindex(windows.size), places(windows, i, j), strict=True):
            if is_inside(x.shape, at):
                out[n, f, i, j] += np.sum(x[n, :, *at] * weight[f, :, di, dj])
        if bias is not None:
            out[n, f, i, j] += bias[f]
    return out


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.conv2d: Samples(_convolutions(), _conv2d_by_loops),
}
