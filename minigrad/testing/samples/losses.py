"""Samples of losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .activations import softmax
from .calls import Array, Call, Samples, real, rngs, shapes


@st.composite
def _classifications(draw: st.DrawFn) -> Call:
    classes, items = draw(st.integers(1, 4)), draw(shapes(side=1))
    shape = (items[0], classes, *items[1:]) if items else (classes,)
    rng = draw(rngs())
    targets = rng.integers(0, classes, items)
    reduction = draw(st.sampled_from(["mean", "sum", "none"]))
    return Call((real(rng, shape), targets), {"reduction": reduction})


def _cross_entropy(logits: Array, targets: Array, reduction: str) -> Array:
    rows = np.moveaxis(logits, 1 if logits.ndim > 1 else 0, -1)
    chosen = np.take_along_axis(softmax(rows, -1), targets[..., None], -1)[..., 0]
    losses: Array = -np.log(chosen)
    reduced = {"mean": losses.mean(), "sum": losses.sum(), "none": losses}
    return np.asarray(reduced[reduction])


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.cross_entropy: Samples(_classifications(), _cross_entropy, floating=1),
}
