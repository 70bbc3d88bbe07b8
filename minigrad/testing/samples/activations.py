"""Samples of nonlinear functions of networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from .calls import Array, Samples, along_axis, nonzero, real, unary


def softmax(x: Array, axis: Any) -> Array:
    """Exponentials divided by their sum."""
    e: Array = np.exp(x)
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.relu: Samples(unary(nonzero), lambda x: np.where(x > 0, x, 0)),
    ops.sigmoid: Samples(unary(real), lambda x: 1 / (1 + np.exp(-x))),
    ops.softmax: Samples(along_axis(real), softmax),
    ops.log_softmax: Samples(along_axis(real), lambda x, axis: np.log(softmax(x, axis))),
}
