"""Sorting, partitioning, and finding places in what is sorted.

Values move, so gradients move back along the same indices. Of equal elements the first stays first,
and each gets the gradient of the slot that it goes to; nan counts as the largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, constant, nondifferentiable, op
from .indexing import getitem, take_along_axis

if TYPE_CHECKING:
    from ..tensor import Tensor


@nondifferentiable(np.argsort)
def argsort(
    x: Array, /, axis: int | None = -1, kind: Any = None, *, stable: bool | None = None
) -> Array:
    """Indices that sort an array along an axis; see `take_along_axis`.

    The order of equal elements is determined with ``stable=True`` only.
    """
    return np.argsort(x, axis=axis, kind=kind, stable=stable)


@nondifferentiable(np.argpartition)
def argpartition(
    x: Array, /, kth: int | Sequence[int], axis: int | None = -1, kind: Any = "introselect"
) -> Array:
    """Indices that partition an array along an axis; see `partition`."""
    return np.argpartition(x, kth, axis=axis, kind=kind)


@nondifferentiable(np.lexsort, sequence=True)
def lexsort(keys: Sequence[Array], /, axis: int = -1) -> Array:
    """Indices that sort by several keys, the last of which counts most."""
    return np.lexsort(keys, axis=axis)


@nondifferentiable(np.searchsorted)
def searchsorted(a: Array, v: Array, /, side: Any = "left", sorter: Any = None) -> Array:
    """Where values would have to be inserted into a sorted array to keep it sorted.

    Parameters
    ----------
    a : array of one axis
        In ascending order, if need be after ``a[sorter]``.
    v : array
    side : {"left", "right"}
        Whether before or behind equal elements.
    sorter : array of int, optional
    """
    return np.searchsorted(a, v, side=side, sorter=sorter)


@nondifferentiable(np.digitize)
def digitize(x: Array, bins: Array, /, right: bool = False) -> Array:
    """Number of the bin in which each element lies.

    Parameters
    ----------
    x : array
    bins : array of one axis
        Edges, ascending or descending. Below the first is bin 0.
    right : bool
        Whether a bin contains its right edge instead of its left one.
    """
    return np.digitize(x, bins, right=right)


@composed(np.sort)
def sort(
    x: Array, /, axis: int | None = -1, kind: Any = None, *, stable: bool | None = None
) -> Tensor:
    """Array with its elements in ascending order along an axis; without one, flattened.

    A new array, also by the method: unlike that of NumPy's arrays, it sorts nothing in place.

    Parameters
    ----------
    x : array
    axis : int or None
    kind, stable
        As in `numpy.sort`; the order of equal elements, and so their gradients, is that of a
        stable sort whatever they are.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([3.0, 1.0, 2.0], requires_grad=True)
    >>> mg.sort(x)
    tensor([1., 2., 3.], dtype=float64, op=permuted)
    """
    if axis is None:
        x, axis = np.reshape(x, -1), -1
    return permuted(x, argsort(x, axis, stable=True), axis)


@composed(np.partition)
def partition(
    x: Array, /, kth: int | Sequence[int], axis: int | None = -1, kind: Any = "introselect"
) -> Tensor:
    """Array with an element in its sorted place, smaller ones before, larger ones behind it.

    Parameters
    ----------
    x : array
    kth : int or sequence of int
        Places of the elements.
    axis : int or None
        None stands for the flattened array.
    kind : {"introselect"}
    """
    if axis is None:
        x, axis = np.reshape(x, -1), -1
    return permuted(x, argpartition(x, kth, axis, kind), axis)


@op(piecewise_linear=True)
def permuted(x: Array, /, order: np.ndarray[Any, np.dtype[np.intp]], axis: int) -> Forward:
    """Elements in another order along an axis: `take_along_axis` of a permutation.

    Nothing is repeated, so its adjoint is the inverse permutation, and not a sum.
    """

    def back(g: Array) -> Array:
        inverse = np.empty_like(order)
        lengths = [1] * order.ndim
        lengths[axis] = -1
        places = np.reshape(np.arange(order.shape[axis]), lengths)
        np.put_along_axis(inverse, order, places, axis)
        return permuted(g, inverse, axis)

    return np.take_along_axis(x, order, axis), back


def reordered(x: Array, order: np.ndarray[Any, np.dtype[np.intp]], axis: int) -> Any:
    """Return `x` with its parts along an axis in another order, a permutation of them."""
    lengths = [1] * x.ndim
    lengths[axis] = -1
    return permuted(x, np.reshape(order, lengths), axis)


@composed()
def topk(x: Array, /, k: int, axis: int = -1, *, largest: bool = True) -> tuple[Any, Any]:
    """The k largest (or smallest) elements along an axis, sorted, and their indices.

    Of equal elements the first comes first.

    Parameters
    ----------
    x : array
    k : int
    axis : int
    largest : bool
        Whether the largest, in descending order, or the smallest, in ascending order.

    Returns
    -------
    values, indices : array
        The indices are not differentiable.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.topk(mg.tensor([3.0, 1.0, 4.0, 1.0, 5.0]), 2)
    (tensor([5., 4.], dtype=float64), tensor([4, 2], dtype=int64))
    """
    along = np.lib.array_utils.normalize_axis_index(axis, np.ndim(x), "topk")
    length = np.shape(x)[along]
    if not 0 <= k <= length:
        raise ValueError(f"topk: k is {k}, but axis {axis} of x of shape {np.shape(x)} is {length}")
    before = (slice(None),) * along
    if largest:
        # Backward twice, so that of equal elements the first comes first.
        backward = (*before, slice(None, None, -1))
        order = argsort(getitem(constant(x), backward), axis, stable=True)
        order = length - 1 - getitem(order, backward)
    else:
        order = argsort(x, axis, stable=True)
    indices = getitem(order, (*before, slice(k)))
    return take_along_axis(x, indices, axis), indices
