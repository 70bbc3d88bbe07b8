"""Median pooling: the middle value in each window of each channel."""

from __future__ import annotations

import numpy as np

from ..buffers import empty_like
from ..registry import Array, Forward, op
from .pooling_windows import Pool, pool_over
from .windows import Size, batch_innermost, over_channels
from .winners import gather_winners, name_nans, scatter_winners


@op(piecewise_linear=True)
def median_pool1d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    *,
    exact: bool = False,
) -> Forward:
    """Return the middle value in each window of sequences; `median_pool2d` with one spatial axis.

    Parameters
    ----------
    x : array of shape (N, C, L)
    kernel_size, stride, padding, dilation, ceil_mode, exact
        As for `max_pool2d`.

    Returns
    -------
    array of shape (N, C, OL)
    """
    pool = pool_over(
        "median_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode, exact
    )
    return _median_pool(x, pool)


@op(piecewise_linear=True)
def median_pool2d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    *,
    exact: bool = False,
) -> Forward:
    """Return the middle value in each window, or the mean of the two in the middle.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
    kernel_size, stride, padding, dilation, ceil_mode, exact
        As for `max_pool2d`. Padding has no part in a median.

    Returns
    -------
    array of shape (N, C, OH, OW)
        Of floats, also for integers.

    Notes
    -----
    As in `median`, two values in the middle share the gradient, and of equal values those at the
    middle places get it that stand there when the window is sorted and equal values keep their
    row-major order. A window with a nan has the result nan, and the first nan gets the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> x = mg.tensor([[[[1.0, 9.0], [2.0, 4.0]]]], requires_grad=True)
    >>> y = mg.median_pool2d(x, 2)
    >>> y.sum().backward()
    >>> y.item(), x.grad.tolist()
    (3.0, [[[[0.0, 0.0], [0.5, 0.5]]]])
    """
    pool = pool_over(
        "median_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode, exact
    )
    return _median_pool(x, pool)


@op(piecewise_linear=True)
def median_pool3d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    *,
    exact: bool = False,
) -> Forward:
    """Return the middle value in each window of volumes; `median_pool2d` with three spatial axes.

    Parameters
    ----------
    x : array of shape (N, C, D, H, W)
    kernel_size, stride, padding, dilation, ceil_mode, exact
        As for `max_pool2d`.

    Returns
    -------
    array of shape (N, C, OD, OH, OW)
    """
    pool = pool_over(
        "median_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode, exact
    )
    return _median_pool(x, pool)


def _median_pool(x: Array, pool: Pool) -> Forward:
    if x.dtype.kind != "f":
        x = x.astype(np.float64)
    lower, upper = _find_medians(batch_innermost(x), pool)
    low = gather_winners(x, lower, pool)
    if lower is upper:
        return low, lambda g: scatter_winners(g, lower, pool)
    high = gather_winners(x, upper, pool)
    with np.errstate(invalid="ignore"):  # between -inf and inf there is nothing: nan
        out = np.where(np.equal(low, high), low, low + (high - low) * 0.5)

    def closure(g: Array) -> Array:
        half = g * 0.5
        return scatter_winners(half, lower, pool) + scatter_winners(half, upper, pool)

    return out, closure


def _find_medians(images: Array, pool: Pool) -> tuple[Array, Array]:
    """Return the numbers of the two elements in the middle of each window, as (C, out..., N).

    They are one and the same array if all windows have one in the middle.
    """
    c, *out, n = pool.slots
    count = pool.counts[..., None, None]
    lower = empty_like(images, pool.slots, pool.number_type)
    middle = [(lower, (count - 1) // 2)]
    upper = lower
    if not np.all(count % 2):
        upper = empty_like(lower)
        middle.append((upper, count // 2))

    def run(group: slice) -> None:
        part = images[group]
        shape = (np.shape(part)[0], *out, n, pool.elements)
        rows = np.full_like(images, np.nan, shape=shape, order="C")
        for tap in pool.to_windows:
            rows[:, *tap.windows, :, tap.number] = part[:, *tap.pixels]
        # Nan comes last, and so does what is not inside of the image.
        ranking = np.argsort(rows, axis=-1, kind="stable")
        for winners, place in middle:
            at = np.broadcast_to(place, (*shape[:-1], 1))
            winners[group] = np.take_along_axis(ranking, at, axis=-1)[..., 0]

    over_channels(run, c, pool.elements * lower.size * images.dtype.itemsize)
    if np.any(np.not_equal(images, images)):
        name_nans(images, pool, lower, upper)
    return lower, upper
