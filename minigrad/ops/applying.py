"""Functions that call a function on parts of an array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, composed
from .indexing import getitem
from .joining import concatenate
from .shaping import reshape, transpose

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed(np.apply_along_axis)
def apply_along_axis(
    function: Callable[..., Any], axis: int, x: Array, /, *args: Any, **kwargs: Any
) -> Tensor:
    """Results of a function of vectors, called on every vector along an axis.

    Parameters
    ----------
    function : callable
        Takes a vector, and `args` and `kwargs`; returns arrays of one shape.
    axis : int
        Along which the vectors lie; the axes of the results take its place.
    x : array

    Raises
    ------
    ValueError
        If there is no vector.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([[3.0, 1.0], [2.0, 4.0]])
    >>> mg.apply_along_axis(lambda row: row - mg.max(row), 1, x)
    tensor([[ 0., -2.],
            [-2.,  0.]], dtype=float64)
    """
    ndim = np.ndim(x)
    axis = np.lib.array_utils.normalize_axis_index(axis, ndim, "apply_along_axis")
    others = [i for i in range(ndim) if i != axis]
    rows = transpose(x, (*others, axis))
    outer = np.shape(rows)[:-1]
    results = [function(getitem(rows, index), *args, **kwargs) for index in np.ndindex(*outer)]
    if not results:
        raise ValueError(f"apply_along_axis: x has shape {np.shape(x)}, so there is no vector")
    inner = np.shape(results[0])
    stacked = reshape(concatenate([reshape(r, (1, *inner)) for r in results]), (*outer, *inner))
    count = len(outer)
    order = (*range(axis), *range(count, count + len(inner)), *range(axis, count))
    return transpose(stacked, order)


@composed(np.apply_over_axes)
def apply_over_axes(function: Callable[..., Any], x: Array, /, axes: int | Sequence[int]) -> Tensor:
    """Result of a function of an array and an axis, called for one axis after the other.

    Parameters
    ----------
    function : callable
        Such as `minigrad.sum`: takes an array and an axis, and returns an array with as many axes,
        or without that one, which is put back with length 1.
    x : array
    axes : int or sequence of int

    Raises
    ------
    ValueError
        If the function returns an array with another number of axes.
    """
    ndim = np.ndim(x)
    out: Tensor = x
    for axis in np.lib.array_utils.normalize_axis_tuple(axes, ndim, "apply_over_axes"):
        before = np.shape(out)
        out = function(out, axis)
        if np.ndim(out) == ndim - 1:
            out = reshape(out, (*before[:axis], 1, *before[axis + 1 :]))
        if np.ndim(out) != ndim:
            raise ValueError(
                f"apply_over_axes: from shape {before} the function made {np.shape(out)}; it must "
                "keep the number of axes, or drop one"
            )
    return out
