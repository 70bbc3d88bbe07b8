"""Samples of products that sum over an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Call, Samples, real, rngs


@st.composite
def _products(draw: st.DrawFn) -> Call:
    drawn = draw(
        hnp.mutually_broadcastable_shapes(
            signature=np.matmul.signature, max_dims=2, min_side=0, max_side=3
        )
    )
    rng = draw(rngs())
    return Call(tuple(real(rng, shape) for shape in drawn.input_shapes), {})


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.matmul: Samples(_products(), np.matmul),
}
