"""Pooling: one value for each window of each channel.

Max pooling remembers for each window the number of its winner, counted in row-major order. Its
gradient scatters along these numbers; scatter and gather are each other's adjoint.
"""

from __future__ import annotations

import math

import numpy as np

from ..registry import Array, Forward, op
from .selection import masked
from .windows import (
    Size,
    Windows,
    batch_first,
    batch_innermost,
    over_channels,
    padding_of,
    windows_over,
)


@op(piecewise_linear=True)
def max_pool2d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
) -> Forward:
    """Return the largest value in each window.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
    kernel_size : int or (vertical, horizontal)
    stride : int or (vertical, horizontal), optional
        Distance between windows; by default they lie side by side.
    padding : int or (vertical, horizontal)
        Rows and columns added on each side, at most half of the window. They never win.

    Returns
    -------
    array of shape (N, C, OH, OW)
        ``OH = (H + 2 * padding - KH) // stride + 1``, and OW likewise. In memory the batch is
        innermost.

    Raises
    ------
    ValueError
        If the window is larger than the padded image, or the padding than half of the window.
    TypeError
        If `x` is boolean or complex.

    Notes
    -----
    Where several values of a window are equal, the first in row-major order wins and gets the whole
    gradient. Where windows overlap, their gradients add up. A window with a nan has the value nan;
    which of its elements then gets the gradient is not defined.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> x = mg.tensor(np.arange(16.0).reshape(1, 1, 4, 4), requires_grad=True)
    >>> y = mg.max_pool2d(x, 2)
    >>> y.numpy()[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    >>> (y * mg.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    >>> x.grad.numpy()[0, 0]
    array([[0., 0., 0., 0.],
           [0., 1., 0., 2.],
           [0., 0., 0., 0.],
           [0., 3., 0., 4.]])
    """
    stride = kernel_size if stride is None else stride
    windows = windows_over("max_pool2d", x.shape, kernel_size, stride, padding, dilation, rank=2)
    _check_inhabited("max_pool2d", windows)
    if x.dtype.kind not in "fiu":
        raise TypeError(f"max_pool2d: x is {x.dtype}, which has no maximum; convert it first")
    images = batch_innermost(x)
    best, winners = _running_maximum(images, windows)
    return batch_first(best), lambda g: scatter_winners(g, winners, windows)


def _check_inhabited(name: str, windows: Windows) -> None:
    """Raise if a window has no element inside of the image."""
    for length, k, s, (before, _), d, out in zip(
        windows.image[2:],
        windows.size,
        windows.stride,
        windows.padding,
        windows.dilation,
        windows.out,
        strict=True,
    ):
        places = s * np.arange(out)[:, None] + d * np.arange(k) - before
        if not np.all(np.any((places >= 0) & (places < length), axis=1)):
            raise ValueError(
                f"{name}: padding {padding_of(windows.padding)} is so much that a window of "
                f"{windows.size} lies outside of x of shape {windows.image}; use less padding"
            )


def _running_maximum(images: Array, windows: Windows) -> tuple[Array, Array]:
    """Return the largest element of every window, and its number, both as (C, *out, N)."""
    shape = (windows.image[1], *windows.out, windows.image[0])
    number_type = np.min_scalar_type(math.prod(windows.size) - 1)
    best = np.empty_like(images, shape=shape, order="C")
    winners = np.empty_like(images, shape=shape, order="C", dtype=number_type)
    first = _first_inside(windows).astype(number_type)[..., None]
    lowest = -np.inf if images.dtype.kind == "f" else np.iinfo(images.dtype).min

    def run(group: slice) -> None:
        best[group] = lowest
        winners[group] = first
        for number, image_at, window_at in windows.inside():
            candidates = images[group, *image_at]
            leader, winner = best[group, *window_at], winners[group, *window_at]
            # Numbers grow, so the larger number is the later winner.
            wins = np.greater(candidates, leader)
            np.maximum(winner, np.multiply(wins, number, dtype=number_type), out=winner)
            np.maximum(leader, candidates, out=leader)

    over_channels(run, shape[0], images.size * images.dtype.itemsize)
    return best, winners


def _first_inside(windows: Windows) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """Number of the first element of each window that lies inside of the image."""
    number = np.zeros((), np.intp)
    for k, s, d, (before, _), out in zip(
        windows.size, windows.stride, windows.dilation, windows.padding, windows.out, strict=True
    ):
        element = -(np.minimum(0, s * np.arange(out) - before) // d)
        number = number[..., None] * k + element
    return number


@op(piecewise_linear=True)
def scatter_winners(x: Array, /, winners: Array, windows: Windows) -> Forward:
    """Put one value for each window at the place of its winner in images of zeros, adding up.

    Parameters
    ----------
    x : array of shape (N, C, *out)
    winners : array of int of shape (C, *out, N)
        Number of the winner in each window, in row-major order.
    windows : Windows

    Returns
    -------
    array of shape (N, C, *lengths)
    """
    n, c, *lengths = windows.image
    values = batch_innermost(x)
    images = np.zeros_like(x, shape=(c, *lengths, n), order="C")

    def run(group: slice) -> None:
        for number, image_at, window_at in windows.inside():
            won = np.equal(winners[group, *window_at], number)
            images[group, *image_at] += masked(won, values[group, *window_at])

    over_channels(run, c, images.size * images.dtype.itemsize)
    return batch_first(images), lambda g: gather_winners(g, winners, windows)


@op(piecewise_linear=True)
def gather_winners(x: Array, /, winners: Array, windows: Windows) -> Forward:
    """Take from images the value at the place of the winner of each window.

    The adjoint of `scatter_winners`.

    Parameters
    ----------
    x : array of shape (N, C, *lengths)
    winners : array of int of shape (C, *out, N)
        Number of the winner in each window, in row-major order.
    windows : Windows

    Returns
    -------
    array of shape (N, C, *out)
    """
    images = batch_innermost(x)
    values = np.zeros_like(x, shape=winners.shape, order="C")

    def run(group: slice) -> None:
        for number, image_at, window_at in windows.inside():
            won = np.equal(winners[group, *window_at], number)
            values[group, *window_at] += masked(won, images[group, *image_at])

    over_channels(run, images.shape[0], images.size * images.dtype.itemsize)
    return batch_first(values), lambda g: scatter_winners(g, winners, windows)
