"""Max unpooling: values back to the places that they were pooled from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..buffers import zeros_like
from ..registry import Array, Forward, op
from .indexing import getitem
from .pooling_windows import check_real
from .selection import keep_where
from .windows import LENGTHS, Size, as_lengths, batch_first, batch_innermost, per_axis


@op(piecewise_linear=True)
def max_unpool1d(
    x: Array,
    /,
    indices: Array,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Forward:
    """Put values of sequences at given places among zeros; `max_unpool2d` with one spatial axis.

    Parameters
    ----------
    x : array of shape (N, C, OL)
    indices, kernel_size, stride, padding, output_size
        As for `max_unpool2d`.

    Returns
    -------
    array of shape (N, C, L)
    """
    return _unpooled("max_unpool1d", 1, x, indices, kernel_size, stride, padding, output_size)


@op(piecewise_linear=True)
def max_unpool2d(
    x: Array,
    /,
    indices: Array,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Forward:
    """Put values at given places in images of zeros: the inverse of `max_pool2d` for its winners.

    Parameters
    ----------
    x : array of shape (N, C, OH, OW)
    indices : array of int of shape (N, C, OH, OW)
        Places in the flattened channels of the output, as `max_pool2d` returns them.
    kernel_size, stride, padding
        Of the pooling, which the size of the output follows from.
    output_size : (H, W) or (N, C, H, W), optional
        Of the images that were pooled, as several sizes are pooled to the same.

    Returns
    -------
    array of shape (N, C, H, W)
        By default ``H = (OH - 1) * stride - 2 * padding + KH``, and W likewise.

    Raises
    ------
    ValueError
        If an index is out of range, shapes do not match, or no such pooling has this output size.
    TypeError
        If `indices` are not integers.

    Notes
    -----
    Of several values with one place, as from windows that overlap, the last one stays, and it alone
    gets the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> y, indices = mg.max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2, return_indices=True)
    >>> mg.max_unpool2d(y, indices, 2)[0, 0]
    array([[ 0.,  0.,  0.,  0.],
           [ 0.,  5.,  0.,  7.],
           [ 0.,  0.,  0.,  0.],
           [ 0., 13.,  0., 15.]])
    """
    return _unpooled("max_unpool2d", 2, x, indices, kernel_size, stride, padding, output_size)


@op(piecewise_linear=True)
def max_unpool3d(
    x: Array,
    /,
    indices: Array,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Forward:
    """Put values of volumes at given places among zeros; `max_unpool2d` with three spatial axes.

    Parameters
    ----------
    x : array of shape (N, C, OD, OH, OW)
    indices, kernel_size, stride, padding, output_size
        As for `max_unpool2d`.

    Returns
    -------
    array of shape (N, C, D, H, W)
    """
    return _unpooled("max_unpool3d", 3, x, indices, kernel_size, stride, padding, output_size)


def _unpooled(
    name: str,
    rank: int,
    x: Array,
    indices: Array,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    output_size: Sequence[int] | None,
) -> Forward:
    check_real(name, x)
    if x.ndim != rank + 2:
        raise ValueError(f"{name}: x has shape {x.shape}, expected (N, C, {LENGTHS[rank]})")
    indices = np.asarray(indices)
    if indices.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: indices are {indices.dtype}, expected the integers of return_indices=True"
        )
    if indices.shape != x.shape:
        raise ValueError(
            f"{name}: indices have shape {indices.shape}, but x has {x.shape}; there is one for "
            "each value"
        )
    lengths = _lengths(name, rank, x.shape[2:], kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    size = math.prod(lengths)
    if indices.size and not 0 <= indices.min() <= indices.max() < size:
        raise ValueError(
            f"{name}: indices are from {indices.min()} to {indices.max()}, but a channel of "
            f"{lengths} has the places from 0 to {size - 1}; is output_size that of the images "
            "that were pooled?"
        )

    # Of the flattened output (C, places, N), the index of each value (C, *out, N).
    channels, images = np.ix_(np.arange(c), np.arange(n))
    between = (slice(None), *[None] * rank, slice(None))
    at = channels[between], batch_innermost(indices), images[between]
    values = batch_innermost(x)
    out = zeros_like(x, (c, size, n))
    out[at] = values
    out = batch_first(np.reshape(out, (c, *lengths, n)))

    def closure(g: Array) -> Array:
        number = np.arange(indices.size).reshape(at[1].shape)
        owner = np.empty((c, size, n), np.intp)
        owner[at] = number  # the last stays
        g = np.reshape(np.transpose(g, (*range(1, rank + 2), 0)), (c, size, n))
        part = keep_where(owner[at] == number, getitem(g, at))
        return np.transpose(part, (rank + 1, *range(rank + 1)))

    return out, closure


def _lengths(
    name: str,
    rank: int,
    out: tuple[int, ...],
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    output_size: Sequence[int] | None,
) -> tuple[int, ...]:
    """Lengths of the images that were pooled to lengths of `out`."""
    size = per_axis(name, "kernel_size", kernel_size, rank, least=1)
    steps = per_axis(name, "stride", size if stride is None else stride, rank, least=1)
    sides = per_axis(name, "padding", padding, rank, least=0)
    default = tuple(
        (o - 1) * s - 2 * p + k for o, s, p, k in zip(out, steps, sides, size, strict=True)
    )
    if output_size is None:
        lengths = default
    else:
        given = as_lengths(name, "output_size", output_size, least=rank)
        lengths = per_axis(name, "output_size", given[-rank:], rank, least=1)
        fits = all(
            d - s < length < d + s for d, s, length in zip(default, steps, lengths, strict=True)
        )
        if len(given) not in (rank, rank + 2) or not fits:
            raise ValueError(
                f"{name}: output_size {given} is no size that windows of {size} with stride "
                f"{steps} pool to {out}; by default it is {default}"
            )
    if min(lengths) < 1:
        raise ValueError(f"{name}: nothing is left of the output {lengths}; use less padding")
    return lengths
