"""Samples of convolutions and their transposes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ...ops.windows import Windows, windows_over
from ..strategies.windows import convolutions, each, places, settings_of
from .calls import Array, Call, Samples, real, rngs


@st.composite
def _convolutions(draw: st.DrawFn, rank: int) -> Call:
    """Images, filters, perhaps a bias, and the settings of a convolution."""
    found = draw(convolutions(rank, min_batch=0))
    rng = draw(rngs())
    return Call(tuple(real(rng, shape) for shape in found.shapes), found.settings)


@st.composite
def _inner(draw: st.DrawFn, *parts: str) -> Call:
    """Some of the images, filters and outputs of a convolution."""
    found = draw(convolutions(draw(st.integers(1, 3)), min_batch=0))
    shapes = dict(zip(("x", "weight", "bias"), found.shapes, strict=False), y=found.out_shape)
    if parts == ("x", "weight") and found.has_bias:
        parts = (*parts, "bias")
    rng = draw(rngs())
    arrays = tuple(real(rng, shapes[part]) for part in parts)
    return Call(arrays, {"windows": found.windows, "groups": found.groups})


@st.composite
def _transposes(draw: st.DrawFn, rank: int) -> Call:
    """Outputs, filters and the settings of a transposed convolution."""
    size = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    stride, dilation = draw(settings_of(1, 3, rank)), draw(settings_of(1, 2, rank))
    padding = draw(settings_of(0, 1, rank))
    spread = [max(s, d) for s, d in zip(each(stride, rank), each(dilation, rank), strict=True)]
    extra = draw(settings_of(0, min(spread) - 1, rank))
    lengths = []
    for k, s, d, p, e in zip(
        size,
        *(each(setting, rank) for setting in (stride, dilation, padding, extra)),
        strict=True,
    ):
        # At least one row of the output must be left.
        least = 1 + max(0, -(-(2 * p - d * (k - 1) - e) // s))
        lengths.append(draw(st.integers(least, max(least, 3 if rank < 3 else 2))))
    groups, channels = draw(st.sampled_from([(1, 1), (1, 2), (2, 1)]))
    filters = groups * draw(st.integers(1, 2))
    rng = draw(rngs())
    arrays = [
        real(rng, (draw(st.integers(0, 2)), filters, *lengths)),
        real(rng, (filters, channels, *size)),
    ]
    if draw(st.booleans()):
        arrays.append(real(rng, (groups * channels,)))
    return Call(
        tuple(arrays),
        {
            "stride": stride,
            "padding": padding,
            "output_padding": extra,
            "groups": groups,
            "dilation": dilation,
        },
    )


def _terms(windows: Windows, shape: tuple[int, ...], groups: int) -> Any:
    """Every product of a convolution: indices of the image, the filter and the output."""
    filters, channels = shape[:2]
    per_group = filters // groups
    for at in np.ndindex(windows.out):
        elements = np.ndindex(windows.size)
        for element, place in zip(elements, places(windows, at), strict=True):
            if place is None:
                continue
            for f, c in np.ndindex(filters, channels):
                channel = f // per_group * channels + c
                yield (slice(None), channel, *place), (f, c, *element), (slice(None), f, *at)


def _convolution_by_loops(
    x: Array, weight: Array, bias: Array | None = None, *, windows: Windows, groups: int = 1
) -> Array:
    out = np.zeros((x.shape[0], weight.shape[0], *windows.out), x.dtype)
    for pixel, element, at in _terms(windows, weight.shape, groups):
        out[at] += x[pixel] * weight[element]
    return out if bias is None else out + bias.reshape(-1, *[1] * len(windows.size))


def _transposed_by_loops(x: Array, weight: Array, *, windows: Windows, groups: int = 1) -> Array:
    images = np.zeros(windows.image, x.dtype)
    for pixel, element, at in _terms(windows, weight.shape, groups):
        images[pixel] += x[at] * weight[element]
    return images


def _filter_gradient_by_loops(x: Array, y: Array, *, windows: Windows, groups: int = 1) -> Array:
    channels = windows.image[1] // groups
    filters = np.zeros((y.shape[1], channels, *windows.size), x.dtype)
    for pixel, element, at in _terms(windows, filters.shape, groups):
        filters[element] += np.sum(x[pixel] * y[at])
    return filters


def _conv_by_loops(
    x: Array, weight: Array, bias: Array | None = None, groups: int = 1, **settings: Any
) -> Array:
    windows = windows_over("samples", x.shape, weight.shape[2:], **settings)
    return _convolution_by_loops(x, weight, bias, windows=windows, groups=groups)


def _conv_transpose_by_loops(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Array:
    rank, size = x.ndim - 2, weight.shape[2:]
    s, p, e, d = (each(setting, rank) for setting in (stride, padding, output_padding, dilation))
    lengths = [
        (x.shape[2 + i] - 1) * s[i] - 2 * p[i] + d[i] * (size[i] - 1) + 1 + e[i]
        for i in range(rank)
    ]
    image = (x.shape[0], weight.shape[1] * groups, *lengths)
    windows = Windows(image, size, s, tuple((q, q) for q in p), d, x.shape[2:])
    out = _transposed_by_loops(x, weight, windows=windows, groups=groups)
    return out if bias is None else out + bias.reshape(-1, *[1] * rank)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.conv1d: Samples(_convolutions(1), _conv_by_loops),
    ops.conv2d: Samples(_convolutions(2), _conv_by_loops),
    ops.conv3d: Samples(_convolutions(3), _conv_by_loops),
    ops.conv_transpose1d: Samples(_transposes(1), _conv_transpose_by_loops),
    ops.conv_transpose2d: Samples(_transposes(2), _conv_transpose_by_loops),
    ops.conv_transpose3d: Samples(_transposes(3), _conv_transpose_by_loops),
    ops.convolution: Samples(_inner("x", "weight"), _convolution_by_loops),
    ops.transposed_convolution: Samples(_inner("y", "weight"), _transposed_by_loops),
    ops.filter_gradient: Samples(_inner("x", "y"), _filter_gradient_by_loops),
}
