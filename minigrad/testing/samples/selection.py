"""Samples of choosing between values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Call, Samples, elementwise, mask, real, rngs, separated, shapes


@st.composite
def _selections(draw: st.DrawFn) -> Call:
    shape, rng, count = draw(shapes()), draw(rngs()), draw(st.integers(1, 3))
    narrow = shape[draw(st.integers(0, len(shape))) :]
    conditions = [mask(rng, shape) for _ in range(count)]
    return Call((conditions, [real(rng, narrow) for _ in range(count)], real(rng, ())), {})


@st.composite
def _choices(draw: st.DrawFn) -> Call:
    count = draw(st.integers(1, 3))
    drawn = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=count + 1, max_dims=2, min_side=0, max_side=3)
    )
    rng, mode = draw(rngs()), draw(st.sampled_from(["raise", "wrap", "clip"]))
    margin = 0 if mode == "raise" else 2
    shape, *others = drawn.input_shapes
    numbers = rng.integers(-margin, count + margin, shape)
    return Call((np.asarray(numbers), [real(rng, other) for other in others]), {"mode": mode})


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.keep_where: Samples(
        elementwise(mask, real), lambda keep, x: np.where(keep, x, 0), floating=1
    ),
    ops.where: Samples(elementwise(mask, real, real), np.where),
    ops.maximum: Samples(elementwise(separated(), separated(0.35)), np.maximum),
    ops.minimum: Samples(elementwise(separated(), separated(0.35)), np.minimum),
    ops.fmax: Samples(elementwise(separated(), separated(0.35)), np.fmax),
    ops.fmin: Samples(elementwise(separated(), separated(0.35)), np.fmin),
    ops.select: Samples(_selections(), np.select, floating=2),
    ops.choose: Samples(_choices(), np.choose, floating=1),
}
