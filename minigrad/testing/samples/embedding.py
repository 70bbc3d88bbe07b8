"""Samples of rows looked up by number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs, shapes


@st.composite
def _lookups(draw: st.DrawFn) -> Call:
    # Rows of both kinds: those that are added element by element, and those added as a whole.
    count, width = draw(st.integers(2, 4)), draw(st.sampled_from([1, 3, 17]))
    rng, shape = draw(rngs()), draw(shapes())
    # The row for padding is not looked up: it gets no gradient, though the result depends on it.
    arrays = rng.integers(0, count - 1, shape), real(rng, (count, width))
    return Call(arrays, {"padding_idx": draw(st.sampled_from([None, -1, count - 1]))})


def _embedding(indices: Array, weight: Array, padding_idx: int | None) -> Array:
    hot = np.asarray(indices)[..., None] == np.arange(len(weight))
    return np.asarray(hot.astype(weight.dtype) @ weight)


@st.composite
def _classes(draw: st.DrawFn) -> Call:
    count = draw(st.integers(1, 4))
    classes = draw(rngs()).integers(0, count, draw(shapes(side=1)))
    return Call((classes,), {"num_classes": draw(st.sampled_from([-1, count]))})


def _one_hot(indices: Array, num_classes: int) -> Array:
    length = indices.max() + 1 if num_classes == -1 else num_classes
    return np.asarray(np.equal.outer(indices, np.arange(length)), int)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.embedding: Samples(_lookups(), _embedding, floating=1),
    ops.one_hot: Samples(_classes(), _one_hot),
}
