"""Samples of variances, weighted means and correlations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, Values, positive, real, reduction, rngs, separated


@st.composite
def variances(draw: st.DrawFn, values: Values) -> Call:
    """A reduction of axes that are long enough, and degrees of freedom by one of two names."""
    call = draw(reduction(values, side=2))
    options: list[dict[str, Any]] = [{}, {"ddof": 1}, {"correction": 0.5}]
    # Over no axes there is one element, and no freedom to lose.
    reduced = call.arrays[0].ndim and call.settings["axis"] != ()
    return Call(call.arrays, call.settings | (draw(st.sampled_from(options)) if reduced else {}))


@st.composite
def _averages(draw: st.DrawFn) -> Call:
    call = draw(reduction(real, tuples=False))
    (x,), axis = call.arrays, call.settings["axis"]
    rng = draw(rngs())
    alone = x.shape if axis is None else (x.shape[axis],)
    weights = draw(st.sampled_from([None, positive(rng, x.shape), positive(rng, alone)]))
    if weights is not None:
        weights = weights.astype("f4")  # so that float32 stays float32
    return Call((x,), {"axis": axis, "weights": weights, "keepdims": call.settings["keepdims"]})


@st.composite
def _observations(draw: st.DrawFn, bias: bool) -> Call:
    """One or two arrays of observations, at least three, as rows or columns."""
    rng = draw(rngs())
    count = draw(st.integers(3, 5))
    rowvar = draw(st.booleans())
    arrays = []
    for _ in range(draw(st.integers(1, 2))):
        x = real(rng, (draw(st.integers(1, 3)), count))
        arrays.append(draw(st.sampled_from([x[0], x if rowvar else x.T.copy()])))
    settings: dict[str, Any] = {"rowvar": rowvar}
    if bias:
        settings |= draw(st.sampled_from([{}, {"bias": True}, {"bias": True, "ddof": 2}]))
    return Call(tuple(arrays), settings)


def _with_y(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda x, y=None, **settings: function(x, y, **settings)


def _average(x: Array, weights: Any = None, **settings: Any) -> Array:
    if weights is None:  # NumPy divides by the length of the result, which may be 0
        return np.asarray(np.mean(x, **settings))
    return np.asarray(np.average(x, weights=weights, **settings))


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.var: Samples(variances(real), np.var),
    ops.std: Samples(variances(separated()), np.std),
    ops.average: Samples(_averages(), _average),
    ops.cov: Samples(_observations(bias=True), _with_y(np.cov), floating=2),
    ops.corrcoef: Samples(_observations(bias=False), _with_y(np.corrcoef), floating=2),
}
