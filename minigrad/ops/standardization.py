"""Shifting and scaling to mean 0 and variance 1, which all normalisations by moments call."""

from __future__ import annotations

import math
import string
from typing import Any, NamedTuple

import numpy as np

from ..buffers import fresh
from ..registry import Array, Forward, constant, op
from .reductions import kept_shape, sum
from .shaping import astype, inverse, reshape


class Standardized(NamedTuple):
    """What `standardize` returns: the array, and the statistics, with the axes kept."""

    out: Any
    mean: Any
    variance: Any


@op(arrays=3)
def standardize(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    *,
    axis: tuple[int, ...],
    eps: float = 1e-5,
) -> Forward:
    """Shift and scale an array to mean 0 and variance 1 along axes, then by weights and biases.

    ``(x - mean) / sqrt(variance + eps) * weight + bias``, with the variance of the elements
    themselves (``ddof=0``).

    Parameters
    ----------
    x : array of floats
    weight, bias : array of a shape that broadcasts to that of `x`, optional
    axis : tuple of int
        None of them negative.
    eps : float
        Added to the variance, so that what is constant becomes 0.

    Returns
    -------
    Standardized
        The array, the mean and the variance, all three differentiable.

    Notes
    -----
    The derivative is that of Ioffe and Szegedy, "Batch normalization" (2015). Mean and variance
    depend on `x` too, so a gradient `h` of ``normal``, the array before weights and biases, becomes
    ``(h - mean(h) - normal * mean(h * normal)) / sqrt(variance + eps)``.
    """
    kept = kept_shape(x.shape, axis)
    count = math.prod(x.shape[i] for i in axis) or 1
    # A shift by a constant cancels from the derivative. By one of the elements, equal elements
    # become exactly 0, and no digits are lost where the mean is far from 0.
    some = constant(x)[tuple(slice(n) for n in kept)] if x.size else np.zeros_like(x, shape=kept)
    deviations = fresh(np.subtract, x, some, x)
    center = sum(deviations, axis, keepdims=True) / count
    deviations -= center
    variance = _inner(deviations, deviations, axis) / count
    scale = 1 / np.sqrt(variance + float(eps))  # a NumPy scalar would make float64 of float32
    # One factor, but where it would be as large as `x`.
    factors = [scale] if weight is None else [scale, weight]
    if weight is not None and math.prod(np.broadcast_shapes(scale.shape, weight.shape)) < x.size:
        factors = [_laid_out_as(x, weight * scale)]

    def scaled(v: Array) -> Array:
        product = fresh(np.multiply, v, factors[0], x)
        for factor in factors[1:]:
            product = _in_place(np.multiply, product, factor)
        return product

    out = scaled(deviations)
    if bias is not None:
        out = _in_place(np.add, out, bias)

    def by_x(g: Array, by_mean: Array, by_variance: Array) -> Array:
        h = scaled(g)
        # In place they keep the memory order, for which see `_laid_out_as`.
        slope = _inner(h, deviations, axis) * scale * scale
        slope -= 2 * by_variance
        level = sum(h, axis, keepdims=True)
        level -= by_mean
        part = fresh(np.multiply, deviations, slope / count, x)
        part += level / count
        h -= part
        return h

    def by_weight(g: Array, *_: Array) -> Array:
        assert weight is not None
        before = len(x.shape) - len(weight.shape)
        alike = [i for i in range(len(x.shape)) if i < before or weight.shape[i - before] == 1]
        both = tuple(i for i in alike if i in axis)
        if both:  # the scale is a factor of these sums
            return _inner(g, deviations, both) * scale
        return _inner(g, deviations * scale, tuple(alike))

    return Standardized(out, some + center, variance), (by_x, by_weight, lambda g, *_: g)


def _in_place(ufunc: np.ufunc, x: Array, y: Array) -> Array:
    """Return ``ufunc(x, y)``, written to an array `x` of one's own if that has the type for it."""
    if type(x) is np.ndarray and np.result_type(x.dtype, y.dtype) == x.dtype:
        return ufunc(x, y, out=x)
    return ufunc(x, y)


def _laid_out_as(x: Array, factor: Array) -> Array:
    """Return a factor in the memory order of `x`; in another, products would not lie as `x` does.

    They would be slow, and so would be all that follows.
    """
    if type(x) is not np.ndarray or type(factor) is not np.ndarray:
        return factor
    order = tuple(sorted(range(x.ndim), key=lambda i: -abs(x.strides[i])))
    return factor.transpose(order).copy().transpose(inverse(order))


def _inner(x: Array, y: Array, axis: tuple[int, ...]) -> Array:
    """Sum of the products of elements along axes, which are kept, without an array of products."""
    letters = string.ascii_letters[: np.ndim(x)]
    rest = "".join(letter for i, letter in enumerate(letters) if i not in axis)
    products = np.einsum(f"{letters},{letters}->{rest}", x, y)
    return reshape(products, kept_shape(np.shape(x), axis))


def standardized(
    x: Array, weight: Array | None, bias: Array | None, axis: tuple[int, ...], eps: float
) -> Standardized:
    """Call `standardize`; half precision is computed in single precision, or squares overflow."""
    kind = x.dtype
    if kind != np.float16:
        return Standardized(*standardize(x, weight, bias, axis=axis, eps=eps))
    out, *moments = standardized(astype(x, np.float32), weight, bias, axis, eps)
    return Standardized(astype(out, kind), *moments)
