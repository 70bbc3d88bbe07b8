"""Pooling by order: the largest or the smallest value in each window of each channel.

Each function is one rule over any number of spatial axes.
"""

from __future__ import annotations

import numpy as np

from ..registry import Array, Forward, op
from .pooling_windows import Pool, pool_over
from .windows import Size, batch_first, batch_innermost
from .winners import find_winners, scatter_winners


@op(piecewise_linear=True)
def max_pool1d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    exact: bool = False,
) -> Forward:
    """Return the largest value in each window of sequences; `max_pool2d` with one spatial axis.

    Parameters
    ----------
    x : array of shape (N, C, L)
    kernel_size, stride, padding, dilation, ceil_mode, return_indices, exact
        As for `max_pool2d`.

    Returns
    -------
    array of shape (N, C, OL), or two of them

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> mg.max_pool1d(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2)
    array([[[3., 2.]]])
    """
    pool = pool_over("max_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode, exact)
    return extreme_pool(x, pool, np.maximum, return_indices)


@op(piecewise_linear=True)
def max_pool2d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    exact: bool = False,
) -> Forward:
    """Return the largest value in each window.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
    kernel_size : int or (vertical, horizontal)
    stride : int or (vertical, horizontal), optional
        Distance between windows; by default they lie side by side.
    padding : int or (vertical, horizontal)
        Rows and columns added on each side. They never win, and no window may lie in them alone,
        which none does with up to half of a window that is not dilated.
    dilation : int or (vertical, horizontal)
        Distance between the elements of a window.
    ceil_mode : bool
        Whether rows and columns that are left over at the end have windows, too, which hang over.
        They must start inside of the image or of the padding before it.
    return_indices : bool
        Whether to return also where the winners are, as `max_unpool2d` takes it.
    exact : bool
        Whether rows or columns that are left over are an error. Otherwise no window covers them.

    Returns
    -------
    array of shape (N, C, OH, OW)
        ``OH = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1``, and OW likewise. In
        memory the batch is innermost. With `return_indices` a tuple of it and of integers: the
        index of each winner in its channel, flattened, without padding.

    Raises
    ------
    ValueError
        If a window is larger than the padded image, or one lies in the padding, or, with `exact`,
        something is left over.
    TypeError
        If `x` is boolean or complex, or a setting is not an integer or a pair.

    Notes
    -----
    The winner of a window takes the whole gradient. Of equal values the first one wins, in
    row-major order of the window. Where windows overlap, the gradients of one pixel add up. A
    window with a nan has the result nan, and the first nan wins.

    The cache is the number of each winner in its window, in the smallest integer type that holds
    it: one byte for windows of up to 256 elements.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> x = mg.tensor(np.arange(16.0).reshape(1, 1, 4, 4), requires_grad=True)
    >>> y, indices = mg.max_pool2d(x, 2, return_indices=True)
    >>> y.numpy()[0, 0], indices.numpy()[0, 0]
    (array([[ 5.,  7.],
           [13., 15.]]), array([[ 5,  7],
           [13, 15]]))
    >>> (y * mg.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    >>> x.grad.numpy()[0, 0]
    array([[0., 0., 0., 0.],
           [0., 1., 0., 2.],
           [0., 0., 0., 0.],
           [0., 3., 0., 4.]])
    """
    pool = pool_over("max_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode, exact)
    return extreme_pool(x, pool, np.maximum, return_indices)


@op(piecewise_linear=True)
def max_pool3d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    exact: bool = False,
) -> Forward:
    """Return the largest value in each window of volumes; `max_pool2d` with three spatial axes.

    Parameters
    ----------
    x : array of shape (N, C, D, H, W)
    kernel_size, stride, padding, dilation, ceil_mode, return_indices, exact
        As for `max_pool2d`.

    Returns
    -------
    array of shape (N, C, OD, OH, OW), or two of them
    """
    pool = pool_over("max_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode, exact)
    return extreme_pool(x, pool, np.maximum, return_indices)


@op(piecewise_linear=True)
def min_pool1d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    exact: bool = False,
) -> Forward:
    """Return the smallest value in each window of sequences; `min_pool2d` with one spatial axis.

    Parameters
    ----------
    x : array of shape (N, C, L)
    kernel_size, stride, padding, dilation, ceil_mode, return_indices, exact
        As for `max_pool2d`.

    Returns
    -------
    array of shape (N, C, OL), or two of them
    """
    pool = pool_over("min_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode, exact)
    return extreme_pool(x, pool, np.minimum, return_indices)


@op(piecewise_linear=True)
def min_pool2d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    exact: bool = False,
) -> Forward:
    """Return the smallest value in each window.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
    kernel_size, stride, padding, dilation, ceil_mode, return_indices, exact
        As for `max_pool2d`.

    Returns
    -------
    array of shape (N, C, OH, OW), or two of them
        As of `max_pool2d`.

    Notes
    -----
    Of equal values the first one wins, as in `max_pool2d`, whose notes hold here too. It is not the
    maximum of ``-x`` for unsigned integers, which have no negative.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> mg.min_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[ 0.,  2.],
           [ 8., 10.]])
    """
    pool = pool_over("min_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode, exact)
    return extreme_pool(x, pool, np.minimum, return_indices)


@op(piecewise_linear=True)
def min_pool3d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    exact: bool = False,
) -> Forward:
    """Return the smallest value in each window of volumes; `min_pool2d` with three spatial axes.

    Parameters
    ----------
    x : array of shape (N, C, D, H, W)
    kernel_size, stride, padding, dilation, ceil_mode, return_indices, exact
        As for `max_pool2d`.

    Returns
    -------
    array of shape (N, C, OD, OH, OW), or two of them
    """
    pool = pool_over("min_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode, exact)
    return extreme_pool(x, pool, np.minimum, return_indices)


def extreme_pool(x: Array, pool: Pool, extreme: np.ufunc, return_indices: bool) -> Forward:
    """The rule of pooling that takes the largest or the smallest value of each window."""
    beats = np.greater if extreme is np.maximum else np.less
    best, winners = find_winners(batch_innermost(x), pool, extreme, beats)
    values = batch_first(best)
    if not return_indices:
        return values, lambda g: scatter_winners(g, winners, pool)
    indices = batch_first(pool.places(winners))
    return (values, indices), lambda g, _: scatter_winners(g, winners, pool)
