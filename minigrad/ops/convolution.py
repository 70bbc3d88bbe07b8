"""Convolution of images with filters, as a matrix product of filters and columns."""

from __future__ import annotations

import numpy as np

from ..registry import Array, Forward, op
from .contraction import matmul
from .reductions import sum
from .shaping import reshape, transpose
from .windows import Pair, Windows, col2im, im2col, windows_over


@op(arrays=3)
def conv2d(
    x: Array, weight: Array, bias: Array | None = None, stride: Pair = 1, padding: Pair = 0
) -> Forward:
    """Cross-correlate images with filters, which networks call a convolution.

    ``out[n, f, i, j] = bias[f] + sum(weight[f] * window)``, summed over the channels, rows and
    columns of the window of ``x[n]`` that starts at row ``i * stride - padding`` and column
    ``j * stride - padding``.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
    weight : array of shape (F, C, KH, KW)
    bias : array of shape (F,), optional
    stride : int or (vertical, horizontal)
        Distance between windows.
    padding : int or (vertical, horizontal)
        Rows and columns of zeros on each side.

    Returns
    -------
    array of shape (N, F, OH, OW)
        ``OH = (H + 2 * padding - KH) // stride + 1``, and OW likewise. In memory the batch is
        innermost.

    Raises
    ------
    ValueError
        If shapes do not match, or a window is larger than the padded image.

    Notes
    -----
    Every window is copied into a column (`im2col`), so that the convolution is one matrix product
    (Chellapilla, Puri and Simard, "High performance convolutional neural networks for document
    processing", 2006). The columns are the cache: KH * KW / stride**2 times the size of the images.
    """
    windows = _checked(x, weight, bias, stride, padding)
    filters, n = weight.shape[0], windows.image[0]
    columns = im2col(x, windows.size, stride, padding)
    rows = reshape(weight, (filters, columns.shape[0]))
    out = matmul(rows, columns)
    if bias is not None:
        column = reshape(bias, (-1, 1))
        if np.result_type(out.dtype, bias.dtype) == out.dtype:
            out += column
        else:
            out = out + column
    out = transpose(reshape(out, (filters, *windows.out, n)), (3, 0, 1, 2))

    count = columns.shape[1]

    def flat(g: Array) -> Array:
        return reshape(transpose(g, (1, 2, 3, 0)), (filters, count))

    def by_x(g: Array) -> Array:
        return col2im(
            matmul(transpose(rows), flat(g)), windows.image, windows.size, stride, padding
        )

    def by_weight(g: Array) -> Array:
        return reshape(matmul(flat(g), transpose(columns)), weight.shape)

    return out, (by_x, by_weight, lambda g: sum(g, (0, 2, 3)))


def _checked(x: Array, weight: Array, bias: Array | None, stride: Pair, padding: Pair) -> Windows:
    if weight.ndim != 4:
        raise ValueError(f"conv2d: weight has shape {weight.shape}, expected (F, C, KH, KW)")
    windows = windows_over("conv2d", x.shape, weight.shape[2:], stride, padding)
    if x.shape[1] != weight.shape[1]:
        raise ValueError(
            f"conv2d: x of shape {x.shape} has {x.shape[1]} channels, but weight of shape "
            f"{weight.shape} is for {weight.shape[1]}"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(
            f"conv2d: bias has shape {bias.shape}, but weight of shape {weight.shape} has "
            f"{weight.shape[0]} filters, so it must be {weight.shape[:1]}"
        )
    return windows
