"""Samples of losses of sequences whose alignment is not known."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs
from .classification_losses import reduced, reductions


@st.composite
def _sequences(draw: st.DrawFn) -> Call:
    """Inputs of a few steps, long enough for their labels."""
    items, count = draw(st.integers(1, 2)), draw(st.integers(2, 3))
    blank, rng = draw(st.integers(0, count - 1)), draw(rngs())
    labels = [label for label in range(count) if label != blank]
    targets = rng.choice(labels, (items, 2))
    of_target = rng.integers(0, 3, items)
    repeats = (of_target == 2) & (targets[:, 0] == targets[:, 1])
    of_input = np.array([rng.integers(max(1, least), 4) for least in of_target + repeats])
    log_probs = real(rng, (3, items, count))
    settings = {"blank": blank, "reduction": draw(reductions())}
    return Call((log_probs, targets, of_input, of_target), settings)


def _ctc_loss(
    log_probs: Array,
    targets: Array,
    of_input: Array,
    of_target: Array,
    blank: int,
    reduction: str,
) -> Array:
    """By going through all alignments."""
    losses = []
    for item, (steps, length) in enumerate(zip(of_input, of_target, strict=True)):
        total = 0.0
        for path in itertools.product(range(log_probs.shape[2]), repeat=int(steps)):
            once = [label for label, _ in itertools.groupby(path)]
            if [label for label in once if label != blank] == targets[item, :length].tolist():
                total += np.exp(log_probs[np.arange(steps), item, list(path)].sum())
        losses.append(-np.log(total))
    divisor: Any = np.maximum(of_target, 1) if reduction == "mean" else 1
    return reduced(np.array(losses) / divisor, reduction)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.ctc_loss: Samples(_sequences(), _ctc_loss, floating=1),
}
