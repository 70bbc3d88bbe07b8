"""Samples of quantiles, percentiles and medians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ...ops.quantiles import METHODS
from .calls import Call, Samples, Values, reduction, separated


@st.composite
def quantiles(draw: st.DrawFn, values: Values, scale: float = 1.0) -> Call:
    """A reduction, parts of different shapes, and a method."""
    # NumPy cannot take quantiles of nothing along several axes.
    call = draw(reduction(values, least=1))
    # Quantiles just at an element, where rounding decides on its neighbour, differ between methods.
    q: Any = draw(st.sampled_from([0.0, 0.27, 0.5, 1.0, [0.13, 0.81], [[0.37], [1.0]]]))
    method = draw(st.sampled_from(sorted(METHODS)))
    if method == "closest_observation" and np.ndim(q) == 0 and q == 0.5:
        q = 0.47  # halfway between two elements, versions of NumPy differ
    return Call(call.arrays, {"q": np.multiply(q, scale), "method": method} | call.settings)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.quantile: Samples(quantiles(separated()), np.quantile),
    ops.percentile: Samples(quantiles(separated(), scale=100.0), np.percentile),
    ops.median: Samples(reduction(separated(), least=1), np.median),
}
