"""Samples of im2col and col2im."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ...ops.windows import Windows, windows_over
from .calls import Array, Call, Samples, Settings, real, rngs, separated


def pairs(least: int, most: int) -> st.SearchStrategy[Any]:
    """A setting of windows: a number, or one for each direction."""
    number = st.integers(least, most)
    return number | st.tuples(number, number)


@st.composite
def window_settings(
    draw: st.DrawFn, side: int = 5, pool: bool = False
) -> tuple[tuple[int, int, int, int], Settings]:
    """An image shape, and windows that fit in it."""
    size = draw(pairs(1, 3))
    heights = (size, size) if isinstance(size, int) else size
    padding = draw(pairs(0, min(heights) // 2 if pool else 2))
    around = (padding, padding) if isinstance(padding, int) else padding
    shape = (
        draw(st.integers(0, 2)),
        draw(st.integers(1, 2)),
        *(draw(st.integers(max(1, k - 2 * p), side)) for k, p in zip(heights, around, strict=True)),
    )
    settings = {"kernel_size": size, "stride": draw(pairs(1, 3)), "padding": padding}
    return (shape[0], shape[1], shape[2], shape[3]), settings


def windows_of(shape: tuple[int, ...], settings: Settings) -> Windows:
    """The windows of a call with these settings."""
    return windows_over(
        "samples", shape, settings["kernel_size"], settings["stride"], settings["padding"]
    )


@st.composite
def images(draw: st.DrawFn, pool: bool = False) -> Call:
    """Images and windows over them; for pooling, with no two values close."""
    shape, settings = draw(window_settings(pool=pool))
    return Call(((separated() if pool else real)(draw(rngs()), shape),), settings)


@st.composite
def _column_matrices(draw: st.DrawFn) -> Call:
    shape, settings = draw(window_settings())
    columns = real(draw(rngs()), windows_of(shape, settings).columns)
    return Call((columns,), {"shape": shape, **settings})


def places(windows: Windows, i: int, j: int) -> list[tuple[int, int]]:
    """Rows and columns of the image under the window (i, j), in row-major order."""
    return [
        (
            i * windows.stride[0] + di - windows.padding[0],
            j * windows.stride[1] + dj - windows.padding[1],
        )
        for di, dj in np.ndindex(windows.size)
    ]


def is_inside(shape: tuple[int, ...], at: tuple[int, int]) -> bool:
    """Whether a row and column lie in an image and not in its padding."""
    return 0 <= at[0] < shape[2] and 0 <= at[1] < shape[3]


def _im2col_by_loops(x: Array, **settings: Any) -> Array:
    windows = windows_of(x.shape, settings)
    n, c, *_ = x.shape
    columns = np.zeros((c, math.prod(windows.size), *windows.out, n), x.dtype)
    for i, j in np.ndindex(windows.out):
        for k, at in enumerate(places(windows, i, j)):
            if is_inside(x.shape, at):
                columns[:, k, i, j] = x[:, :, *at].T
    return columns.reshape(windows.columns)


def _col2im_by_loops(columns: Array, shape: tuple[int, ...], **settings: Any) -> Array:
    windows = windows_of(shape, settings)
    images = np.zeros(shape, columns.dtype)
    slots = columns.reshape(windows.slots)
    for i, j in np.ndindex(windows.out):
        for k, at in enumerate(places(windows, i, j)):
            if is_inside(shape, at):
                images[:, :, *at] += slots[:, k, i, j].T
    return images


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.im2col: Samples(images(), _im2col_by_loops),
    ops.col2im: Samples(_column_matrices(), _col2im_by_loops),
}
