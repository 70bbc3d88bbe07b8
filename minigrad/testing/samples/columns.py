"""Samples of im2col, col2im and their relatives; windows over images, for other samples too."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ...ops.windows import Windows, windows_over
from .calls import Array, Call, Samples, Settings, real, rngs, separated


def settings_of(least: int, most: int, rank: int) -> st.SearchStrategy[int | tuple[int, ...]]:
    """A setting of windows: a number, or one for each spatial axis."""
    number = st.integers(least, most)
    return number | st.tuples(*[number] * rank)


def each(setting: int | tuple[int, ...], rank: int) -> tuple[int, ...]:
    """A setting as one number for each spatial axis."""
    return (setting,) * rank if isinstance(setting, int) else setting


@st.composite
def window_settings(
    draw: st.DrawFn,
    rank: int | None = None,
    side: int = 5,
    pool: bool = False,
    batch: int = 2,
    channels: int = 2,
) -> tuple[tuple[int, ...], Settings]:
    """An image shape, and windows that fit in it; for pooling, with little padding."""
    rank = draw(st.integers(1, 3)) if rank is None else rank
    side = min(side, 3) if rank > 2 else side
    size = draw(settings_of(1, 2 if rank > 2 else 3, rank))
    dilation = draw(st.just(1) | settings_of(1, 2, rank))
    padding = draw(settings_of(0, min(each(size, rank)) // 2 if pool else 2, rank))
    least = [
        max(1, d * (k - 1) + 1 - 2 * p)
        for k, d, p in zip(each(size, rank), each(dilation, rank), each(padding, rank), strict=True)
    ]
    lengths = [draw(st.integers(low, max(low, side))) for low in least]
    shape = (draw(st.integers(0, batch)), draw(st.integers(1, channels)), *lengths)
    stride = draw(settings_of(1, 3, rank))
    settings = {"kernel_size": size, "stride": stride, "padding": padding, "dilation": dilation}
    if pool and has_empty(windows_of(shape, settings)):
        settings["dilation"] = 1
    return shape, settings


def windows_of(shape: tuple[int, ...], settings: Settings) -> Windows:
    """The windows of a call with these settings."""
    known = ("stride", "padding", "dilation", "ceil_mode")
    return windows_over(
        "samples",
        shape,
        settings["kernel_size"],
        **{name: settings[name] for name in known if name in settings},
    )


def has_empty(windows: Windows) -> bool:
    """Whether some window has no element inside of the image."""
    return any(
        all(place is None for place in places(windows, at)) for at in np.ndindex(windows.out)
    )


@st.composite
def images(draw: st.DrawFn, rank: int | None = None, pool: bool = False) -> Call:
    """Images and windows over them; for pooling, with no two values close."""
    shape, settings = draw(window_settings(rank, pool=pool))
    return Call(((separated() if pool else real)(draw(rngs()), shape),), settings)


def places(windows: Windows, at: tuple[int, ...]) -> Iterator[tuple[int, ...] | None]:
    """Index in the image of each element of the window `at`; None where it has none."""
    for element in itertools.product(*map(range, windows.size)):
        index = tuple(
            o * s + k * d - before
            for o, s, k, d, (before, _) in zip(
                at, windows.stride, element, windows.dilation, windows.padding, strict=True
            )
        )
        inside = all(0 <= i < length for i, length in zip(index, windows.image[2:], strict=True))
        yield index if inside else None


@st.composite
def _column_matrices(draw: st.DrawFn) -> Call:
    shape, settings = draw(window_settings())
    layout = draw(st.sampled_from(["columns", "rows"]))
    matrix = windows_of(shape, settings).columns
    columns = real(draw(rngs()), matrix if layout == "columns" else matrix[::-1])
    return Call((columns,), {"shape": shape, **settings, "layout": layout})


@st.composite
def _laid_out(draw: st.DrawFn) -> Call:
    call = draw(images())
    layout = draw(st.sampled_from(["columns", "rows"]))
    return Call(call.arrays, {**call.settings, "layout": layout})


@st.composite
def _unfolded(draw: st.DrawFn) -> Call:
    shape, settings = draw(window_settings())
    windows = windows_of(shape, settings)
    x = real(draw(rngs()), (shape[0], windows.columns[0], math.prod(windows.out)))
    return Call((x,), {"output_size": shape[2:], **settings})


def _over(place: tuple[int, ...]) -> Any:
    """Index of a pixel in all images (N, C, *lengths)."""
    return (slice(None), slice(None), *place)


def _under(element: int, at: tuple[int, ...]) -> Any:
    """Index of an element of a window in the slots (C, elements, *out, N)."""
    return (slice(None), element, *at)


def _im2col_by_loops(x: Array, layout: str = "columns", **settings: Any) -> Array:
    windows = windows_of(x.shape, settings)
    n, c, *_ = x.shape
    columns = np.zeros((c, math.prod(windows.size), *windows.out, n), x.dtype)
    for at in np.ndindex(windows.out):
        for k, place in enumerate(places(windows, at)):
            if place is not None:
                columns[_under(k, at)] = x[_over(place)].T
    if layout == "columns":
        return columns.reshape(windows.columns)
    order = [columns.ndim - 1, *range(2, columns.ndim - 1), 0, 1]
    return columns.transpose(order).reshape(windows.columns[::-1])


def _col2im_by_loops(
    columns: Array, shape: tuple[int, ...], layout: str = "columns", **settings: Any
) -> Array:
    windows = windows_of(shape, settings)
    images = np.zeros(shape, columns.dtype)
    numbers = np.arange(columns.size).reshape(windows.columns)
    if layout == "rows":
        numbers = _im2col_numbers(windows)
    slots = columns.ravel()[numbers].reshape(windows.slots)
    for at in np.ndindex(windows.out):
        for k, place in enumerate(places(windows, at)):
            if place is not None:
                images[_over(place)] += slots[_under(k, at)].T
    return images


def _im2col_numbers(windows: Windows) -> Array:
    """Where each element of the columns stands among the rows of the other layout."""
    n, c, *_ = windows.image
    elements = math.prod(windows.size)
    rows = np.arange(math.prod(windows.slots)).reshape(n, math.prod(windows.out), c * elements)
    return rows.transpose(2, 1, 0).reshape(windows.columns)


def _unfold_by_loops(x: Array, **settings: Any) -> Array:
    windows = windows_of(x.shape, settings)
    columns = _im2col_by_loops(x, **settings)
    columns = columns.reshape(len(columns), math.prod(windows.out), x.shape[0])
    return columns.transpose(2, 0, 1)


def _fold_by_loops(x: Array, output_size: tuple[int, ...], **settings: Any) -> Array:
    n, rows, count = x.shape
    channels = rows // math.prod(each(settings["kernel_size"], len(output_size)))
    columns = x.transpose(1, 2, 0).reshape(rows, count * n)
    return _col2im_by_loops(columns, (n, channels, *output_size), **settings)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.im2col: Samples(_laid_out(), _im2col_by_loops),
    ops.col2im: Samples(_column_matrices(), _col2im_by_loops),
    ops.unfold: Samples(images(), _unfold_by_loops),
    ops.fold: Samples(_unfolded(), _fold_by_loops),
}
