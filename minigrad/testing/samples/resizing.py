"""Samples of images of another size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs

MODES = {
    1: ("nearest", "nearest-exact", "area", "linear"),
    2: ("nearest", "nearest-exact", "area", "bilinear", "bicubic"),
    3: ("nearest", "nearest-exact", "area", "trilinear"),
}


@st.composite
def interpolations(draw: st.DrawFn, batch: int = 0, longest: int = 5) -> Call:
    """Images of one to three axes, in every mode, by a size or a factor."""
    rank = draw(st.integers(1, 3))
    longest = longest if rank < 3 else min(longest, 3)
    lengths = draw(st.tuples(*[st.integers(1, longest)] * rank))
    mode = draw(st.sampled_from(MODES[rank]))
    settings: dict[str, Any] = {"mode": mode}
    if draw(st.booleans()):
        settings["size"] = draw(st.tuples(*[st.integers(1, longest + 2)] * rank))
        if draw(st.booleans()):
            settings["size"] = settings["size"][0]
    else:
        # Powers of 2 and others, none of which lets a place fall between two pixels.
        factors = st.sampled_from([0.5, 0.7, 1, 1.3, 2, 2.6])
        drawn = draw(st.tuples(*[factors] * rank))
        least = tuple(max(f, 1 / n) for f, n in zip(drawn, lengths, strict=True))
        settings["scale_factor"] = least
        if draw(st.booleans()):
            settings["scale_factor"] = max(least)
        settings["recompute_scale_factor"] = draw(st.sampled_from([None, False, True]))
    if mode in ("linear", "bilinear", "trilinear", "bicubic"):
        settings["align_corners"] = draw(st.sampled_from([None, False, True]))
    if mode in ("bilinear", "bicubic"):
        settings["antialias"] = draw(st.booleans())
    shape = (draw(st.integers(batch, 2)), draw(st.integers(1, 2)), *lengths)
    return Call((real(draw(rngs()), shape),), settings)


def _interpolate_by_loops(
    x: Array,
    mode: str,
    size: Any = None,
    scale_factor: Any = None,
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Array:
    """Each pixel as a sum over all pixels, each times a weight for each axis."""
    rank = x.ndim - 2
    lengths = x.shape[2:]
    if scale_factor is None:
        sizes = (size,) * rank if isinstance(size, int) else size
        factors = (None,) * rank
    else:
        factors = scale_factor if isinstance(scale_factor, tuple) else (scale_factor,) * rank
        sizes = tuple(int(n * f) for n, f in zip(lengths, factors, strict=True))
        if recompute_scale_factor:
            factors = (None,) * rank
    out = np.zeros((*x.shape[:2], *sizes))
    for at in np.ndindex(*sizes):
        rows = [
            _weights(i, n, size, factor, mode, bool(align_corners), antialias)
            for i, n, size, factor in zip(at, lengths, sizes, factors, strict=True)
        ]
        for source in np.ndindex(*lengths):
            weight = math.prod(row[j] for row, j in zip(rows, source, strict=True))
            out[:, :, *at] += weight * x[:, :, *source]
    return out


def _weights(
    i: int, n: int, size: int, factor: float | None, mode: str, align_corners: bool, smooth: bool
) -> list[float]:
    """The weight of each pixel of an axis in pixel `i` of the new one."""
    step = n / size if factor is None else 1 / factor
    row = [0.0] * n
    if mode == "area":
        for j in range(n):
            row[j] = max(0.0, float(j + 1 > i * n / size) * (j < (i + 1) * n / size))
        return [weight / sum(row) for weight in row]
    if mode.startswith("nearest"):
        if mode == "nearest" and size in (n, 2 * n):
            step = n / size
        j = math.floor(i * step if mode == "nearest" else (i + 0.5) * step)
        row[min(j, n - 1)] = 1.0
        return row
    if align_corners:
        step = (n - 1) / (size - 1) if size > 1 else 0.0
    cubic = mode == "bicubic"
    radius = 2 if cubic else 1
    if n == size and factor and (smooth or not cubic) and not align_corners:
        step = 1.0
    if smooth:
        stretch = max(step, 1.0)
        centre = (i + 0.5) * step - 0.5
        for j in range(n):
            row[j] = _kernel(abs(j - centre) / stretch, cubic, -0.5)
        return [weight / sum(row) for weight in row]
    centre = i * step if align_corners else (i + 0.5) * step - 0.5
    for j in range(math.floor(centre) - radius, math.floor(centre) + radius + 2):
        row[min(max(j, 0), n - 1)] += _kernel(abs(j - centre), cubic, -0.75)
    return row


def _kernel(d: float, cubic: bool, a: float) -> float:
    if not cubic:
        return max(0.0, 1 - d)
    if d < 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * (d**3 - 5 * d**2 + 8 * d - 4) if d < 2 else 0.0


@st.composite
def _shuffles(draw: st.DrawFn, name: str, undo: bool = False) -> Call:
    r, c, h, w = (draw(st.integers(1, 3)) for _ in range(4))
    batch = draw(st.lists(st.integers(0, 2), max_size=2))
    shape = (*batch, c, h * r, w * r) if undo else (*batch, c * r * r, h, w)
    return Call((real(draw(rngs()), shape),), {name: r})


def _pixel_shuffle_by_loops(x: Array, upscale_factor: int) -> Array:
    r = upscale_factor
    *batch, channels, height, width = x.shape
    out = np.zeros((*batch, channels // r**2, height * r, width * r))
    for c, i, j in np.ndindex(out.shape[-3:]):
        out[..., c, i, j] = x[..., c * r * r + i % r * r + j % r, i // r, j // r]
    return out


def _pixel_unshuffle_by_loops(x: Array, downscale_factor: int) -> Array:
    r = downscale_factor
    parts = [x[..., c, i::r, j::r] for c, i, j in np.ndindex(x.shape[-3], r, r)]
    return np.stack(parts, axis=-3)


@st.composite
def _channel_shuffles(draw: st.DrawFn) -> Call:
    groups, channels = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    image = draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))
    shape = (draw(st.integers(0, 2)), groups * channels, *image)
    return Call((real(draw(rngs()), shape),), {"groups": groups})


def _channel_shuffle_by_loops(x: Array, groups: int) -> Array:
    each = x.shape[1] // groups
    return np.stack([x[:, g * each + c] for c in range(each) for g in range(groups)], axis=1)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.interpolate: Samples(interpolations(), _interpolate_by_loops),
    ops.pixel_shuffle: Samples(_shuffles("upscale_factor"), _pixel_shuffle_by_loops),
    ops.pixel_unshuffle: Samples(_shuffles("downscale_factor", True), _pixel_unshuffle_by_loops),
    ops.channel_shuffle: Samples(_channel_shuffles(), _channel_shuffle_by_loops),
}
