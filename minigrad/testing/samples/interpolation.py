"""Samples of interpolation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Call, Samples, real, rngs, shapes


@st.composite
def _interpolations(draw: st.DrawFn) -> Call:
    """Points well apart, and places well between them."""
    rng, count, shape = draw(rngs()), draw(st.integers(1, 4)), draw(shapes())
    xp = np.cumsum(rng.uniform(0.5, 1.5, count))
    ends = [xp[0] - 1, *xp, xp[-1] + 1]
    segment = rng.integers(0, count + 1, shape)
    low, high = np.take(ends, segment), np.take(ends, segment + 1)
    x = np.asarray(low + (high - low) * rng.uniform(0.2, 0.8, shape))
    settings: dict[str, Any] = {"left": draw(st.sampled_from([None, 0.0, 3.0]))}
    if draw(st.booleans()):
        # The first point of the next period is as far behind the last point as another would be.
        settings["period"] = draw(st.sampled_from([1, -1])) * float(xp[-1] - xp[0] + 1)
        x += settings["period"] * rng.integers(-1, 2, shape)
        order = rng.permutation(count)
        return Call((np.asarray(x), xp[order], real(rng, (count,))), settings)
    settings["right"] = draw(st.sampled_from([None, 0.0, 3.0]))
    return Call((x, xp, real(rng, (count,))), settings)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.interp: Samples(_interpolations(), np.interp),
}
