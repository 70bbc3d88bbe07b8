"""Samples of choosing between values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from .calls import Samples, elementwise, mask, real, separated

SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.keep_where: Samples(
        elementwise(mask, real), lambda keep, x: np.where(keep, x, 0), floating=1
    ),
    ops.where: Samples(elementwise(mask, real, real), np.where),
    ops.maximum: Samples(elementwise(separated(), separated(0.35)), np.maximum),
    ops.minimum: Samples(elementwise(separated(), separated(0.35)), np.minimum),
}
