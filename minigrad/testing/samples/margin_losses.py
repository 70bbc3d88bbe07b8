"""Samples of losses that ask for a margin between the scores of classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, mask, positive, real, rngs, separated
from .classification_losses import reduced, reductions

# Scores are 0.5 apart, so that differences of them are not close to these.
MARGINS = [0.75, 1.25]


def _shapes() -> st.SearchStrategy[tuple[int, ...]]:
    return hnp.array_shapes(min_dims=1, max_dims=2, max_side=4)


@st.composite
def _hinges(draw: st.DrawFn) -> Call:
    shape, rng = draw(_shapes()), draw(rngs())
    targets = np.asarray(rng.integers(0, shape[-1], shape[:-1]))
    settings: dict[str, Any] = {
        "p": draw(st.sampled_from([1, 2])),
        "margin": draw(st.sampled_from(MARGINS)),
        "reduction": draw(reductions()),
    }
    if draw(st.booleans()):
        settings["weight"] = positive(rng, shape[-1:])
    return Call((separated()(rng, shape), targets), settings)


@st.composite
def _lists(draw: st.DrawFn) -> Call:
    shape, rng = draw(_shapes()), draw(rngs())
    targets = rng.integers(-1, shape[-1], shape)
    # The margin is 1: scores 0.6 apart have no such difference.
    return Call((1.2 * separated()(rng, shape), targets), {"reduction": draw(reductions())})


@st.composite
def _logistic(draw: st.DrawFn, least: int) -> Call:
    shape, rng = draw(hnp.array_shapes(min_dims=least, max_side=3)), draw(rngs())
    target = np.where(mask(rng, shape), 1.0, 0.0 if least else -1.0)
    settings: dict[str, Any] = {"reduction": draw(reductions())}
    if least and draw(st.booleans()):
        settings["weight"] = positive(rng, shape[-1:])
    return Call((real(rng, shape), target), settings)


def _multi_margin_loss(
    x: Array, targets: Array, p: int, margin: float, reduction: str, weight: Any = None
) -> Array:
    rows, classes = np.atleast_2d(x), np.atleast_1d(targets)
    losses = np.zeros(len(rows))
    for i, true in enumerate(classes):
        for j, score in enumerate(rows[i]):
            if j != true:
                losses[i] += max(0.0, margin - rows[i, true] + score) ** p / rows.shape[1]
        losses[i] *= 1.0 if weight is None else weight[true]
    return reduced(losses.reshape(np.shape(targets)), reduction)


def _multilabel_margin_loss(x: Array, targets: Array, reduction: str) -> Array:
    rows = np.atleast_2d(x)
    losses = np.zeros(len(rows))
    for i, listed in enumerate(np.atleast_2d(targets).tolist()):
        own = listed[: listed.index(-1)] if -1 in listed else listed
        for k in own:
            for j, score in enumerate(rows[i]):
                if j not in own:
                    losses[i] += max(0.0, 1 - rows[i, k] + score) / rows.shape[1]
    return reduced(losses.reshape(np.shape(x)[:-1]), reduction)


def _soft_margin_loss(x: Array, target: Array, reduction: str) -> Array:
    return reduced(np.log(1 + np.exp(-target * x)), reduction)


def _multilabel_soft_margin_loss(
    x: Array, target: Array, reduction: str, weight: Any = 1.0
) -> Array:
    p = 1 / (1 + np.exp(-x))
    losses = -weight * np.log(np.where(target == 1, p, 1 - p))
    return reduced(losses.mean(-1), reduction)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.multi_margin_loss: Samples(_hinges(), _multi_margin_loss, floating=1),
    ops.multilabel_margin_loss: Samples(_lists(), _multilabel_margin_loss, floating=1),
    ops.soft_margin_loss: Samples(_logistic(0), _soft_margin_loss),
    ops.multilabel_soft_margin_loss: Samples(_logistic(1), _multilabel_soft_margin_loss),
}
