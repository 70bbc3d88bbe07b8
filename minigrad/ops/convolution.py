"""Convolution and its transpose in any number of dimensions, as matrix products of columns.

A convolution is linear in the images and in the filters. So there are three maps, and the
derivatives of each are the other two: `convolution` takes images and filters to outputs,
`transposed_convolution` outputs and filters to images, `filter_gradient` images and outputs to
filters. All three go over the windows in blocks, so that the columns are never more than a budget.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..buffers import empty_like, zeros_like
from ..registry import Array, Forward, composed, op, replayed
from ..resources import get_column_budget
from .arithmetic import add
from .contraction import matmul
from .shaping import reshape, transpose
from .windows import (
    EVERYTHING,
    LENGTHS,
    Padding,
    Size,
    Windows,
    as_array,
    batch_first,
    batch_innermost,
    fill,
    paddings,
    per_axis,
    scatter,
    whole,
    windows_over,
    within_margin,
)

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed(arrays=3)
def conv1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlate sequences with filters; `conv2d` with one spatial axis.

    Parameters
    ----------
    x : array of shape (N, C, L)
    weight : array of shape (F, C // groups, K)
    bias : array of shape (F,), optional
    stride, padding, dilation, groups
        As for `conv2d`.

    Returns
    -------
    array of shape (N, F, OL)

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> mg.conv1d(np.array([[[1.0, 2.0, 4.0, 8.0]]]), np.array([[[-1.0, 1.0]]]))
    array([[[1., 2., 4.]]])
    """
    return _convolved("conv1d", 1, x, weight, bias, stride, padding, dilation, groups)


@composed(arrays=3)
def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlate images with filters, which networks call a convolution.

    ``out[n, f, i, j] = bias[f] + sum(weight[f] * window)``, summed over the channels, rows and
    columns of the window of ``x[n]`` that starts at row ``i * stride - padding`` and column
    ``j * stride - padding``, and has a pixel in each `dilation`-th row and column.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
    weight : array of shape (F, C // groups, KH, KW)
    bias : array of shape (F,), optional
    stride : int or (vertical, horizontal)
        Distance between windows.
    padding : int, (vertical, horizontal), ((top, bottom), (left, right)), "same" or "valid"
        Rows and columns of zeros on each side. "same" keeps the image's size, which needs stride 1;
        where their number is odd, there is one more at the end. "valid" is none.
    dilation : int or (vertical, horizontal)
        Distance between the elements of a window.
    groups : int
        The channels and the filters are divided into as many groups, and each group of filters
        sees one group of channels: with as many groups as channels, each channel has filters of
        its own (depthwise).

    Returns
    -------
    array of shape (N, F, OH, OW)
        ``OH = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1``, and OW likewise. In
        memory the batch is innermost.

    Raises
    ------
    ValueError
        If shapes do not match, a number is out of range, or a window is larger than the padded
        image.
    TypeError
        If a setting is not an integer or one for each spatial axis.

    Notes
    -----
    Every window is copied into a column (`im2col`), so that the convolution is one matrix product
    (Chellapilla, Puri and Simard, "High performance convolutional neural networks for document
    processing", 2006). The columns are the cache, about KH * KW / stride**2 times the size of the
    images. Above `set_column_budget` bytes the convolution works in blocks, and makes the columns
    again for the gradient of the filters.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> mg.conv2d(x, np.ones((1, 1, 2, 2)))[0, 0]
    array([[ 8., 12.],
           [20., 24.]])
    >>> mg.conv2d(x, np.ones((1, 1, 3, 3)), padding="same")[0, 0]
    array([[ 8., 15., 12.],
           [21., 36., 27.],
           [20., 33., 24.]])
    """
    return _convolved("conv2d", 2, x, weight, bias, stride, padding, dilation, groups)


@composed(arrays=3)
def conv3d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlate volumes with filters; `conv2d` with three spatial axes.

    Parameters
    ----------
    x : array of shape (N, C, D, H, W)
    weight : array of shape (F, C // groups, KD, KH, KW)
    bias : array of shape (F,), optional
    stride, padding, dilation, groups
        As for `conv2d`.

    Returns
    -------
    array of shape (N, F, OD, OH, OW)
    """
    return _convolved("conv3d", 3, x, weight, bias, stride, padding, dilation, groups)


@composed(arrays=3)
def conv_transpose1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """Transpose of a convolution of sequences; `conv_transpose2d` with one spatial axis.

    Parameters
    ----------
    x : array of shape (N, F, L)
    weight : array of shape (F, C // groups, K)
    bias : array of shape (C,), optional
    stride, padding, output_padding, groups, dilation
        As for `conv_transpose2d`.

    Returns
    -------
    array of shape (N, C, OL)
    """
    return _transposed(
        "conv_transpose1d", 1, x, weight, bias, stride, padding, output_padding, groups, dilation
    )


@composed(arrays=3)
def conv_transpose2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """Transpose of a convolution: each value paints a filter, and where they overlap, they add up.

    As a map of images it is the derivative of `conv2d` with the same settings, hence its other
    name, fractionally strided convolution. It undoes the sizes of `conv2d`, not its values.

    Parameters
    ----------
    x : array of shape (N, F, H, W)
    weight : array of shape (F, C // groups, KH, KW)
        As for a `conv2d` from C to F channels.
    bias : array of shape (C,), optional
    stride : int or (vertical, horizontal)
        Distance between the painted filters.
    padding : int or (vertical, horizontal)
        Rows and columns that are cut off on each side.
    output_padding : int or (vertical, horizontal)
        Rows and columns that are added at the end: of the sizes that `conv2d` maps to H × W, which
        of them. Less than the stride or the dilation.
    groups : int
        As for `conv2d`.
    dilation : int or (vertical, horizontal)
        Distance between the elements of a filter.

    Returns
    -------
    array of shape (N, C, OH, OW)
        ``OH = (H - 1) * stride - 2 * padding + dilation * (KH - 1) + 1 + output_padding``, and OW
        likewise. In memory the batch is innermost.

    Raises
    ------
    ValueError
        If shapes do not match, a number is out of range, or nothing is left of the output.
    TypeError
        If a setting is not an integer or one for each spatial axis.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> x = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> mg.conv_transpose2d(x, np.ones((1, 1, 2, 2)), stride=2)[0, 0]
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.],
           [3., 3., 4., 4.],
           [3., 3., 4., 4.]])
    """
    return _transposed(
        "conv_transpose2d", 2, x, weight, bias, stride, padding, output_padding, groups, dilation
    )


@composed(arrays=3)
def conv_transpose3d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """Transpose of a convolution of volumes; `conv_transpose2d` with three spatial axes.

    Parameters
    ----------
    x : array of shape (N, F, D, H, W)
    weight : array of shape (F, C // groups, KD, KH, KW)
    bias : array of shape (C,), optional
    stride, padding, output_padding, groups, dilation
        As for `conv_transpose2d`.

    Returns
    -------
    array of shape (N, C, OD, OH, OW)
    """
    return _transposed(
        "conv_transpose3d", 3, x, weight, bias, stride, padding, output_padding, groups, dilation
    )


def _convolved(
    name: str,
    rank: int,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Size,
    padding: Padding,
    dilation: Size,
    groups: int,
) -> Tensor:
    """Check what `name` was given, and convolve."""
    x, weight = as_array(name, "x", x), as_array(name, "weight", weight)
    _check_rank(name, weight, rank, "F, C // groups")
    windows = windows_over(name, x.shape, weight.shape[2:], stride, padding, dilation, rank=rank)
    filters, channels = weight.shape[:2]
    _check_groups(name, groups, x, "channels", x.shape[1])
    if channels * groups != x.shape[1]:
        among = f" in {groups} groups" if groups > 1 else ""
        raise ValueError(
            f"{name}: x of shape {x.shape} has {x.shape[1]} channels, but weight of shape "
            f"{weight.shape} is for {channels * groups}{among}"
        )
    _check_groups(name, groups, weight, "filters", filters)
    _check_bias(name, bias, weight, filters, "filters")
    return convolution(x, weight, bias, windows=windows, groups=groups)


def _transposed(
    name: str,
    rank: int,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Size,
    padding: Size,
    output_padding: Size,
    groups: int,
    dilation: Size,
) -> Tensor:
    """Check what `name` was given, and convolve transposed."""
    x, weight = as_array(name, "x", x), as_array(name, "weight", weight)
    _check_rank(name, weight, rank, "F, C // groups")
    if x.ndim != rank + 2:
        raise ValueError(
            f"{name}: x has shape {x.shape}, expected (N, F, {LENGTHS[rank]})"
            + ("; a single image needs a batch axis, x[None]" if x.ndim == rank + 1 else "")
        )
    size = per_axis(name, "kernel_size", weight.shape[2:], rank, least=1)
    stride = per_axis(name, "stride", stride, rank, least=1)
    dilation = per_axis(name, "dilation", dilation, rank, least=1)
    sides = paddings(name, padding, size, stride, dilation)
    extra = per_axis(name, "output_padding", output_padding, rank, least=0)
    _check_groups(name, groups, x, "channels", x.shape[1])
    if x.shape[1] != weight.shape[0]:
        raise ValueError(
            f"{name}: x of shape {x.shape} has {x.shape[1]} channels, but weight of shape "
            f"{weight.shape} is for {weight.shape[0]}"
        )
    channels = weight.shape[1] * groups
    _check_bias(name, bias, weight, channels, "output channels")
    lengths = []
    for length, k, s, (before, after), d, e in zip(
        x.shape[2:], size, stride, sides, dilation, extra, strict=True
    ):
        if e >= max(s, d):
            raise ValueError(
                f"{name}: output_padding {output_padding!r} must be less than the stride {stride} "
                f"or the dilation {dilation}"
            )
        lengths.append((length - 1) * s - before - after + d * (k - 1) + 1 + e)
    if min(lengths) < 1 or 0 in x.shape[2:]:
        raise ValueError(
            f"{name}: of x of shape {x.shape} with padding {padding!r} an output of "
            f"{tuple(lengths)} would be left; use less padding"
        )
    image = (x.shape[0], channels, *lengths)
    windows = Windows(image, size, stride, sides, dilation, x.shape[2:])
    out = transposed_convolution(x, weight, windows=windows, groups=groups)
    return out if bias is None else add(out, reshape(bias, (-1, *[1] * rank)))


def _check_rank(name: str, weight: Array, rank: int, axes: str) -> None:
    if weight.ndim != rank + 2:
        sizes = ", ".join(f"K{length.strip()}" for length in LENGTHS[rank].split(","))
        raise ValueError(f"{name}: weight has shape {weight.shape}, expected ({axes}, {sizes})")


def _check_groups(name: str, groups: int, array: Array, what: str, count: int) -> None:
    try:
        whole(groups)
    except TypeError:
        raise TypeError(f"{name}: groups must be an integer, got {groups!r}") from None
    if groups < 1:
        raise ValueError(f"{name}: groups must be at least 1, got {groups}")
    if count % groups:
        argument = "x" if what == "channels" else "weight"
        raise ValueError(
            f"{name}: {argument} of shape {array.shape} has {count} {what}, which cannot be "
            f"divided into groups={groups}"
        )


def _check_bias(name: str, bias: Array | None, weight: Array, count: int, what: str) -> None:
    if bias is not None and np.shape(bias) != (count,):
        raise ValueError(
            f"{name}: bias has shape {np.shape(bias)}, but weight of shape {weight.shape} has "
            f"{count} {what}, so it must be {(count,)}"
        )


# Matrices of up to as many elements are summed up from products of as many columns each.
SMALL, PIECE = 512, 2048


# The three maps


@op(arrays=3)
def convolution(
    x: Array, weight: Array, bias: Array | None = None, *, windows: Windows, groups: int = 1
) -> Forward:
    """Take images and filters to the outputs of a convolution.

    Parameters
    ----------
    x : array of shape (N, C, lengths...)
    weight : array of shape (F, C // groups, size...)
    bias : array of shape (F,), optional
    windows : Windows
    groups : int

    Returns
    -------
    array of shape (N, F, out...)
    """
    columns = None
    out: Array | None = None
    filters = weight.shape[0]
    if not replayed(x):
        out, columns = _product(x, weight, bias, windows, groups)

    def by_weight(g: Array) -> Array:
        return filter_gradient(x, g, windows=windows, groups=groups, columns=columns)

    return out, (
        lambda g: transposed_convolution(g, weight, windows=windows, groups=groups),
        by_weight,
        lambda g: _sum_of_channels(g, filters),
    )


@op(arrays=2)
def transposed_convolution(
    x: Array, weight: Array, *, windows: Windows, groups: int = 1
) -> Forward:
    """Take the outputs of a convolution and its filters to images: its derivative by the images.

    Parameters
    ----------
    x : array of shape (N, F, out...)
    weight : array of shape (F, C // groups, size...)
    windows : Windows
        Over the images that are returned.
    groups : int

    Returns
    -------
    array of shape (N, C, lengths...)
    """
    out = None if replayed(x) else _scattered_product(x, weight, windows, groups)
    return out, (
        lambda g: convolution(g, weight, windows=windows, groups=groups),
        lambda g: filter_gradient(g, x, windows=windows, groups=groups),
    )


@op(arrays=2)
def filter_gradient(
    x: Array, y: Array, *, windows: Windows, groups: int = 1, columns: Array | None = None
) -> Forward:
    """Take images and outputs of a convolution to filters: its derivative by the filters.

    Parameters
    ----------
    x : array of shape (N, C, lengths...)
    y : array of shape (N, F, out...)
    windows : Windows
    groups : int
    columns : array, optional
        The columns of all of `x`, if they are still there.

    Returns
    -------
    array of shape (F, C // groups, size...)
    """
    out = None if replayed(x) else _outer_product(x, y, windows, groups, columns)
    return out, (
        lambda g: transposed_convolution(y, g, windows=windows, groups=groups),
        lambda g: convolution(x, g, windows=windows, groups=groups),
    )


# Their kernels. Matrices are (groups, rows, columns); in the shapes below G stands for groups and E
# for the elements of a window.


def _blocks(windows: Windows, itemsize: int) -> Iterator[tuple[slice, slice]]:
    """Rows of windows and images whose columns are within the budget; all of them if that is so."""
    n, budget = windows.image[0], get_column_budget()
    rows = windows.out[0]
    row = itemsize * math.prod(windows.columns) // max(1, rows)
    if row <= budget or n <= 1:
        step = max(1, budget // max(1, row))
        step = math.ceil(rows / math.ceil(rows / step))  # blocks of nearly one size
        for start in range(0, rows, step):
            yield slice(start, min(start + step, rows)), EVERYTHING
    else:
        images = max(1, budget * n // row)
        for start in range(rows):
            for first in range(0, n, images):
                yield slice(start, start + 1), slice(first, min(first + images, n))


def _part(array: Array, rows: slice, images: slice, groups: int) -> Array:
    """Return a block of an array (channels, out..., N) as matrices; a view, if of all images."""
    part = array[:, rows, ..., images]
    channels, *rest = part.shape
    return np.reshape(part, (groups, channels // groups, math.prod(rest)))


def _columns(
    image: Array, windows: Windows, groups: int, rows: slice, images: slice, slots: Array | None
) -> tuple[Array, Array | None]:
    """Return the columns (G, C // G * E, windows) of a block, and the array that holds them.

    Columns of a block of one size are written to the `slots` of the block before.
    """
    c, elements, _, *rest = windows.slots
    if elements == 1 and windows.padded == windows.out:
        return _part(image, rows, images, groups), None  # the image itself, without a copy
    rest[-1] = len(range(*images.indices(rest[-1])))
    shape = (c, elements, rows.stop - rows.start, *rest)
    size = math.prod(shape)
    if slots is None:
        slots = empty_like(image, (size,))  # the first block is the largest
    block = np.reshape(slots[:size], shape)
    fill(block, image, windows, rows, images)
    matrices = (groups, c // groups * elements, math.prod(shape[2:]))
    return np.reshape(block, matrices), slots


def _product(
    x: Array, weight: Array, bias: Array | None, windows: Windows, groups: int
) -> tuple[Array, Array | None]:
    """Return the outputs of a convolution, and the columns if they were made in one block."""
    image = within_margin(x, windows)
    filters = weight.shape[0]
    matrices = np.reshape(weight, (groups, filters // groups, math.prod(weight.shape[1:])))
    arrays = (image, weight) if bias is None else (image, weight, bias)
    shape = (filters, *windows.out, windows.image[0])
    dtype = np.result_type(*(array.dtype for array in arrays))
    out = empty_like(image, shape, dtype)
    columns = slots = None
    whole = False
    for rows, images in _blocks(windows, image.dtype.itemsize):
        columns, slots = _columns(image, windows, groups, rows, images, slots)
        whole = rows == slice(0, windows.out[0]) and images == EVERYTHING
        if images == EVERYTHING:
            part = _part(out, rows, images, groups)
            np.matmul(matrices, columns, out=part)
        else:
            part = np.matmul(matrices, columns).astype(dtype, copy=False)
        if bias is not None:
            part += np.reshape(bias, (groups, -1, 1))
        if images != EVERYTHING:
            block = out[:, rows, ..., images]
            block[...] = np.reshape(part, block.shape)
    return batch_first(out), columns if whole else None


def _scattered_product(x: Array, weight: Array, windows: Windows, groups: int) -> Array:
    """Return the images that the outputs `x` of a convolution paint with its filters."""
    y = batch_innermost(x)
    n, c, *lengths = windows.image
    filters = weight.shape[0]
    matrices = np.reshape(weight, (groups, filters // groups, math.prod(weight.shape[1:])))
    matrices = np.transpose(matrices, (0, 2, 1))
    dtype = np.result_type(x.dtype, weight.dtype)
    image = zeros_like(y, (c, *lengths, n), dtype)
    elements = math.prod(windows.size)
    slots = None
    for rows, images in _blocks(windows, dtype.itemsize):
        part = _part(y, rows, images, groups)
        shape = (groups, matrices.shape[1], part.shape[2])
        if slots is None:
            slots = empty_like(y, (math.prod(shape),), dtype)
        columns = np.reshape(slots[: math.prod(shape)], shape)
        np.matmul(matrices, part, out=columns)
        places = y[:, rows, ..., images].shape[1:]
        scatter(np.reshape(columns, (c, elements, *places)), image, windows, rows, images)
    return batch_first(image)


def _outer_product(
    x: Array, y: Array, windows: Windows, groups: int, columns: Array | None
) -> Array:
    """Return the sum of the products of every output with its window of the images."""
    outputs = batch_innermost(y)
    filters = outputs.shape[0]
    channels = windows.image[1] // groups
    if columns is not None:
        whole = _part(outputs, EVERYTHING, EVERYTHING, groups)
        total = _inner_products(whole, columns)
    else:
        image, slots = within_margin(x, windows), None
        shape = (groups, filters // groups, channels * math.prod(windows.size))
        total = np.zeros_like(image, shape=shape, dtype=np.result_type(x.dtype, y.dtype))
        for rows, images in _blocks(windows, image.dtype.itemsize):
            columns, slots = _columns(image, windows, groups, rows, images, slots)
            part = _part(outputs, rows, images, groups)
            total += _inner_products(part, columns)
    return np.reshape(total, (filters, channels, *windows.size))


def _inner_products(a: Array, b: Array) -> Array:
    """Return the inner products of the rows of matrices: (G, F, L) and (G, K, L) to (G, F, K)."""
    f, k, length = a.shape[1], b.shape[1], a.shape[2]
    if f * k <= SMALL and length > PIECE:
        # BLAS is slow at long sums for few results; short ones stay in cache.
        total = np.matmul(a[..., :PIECE], np.transpose(b[..., :PIECE], (0, 2, 1)))
        for start in range(PIECE, length, PIECE):
            part = slice(start, start + PIECE)
            total += np.matmul(a[..., part], np.transpose(b[..., part], (0, 2, 1)))
        return total
    if f < k:  # BLAS prefers the larger number first
        return np.transpose(np.matmul(b, np.transpose(a, (0, 2, 1))), (0, 2, 1))
    return np.matmul(a, np.transpose(b, (0, 2, 1)))


def _sum_of_channels(g: Array, channels: int) -> Array:
    """Sum over images and places; as a product with ones it is five times as fast as `sum`."""
    rows = reshape(transpose(g, (*range(1, g.ndim), 0)), (channels, math.prod(g.shape) // channels))
    return matmul(rows, np.ones_like(g, shape=(rows.shape[1],)))
