"""Quantiles, percentiles and medians: what lies at a place among the elements in order."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, op
from .indexing import scatter
from .reductions import Axis, kept_shape, split_axes
from .selection import keep_where
from .shaping import inverse, reshape, transpose

if TYPE_CHECKING:
    from ..tensor import Tensor

# Methods of quantile: the place of a quantile among n ordered elements, counted from 0. Those of
# two numbers are of the family of Hyndman and Fan, "Sample quantiles in statistical packages"
# (1996): the place is q n + alpha + q (1 - alpha - beta) - 1.
METHODS: dict[str, tuple[float, float] | Callable[[Any, Any], Any]] = {
    "linear": lambda n, q: (n - 1) * q,
    "lower": lambda n, q: np.floor((n - 1) * q),
    "higher": lambda n, q: np.ceil((n - 1) * q),
    "nearest": lambda n, q: np.around((n - 1) * q),
    "midpoint": lambda n, q: (np.floor((n - 1) * q) + np.ceil((n - 1) * q)) / 2,
    "inverted_cdf": lambda n, q: np.ceil(n * q) - 1,
    "closest_observation": lambda n, q: np.rint(n * q) - 1,
    "averaged_inverted_cdf": lambda n, q: (np.ceil(n * q) + np.floor(n * q) - 1) / 2,
    "interpolated_inverted_cdf": (0, 1),
    "hazen": (1 / 2, 1 / 2),
    "weibull": (0, 0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}


@op(np.quantile, piecewise_linear=True)
def quantile(
    x: Array, /, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False
) -> Forward:
    """Value below which a part of the elements lies, along an axis.

    It is interpolated between two elements, and they share the gradient. Of equal elements, those
    at the places in stable order get it.

    Parameters
    ----------
    x : array
        With a nan, its quantiles are nan.
    q : float or array
        Which part, from 0 to 1; not differentiable. Its axes come first in the result.
    axis : int, tuple of int, or None
    method : str
        The place of a quantile among the elements in order, as in `numpy.quantile`: ``"linear"``,
        ``"lower"``, ``"higher"``, ``"nearest"``, ``"midpoint"``, ``"inverted_cdf"``,
        ``"closest_observation"``, ``"averaged_inverted_cdf"``, ``"interpolated_inverted_cdf"``,
        ``"hazen"``, ``"weibull"``, ``"median_unbiased"`` or ``"normal_unbiased"``.
    keepdims : bool

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([10.0, 40.0, 20.0], requires_grad=True)
    >>> y = mg.quantile(x, 0.25)
    >>> y.backward()
    >>> y.item(), x.grad.tolist()
    (15.0, [0.5, 0.0, 0.5])
    """
    return interpolated("quantile", x, q, axis, method, keepdims)


def interpolated(
    function: str,
    x: Array,
    q: Any,
    axis: Axis,
    method: str,
    keepdims: bool,
    skip_nan: bool = False,
) -> tuple[Array, Callable[[Array], Array]]:
    """The rule of quantiles of all elements, or of those that are not nan."""
    if method not in METHODS:
        raise ValueError(f"{function}: method is one of {', '.join(METHODS)}; got {method!r}")
    q = np.asarray(q, dtype=np.float64)
    if not np.all((q >= 0) & (q <= 1)):
        raise ValueError(f"{function}: q is from 0 to 1 (of mg.percentile, 0 to 100); got {q}")
    shape, kept = np.shape(x), kept_shape(np.shape(x), axis)
    reduced, rest = split_axes(len(shape), axis)
    order, rest_shape = rest + reduced, tuple(shape[i] for i in rest)
    front = np.transpose(x, order)
    if front.dtype.kind == "b":
        front = front.astype(np.float64)  # booleans have no differences
    length = math.prod(shape[i] for i in reduced)
    if not length:
        raise ValueError(f"{function}: x has shape {shape}, so there are no elements along {axis=}")
    rows = np.reshape(front, (*rest_shape, length))

    # 1. Places among the elements in order, where nan comes last.
    absent = np.sum(np.not_equal(rows, rows), axis=-1)
    count = length - absent if skip_nan else length
    if skip_nan and np.any(np.equal(count, 0)):
        warnings.warn(
            f"{function}: a slice has too few elements that are not nan",
            RuntimeWarning,
            stacklevel=4,
        )
    place = _places(method, count, np.reshape(q, q.shape + (1,) * len(rest)))
    place = np.minimum(np.maximum(place, 0), np.maximum(count - 1, 0))
    if not skip_nan:
        place = np.where(np.greater(absent, 0), length - 1, place)
    below, above = np.floor(place), np.ceil(place)
    fraction = (place - below).astype(rows.dtype if rows.dtype.kind == "f" else np.float64)

    # 2. The elements at the places on both sides.
    ranking = np.argsort(rows, axis=-1, kind="stable")
    grid = np.indices(rest_shape, sparse=True)
    lower, upper = ((*grid, ranking[(*grid, side.astype(np.intp))]) for side in (below, above))
    low, high = rows[lower], rows[upper]
    with np.errstate(invalid="ignore"):  # between -inf and inf there is nothing: nan
        out = np.where(np.equal(low, high), low, low + (high - low) * fraction)
    between = np.greater(fraction, 0)

    def closure(g: Array) -> Array:
        g = reshape(g, q.shape + rest_shape)
        if skip_nan:
            g = keep_where(np.greater(count, 0), g)
        by_rows = scatter(g * (1 - fraction), lower, rows.shape) + scatter(
            keep_where(between, g * fraction), upper, rows.shape
        )
        return transpose(reshape(by_rows, front.shape), inverse(order))

    return np.reshape(out, q.shape + (kept if keepdims else rest_shape)), closure


def _places(method: str, count: Any, q: Any) -> Any:
    formula = METHODS[method]
    if callable(formula):
        return formula(count, q)
    alpha, beta = formula
    return count * q + alpha + q * (1 - alpha - beta) - 1


@composed(np.percentile)
def percentile(
    x: Array, /, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`quantile` with `q` from 0 to 100."""
    return quantile(x, np.true_divide(q, 100), axis, method=method, keepdims=keepdims)


@composed(np.median)
def median(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Middle element along an axis, or the mean of the two in the middle.

    Of equal elements, those at the middle places in stable order get the gradient.
    """
    return quantile(x, 0.5, axis, keepdims=keepdims)
