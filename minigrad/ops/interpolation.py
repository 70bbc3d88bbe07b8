"""Interpolation between given points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, composed, constant
from .indexing import getitem
from .joining import concatenate
from .ordering import argsort, searchsorted
from .selection import keep_where, where

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed(np.interp)
def interp(
    x: Array,
    xp: Array,
    fp: Array,
    /,
    left: Array | None = None,
    right: Array | None = None,
    period: float | None = None,
) -> Tensor:
    """Value at `x` of the function that is linear between points (xp, fp).

    At a point the slope is that of the segment on its right, at the last point of the one on its
    left. Outside, the function is constant.

    Parameters
    ----------
    x : array
    xp : array of shape (n,)
        Ascending, if there is no period.
    fp : array of shape (n,)
    left, right : array without axes, optional
        The value below the first and above the last point, by default that of the point.
    period : float, optional
        Length after which the function repeats; then there is no outside.

    Raises
    ------
    ValueError
        If `xp` and `fp` are not of one shape (n,), n at least 1, or the period is 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([0.5, 1.0, 9.0], requires_grad=True)
    >>> y = mg.interp(x, [0.0, 1.0, 2.0], [0.0, 10.0, 30.0])
    >>> y.sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([5.0, 10.0, 30.0], [10.0, 20.0, 0.0])
    """
    x, xp, fp = (
        np.asarray(a) if isinstance(a, (list, tuple, float, int)) else a for a in (x, xp, fp)
    )
    if np.ndim(xp) != 1 or np.shape(xp) != np.shape(fp) or not np.size(xp):
        raise ValueError(
            f"interp: xp and fp are points of shape (n,), got {np.shape(xp)} and {np.shape(fp)}"
        )
    if period is not None:
        if not period:
            raise ValueError("interp: period is 0; leave it out for a function that has none")
        period, left, right = abs(period), None, None
        x, xp = _folded(x, period), _folded(xp, period)
        order = argsort(xp)
        xp, fp = getitem(xp, order), getitem(fp, order)
        # A point more on each side, so that nothing lies outside.
        last, first = slice(-1, None), slice(1)
        xp = concatenate([getitem(xp, last) - period, xp, getitem(xp, first) + period])
        fp = concatenate([getitem(fp, last), fp, getitem(fp, first)])
    start, end, count = getitem(xp, 0), getitem(xp, -1), np.size(xp)
    below, above = np.less(x, start), np.greater(x, end)
    # Of what lies outside a slope is taken too, and then not used: it must be finite.
    inside = where(np.logical_or(below, above), start, x)
    segment = np.clip(_values(searchsorted(xp, inside, side="right")) - 1, 0, max(count - 2, 0))
    x0, y0 = getitem(xp, segment), getitem(fp, segment)
    segment = np.minimum(segment + 1, count - 1)
    x1, y1 = getitem(xp, segment), getitem(fp, segment)
    jump = np.equal(x0, x1)  # the last point is repeated, or the only one
    slope = (y1 - y0) / where(jump, 1, x1 - x0)
    # From the point on the left; at the last point, and where that is infinite, on the right.
    from_right = np.logical_or(np.equal(inside, x1), np.isinf(y0))
    step = inside - where(from_right, x1, x0)
    # At a point its value is exact, also where the slope is infinite.
    with np.errstate(invalid="ignore"):
        rise = keep_where(np.logical_or(np.not_equal(step, 0), np.isfinite(slope)), slope * step)
    y = where(jump, y1, where(from_right, y1, y0) + rise)
    y = where(below, getitem(fp, 0) if left is None else left, y)
    return where(above, getitem(fp, -1) if right is None else right, y)


def _folded(x: Array, period: float) -> Array:
    """Return `x` moved by whole periods into the first one; its slope stays 1."""
    values = _values(x)
    return x + (values % period - values)


def _values(x: Array) -> np.ndarray[Any, Any]:
    return np.asarray(constant(x))
