"""Samples of im2col, col2im and their relatives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ...ops.windows import Windows
from ..strategies.windows import each, places, window_settings, windows_of
from .calls import Array, Call, Samples, real, rngs, separated


@st.composite
def images(draw: st.DrawFn, rank: int | None = None, pool: bool = False) -> Call:
    """Images and windows over them; for pooling, with no two values close."""
    shape, settings = draw(window_settings(rank, pool=pool))
    return Call(((separated() if pool else real)(draw(rngs()), shape),), settings)


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
