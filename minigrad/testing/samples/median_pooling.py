"""Samples of median pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from .calls import Samples
from .pooling import RANKS, by_loops, pooled

SAMPLES: dict[Callable[..., Any], Samples] = {
    getattr(ops, f"median_pool{rank}d"): Samples(pooled(rank), by_loops(np.median))
    for rank in RANKS
}
