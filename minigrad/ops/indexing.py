"""Reading and writing parts of an array.

An index is whatever NumPy takes: integers, slices, ellipsis, newaxis, arrays of integers or
booleans, and tuples of them. Indices are settings; a tensor in one is used for its value.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..registry import Array, Forward, op
from .selection import keep_where


@op(piecewise_linear=True)
def getitem(x: Array, /, index: Any) -> Forward:
    """Part of an array, ``x[index]``; the gradients of elements read several times add up.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> x[[0, 0, 2]].sum().backward()
    >>> x.grad
    tensor([2., 0., 1.], dtype=float64)
    """
    shape = x.shape
    return x[index], lambda g: scatter(g, index, shape)


@op(piecewise_linear=True)
def scatter(x: Array, /, index: Any, shape: tuple[int, ...]) -> Forward:
    """Array of zeros to which `x` is added at an index, repeated elements adding up.

    The adjoint of `getitem`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.scatter(mg.tensor([1, 2, 3]), [0, 0, 2], (4,))
    tensor([3, 0, 3, 0], dtype=int64)
    """
    out = np.zeros_like(x, shape=shape, order="C")
    if _may_repeat(index):
        np.add.at(out, index, x)
    else:
        out[index] = x
    return out, lambda g: getitem(g, index)


@op(piecewise_linear=True)
def setitem(x: Array, value: Array, /, index: Any) -> Forward:
    """Copy of an array in which the elements at an index have other values.

    Where the index repeats an element, the last value stays, and it alone gets the gradient.

    Parameters
    ----------
    x : array
    value : array that broadcasts to the shape of ``x[index]``

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.setitem(mg.tensor([1.0, 2.0, 3.0]), 0.0, slice(1, None))
    tensor([1., 0., 0.], dtype=float64)
    """
    x_shape, value_ndim = x.shape, np.ndim(value)
    out = x.copy()
    out[index] = value
    untouched = np.ones_like(x, dtype=bool)
    untouched[index] = False

    def by_value(g: Array) -> Array:
        part = getitem(g, index)
        if _may_repeat(index):
            # Each element is owned by the last position that was written to it.
            positions = np.arange(part.size).reshape(part.shape)
            owner = np.zeros(x_shape, dtype=np.intp)
            owner[index] = positions
            part = keep_where(owner[index] == positions, part)
        # NumPy lets a value have more axes, of length 1, than its place.
        return part[(None,) * (value_ndim - part.ndim)] if value_ndim > part.ndim else part

    return out, (lambda g: keep_where(untouched, g), by_value)


def _may_repeat(index: Any) -> bool:
    """Whether an index could name an element twice: integers, slices and masks never do."""
    return not all(
        part is None
        or part is Ellipsis
        or isinstance(part, (int, np.integer, slice))
        or (isinstance(part, np.ndarray) and part.dtype == bool)
        for part in (index if isinstance(index, tuple) else (index,))
    )
