"""Sum pooling: the sum of each window of each channel.

Sums go along one axis after another, and so does their adjoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..buffers import empty_like
from ..registry import Array, Forward, composed, op
from .pooling_windows import Pool, pool_over
from .windows import EVERYTHING, Size, as_array, batch_first, batch_innermost, over_channels

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed()
def sum_pool1d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    *,
    exact: bool = False,
) -> Tensor:
    """Return the sum of each window of sequences; `sum_pool2d` with one spatial axis.

    Parameters
    ----------
    x : array of shape (N, C, L)
    kernel_size, stride, padding, dilation, ceil_mode, exact
        As for `sum_pool2d`.

    Returns
    -------
    array of shape (N, C, OL)
    """
    x = as_array("sum_pool1d", "x", x)
    pool = pool_over("sum_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode, exact)
    return sum_windows(x, pool)


@composed()
def sum_pool2d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    *,
    exact: bool = False,
) -> Tensor:
    """Return the sum of each window.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
    kernel_size, stride, padding, dilation, ceil_mode, exact
        As for `max_pool2d`. Padding adds nothing.

    Returns
    -------
    array of shape (N, C, OH, OW)
        Of the dtype that `sum` has.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> mg.sum_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[10., 18.],
           [42., 50.]])
    """
    x = as_array("sum_pool2d", "x", x)
    pool = pool_over("sum_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode, exact)
    return sum_windows(x, pool)


@composed()
def sum_pool3d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    *,
    exact: bool = False,
) -> Tensor:
    """Return the sum of each window of volumes; `sum_pool2d` with three spatial axes.

    Parameters
    ----------
    x : array of shape (N, C, D, H, W)
    kernel_size, stride, padding, dilation, ceil_mode, exact
        As for `sum_pool2d`.

    Returns
    -------
    array of shape (N, C, OD, OH, OW)
    """
    x = as_array("sum_pool3d", "x", x)
    pool = pool_over("sum_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode, exact)
    return sum_windows(x, pool)


@op(piecewise_linear=True)
def sum_windows(x: Array, /, pool: Pool) -> Forward:
    """Sum the pixels of each window.

    Parameters
    ----------
    x : array of shape (N, C, lengths...)
    pool : Pool

    Returns
    -------
    array of shape (N, C, out...)
    """
    kind = x.dtype
    if kind.kind in "iu":
        x = x.astype(kind := np.sum(np.zeros(1, kind)).dtype)
    elif kind == np.float16:  # which has no digits for sums
        x = x.astype(np.float32)
    images = batch_innermost(x)
    total = empty_like(images, pool.slots)

    def run(group: slice) -> None:
        values, rank = images[group], len(pool.axes)
        # The first axis first: what is left to the others is then less, and in longer runs.
        for place, axis in enumerate(pool.axes):
            to = total[group] if place == rank - 1 else _resized(values, place, axis.out)
            lead = (EVERYTHING,) * (place + 1)
            for tap in axis.to_windows:
                part, sums = values[*lead, tap.pixels], to[*lead, tap.windows]
                if tap.fresh:
                    sums[...] = part
                else:
                    np.add(sums, part, out=sums)
            values = to

    over_channels(run, pool.image[1], images.size * images.dtype.itemsize)
    total = total.astype(kind, copy=False)
    return batch_first(total), lambda g: spread_windows(g, pool)


@op(piecewise_linear=True)
def spread_windows(x: Array, /, pool: Pool) -> Forward:
    """Add one value for each window to all of its pixels, in images of zeros.

    The adjoint of `sum_windows`.

    Parameters
    ----------
    x : array of shape (N, C, out...)
    pool : Pool

    Returns
    -------
    array of shape (N, C, lengths...)
    """
    n, c, *lengths = pool.image
    kind = x.dtype
    if kind == np.float16:
        x = x.astype(np.float32)
    values = batch_innermost(x)
    images = empty_like(x, (c, *lengths, n))

    def run(group: slice) -> None:
        parts = values[group]
        for place in reversed(range(len(pool.axes))):
            axis, lead = pool.axes[place], (EVERYTHING,) * (place + 1)
            to = _resized(parts, place, axis.length) if place else images[group]
            for gap in axis.gaps:
                to[*lead, gap] = 0
            for tap in axis.to_pixels:
                part, pixels = parts[*lead, tap.windows], to[*lead, tap.pixels]
                if tap.fresh:
                    pixels[...] = part
                else:
                    np.add(pixels, part, out=pixels)
            parts = to

    over_channels(run, c, images.size * images.dtype.itemsize)
    images = images.astype(kind, copy=False)
    return batch_first(images), lambda g: sum_windows(g, pool)


def _resized(x: Array, place: int, length: int) -> Array:
    """An array like (C, lengths..., N), but of another length along one spatial axis."""
    shape = np.shape(x)
    return empty_like(x, (*shape[: place + 1], length, *shape[place + 2 :]))
