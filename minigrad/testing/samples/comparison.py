"""Samples of functions without a useful derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from .calls import Samples, elementwise, integral, mask, reduction, special, unary

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
    ops.logical_not: Samples(unary(integral), np.logical_not),
    ops.isnan: Samples(unary(special), np.isnan),
    ops.isinf: Samples(unary(special), np.isinf),
    ops.isfinite: Samples(unary(special), np.isfinite),
    ops.zeros_like: Samples(unary(integral), np.zeros_like),
    ops.ones_like: Samples(unary(integral), np.ones_like),
    ops.shape: Samples(unary(integral), np.shape),
    ops.ndim: Samples(unary(integral), np.ndim),
    ops.size: Samples(unary(integral), np.size),
    ops.any: Samples(reduction(integral), np.any),
    ops.all: Samples(reduction(integral), np.all),
    ops.argmax: Samples(reduction(integral, tuples=False), np.argmax),
    ops.argmin: Samples(reduction(integral, tuples=False), np.argmin),
}
