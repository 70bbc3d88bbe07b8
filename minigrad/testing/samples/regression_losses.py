"""Samples of losses of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, positive, rngs, separated, shapes
from .classification_losses import reduced, reductions


@st.composite
def _pairs(draw: st.DrawFn, /, *, weighted: bool = False, **numbers: list[float]) -> Call:
    """Arrays whose differences are never 0, nor a multiple of 1/4."""
    shape, rng = draw(shapes(side=1)), draw(rngs())
    settings: dict[str, Any] = {"reduction": draw(reductions())}
    for name, choices in numbers.items():
        settings[name] = draw(st.sampled_from(choices))
    if weighted and draw(st.booleans()):
        settings["weight"] = positive(rng, shape)
    return Call((separated(0.1)(rng, shape), separated(0.25)(rng, shape)), settings)


def _weighted_mean(losses: Array, reduction: str, weight: Any) -> Array:
    if weight is None:
        return reduced(losses, reduction)
    if reduction == "mean":
        return np.asarray(np.average(losses, weights=weight))
    return reduced(weight * losses, reduction)


def _mse_loss(x: Array, target: Array, reduction: str, weight: Any = None) -> Array:
    return _weighted_mean(np.square(x - target), reduction, weight)


def _l1_loss(x: Array, target: Array, reduction: str, weight: Any = None) -> Array:
    return _weighted_mean(np.abs(x - target), reduction, weight)


def _huber(x: Array, target: Array, delta: float) -> Array:
    d = np.abs(x - target)
    return np.asarray(np.where(d < delta, d * d / 2, delta * d - delta * delta / 2))


def _huber_loss(x: Array, target: Array, reduction: str, delta: float, weight: Any = 1.0) -> Array:
    return reduced(weight * _huber(x, target, delta), reduction)


def _smooth_l1_loss(x: Array, target: Array, reduction: str, beta: float) -> Array:
    losses = _huber(x, target, beta) / beta if beta else np.abs(x - target)
    return reduced(losses, reduction)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.mse_loss: Samples(_pairs(weighted=True), _mse_loss),
    ops.l1_loss: Samples(_pairs(weighted=True), _l1_loss),
    ops.smooth_l1_loss: Samples(_pairs(beta=[0.0, 0.5, 1.0, 2.0]), _smooth_l1_loss),
    ops.huber_loss: Samples(_pairs(weighted=True, delta=[0.5, 1.0, 2.0]), _huber_loss),
}
