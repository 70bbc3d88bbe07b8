"""Sums, products and extremes up to each element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Dispatched, Forward, composed, op
from .elementary import exp
from .indexing import getitem, scatter
from .joining import concatenate
from .selection import keep_where, where
from .shaping import inverse, reshape, transpose

if TYPE_CHECKING:
    from ..tensor import Tensor

FLIP = slice(None, None, -1)


@op(np.cumsum, piecewise_linear=True)
def cumsum(x: Array, /, axis: int | None = None) -> Forward:
    """Sum of the elements up to each one along an axis; of all in a row with ``axis=None``.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> mg.cumsum(x).sum().backward()
    >>> x.grad
    tensor([3., 2., 1.], dtype=float64)
    """
    out = np.cumsum(x, axis=axis)
    before = np.shape(x)
    along = 0 if axis is None else axis
    flip = along_axis(np.ndim(out), along, FLIP)
    # Each element is in its own sum and in all later ones.
    return out, lambda g: reshape(getitem(cumsum(getitem(g, flip), along), flip), before)


@op(np.cumprod, piecewise_linear=False)
def cumprod(x: Array, /, axis: int | None = None) -> Forward:
    """Product of the elements up to each one along an axis; of all in a row with ``axis=None``.

    Derivatives are exact where elements are 0, at every order: nothing is divided by an element.
    """
    out = np.cumprod(x, axis=axis)
    before = np.shape(x)

    def closure(g: Array) -> Array:
        rows = _axis_first(x, axis)
        earlier = _axis_first(out, axis)[:-1]
        # By x[i]: earlier[i] * (g[i] + x[i+1] * (g[i+1] + x[i+2] * (...))).
        backward = rows[FLIP]
        later = _recurrence(backward[:-1], _axis_first(g, axis)[FLIP])[FLIP]
        products = concatenate([later[:1], earlier * later[1:]])
        return _axis_back(products, before, axis)

    return out, closure


@op
def logcumsumexp(x: Array, /, axis: int | None = None) -> Forward:
    """Logarithm of the sum of exponentials of the elements up to each one, without overflow.

    All in a row with ``axis=None``. An element of ``-inf`` gets no gradient where it begins.
    """
    if isinstance(x, Dispatched):
        out: Any = logcumsumexp(x, axis)
    else:
        out = np.logaddexp.accumulate(np.reshape(x, -1) if axis is None else x, axis=axis or 0)
    before = np.shape(x)

    def closure(g: Array) -> Array:
        # By x[i]: exp(x[i]) * sum(g[j] / exp(out[j]) for j >= i). No exponent here is positive.
        rows, totals = _axis_first(x, axis), _axis_first(out, axis)
        reached = where(totals == -np.inf, 0, totals)
        decay = exp(totals[:-1] - reached[1:])
        later = _recurrence(decay[FLIP], _axis_first(g, axis)[FLIP])[FLIP]
        return _axis_back(exp(rows - reached) * later, before, axis)

    return out, closure


@op(piecewise_linear=True)
def cummax(x: Array, /, axis: int | None = None) -> Forward:
    """Return the largest of the elements up to each one along an axis.

    All in a row with ``axis=None``. Of equal elements the first gets the gradient; so does the
    first nan, which is the largest from there on.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.cummax(mg.tensor([1, 3, 2, 4]))
    tensor([1, 3, 3, 4], dtype=int64)
    """
    return _running_extreme(np.maximum, np.greater, x, axis)


@op(piecewise_linear=True)
def cummin(x: Array, /, axis: int | None = None) -> Forward:
    """Return the smallest of the elements up to each one along an axis.

    Otherwise as `cummax`.
    """
    return _running_extreme(np.minimum, np.less, x, axis)


@composed(*filter(None, [getattr(np, "cumulative_sum", None)]))  # NumPy 2.1 has it
def cumulative_sum(
    x: Array, /, *, axis: int | None = None, include_initial: bool = False
) -> Tensor:
    """Sum of the elements up to each one along an axis, which only a vector may leave out.

    Parameters
    ----------
    x : array
    axis : int, optional
    include_initial : bool
        Whether the sum of no elements, 0, comes first.
    """
    return _cumulative(cumulative_sum, cumsum, 0, x, axis, include_initial)


@composed(*filter(None, [getattr(np, "cumulative_prod", None)]))  # NumPy 2.1 has it
def cumulative_prod(
    x: Array, /, *, axis: int | None = None, include_initial: bool = False
) -> Tensor:
    """Product of the elements up to each one along an axis, which only a vector may leave out.

    Parameters
    ----------
    x : array
    axis : int, optional
    include_initial : bool
        Whether the product of no elements, 1, comes first.
    """
    return _cumulative(cumulative_prod, cumprod, 1, x, axis, include_initial)


def _cumulative(
    function: Any, op: Any, initial: int, x: Array, axis: int | None, include_initial: bool
) -> Any:
    ndim = np.ndim(x)
    if ndim < 1 or (axis is None and ndim > 1):
        raise ValueError(
            f"{function.__name__}: x has shape {np.shape(x)}; without axis= it must have one axis"
        )
    axis = 0 if axis is None else axis
    out = op(x, axis)
    if not include_initial:
        return out
    shape = list(out.shape)
    shape[axis] = 1
    return concatenate([np.zeros_like(out, shape=tuple(shape)) + initial, out], axis)


def _running_extreme(
    extreme: np.ufunc, wins: np.ufunc, x: Array, axis: int | None
) -> tuple[Array, Any]:
    before = np.shape(x)
    rows = np.reshape(x, -1) if axis is None else x
    along = axis or 0
    out = extreme.accumulate(rows, axis=along)
    ndim, length = np.ndim(out), out.shape[along]

    def winners() -> Any:
        """For each place the index of the element that came out."""
        if not length:
            return ...
        later = along_axis(ndim, along, slice(1, None))
        earlier = along_axis(ndim, along, slice(0, -1))
        new = np.ones_like(out, dtype=bool)
        is_nan = np.not_equal(out, out)
        new[later] = wins(out[later], out[earlier]) | (is_nan[later] & ~is_nan[earlier])
        grid: list[Any] = list(np.indices(out.shape, sparse=True))
        position = np.where(new, grid[along], 0)
        grid[along] = np.maximum.accumulate(position, axis=along)
        return tuple(grid)

    return out, lambda g: reshape(scatter(g, winners(), out.shape), before)


def along_axis(ndim: int, axis: int, part: Any) -> tuple[Any, ...]:
    """Index that takes a part along one axis, and all of the others."""
    axis = np.lib.array_utils.normalize_axis_index(axis, ndim)
    return (slice(None),) * axis + (part,)


def _axis_first(x: Array, axis: int | None) -> Array:
    """The array with an axis in front, or flat with ``axis=None``."""
    if axis is None or np.ndim(x) < 2:
        return reshape(x, -1)
    return transpose(x, _front(x.ndim, axis))


def _axis_back(rows: Array, shape: tuple[int, ...], axis: int | None) -> Array:
    """Undo `_axis_first` for an array of that shape."""
    if axis is None or len(shape) < 2:
        return reshape(rows, shape)
    return transpose(rows, inverse(_front(len(shape), axis)))


def _front(ndim: int, axis: int) -> tuple[int, ...]:
    axis = np.lib.array_utils.normalize_axis_index(axis, ndim)
    return (axis, *(i for i in range(ndim) if i != axis))


def _recurrence(a: Array, b: Array) -> Array:
    """Solve ``h[i + 1] = a[i] * h[i] + b[i + 1]`` from ``h[0] = b[0]`` on, by rows.

    By odd-even reduction: every second row obeys a recurrence half as long, and the others follow
    from it. So n rows take about 2 log(n) steps on whole arrays in place of n steps (Kogge and
    Stone, "A parallel algorithm for the efficient solution of a general class of recurrence
    equations", 1973).
    """
    if b.shape[0] < 2:
        return b
    half = b.shape[0] // 2
    into_odd, into_even = a[::2], a[1::2]
    with np.errstate(over="ignore", invalid="ignore"):
        double_steps = into_odd[1:] * into_even[: half - 1]
        odd = _recurrence(double_steps, _carried(into_odd, b[: 2 * half : 2]) + b[1::2])
        even = _carried(into_even, odd[: into_even.shape[0]]) + b[2::2]
    evens, odds = slice(None, None, 2), slice(1, None, 2)
    return scatter(concatenate([b[:1], even]), evens, b.shape) + scatter(odd, odds, b.shape)


def _carried(a: Array, h: Array) -> Array:
    """The product of `a` and `h`; 0 where `h` is 0, though factors of `a` have overflowed."""
    product, finite = a * h, np.isfinite(a)
    return product if np.all(finite) else keep_where(finite | (h != 0), product)
