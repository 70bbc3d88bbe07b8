"""Reductions that leave out nan, which gets the gradient 0.

Where all elements are nan, so is the result, except a sum, a product or a count; and a
RuntimeWarning says so.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, constant, nondifferentiable, op
from .comparison import isnan, logical_not
from .cumulative import cumprod, cumsum
from .quantiles import interpolated
from .reductions import Axis, extreme, max, prod, sum
from .selection import keep_where, where
from .shaping import astype
from .statistics import chosen_ddof, root

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed(np.nansum)
def nansum(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Sum along an axis of the elements that are not nan; of none it is 0."""
    return sum(_filled(x, 0), axis, keepdims=keepdims)


@composed(np.nanprod)
def nanprod(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Product along an axis of the elements that are not nan; of none it is 1."""
    return prod(_filled(x, 1), axis, keepdims=keepdims)


@composed(np.nancumsum)
def nancumsum(x: Array, /, axis: int | None = None) -> Tensor:
    """Sum of the elements up to each one that are not nan, as `cumsum`."""
    return cumsum(_filled(x, 0), axis)


@composed(np.nancumprod)
def nancumprod(x: Array, /, axis: int | None = None) -> Tensor:
    """Product of the elements up to each one that are not nan, as `cumprod`."""
    return cumprod(_filled(x, 1), axis)


@composed(np.nanmean)
def nanmean(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Arithmetic mean along an axis of the elements that are not nan.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, np.nan, 3.0], requires_grad=True)
    >>> mg.nanmean(x).backward()
    >>> x.grad
    tensor([0.5, 0. , 0.5], dtype=float64)
    """
    total: Any = nansum(x, axis, keepdims=keepdims)
    return total / _count(x, axis, keepdims, total, warn_as="nanmean")


@op(np.nanmax, piecewise_linear=True)
def nanmax(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Forward:
    """Return the largest element along an axis that is not nan; equal ones share the gradient."""
    return extreme(np.nanmax, x, axis, keepdims, nan_wins=False)


@op(np.nanmin, piecewise_linear=True)
def nanmin(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Forward:
    """Return the smallest element along an axis that is not nan; equal ones share the gradient."""
    return extreme(np.nanmin, x, axis, keepdims, nan_wins=False)


@nondifferentiable(np.nanargmax)
def nanargmax(x: Array, /, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Index of the largest element along an axis that is not nan, the first of equal ones."""
    return np.nanargmax(x, axis=axis, keepdims=keepdims)


@nondifferentiable(np.nanargmin)
def nanargmin(x: Array, /, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Index of the smallest element along an axis that is not nan, the first of equal ones."""
    return np.nanargmin(x, axis=axis, keepdims=keepdims)


@composed(np.nanvar)
def nanvar(
    x: Array,
    /,
    axis: Axis = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    correction: float | None = None,
) -> Tensor:
    """Variance along an axis of the elements that are not nan, with the settings of `var`."""
    return _variance("nanvar", x, axis, chosen_ddof("nanvar", ddof, correction), keepdims)


@composed(np.nanstd)
def nanstd(
    x: Array,
    /,
    axis: Axis = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    correction: float | None = None,
) -> Tensor:
    """Standard deviation along an axis of the elements that are not nan.

    The gradient is 0 where they are equal. The settings are those of `var`.
    """
    return root(_variance("nanstd", x, axis, chosen_ddof("nanstd", ddof, correction), keepdims))


def _variance(function: str, x: Any, axis: Axis, ddof: float, keepdims: bool) -> Any:
    valid = logical_not(isnan(x))
    # From their computed mean, equal elements would differ by its rounding error.
    some = max(where(valid, constant(x), -np.inf), axis, keepdims=True) if np.size(x) else 0.0
    shifted = keep_where(valid, x - some)
    total: Any = sum(shifted, axis, keepdims=True)
    mean = total / _count(x, axis, True, total)
    deviations = keep_where(valid, shifted - mean)
    squares: Any = sum(deviations * deviations, axis, keepdims=keepdims)
    return squares / _count(x, axis, keepdims, squares, ddof, warn_as=function)


@op(np.nanquantile, piecewise_linear=True)
def nanquantile(
    x: Array, /, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False
) -> Forward:
    """`quantile` of the elements that are not nan."""
    return interpolated("nanquantile", x, q, axis, method, keepdims, skip_nan=True)


@composed(np.nanpercentile)
def nanpercentile(
    x: Array, /, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`percentile` of the elements that are not nan."""
    return nanquantile(x, np.true_divide(q, 100), axis, method=method, keepdims=keepdims)


@composed(np.nanmedian)
def nanmedian(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """`median` of the elements that are not nan."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)


def _filled(x: Any, value: int) -> Any:
    return where(isnan(x), value, x)


def _count(
    x: Any, axis: Axis, keepdims: bool, total: Any, ddof: float = 0, warn_as: str | None = None
) -> Any:
    """How many elements along an axis are not nan, minus `ddof`; nan where none are left.

    In the dtype of their total, so that dividing it by the count keeps float32.
    """
    count: Any = sum(logical_not(isnan(x)), axis, keepdims=keepdims)
    count = astype(count, total.dtype if total.dtype.kind == "f" else np.float64) - ddof
    none = count <= 0
    if warn_as is not None and np.any(none):
        warnings.warn(
            f"{warn_as}: a slice has too few elements that are not nan",
            RuntimeWarning,
            stacklevel=3,
        )
    return where(none, np.nan, count)
