"""im2col, col2im and their relatives: the windows of images as a matrix, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..buffers import empty_like, zeros_like
from ..registry import Array, Forward, composed, op
from .shaping import reshape, transpose
from .windows import (
    Padding,
    Size,
    as_array,
    as_lengths,
    batch_first,
    fill,
    per_axis,
    scatter,
    windows_over,
    within_margin,
)

if TYPE_CHECKING:
    from ..tensor import Tensor

Layout = Literal["columns", "rows"]


@op(piecewise_linear=True)
def im2col(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    *,
    layout: Layout = "columns",
) -> Forward:
    """Lay out the windows of images as the columns of a matrix, or as its rows.

    Parameters
    ----------
    x : array of shape (N, C, lengths...)
        In one or more dimensions: (N, C, L), (N, C, H, W), (N, C, D, H, W), ...
    kernel_size, stride, dilation : int or one for each spatial axis
    padding : int, one for each spatial axis, pairs (before, after), "same" or "valid"
        Number of zeros on each side.
    layout : {"columns", "rows"}
        Whether a window becomes a column or a row.

    Returns
    -------
    array
        As columns, of shape (C * elements, windows * N): rows run over channels, then the elements
        of the window, the last axis fastest; columns run over the places of the window, the last
        axis fastest, and then over images. So the image varies fastest, as in CS231n, deepnet and
        hipsternet. As rows, of shape (N * windows, C * elements): rows run over images and then
        places, as in "Deep Learning from Scratch"; for one image it is the transpose.

    See Also
    --------
    unfold : with an axis for the images, as in PyTorch.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> x = np.arange(32).reshape(2, 1, 4, 4)
    >>> mg.im2col(x, 2, stride=2)[0]
    array([ 0, 16,  2, 18,  8, 24, 10, 26])
    >>> mg.im2col(x, 2, stride=2, layout="rows")[:2]
    array([[0, 1, 4, 5],
           [2, 3, 6, 7]])
    """
    _known_layout("im2col", layout)
    windows = windows_over("im2col", x.shape, kernel_size, stride, padding, dilation)
    slots = empty_like(x, windows.slots)
    fill(slots, within_margin(x, windows), windows)
    if layout == "rows":
        slots = np.transpose(slots, _rows_order(slots.ndim))
    matrix = np.reshape(slots, windows.columns if layout == "columns" else windows.columns[::-1])
    return matrix, lambda g: col2im(
        g, windows.image, kernel_size, stride, padding, dilation, layout=layout
    )


@op(piecewise_linear=True)
def col2im(
    columns: Array,
    /,
    shape: Sequence[int],
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    *,
    layout: Layout = "columns",
) -> Forward:
    """Add the columns of `im2col` back into images; where windows overlap, they add up.

    The adjoint of `im2col`, not its inverse.

    Parameters
    ----------
    columns : array of shape (C * elements, windows * N), or (N * windows, C * elements) as rows
    shape : (N, C, lengths...)
        Of the images.
    kernel_size, stride, padding, dilation, layout
        As for `im2col`.

    Returns
    -------
    array of shape (N, C, lengths...)

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
    _known_layout("col2im", layout)
    shape = as_lengths("col2im", "shape", shape, least=3)
    windows = windows_over("col2im", shape, kernel_size, stride, padding, dilation)
    expected = windows.columns if layout == "columns" else windows.columns[::-1]
    if columns.shape != expected:
        raise ValueError(
            f"col2im: columns have shape {columns.shape}, but images of shape {windows.image} with "
            f"windows of {windows.size} have {layout} of shape {expected}"
        )
    n, c, *lengths = windows.image
    if layout == "columns":
        slots = np.reshape(columns, windows.slots)
    else:
        order = _rows_order(len(windows.slots))
        rows = np.reshape(columns, [windows.slots[axis] for axis in order])
        slots = np.transpose(rows, np.argsort(order))
    images = zeros_like(columns, (c, *lengths, n))
    scatter(slots, images, windows)
    return batch_first(images), lambda g: im2col(
        g, kernel_size, stride, padding, dilation, layout=layout
    )


def _known_layout(name: str, layout: str) -> None:
    if layout not in ("columns", "rows"):
        raise ValueError(f"{name}: layout is 'columns' or 'rows', got {layout!r}")


def _rows_order(rank: int) -> list[int]:
    """Axes of (C, elements, out..., N) in the order (N, out..., C, elements)."""
    return [rank - 1, *range(2, rank - 1), 0, 1]


@composed()
def unfold(
    x: Array, /, kernel_size: Size, dilation: Size = 1, padding: Padding = 0, stride: Size = 1
) -> Tensor:
    """Lay out the windows of each image as the columns of a matrix of its own.

    Parameters
    ----------
    x : array of shape (N, C, lengths...)
    kernel_size, dilation, padding, stride
        As for `im2col`, in PyTorch's order.

    Returns
    -------
    array of shape (N, C * elements, windows)

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> mg.unfold(np.arange(32).reshape(2, 1, 4, 4), 2, stride=2)[1]
    array([[16, 18, 24, 26],
           [17, 19, 25, 27],
           [20, 22, 28, 30],
           [21, 23, 29, 31]])
    """
    x = as_array("unfold", "x", x)
    windows = windows_over("unfold", x.shape, kernel_size, stride, padding, dilation)
    columns = im2col(x, kernel_size, stride, padding, dilation)
    shape = (windows.columns[0], math.prod(windows.out), x.shape[0])
    return transpose(reshape(columns, shape), (2, 0, 1))


@composed()
def fold(
    x: Array,
    /,
    output_size: Size,
    kernel_size: Size,
    dilation: Size = 1,
    padding: Padding = 0,
    stride: Size = 1,
) -> Tensor:
    """Add the columns of `unfold` back into images; where windows overlap, they add up.

    The adjoint of `unfold`, not its inverse.

    Parameters
    ----------
    x : array of shape (N, C * elements, windows)
    output_size : sequence of int
        Lengths of the images along each spatial axis; an integer stands for two equal ones.
    kernel_size, dilation, padding, stride
        As for `im2col`, in PyTorch's order.

    Returns
    -------
    array of shape (N, C, output_size...)

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> columns = mg.unfold(np.ones((1, 1, 3, 3)), 2)
    >>> mg.fold(columns, (3, 3), 2)[0, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    x = as_array("fold", "x", x)
    if x.ndim != 3:
        raise ValueError(f"fold: x has shape {x.shape}, expected (N, C * elements, windows)")
    both = output_size if np.iterable(output_size) else (output_size,) * 2
    lengths = as_lengths("fold", "output_size", both, least=1)
    size = per_axis("fold", "kernel_size", kernel_size, len(lengths), least=1)
    channels, rest = divmod(x.shape[1], math.prod(size))
    if rest:
        raise ValueError(
            f"fold: x of shape {x.shape} has {x.shape[1]} rows, which is no multiple of the "
            f"{math.prod(size)} elements of a window of {size}"
        )
    windows = windows_over(
        "fold", (x.shape[0], channels, *lengths), size, stride, padding, dilation
    )
    if x.shape[2] != math.prod(windows.out):
        raise ValueError(
            f"fold: x of shape {x.shape} has {x.shape[2]} columns, but over images of {lengths} "
            f"there are {' * '.join(map(str, windows.out))} windows"
        )
    columns = reshape(transpose(x, (1, 2, 0)), windows.columns)
    return col2im(columns, windows.image, size, stride, padding, dilation)
