"""Samples of the weights of attention."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .activations import softmax
from .calls import Array, Call, Samples, real, rngs


@st.composite
def _queries(draw: st.DrawFn) -> Call:
    length, keys, width = (draw(st.integers(1, 3)) for _ in range(3))
    lead = draw(st.sampled_from([(), (2,), (2, 1)]))
    rng = draw(rngs())
    arrays = [real(rng, (*lead, length, width)), real(rng, (*lead[:1], keys, width))]
    if draw(st.booleans()):
        arrays.append(real(rng, draw(st.sampled_from([(), (keys,), (length, 1), (length, keys)]))))
    keep = draw(st.sampled_from([None, (keys,), (length, keys), (*lead, length, keys)]))
    settings = {
        "keep": None if keep is None else rng.random(keep) < 0.7,
        "is_causal": draw(st.booleans()),
        "scale": draw(st.sampled_from([None, 0.5])),
    }
    return Call(tuple(arrays), settings)


def _attention_weights(
    query: Array,
    key: Array,
    bias: Any = 0.0,
    *,
    keep: Any,
    is_causal: bool,
    scale: float | None,
) -> Array:
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = np.einsum("...qe,...ke->...qk", query, key) * factor + bias
    seen = np.broadcast_to(True if keep is None else keep, scores.shape)
    if is_causal:
        queries, keys = np.indices(scores.shape[-2:])
        seen = seen & (keys <= queries)
    out: Array = np.zeros_like(scores)
    for place in np.ndindex(*scores.shape[:-1]):
        out[place][seen[place]] = (
            softmax(scores[place][seen[place]], -1) if seen[place].any() else 0
        )
    return out


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.attention_weights: Samples(_queries(), _attention_weights, floating=3),
}
