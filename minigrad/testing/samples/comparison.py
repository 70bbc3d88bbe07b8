"""Samples of functions without a useful derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import (
    Array,
    Call,
    Samples,
    elementwise,
    integers,
    integral,
    mask,
    reduction,
    rngs,
    shapes,
    special,
    unary,
)


def complex_or_real(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Complex numbers, many without an imaginary part."""
    return np.asarray(integral(rng, shape) + 1j * mask(rng, shape))


# NumPy has no nonzero() of an array without axes.
_with_axes = st.builds(lambda rng, shape: Call((integral(rng, shape),), {}), rngs(), shapes(dims=1))

SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.equal: Samples(elementwise(integral, integral), np.equal),
    ops.not_equal: Samples(elementwise(integral, integral), np.not_equal),
    ops.less: Samples(elementwise(integral, integral), np.less),
    ops.less_equal: Samples(elementwise(integral, integral), np.less_equal),
    ops.greater: Samples(elementwise(integral, integral), np.greater),
    ops.greater_equal: Samples(elementwise(integral, integral), np.greater_equal),
    ops.logical_and: Samples(elementwise(integral, integral), np.logical_and),
    ops.logical_or: Samples(elementwise(integral, integral), np.logical_or),
    ops.allclose: Samples(elementwise(integral, integral), np.allclose),
    ops.array_equal: Samples(elementwise(integral, integral), np.array_equal),
    ops.bitwise_and: Samples(elementwise(mask, mask), np.bitwise_and),
    ops.bitwise_or: Samples(elementwise(mask, mask), np.bitwise_or),
    ops.bitwise_xor: Samples(elementwise(mask, mask), np.bitwise_xor),
    ops.invert: Samples(unary(mask), np.invert),
    ops.logical_xor: Samples(elementwise(integral, integral), np.logical_xor),
    ops.left_shift: Samples(elementwise(integers, integers), np.left_shift),
    ops.right_shift: Samples(elementwise(integers, integers), np.right_shift),
    ops.bitwise_count: Samples(unary(integers), np.bitwise_count),
    ops.gcd: Samples(elementwise(integers, integers), np.gcd),
    ops.lcm: Samples(elementwise(integers, integers), np.lcm),
    ops.signbit: Samples(unary(special), np.signbit),
    ops.nextafter: Samples(elementwise(integral, integral), np.nextafter),
    ops.spacing: Samples(unary(integral), np.spacing),
    ops.logical_not: Samples(unary(integral), np.logical_not),
    ops.isnan: Samples(unary(special), np.isnan),
    ops.isinf: Samples(unary(special), np.isinf),
    ops.isfinite: Samples(unary(special), np.isfinite),
    ops.isposinf: Samples(unary(special), np.isposinf),
    ops.isneginf: Samples(unary(special), np.isneginf),
    ops.isreal: Samples(unary(complex_or_real), np.isreal),
    ops.iscomplex: Samples(unary(complex_or_real), np.iscomplex),
    ops.isrealobj: Samples(unary(complex_or_real) | unary(integral), np.isrealobj),
    ops.iscomplexobj: Samples(unary(complex_or_real) | unary(integral), np.iscomplexobj),
    ops.isclose: Samples(elementwise(special, special), np.isclose),
    ops.array_equiv: Samples(elementwise(integral, integral), np.array_equiv),
    ops.nonzero: Samples(_with_axes, np.nonzero),
    ops.flatnonzero: Samples(unary(integral), np.flatnonzero),
    ops.argwhere: Samples(unary(integral), np.argwhere),
    ops.zeros_like: Samples(unary(integral), np.zeros_like),
    ops.ones_like: Samples(unary(integral), np.ones_like),
    ops.full_like: Samples(
        unary(integral).map(lambda call: Call(call.arrays, {"fill_value": 1.5})), np.full_like
    ),
    ops.empty_like: Samples(unary(integral), np.zeros_like),
    ops.shape: Samples(unary(integral), np.shape),
    ops.ndim: Samples(unary(integral), np.ndim),
    ops.size: Samples(unary(integral), np.size),
    ops.any: Samples(reduction(integral), np.any),
    ops.all: Samples(reduction(integral), np.all),
    ops.argmax: Samples(reduction(integral, tuples=False), np.argmax),
    ops.argmin: Samples(reduction(integral, tuples=False), np.argmin),
}
