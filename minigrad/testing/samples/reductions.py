"""Samples of reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from .calls import Array, Samples, real, reduction, separated


def with_zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of both signs, about every third of them 0."""
    return np.where(rng.random(shape) < 0.3, 0.0, real(rng, shape))


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.sum: Samples(reduction(real, side=0), np.sum),
    ops.mean: Samples(reduction(real), np.mean),
    ops.max: Samples(reduction(separated()), np.max),
    ops.min: Samples(reduction(separated()), np.min),
    ops.ptp: Samples(reduction(separated()), np.ptp),
    ops.prod: Samples(reduction(with_zeros, side=0), np.prod),
    ops.count_nonzero: Samples(reduction(with_zeros, side=0), np.count_nonzero),
    ops.logsumexp: Samples(
        reduction(real), lambda x, **settings: np.log(np.sum(np.exp(x), **settings))
    ),
}
