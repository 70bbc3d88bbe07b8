"""Functions without a useful derivative: their results are never tracked."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..registry import Array, nondifferentiable


@nondifferentiable(np.equal)
def equal(x: Array, y: Array, /) -> Array:
    """Whether ``x == y``, elementwise with broadcasting."""
    return np.equal(x, y)


@nondifferentiable(np.not_equal)
def not_equal(x: Array, y: Array, /) -> Array:
    """Whether ``x != y``, elementwise with broadcasting."""
    return np.not_equal(x, y)


@nondifferentiable(np.less)
def less(x: Array, y: Array, /) -> Array:
    """Whether ``x < y``, elementwise with broadcasting."""
    return np.less(x, y)


@nondifferentiable(np.less_equal)
def less_equal(x: Array, y: Array, /) -> Array:
    """Whether ``x <= y``, elementwise with broadcasting."""
    return np.less_equal(x, y)


@nondifferentiable(np.greater)
def greater(x: Array, y: Array, /) -> Array:
    """Whether ``x > y``, elementwise with broadcasting."""
    return np.greater(x, y)


@nondifferentiable(np.greater_equal)
def greater_equal(x: Array, y: Array, /) -> Array:
    """Whether ``x >= y``, elementwise with broadcasting."""
    return np.greater_equal(x, y)


@nondifferentiable(np.logical_and)
def logical_and(x: Array, y: Array, /) -> Array:
    """Whether both are true, elementwise with broadcasting."""
    return np.logical_and(x, y)


@nondifferentiable(np.logical_or)
def logical_or(x: Array, y: Array, /) -> Array:
    """Whether one of both is true, elementwise with broadcasting."""
    return np.logical_or(x, y)


@nondifferentiable(np.logical_not)
def logical_not(x: Array, /) -> Array:
    """Whether an element is false, elementwise."""
    return np.logical_not(x)


@nondifferentiable(np.bitwise_and)
def bitwise_and(x: Array, y: Array, /) -> Array:
    """Bits that both integers have, elementwise; for booleans, whether both are true."""
    return np.bitwise_and(x, y)


@nondifferentiable(np.bitwise_or)
def bitwise_or(x: Array, y: Array, /) -> Array:
    """Bits that one of two integers has, elementwise; for booleans, whether one is true."""
    return np.bitwise_or(x, y)


@nondifferentiable(np.bitwise_xor)
def bitwise_xor(x: Array, y: Array, /) -> Array:
    """Bits in which two integers differ, elementwise; for booleans, whether they do."""
    return np.bitwise_xor(x, y)


@nondifferentiable(np.invert)
def invert(x: Array, /) -> Array:
    """Integer with all bits turned, elementwise; for booleans, whether it is false."""
    return np.invert(x)


@nondifferentiable(np.isnan)
def isnan(x: Array, /) -> Array:
    """Whether an element is not a number, elementwise."""
    return np.isnan(x)


@nondifferentiable(np.isinf)
def isinf(x: Array, /) -> Array:
    """Whether an element is infinite, elementwise."""
    return np.isinf(x)


@nondifferentiable(np.isfinite)
def isfinite(x: Array, /) -> Array:
    """Whether an element is neither infinite nor nan, elementwise."""
    return np.isfinite(x)


@nondifferentiable(np.any)
def any(x: Array, /, axis: int | tuple[int, ...] | None = None, *, keepdims: bool = False) -> Array:
    """Whether one element is true, along an axis."""
    return np.any(x, axis=axis, keepdims=keepdims)


@nondifferentiable(np.all)
def all(x: Array, /, axis: int | tuple[int, ...] | None = None, *, keepdims: bool = False) -> Array:
    """Whether all elements are true, along an axis."""
    return np.all(x, axis=axis, keepdims=keepdims)


@nondifferentiable(np.argmax)
def argmax(x: Array, /, axis: int | None = None, *, keepdims: bool = False) -> Array:
    """Index of the largest element along an axis, the first where several are equal."""
    return np.argmax(x, axis=axis, keepdims=keepdims)


@nondifferentiable(np.argmin)
def argmin(x: Array, /, axis: int | None = None, *, keepdims: bool = False) -> Array:
    """Index of the smallest element along an axis, the first where several are equal."""
    return np.argmin(x, axis=axis, keepdims=keepdims)


@nondifferentiable(np.array_equal)
def array_equal(x: Array, y: Array, /, equal_nan: bool = False) -> Any:
    """Whether two arrays have the same shape and elements."""
    return np.array_equal(x, y, equal_nan=equal_nan)


@nondifferentiable(np.allclose)
def allclose(
    x: Array, y: Array, /, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether all elements of two arrays are equal within a tolerance."""
    return np.allclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan)


@nondifferentiable(np.zeros_like)
def zeros_like(x: Array, /, dtype: Any = None, *, shape: Any = None) -> Array:
    """Array of zeros with the shape and dtype of another."""
    return np.zeros_like(x, dtype=dtype, shape=shape)


@nondifferentiable(np.ones_like)
def ones_like(x: Array, /, dtype: Any = None, *, shape: Any = None) -> Array:
    """Array of ones with the shape and dtype of another."""
    return np.ones_like(x, dtype=dtype, shape=shape)


@nondifferentiable(np.shape)
def shape(x: Array, /) -> Any:
    """Lengths of the axes."""
    return np.shape(x)


@nondifferentiable(np.ndim)
def ndim(x: Array, /) -> Any:
    """Count the axes."""
    return np.ndim(x)


@nondifferentiable(np.size)
def size(x: Array, /) -> Any:
    """Count the elements."""
    return np.size(x)
