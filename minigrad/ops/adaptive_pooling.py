"""Pooling to an output of a given size, and over whole channels.

Windows are as alike as can be. Where the lengths are a multiple of the output's, they lie side by
side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..registry import Array, Forward, composed, op
from .averaging import mean_of_windows
from .pooling import extreme_pool
from .pooling_windows import adaptive_pool
from .windows import as_array

if TYPE_CHECKING:
    from ..tensor import Tensor

OutputSize = int | Sequence[int | None] | None


@op(piecewise_linear=True)
def adaptive_max_pool1d(
    x: Array, /, output_size: OutputSize, return_indices: bool = False
) -> Forward:
    """Return the largest values of sequences in OL windows; see `adaptive_max_pool2d`.

    Parameters
    ----------
    x : array of shape (N, C, L)
    output_size, return_indices
        As for `adaptive_max_pool2d`.

    Returns
    -------
    array of shape (N, C, OL), or two of them
    """
    pool = adaptive_pool("adaptive_max_pool1d", 1, x, output_size)
    return extreme_pool(x, pool, np.maximum, return_indices)


@op(piecewise_linear=True)
def adaptive_max_pool2d(
    x: Array, /, output_size: OutputSize, return_indices: bool = False
) -> Forward:
    """Return the largest values in OH × OW windows, whatever the size of the images is.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
    output_size : int or (OH, OW)
        None in the place of a number keeps the length.
    return_indices : bool
        As for `max_pool2d`.

    Returns
    -------
    array of shape (N, C, OH, OW), or two of them

    Notes
    -----
    Window `i` of OH has the rows from ``floor(i * H / OH)`` up to ``ceil((i + 1) * H / OH)``, and
    likewise in the columns, as in PyTorch. Ties are as in `max_pool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> mg.adaptive_max_pool2d(np.arange(10.0).reshape(1, 1, 2, 5), (1, 3))
    array([[[[6., 8., 9.]]]])
    """
    pool = adaptive_pool("adaptive_max_pool2d", 2, x, output_size)
    return extreme_pool(x, pool, np.maximum, return_indices)


@op(piecewise_linear=True)
def adaptive_max_pool3d(
    x: Array, /, output_size: OutputSize, return_indices: bool = False
) -> Forward:
    """Return the largest values of volumes in OD × OH × OW windows; see `adaptive_max_pool2d`.

    Parameters
    ----------
    x : array of shape (N, C, D, H, W)
    output_size, return_indices
        As for `adaptive_max_pool2d`.

    Returns
    -------
    array of shape (N, C, OD, OH, OW), or two of them
    """
    pool = adaptive_pool("adaptive_max_pool3d", 3, x, output_size)
    return extreme_pool(x, pool, np.maximum, return_indices)


@composed()
def adaptive_avg_pool1d(x: Array, /, output_size: OutputSize) -> Tensor:
    """Return the averages of sequences in OL windows; see `adaptive_avg_pool2d`.

    Parameters
    ----------
    x : array of shape (N, C, L)
    output_size
        As for `adaptive_max_pool2d`.

    Returns
    -------
    array of shape (N, C, OL)
    """
    x = as_array("adaptive_avg_pool1d", "x", x)
    pool = adaptive_pool("adaptive_avg_pool1d", 1, x, output_size)
    return mean_of_windows(x, pool, pool.counts)


@composed()
def adaptive_avg_pool2d(x: Array, /, output_size: OutputSize) -> Tensor:
    """Return the averages in OH × OW windows, whatever the size of the images is.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
    output_size : int or (OH, OW)
        None in the place of a number keeps the length.

    Returns
    -------
    array of shape (N, C, OH, OW)

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> mg.adaptive_avg_pool2d(np.arange(10.0).reshape(1, 1, 2, 5), (1, 3))
    array([[[[3. , 4.5, 6. ]]]])
    """
    x = as_array("adaptive_avg_pool2d", "x", x)
    pool = adaptive_pool("adaptive_avg_pool2d", 2, x, output_size)
    return mean_of_windows(x, pool, pool.counts)


@composed()
def adaptive_avg_pool3d(x: Array, /, output_size: OutputSize) -> Tensor:
    """Return the averages of volumes in OD × OH × OW windows; see `adaptive_avg_pool2d`.

    Parameters
    ----------
    x : array of shape (N, C, D, H, W)
    output_size
        As for `adaptive_max_pool2d`.

    Returns
    -------
    array of shape (N, C, OD, OH, OW)
    """
    x = as_array("adaptive_avg_pool3d", "x", x)
    pool = adaptive_pool("adaptive_avg_pool3d", 3, x, output_size)
    return mean_of_windows(x, pool, pool.counts)


@composed()
def global_avg_pool(x: Array, /) -> Tensor:
    """Return the average of each channel.

    Parameters
    ----------
    x : array of shape (N, C, lengths...)

    Returns
    -------
    array of shape (N, C, 1, ...)
        With as many axes as `x`.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> mg.global_avg_pool(np.arange(4.0).reshape(1, 1, 2, 2))
    array([[[[1.5]]]])
    """
    x = as_array("global_avg_pool", "x", x)
    pool = adaptive_pool("global_avg_pool", None, x, 1)
    return mean_of_windows(x, pool, pool.counts)


@op(piecewise_linear=True)
def global_max_pool(x: Array, /) -> Forward:
    """Return the largest value of each channel; of equal ones the first gets the gradient.

    Parameters
    ----------
    x : array of shape (N, C, lengths...)

    Returns
    -------
    array of shape (N, C, 1, ...)
        With as many axes as `x`.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> mg.global_max_pool(np.arange(4.0).reshape(1, 1, 2, 2))
    array([[[[3.]]]])
    """
    pool = adaptive_pool("global_max_pool", None, x, 1)
    return extreme_pool(x, pool, np.maximum, False)
