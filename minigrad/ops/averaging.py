"""Pooling by sums: the average or the p-norm of each window of each channel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, composed, constant
from .arithmetic import absolute, divide, multiply, power
from .pooling import max_pool1d, max_pool2d, max_pool3d, min_pool1d, min_pool2d, min_pool3d
from .pooling_windows import Pool, outer, pool_over
from .selection import where
from .shaping import astype
from .sum_pooling import sum_windows
from .windows import Size, as_array

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed()
def avg_pool1d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: float | None = None,
    *,
    dilation: Size = 1,
    exact: bool = False,
) -> Tensor:
    """Return the average of each window of sequences; `avg_pool2d` with one spatial axis.

    Parameters
    ----------
    x : array of shape (N, C, L)
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, dilation, exact
        As for `avg_pool2d`.

    Returns
    -------
    array of shape (N, C, OL)
    """
    x = as_array("avg_pool1d", "x", x)
    pool = pool_over("avg_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode, exact)
    return _average("avg_pool1d", x, pool, count_include_pad, divisor_override)


@composed()
def avg_pool2d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: float | None = None,
    *,
    dilation: Size = 1,
    exact: bool = False,
) -> Tensor:
    """Return the average of each window.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
    kernel_size, stride, padding, ceil_mode, dilation, exact
        As for `max_pool2d`, in PyTorch's order.
    count_include_pad : bool
        Whether padding counts as zeros. Otherwise an average is of the pixels in its window. What
        hangs over the padding with `ceil_mode` never counts.
    divisor_override : int or float, optional
        What sums are divided by, in place of the number of elements.

    Returns
    -------
    array of shape (N, C, OH, OW)
        Of floats, also for integers.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> x = np.array([[[[1.0, 2.0, 3.0]]]])
    >>> mg.avg_pool2d(x, (1, 2), padding=(0, 1))
    array([[[[0.5, 2.5]]]])
    >>> mg.avg_pool2d(x, (1, 2), padding=(0, 1), count_include_pad=False)
    array([[[[1. , 2.5]]]])
    >>> mg.avg_pool2d(x, (1, 2), ceil_mode=True)
    array([[[[1.5, 3. ]]]])
    """
    x = as_array("avg_pool2d", "x", x)
    pool = pool_over("avg_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode, exact)
    return _average("avg_pool2d", x, pool, count_include_pad, divisor_override)


@composed()
def avg_pool3d(
    x: Array,
    /,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: float | None = None,
    *,
    dilation: Size = 1,
    exact: bool = False,
) -> Tensor:
    """Return the average of each window of volumes; `avg_pool2d` with three spatial axes.

    Parameters
    ----------
    x : array of shape (N, C, D, H, W)
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, dilation, exact
        As for `avg_pool2d`.

    Returns
    -------
    array of shape (N, C, OD, OH, OW)
    """
    x = as_array("avg_pool3d", "x", x)
    pool = pool_over("avg_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode, exact)
    return _average("avg_pool3d", x, pool, count_include_pad, divisor_override)


@composed()
def lp_pool1d(
    x: Array,
    /,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Return the p-norm of each window of sequences; `lp_pool2d` with one spatial axis.

    Parameters
    ----------
    x : array of shape (N, C, L)
    norm_type, kernel_size, stride, ceil_mode
        As for `lp_pool2d`.

    Returns
    -------
    array of shape (N, C, OL)
    """
    return _norm("lp_pool1d", 1, x, norm_type, kernel_size, stride, ceil_mode)


@composed()
def lp_pool2d(
    x: Array,
    /,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Return the p-norm of each window, ``sum(abs(x) ** p) ** (1 / p)``.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
    norm_type : int or float
        The power p, above 0; ``inf`` is for the largest absolute value, ``-inf`` for the smallest.
    kernel_size, stride, ceil_mode
        As for `max_pool2d`.

    Returns
    -------
    array of shape (N, C, OH, OW)
        Of floats, also for integers.

    Notes
    -----
    Where all of a window is 0, its gradient is 0. A window that hangs over the end counts like a
    whole one: its sum is scaled up, as in PyTorch. PyTorch leaves out the absolute value, which is
    the same for even powers only.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.lp_pool2d([[[[3.0, -4.0], [0.0, 0.0]]]], 2, (1, 2))
    array([[[[5.],
             [0.]]]])
    """
    return _norm("lp_pool2d", 2, x, norm_type, kernel_size, stride, ceil_mode)


@composed()
def lp_pool3d(
    x: Array,
    /,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Return the p-norm of each window of volumes; `lp_pool2d` with three spatial axes.

    Parameters
    ----------
    x : array of shape (N, C, D, H, W)
    norm_type, kernel_size, stride, ceil_mode
        As for `lp_pool2d`.

    Returns
    -------
    array of shape (N, C, OD, OH, OW)
    """
    return _norm("lp_pool3d", 3, x, norm_type, kernel_size, stride, ceil_mode)


def _average(
    name: str, x: Array, pool: Pool, count_include_pad: bool, divisor_override: float | None
) -> Tensor:
    if divisor_override == 0:
        raise ValueError(f"{name}: divisor_override must not be 0")
    if divisor_override is not None:
        divisor = np.array(divisor_override)
    elif count_include_pad:
        divisor = outer(
            [len(range(start, axis.end, axis.dilation)[: axis.size]) for start in axis.starts]
            for axis in pool.axes
        )
    else:
        divisor = pool.counts
    return mean_of_windows(x, pool, divisor)


def mean_of_windows(x: Array, pool: Pool, divisor: np.ndarray[Any, Any]) -> Tensor:
    """Divide the sum of each window by a number of its own, (out...), or by one for all."""
    if x.dtype == np.float16:  # whose sums overflow soon
        return astype(mean_of_windows(astype(x, np.float32), pool, divisor), np.float16)
    if x.dtype.kind in "iu":
        x = astype(x, float)
    total = sum_windows(x, pool)
    if (divisor == divisor.flat[0]).all():
        return divide(total, divisor.flat[0].item())
    return divide(total, divisor.astype(total.dtype))


_LARGEST = {1: max_pool1d, 2: max_pool2d, 3: max_pool3d}
_SMALLEST = {1: min_pool1d, 2: min_pool2d, 3: min_pool3d}


def _norm(
    name: str,
    rank: int,
    x: Array,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None,
    ceil_mode: bool,
) -> Tensor:
    x = as_array(name, "x", x)
    pool = pool_over(name, rank, x, kernel_size, stride, 0, 1, ceil_mode, False)
    p = float(norm_type)
    if x.dtype.kind in "iu":
        x = astype(x, float)
    if x.dtype == np.float16:  # whose powers overflow soon
        single = _norm(name, rank, astype(x, np.float32), p, kernel_size, stride, ceil_mode)
        return astype(single, np.float16)
    if abs(p) == math.inf:
        by_order = _LARGEST if p > 0 else _SMALLEST
        return by_order[rank](absolute(x), kernel_size, stride, ceil_mode=ceil_mode)
    if not p > 0:
        raise ValueError(f"{name}: norm_type must be above 0, or -inf, got {norm_type!r}")
    total = sum_windows(power(absolute(x), p), pool)
    if (pool.counts != pool.elements).any():
        total = multiply(total, (pool.elements / pool.counts).astype(total.dtype))
    if p == 1:
        return total
    empty = np.equal(constant(total), 0)
    return where(empty, 0.0, power(where(empty, 1.0, total), 1 / p))
