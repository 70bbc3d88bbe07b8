"""Samples of losses of classifiers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .activations import softmax
from .calls import Array, Call, Samples, positive, real, rngs, shapes

IGNORED = 77


def reductions() -> st.SearchStrategy[str]:
    """The reductions that all losses have."""
    return st.sampled_from(["mean", "sum", "none"])


def reduced(losses: Array, reduction: str) -> Array:
    """Losses as they are, their sum or their mean."""
    results = {"mean": np.mean(losses), "sum": np.sum(losses), "none": losses}
    return np.asarray(results[reduction])


def _with_classes(items: tuple[int, ...], classes: int) -> tuple[int, ...]:
    return (items[0], classes, *items[1:]) if items else (classes,)


@st.composite
def _by_number(draw: st.DrawFn, ignored: bool = True) -> Call:
    """Scores, class numbers of which some but not all may be ignored, and weights."""
    classes, items = draw(st.integers(1, 4)), draw(shapes(side=1))
    rng = draw(rngs())
    targets = rng.integers(0, classes, items)
    if ignored and targets.size > 1 and draw(st.booleans()):
        targets.flat[rng.permutation(targets.size)[0 : draw(st.integers(1, targets.size - 1))]] = (
            IGNORED
        )
    settings: dict[str, Any] = {"reduction": draw(reductions())}
    if draw(st.booleans()):
        settings["weight"] = positive(rng, (classes,))
    scores = real(rng, _with_classes(items, classes))
    return Call((scores, targets), {"ignore_index": IGNORED, **settings})


@st.composite
def _classifications(draw: st.DrawFn) -> Call:
    """Class numbers or probabilities, smoothed or not."""
    smoothing = draw(st.sampled_from([0.0, 0.25]))
    call = draw(_by_number())
    if draw(st.booleans()):
        logits, settings = call.arrays[0], call.settings | {"ignore_index": -100}
        probabilities = positive(draw(rngs()), logits.shape)
        call = Call((logits, probabilities), settings)
    return Call(call.arrays, call.settings | {"label_smoothing": smoothing})


@st.composite
def _class_losses(draw: st.DrawFn) -> Call:
    call = draw(_by_number(ignored=False))
    logits, classes = call.arrays
    return Call((logits,), {"classes": classes, "axis": 0 if logits.ndim == 1 else 1})


def _cross_entropy(
    logits: Array,
    targets: Array,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
    weight: Any = None,
) -> Array:
    rows = np.moveaxis(logits, 1 if logits.ndim > 1 else 0, -1)
    count = rows.shape[-1]
    weight = np.ones(count) if weight is None else weight
    by_number = targets.dtype.kind == "i"
    if by_number:
        true = np.arange(count) == targets[..., None]
        counts = np.sum(true * weight, -1)
    else:
        true = np.moveaxis(targets, 1 if logits.ndim > 1 else 0, -1)
        counts = np.ones(rows.shape[:-1])
    parts = (1 - label_smoothing) * true + label_smoothing / count
    losses = -np.sum(weight * parts * np.log(softmax(rows, -1)), -1)
    if by_number:
        losses = losses * (targets != ignore_index)
    if reduction == "mean":
        return np.asarray(losses.sum() / counts.sum())
    return reduced(losses, reduction)


def _nll_loss(
    log_probs: Array, targets: Array, ignore_index: int, reduction: str, weight: Any = None
) -> Array:
    rows = np.moveaxis(log_probs, 1 if log_probs.ndim > 1 else 0, -1)
    count = rows.shape[-1]
    counts = (np.arange(count) == targets[..., None]) * (1.0 if weight is None else weight)
    losses = -np.sum(counts * rows, -1)
    if reduction == "mean":
        return np.asarray(losses.sum() / counts.sum())
    return reduced(losses, reduction)


def _chosen(logits: Array, classes: Array, axis: int) -> Array:
    logs = np.moveaxis(np.log(softmax(logits, axis)), axis, -1)
    return np.asarray(-np.take_along_axis(logs, classes[..., None], -1)[..., 0])


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.cross_entropy: Samples(_classifications(), _cross_entropy),
    ops.class_losses: Samples(_class_losses(), _chosen),
    ops.nll_loss: Samples(_by_number(), _nll_loss, floating=1),
}
