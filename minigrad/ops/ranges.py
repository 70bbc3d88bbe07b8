"""Numbers between two others, and grids of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, constant, op
from .arithmetic import multiply, power
from .reductions import sum
from .selection import keep_where
from .shaping import alike, broadcast_arrays, expand_dims, reshape

if TYPE_CHECKING:
    from ..tensor import Tensor


@op(np.linspace, piecewise_linear=True)
def linspace(
    start: Array, stop: Array, /, num: int = 50, endpoint: bool = True, *, axis: int = 0
) -> Forward:
    """Numbers at equal distances from one to another, along a new axis.

    Parameters
    ----------
    start, stop : array
        The first, and the last or, without `endpoint`, the one that would follow.
    num : int
        How many.
    endpoint : bool
    axis : int
        Place of the new axis in the result.

    Examples
    --------
    >>> stop = mg.tensor(4.0, requires_grad=True)
    >>> numbers = mg.linspace(0.0, stop, 5)
    >>> numbers.tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    >>> numbers.sum().backward()
    >>> stop.grad
    tensor(2.5, dtype=float64)
    """
    out = np.linspace(start, stop, num, endpoint=endpoint, axis=axis)
    weights = np.linspace(0, 1, num, endpoint=endpoint, dtype=out.dtype)
    weights = _along(weights, np.ndim(out), axis)

    def weighted(weight: Array) -> Any:
        # Not 0 * inf, where the other end alone decides.
        return lambda g: sum(keep_where(weight != 0, g) * weight, axis)

    return out, (weighted(1 - weights), weighted(weights))


@composed(np.logspace)
def logspace(
    start: Array,
    stop: Array,
    /,
    num: int = 50,
    endpoint: bool = True,
    base: Array = 10.0,
    *,
    axis: int = 0,
) -> Tensor:
    """Powers of a base whose exponents are `linspace`.

    Parameters
    ----------
    start, stop : array
        The exponents at the ends, as in `linspace`.
    num : int
        How many.
    endpoint : bool
    base : array
        It may be tracked too.
    axis : int
        Place of the new axis in the result.
    """
    if np.ndim(base):
        start, stop, base = broadcast_arrays(start, stop, base)
        base = expand_dims(base, axis)
    return power(base, linspace(start, stop, num, endpoint, axis=axis))


@composed(np.geomspace)
def geomspace(
    start: Array, stop: Array, /, num: int = 50, endpoint: bool = True, *, axis: int = 0
) -> Tensor:
    """Numbers in equal ratios from one to another of the same sign, along a new axis.

    They are the weighted geometric means ``start**(1 - w) * stop**w``: the ends are exact, and
    nothing between them overflows.

    Raises
    ------
    ValueError
        If an end is 0.

    Examples
    --------
    >>> mg.geomspace(1.0, mg.tensor(1000.0), 4)
    tensor([   1.,   10.,  100., 1000.], dtype=float64)
    """
    start, stop = broadcast_arrays(start, stop)
    first, last = np.asarray(constant(start)), np.asarray(constant(stop))
    if not (first.all() and last.all()):
        raise ValueError("geomspace: neither end may be 0, which is in no ratio to the other")
    dtype = np.result_type(first, last, 0.0)
    start, stop = expand_dims(start, axis), expand_dims(stop, axis)
    weights = np.linspace(0, 1, num, endpoint=endpoint, dtype=dtype)
    weights = _along(weights, np.ndim(start), axis)
    sign = np.sign(np.expand_dims(first, axis))
    means: Tensor = power(sign * start, 1 - weights) * power(sign * stop, weights)
    return multiply(sign, means)


def _along(vector: Array, rank: int, axis: int) -> Array:
    """Return a vector with axes of length 1 around, to broadcast along an axis of `rank` axes."""
    behind = rank - 1 - axis if axis >= 0 else -1 - axis
    return np.reshape(vector, (-1,) + (1,) * behind)


@composed(np.meshgrid)
def meshgrid(
    *arrays: Array, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[Tensor, ...]:
    """Coordinates of the points of a grid, one array for each of its axes.

    Parameters
    ----------
    *arrays : array
        The coordinates along each axis.
    copy : bool
        Whether arrays are copied, or views of the coordinates. Tensors never change, and need no
        copy.
    sparse : bool
        Whether the results keep length 1 along the other axes.
    indexing : str
        ``"xy"``: the first array runs along the second axis of the grid, and the second along the
        first, as in pictures. ``"ij"``: each array runs along its own axis.

    Examples
    --------
    >>> x, y = mg.meshgrid(mg.tensor([1.0, 2.0, 3.0]), mg.tensor([10.0, 20.0]))
    >>> x.tolist(), y.tolist()
    ([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]], [[10.0, 10.0, 10.0], [20.0, 20.0, 20.0]])
    """
    if indexing not in {"xy", "ij"}:
        raise ValueError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    axes = list(range(len(arrays)))
    if indexing == "xy":
        axes[:2] = axes[:2][::-1]
    grid = tuple(
        reshape(array, (1,) * axis + (-1,) + (1,) * (len(arrays) - 1 - axis))
        for axis, array in zip(axes, arrays, strict=True)
    )
    results = alike(grid) if sparse else broadcast_arrays(*grid)
    if copy:
        results = tuple(np.array(part) if type(part) is np.ndarray else part for part in results)
    return results
