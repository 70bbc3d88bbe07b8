"""Samples of losses of two classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ..strategies.values import within
from .calls import Array, Call, Samples, Values, elementwise, positive, real, rngs, shapes
from .classification_losses import reduced, reductions


def unit(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers so far between 0 and 1 that all steps of a check stay there."""
    return within(rng, shape, (0.25, 0.75))


@st.composite
def _predictions(draw: st.DrawFn, values: Values, *factors: str) -> Call:
    shape, rng = draw(shapes(side=1)), draw(rngs())
    settings: dict[str, Any] = {"reduction": draw(reductions())}
    for name in factors:
        if draw(st.booleans()):
            settings[name] = positive(rng, shape[-1:])
    return Call((values(rng, shape), unit(rng, shape)), settings)


def _of_probabilities(x: Array, target: Array) -> Array:
    return np.asarray(-target * np.log(x) - (1 - target) * np.log(1 - x))


def _binary_cross_entropy(x: Array, target: Array, reduction: str, weight: Any = 1.0) -> Array:
    return reduced(weight * _of_probabilities(x, target), reduction)


def _with_logits(
    x: Array, target: Array, reduction: str, weight: Any = 1.0, pos_weight: Any = 1.0
) -> Array:
    p = 1 / (1 + np.exp(-x))
    losses = -pos_weight * target * np.log(p) - (1 - target) * np.log(1 - p)
    return reduced(weight * losses, reduction)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.binary_cross_entropy: Samples(_predictions(unit, "weight"), _binary_cross_entropy),
    ops.probability_losses: Samples(elementwise(unit, unit), _of_probabilities),
    ops.binary_cross_entropy_with_logits: Samples(
        _predictions(real, "weight", "pos_weight"), _with_logits
    ),
}
