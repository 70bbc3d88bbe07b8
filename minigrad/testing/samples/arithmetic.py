"""Samples of arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from .calls import Samples, elementwise, nonzero, positive, real, unary

SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.add: Samples(elementwise(real, real), np.add),
    ops.subtract: Samples(elementwise(real, real), np.subtract),
    ops.multiply: Samples(elementwise(real, real), np.multiply),
    ops.divide: Samples(elementwise(real, nonzero), np.divide),
    ops.negative: Samples(unary(real), np.negative),
    ops.power: Samples(elementwise(positive, real), np.power),
}
