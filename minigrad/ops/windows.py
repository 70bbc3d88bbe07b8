"""Windows that slide over images: their geometry, im2col and col2im.

Images are (N, C, H, W), as in PyTorch. In memory the kernels keep them as (C, H, W, N), the batch
innermost, behind that shape: every slide of a window is then a run of whole rows of the batch, and
the output of the matrix product of a convolution is in that order already.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..registry import Array, Forward, op

Pair = int | tuple[int, int]

# Channels are worked on in groups that fit in a core's cache.
CACHE_BYTES = 1 << 20


class Windows(NamedTuple):
    """Windows over an image of a given shape.

    Attributes
    ----------
    image : (N, C, H, W)
    size : (KH, KW)
    stride, padding : (vertical, horizontal)
    out : (OH, OW)
        Number of windows, ``(H + 2 * padding - KH) // stride + 1`` vertically: rows and columns
        that are left over at the end are ignored, as in PyTorch.
    """

    image: tuple[int, int, int, int]
    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    out: tuple[int, int]

    @property
    def slots(self) -> tuple[int, ...]:
        """Shape (C, KH * KW, OH, OW, N): each element of the window, as all windows see it."""
        n, c, *_ = self.image
        return c, self.size[0] * self.size[1], *self.out, n

    @property
    def columns(self) -> tuple[int, int]:
        """Shape (C * KH * KW, OH * OW * N): the same as a matrix with a column for each window."""
        c, elements, rows, columns, n = self.slots
        return c * elements, rows * columns * n

    @property
    def padded(self) -> tuple[int, int]:
        """Height and width of the padded image."""
        return tuple(n + 2 * p for n, p in zip(self.image[2:], self.padding, strict=True))  # type: ignore[return-value]  # two of each

    def offsets(self) -> Iterator[tuple[int, tuple[slice, slice]]]:
        """Number each element of a window; yield with it where all windows have that element.

        The slices are into the padded image.
        """
        for number, (i, j) in enumerate(np.ndindex(self.size)):
            yield (
                number,
                (
                    slice(i, i + self.stride[0] * self.out[0], self.stride[0]),
                    slice(j, j + self.stride[1] * self.out[1], self.stride[1]),
                ),
            )

    def inside(self) -> Iterator[tuple[int, tuple[slice, slice], tuple[slice, slice]]]:
        """Like `offsets`, but only of the windows whose element lies inside of the image.

        The first slices are into the image without padding, the second into the windows.
        """
        for number, starts in enumerate(np.ndindex(self.size)):
            image, windows = [], []
            for start, stride, padding, length, out in zip(
                starts, self.stride, self.padding, self.image[2:], self.out, strict=True
            ):
                # Window o has the element at o * stride + start - padding.
                first = max(0, -((start - padding) // stride))
                end = min(out, (length - 1 - start + padding) // stride + 1)
                at = first * stride + start - padding
                windows.append(slice(first, max(first, end)))
                image.append(slice(at, at + stride * max(0, end - first), stride))
            yield number, (image[0], image[1]), (windows[0], windows[1])

    def channel_groups(self, itemsize: int) -> Iterator[slice]:
        """Groups of channels that fit in cache."""
        n, c, h, w = self.image
        group = max(1, CACHE_BYTES // max(1, n * h * w * itemsize))
        for start in range(0, c, group):
            yield slice(start, start + group)


def windows_over(
    name: str, shape: tuple[int, ...], size: Pair, stride: Pair, padding: Pair
) -> Windows:
    """Check the settings of the op `name` and return the windows.

    Raises
    ------
    ValueError
        If the image is not (N, C, H, W), a number is out of range, or no window fits.
    TypeError
        If a setting is not an integer or a pair of them.
    """
    if len(shape) != 4:
        raise ValueError(
            f"{name}: x has shape {shape}, expected (N, C, H, W); a single image needs a batch "
            "axis, x[None]"
        )
    size = pair(name, "kernel_size", size, least=1)
    stride = pair(name, "stride", stride, least=1)
    padding = pair(name, "padding", padding, least=0)
    out = []
    for length, k, s, p in zip(shape[2:], size, stride, padding, strict=True):
        if length + 2 * p < k:
            raise ValueError(
                f"{name}: a window of {size} is larger than x of shape {shape} with padding "
                f"{padding}; use a smaller kernel_size or more padding"
            )
        out.append((length + 2 * p - k) // s + 1)
    n, c, h, w = shape
    return Windows((n, c, h, w), size, stride, padding, (out[0], out[1]))


def pair(name: str, setting: str, value: Any, least: int) -> tuple[int, int]:
    """Check a setting of the op `name`, and return it as (vertical, horizontal)."""
    both = (value, value) if isinstance(value, (int, np.integer)) else value
    try:
        first, second = (int(v.__index__()) for v in both)
    except (TypeError, ValueError, AttributeError):
        raise TypeError(
            f"{name}: {setting} is an integer or a pair (vertical, horizontal), got {value!r}"
        ) from None
    if min(first, second) < least:
        raise ValueError(f"{name}: {setting} must be at least {least}, got {value!r}")
    return first, second


def batch_innermost(x: Array) -> Array:
    """Return an (N, C, H, W) array as (C, H, W, N) in memory, without a copy if it is so."""
    moved = np.transpose(x, (1, 2, 3, 0))
    if type(moved) is np.ndarray and moved.flags.c_contiguous:
        return moved
    return np.copy(moved, order="C")


def batch_first(x: Array) -> Array:
    """Return a (C, H, W, N) array as an (N, C, H, W) view."""
    return np.transpose(x, (3, 0, 1, 2))


@op(piecewise_linear=True)
def im2col(x: Array, /, kernel_size: Pair, stride: Pair = 1, padding: Pair = 0) -> Forward:
    """Lay out the windows of images as the columns of a matrix.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
    kernel_size, stride : int or (vertical, horizontal)
    padding : int or (vertical, horizontal)
        Rows and columns of zeros on each side.

    Returns
    -------
    array of shape (C * KH * KW, OH * OW * N)
        Rows run over channels, then window rows, then window columns. Columns run over output rows,
        then output columns, then images: the image varies fastest.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> x = np.arange(32).reshape(2, 1, 4, 4)
    >>> mg.im2col(x, 2, stride=2)[0]
    array([ 0, 16,  2, 18,  8, 24, 10, 26])
    """
    windows = windows_over("im2col", x.shape, kernel_size, stride, padding)
    shape = windows.image
    image = _padded(x, windows)
    slots = np.empty_like(x, shape=windows.slots, order="C")
    for number, at in windows.offsets():
        slots[:, number] = image[:, *at]
    columns = np.reshape(slots, windows.columns)
    return columns, lambda g: col2im(g, shape, kernel_size, stride, padding)


@op(piecewise_linear=True)
def col2im(
    columns: Array,
    /,
    shape: tuple[int, int, int, int],
    kernel_size: Pair,
    stride: Pair = 1,
    padding: Pair = 0,
) -> Forward:
    """Add the columns of `im2col` back into images; where windows overlap, they add up.

    The adjoint of `im2col`, not its inverse.

    Parameters
    ----------
    columns : array of shape (C * KH * KW, OH * OW * N)
    shape : (N, C, H, W)
        Of the images.
    kernel_size, stride, padding : int or (vertical, horizontal)
        As for `im2col`.

    Returns
    -------
    array of shape (N, C, H, W)

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> columns = mg.im2col(np.ones((1, 1, 4, 4)), 2)
    >>> mg.col2im(columns, (1, 1, 4, 4), 2)[0, 0]
    array([[1., 2., 2., 1.],
           [2., 4., 4., 2.],
           [2., 4., 4., 2.],
           [1., 2., 2., 1.]])
    """
    windows = windows_over("col2im", shape, kernel_size, stride, padding)
    n, c, h, w = windows.image
    if columns.shape != windows.columns:
        raise ValueError(
            f"col2im: columns have shape {columns.shape}, but images of shape {tuple(shape)} with "
            f"windows of {windows.size} have columns of shape {windows.columns}"
        )
    slots = np.reshape(columns, windows.slots)
    images = np.zeros_like(columns, shape=(c, *windows.padded, n), order="C")
    for group in windows.channel_groups(images.dtype.itemsize):
        for number, at in windows.offsets():
            images[group, *at] += slots[group, number]
    top, left = windows.padding
    images = batch_first(images[:, top : top + h, left : left + w])
    return images, lambda g: im2col(g, kernel_size, stride, padding)


def _padded(x: Array, windows: Windows) -> Array:
    """Images as (C, H, W, N) in memory, within a margin of zeros."""
    if windows.padding == (0, 0):
        return batch_innermost(x)
    n, c, h, w = windows.image
    top, left = windows.padding
    image = np.zeros_like(x, shape=(c, *windows.padded, n), order="C")
    image[:, top : top + h, left : left + w] = np.transpose(x, (1, 2, 3, 0))
    return image
