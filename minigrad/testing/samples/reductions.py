"""Samples of reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from .calls import Samples, real, reduction, separated

SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.sum: Samples(reduction(real, side=0), np.sum),
    ops.mean: Samples(reduction(real), np.mean),
    ops.max: Samples(reduction(separated()), np.max),
    ops.min: Samples(reduction(separated()), np.min),
    ops.logsumexp: Samples(
        reduction(real), lambda x, **settings: np.log(np.sum(np.exp(x), **settings))
    ),
}
