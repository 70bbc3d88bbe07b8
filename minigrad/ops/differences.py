"""Differences between neighbours, slopes, and the area under a curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Dispatched, composed
from .comparison import not_equal
from .cumulative import along_axis
from .indexing import getitem
from .joining import concatenate
from .reductions import sum
from .shaping import astype, reshape

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed(np.diff)
def diff(
    x: Array, /, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None
) -> Tensor:
    """Each element minus the one before it along an axis, `n` times.

    Parameters
    ----------
    x : array with at least one axis
    n : int
        How many times differences are taken.
    axis : int
    prepend, append : array or float, optional
        What to put before and after `x` first: values of the same shape but along the axis, or one
        value, which is repeated. They are differentiable.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.diff(mg.tensor([1.0, 4.0, 9.0]), prepend=0.0)
    tensor([1., 3., 5.], dtype=float64)
    """
    shape = np.shape(x)
    if not shape:
        raise ValueError("diff: x has no axes; it must have at least one")
    if n < 0:
        raise ValueError(f"diff: n is the number of differences, at least 0; got {n}")
    if not n:
        return x
    axis = np.lib.array_utils.normalize_axis_index(axis, len(shape), "diff")
    later = along_axis(len(shape), axis, slice(1, None))
    earlier = along_axis(len(shape), axis, slice(None, -1))
    one = list(shape)
    one[axis] = 1
    out: Any = getitem(x, ...)
    # Added to zeros, a Python number takes the dtype of x, so float32 stays float32.
    parts = [
        np.zeros_like(out, shape=tuple(one)) + part if np.ndim(part) == 0 else part
        for part in (prepend, out, append)
        if part is not None
    ]
    if len(parts) > 1:
        out = concatenate(parts, axis)
    for _ in range(n):
        if out.dtype == bool:
            out = not_equal(out[later], out[earlier])
        else:
            out = out[later] - out[earlier]
    return out


@composed(np.ediff1d)
def ediff1d(x: Array, /, to_end: Any = None, to_begin: Any = None) -> Tensor:
    """Each element of the flattened array minus the one before it, between other values.

    Parameters
    ----------
    x : array
    to_end, to_begin : array, optional
        What to put after and before the differences, in the dtype of `x`. They are differentiable.
    """
    flat: Any = reshape(x, -1)
    if flat.dtype == bool:
        raise TypeError("ediff1d: x is bool, which has no differences; convert by x.astype(int)")
    parts = [
        None if part is None else _in_dtype(reshape(part, -1), flat.dtype)
        for part in (to_begin, flat[1:] - flat[:-1], to_end)
    ]
    return concatenate([part for part in parts if part is not None])


@composed(np.gradient)
def gradient(
    f: Array, /, *varargs: Any, axis: int | tuple[int, ...] | None = None, edge_order: int = 1
) -> Any:
    """Slopes of a sampled function along axes, from differences of neighbours as `numpy.gradient`.

    Inside, the slope is that of the parabola through a value and its two neighbours; this is exact
    for uneven spacing too.

    Parameters
    ----------
    f : array
        Values of a function at the points of a grid.
    *varargs : float or array
        Spacing: none for 1, one number for all axes, or for each axis a number or the vector of its
        coordinates. Differentiable.
    axis : int or tuple of int, optional
        By default all axes.
    edge_order : {1, 2}
        At both ends, the slope to the neighbour, or that of the parabola through two neighbours.

    Returns
    -------
    array, or a tuple of one for each axis if there are several

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.gradient(mg.tensor([0.0, 1.0, 4.0, 9.0]), edge_order=2)
    tensor([0., 2., 4., 6.], dtype=float64)
    """
    shape = np.shape(f)
    if axis is None:
        axes = tuple(range(len(shape)))
    else:
        axes = np.lib.array_utils.normalize_axis_tuple(axis, len(shape), "gradient")
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order is 1 or 2, got {edge_order}")
    spacings: Any = varargs or (1.0,)
    if len(spacings) == 1 and np.ndim(spacings[0]) == 0:
        spacings *= len(axes)
    if len(spacings) != len(axes):
        raise TypeError(
            f"gradient: got {len(spacings)} spacings for {len(axes)} axes; give none, one number, "
            "or one for each axis"
        )
    values: Any = getitem(f, ...)
    if values.dtype.kind != "f":
        values = astype(values, np.float64)
    for spacing in spacings:
        if isinstance(spacing, Dispatched):  # then all slopes are tensors, not only those by it
            values = values + np.zeros_like(spacing, shape=(), dtype=values.dtype)
    slopes = tuple(
        _slopes(values, along, spacing, edge_order)
        for along, spacing in zip(axes, spacings, strict=True)
    )
    return slopes[0] if len(axes) == 1 else slopes


def _slopes(f: Any, axis: int, spacing: Any, edge_order: int) -> Any:
    length = f.shape[axis]
    if length <= edge_order:
        raise ValueError(
            f"gradient: axis {axis} of f has length {length}; edge_order={edge_order} needs at "
            f"least {edge_order + 1} elements"
        )

    def part(x: Any, start: int | None, stop: int | None) -> Any:
        return x[along_axis(f.ndim, axis, slice(start, stop))]

    steps: Any = spacing
    weight: Any = 0.5  # how far from the left to the right neighbour an element lies
    if np.ndim(spacing):
        if np.shape(spacing) != (length,):
            raise ValueError(
                f"gradient: the coordinates have shape {np.shape(spacing)}, but axis {axis} of f "
                f"has length {length}"
            )
        column = (length - 1,) + (1,) * (f.ndim - 1 - axis)
        steps = reshape(diff(spacing), column)
        weight = steps[:-1] / (steps[:-1] + steps[1:])
    slopes = (part(f, 1, None) - part(f, None, -1)) / steps
    changes = part(slopes, 1, None) - part(slopes, None, -1)
    first, last = part(slopes, None, 1), part(slopes, -1, None)
    if edge_order == 2:
        uneven = np.ndim(weight) > 0
        first = first - part(changes, None, 1) * (weight[:1] if uneven else weight)
        last = last + part(changes, -1, None) * (1 - (weight[-1:] if uneven else weight))
    inside = part(slopes, None, -1) + changes * weight
    return _in_dtype(concatenate([first, inside, last], axis), f.dtype)


@composed(np.trapezoid)
def trapezoid(y: Array, /, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """Area under a curve that is sampled along an axis and straight between the samples.

    Parameters
    ----------
    y : array
        The values.
    x : array, optional
        Where they were sampled: a vector as long as the axis, or an array that broadcasts with
        `y`. Differentiable, as is `dx`.
    dx : float
        Spacing, if `x` is not given.
    axis : int

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.trapezoid(mg.tensor([1.0, 2.0, 3.0]), x=mg.tensor([0.0, 1.0, 3.0])).item()
    6.5
    """
    values: Any = getitem(y, ...)
    axis = np.lib.array_utils.normalize_axis_index(axis, values.ndim, "trapezoid")
    steps = dx
    if np.ndim(x) == 1:
        if np.shape(x) != (values.shape[axis],):
            raise ValueError(
                f"trapezoid: x has shape {np.shape(x)}, but axis {axis} of y has length "
                f"{values.shape[axis]}"
            )
        steps = reshape(diff(x), (-1,) + (1,) * (values.ndim - 1 - axis))
    elif x is not None:
        steps = diff(x, axis=axis - values.ndim)
    later = along_axis(values.ndim, axis, slice(1, None))
    earlier = along_axis(values.ndim, axis, slice(None, -1))
    return sum(steps * (values[later] + values[earlier]) / 2.0, axis)


def _in_dtype(x: Any, dtype: Any) -> Any:
    return x if x.dtype == dtype else astype(x, dtype)
