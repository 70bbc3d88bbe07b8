"""Variances, weighted means and correlations.

Axes are given as to reductions. Variances divide by ``n - ddof``, and `ddof` is 0, as in NumPy;
`correction` is the same setting by its name in the array API.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, constant, op
from .arithmetic import multiply
from .comparison import zeros_like
from .contraction import matmul
from .elementary import sqrt
from .indexing import getitem
from .joining import concatenate
from .reductions import Axis, kept_shape, mean, sum
from .selection import maximum, minimum, where
from .shaping import astype, inverse, reshape, squeeze, transpose

if TYPE_CHECKING:
    from ..tensor import Tensor


@op(np.var, piecewise_linear=False)
def var(
    x: Array,
    /,
    axis: Axis = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    correction: float | None = None,
) -> Forward:
    """Variance along an axis: the mean square of the deviations from the mean, in two passes.

    Parameters
    ----------
    x : array
    axis : int, tuple of int, or None
    ddof : float
        The sum of squares is divided by ``n - ddof``: 0 for the variance of the elements
        themselves (the default, unlike PyTorch's), 1 for an estimate from a sample.
    keepdims : bool
    correction : float, optional
        Another name of `ddof`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.var(mg.tensor([1.0, 3.0])).item(), mg.var(mg.tensor([1.0, 3.0]), ddof=1).item()
    (1.0, 2.0)
    """
    kept = kept_shape(np.shape(x), axis)
    freedom = _freedom("var", _count(np.shape(x), kept), ddof, correction)
    deviations = _deviations(x, axis)
    return (
        sum(deviations * deviations, axis, keepdims=keepdims) / freedom,
        lambda g: deviations * (reshape(g, kept) * 2 / freedom),
    )


@composed(np.std)
def std(
    x: Array,
    /,
    axis: Axis = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    correction: float | None = None,
) -> Tensor:
    """Standard deviation along an axis, with gradient 0 where all elements are equal.

    The square root of `var`, of which it has the settings.
    """
    freedom = chosen_ddof("std", ddof, correction)
    return root(var(x, axis, ddof=freedom, keepdims=keepdims))


def root(variance: Any) -> Any:
    """Square root of a variance, constant where it is 0."""
    spread = variance > 0
    return where(spread, sqrt(where(spread, variance, 1)), variance)


def _deviations(x: Any, axis: Axis) -> Any:
    """Elements minus their mean along an axis; exactly 0 where all are equal."""
    shape = np.shape(x)
    # From their computed mean, equal elements would differ by its rounding error.
    some = constant(x)
    if shape:
        kept = kept_shape(shape, axis)
        some = some[tuple(slice(n) for n in kept)]
    shifted = x - mean(some, axis, keepdims=True)
    return shifted - mean(shifted, axis, keepdims=True)


def _count(shape: tuple[int, ...], kept: tuple[int, ...]) -> int:
    """How many elements a reduction brings together."""
    return math.prod(n for n, one in zip(shape, kept, strict=True) if n != one)


def _freedom(function: str, count: int, ddof: float, correction: float | None) -> float:
    """Degrees of freedom: what sums of squares are divided by, never negative."""
    return max(count - chosen_ddof(function, ddof, correction), 0)


def chosen_ddof(function: str, ddof: float, correction: float | None) -> float:
    """The one of the two names that was given."""
    if correction is None:
        return ddof
    if ddof:
        raise TypeError(
            f"{function}: ddof={ddof} and correction={correction} are two names of one "
            "setting; give one of them"
        )
    return correction


@composed(np.average)
def average(
    x: Array,
    /,
    axis: Axis = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    """Weighted mean along an axis, differentiable by the weights too.

    Parameters
    ----------
    x : array
    axis : int, tuple of int, or None
    weights : array, optional
        Of the shape of `x`, or of the lengths of the axes alone. Without weights it is the mean.
    returned : bool
        Whether to return the sum of the weights as well.
    keepdims : bool

    Raises
    ------
    ZeroDivisionError
        If weights sum to 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.average(mg.tensor([1.0, 2.0]), weights=[3.0, 1.0]).item()
    1.25
    """
    if weights is None:
        out = mean(x, axis, keepdims=keepdims)
        count = _count(np.shape(x), kept_shape(np.shape(x), axis))
        return (out, zeros_like(out) + count) if returned else out
    wide = _spread_weights(np.shape(x), axis, getitem(weights, ...))
    products: Any = multiply(x, wide)
    if wide.dtype != products.dtype and products.dtype.kind == "f":
        wide = astype(wide, products.dtype)
    total: Any = sum(wide, axis, keepdims=keepdims)
    if np.any(constant(total) == 0):
        raise ZeroDivisionError("average: weights sum to 0, so there is no mean")
    out = sum(products, axis, keepdims=keepdims) / total
    return (out, zeros_like(out) + total) if returned else out


def _spread_weights(shape: tuple[int, ...], axis: Axis, weights: Any) -> Any:
    if weights.shape == shape:
        return weights
    if axis is not None:
        axes = np.lib.array_utils.normalize_axis_tuple(axis, len(shape))
        if weights.shape == tuple(shape[i] for i in axes):
            in_order = transpose(weights, inverse(axes))
            return reshape(in_order, tuple(n if i in axes else 1 for i, n in enumerate(shape)))
    raise ValueError(
        f"average: weights have shape {weights.shape}, x {shape} and axis is {axis}; weights must "
        "have the shape of x, or the lengths of the given axes"
    )


@composed(np.cov)
def cov(
    x: Array,
    /,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
) -> Tensor:
    """Covariance matrix of variables, in the dtype of the observations.

    Parameters
    ----------
    x : array of shape (variables, observations) or (observations,)
    y : array, optional
        More variables, of the same observations.
    rowvar : bool
        If False, rows are observations and columns are variables.
    bias : bool
        Whether to divide by the number of observations n instead of n - 1.
    ddof : int, optional
        Divide by ``n - ddof`` whatever `bias` says.
    """
    variables = _variables("cov", x, rowvar)
    if y is not None:
        variables = concatenate([variables, _variables("cov", y, rowvar)])
    deviations = _deviations(variables, 1)
    if ddof is None:
        ddof = 0 if bias else 1
    products = matmul(deviations, transpose(deviations))
    return squeeze(products / max(variables.shape[1] - ddof, 0))


@composed(np.corrcoef)
def corrcoef(x: Array, /, y: Any = None, rowvar: bool = True) -> Tensor:
    """Pearson correlation coefficients of variables, a matrix; nan for one that is constant.

    Parameters
    ----------
    x, y, rowvar
        As for `cov`.
    """
    matrix: Any = cov(x, y, rowvar)
    if not matrix.shape:
        return matrix / matrix
    diagonal = np.arange(matrix.shape[0])
    deviations = sqrt(matrix[diagonal, diagonal])
    out = matrix / deviations[:, None] / deviations[None, :]
    # Rounding may lead beyond 1. There the derivative is that of the formula all the same.
    value = constant(out)
    return out + (minimum(maximum(value, -1), 1) - value)


def _variables(function: str, x: Any, rowvar: bool) -> Any:
    """Variables as rows, observations as columns."""
    if np.ndim(x) > 2:
        raise ValueError(f"{function}: x has shape {np.shape(x)}; it must have one or two axes")
    if np.ndim(x) < 2:
        return reshape(x, (1, -1))
    return getitem(x, ...) if rowvar else transpose(x)
