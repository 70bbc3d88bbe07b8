"""Functions without a useful derivative: their results are never tracked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, nondifferentiable

if TYPE_CHECKING:
    from ..tensor import Tensor


def _unary(ufunc: Callable[..., Any], summary: str) -> Callable[[Array], Tensor]:
    def rule(x: Array, /) -> Any:
        return ufunc(x)

    return _named(rule, ufunc, f"{summary}, elementwise.")


def _binary(ufunc: np.ufunc, summary: str) -> Callable[[Array, Array], Tensor]:
    def rule(x: Array, y: Array, /) -> Any:
        return ufunc(x, y)

    return _named(rule, ufunc, f"{summary}, elementwise with broadcasting.")


def _named(
    rule: Callable[..., Any], ufunc: Callable[..., Any], docstring: str
) -> Callable[..., Any]:
    rule.__name__ = rule.__qualname__ = ufunc.__name__
    rule.__doc__ = docstring
    return nondifferentiable(ufunc)(rule)


equal = _binary(np.equal, "Whether ``x == y``")
not_equal = _binary(np.not_equal, "Whether ``x != y``")
less = _binary(np.less, "Whether ``x < y``")
less_equal = _binary(np.less_equal, "Whether ``x <= y``")
greater = _binary(np.greater, "Whether ``x > y``")
greater_equal = _binary(np.greater_equal, "Whether ``x >= y``")

logical_and = _binary(np.logical_and, "Whether both are true")
logical_or = _binary(np.logical_or, "Whether one of both is true")
logical_xor = _binary(np.logical_xor, "Whether exactly one of both is true")
logical_not = _unary(np.logical_not, "Whether an element is false")

bitwise_and = _binary(
    np.bitwise_and, "Bits that both integers have; of booleans, whether both are true"
)
bitwise_or = _binary(
    np.bitwise_or, "Bits that one of both integers has; of booleans, whether one is true"
)
bitwise_xor = _binary(
    np.bitwise_xor, "Bits in which integers differ; of booleans, whether they differ"
)
invert = _unary(np.invert, "Integer with all bits turned; of booleans, whether it is false")
left_shift = _binary(np.left_shift, "Integer with its bits moved up")
right_shift = _binary(np.right_shift, "Integer with its bits moved down")
bitwise_count = _unary(np.bitwise_count, "How many bits an integer's absolute value has")

bitwise_invert = invert
bitwise_left_shift = left_shift
bitwise_right_shift = right_shift

gcd = _binary(np.gcd, "Greatest common divisor of integers")
lcm = _binary(np.lcm, "Least common multiple of integers")

isnan = _unary(np.isnan, "Whether an element is not a number")
isinf = _unary(np.isinf, "Whether an element is infinite")
isfinite = _unary(np.isfinite, "Whether an element is neither infinite nor nan")
isposinf = _unary(np.isposinf, "Whether an element is positive infinity")
isneginf = _unary(np.isneginf, "Whether an element is negative infinity")
isreal = _unary(np.isreal, "Whether an element has no imaginary part")
iscomplex = _unary(np.iscomplex, "Whether an element has an imaginary part")


@nondifferentiable(np.isrealobj)
def isrealobj(x: Array, /) -> bool:
    """Whether an array is of a real dtype."""
    return np.isrealobj(x)


@nondifferentiable(np.iscomplexobj)
def iscomplexobj(x: Array, /) -> bool:
    """Whether an array is of a complex dtype."""
    return np.iscomplexobj(x)


signbit = _unary(np.signbit, "Whether an element has a minus sign, as -0.0 has")

nextafter = _binary(np.nextafter, "Next floating number after `x` towards `y`")
spacing = _unary(np.spacing, "Distance to the next floating number away from 0")


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


@nondifferentiable(np.nonzero)
def nonzero(x: Array, /) -> Any:
    """Return the indices of elements that are not 0: a tuple of an array for each axis."""
    return np.nonzero(x)


@nondifferentiable(np.flatnonzero)
def flatnonzero(x: Array, /) -> Array:
    """Return the indices of elements that are not 0 in the flattened array."""
    return np.flatnonzero(x)


@nondifferentiable(np.argwhere)
def argwhere(x: Array, /) -> Array:
    """Return the indices of elements that are not 0: an array with a row for each element."""
    return np.argwhere(x)


@nondifferentiable(np.array_equal)
def array_equal(x: Array, y: Array, /, equal_nan: bool = False) -> Any:
    """Whether two arrays have the same shape and elements."""
    return np.array_equal(x, y, equal_nan=equal_nan)


@nondifferentiable(np.array_equiv)
def array_equiv(x: Array, y: Array, /) -> Any:
    """Whether two arrays have the same elements after broadcasting one to the other."""
    return np.array_equiv(x, y)


@nondifferentiable(np.isclose)
def isclose(
    x: Array, y: Array, /, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """Whether elements of two arrays are equal within a tolerance, ``atol + rtol * abs(y)``."""
    return np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan)


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


@nondifferentiable(np.full_like)
def full_like(x: Array, /, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Array:
    """Array of one value with the shape and dtype of another.

    The value is not differentiable; that of `full` is.
    """
    return np.full_like(x, fill_value, dtype=dtype, shape=shape)


@nondifferentiable(np.empty_like)
def empty_like(x: Array, /, dtype: Any = None, *, shape: Any = None) -> Array:
    """Array with the shape and dtype of another; the elements mean nothing, and are 0."""
    return np.zeros_like(x, dtype=dtype, shape=shape)


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
