"""Samples of polynomials and of convolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, nonzero, real, rngs, shapes


@st.composite
def _vectors(draw: st.DrawFn, modes: bool = False) -> Call:
    n, m, rng = draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(rngs())
    settings = {"mode": draw(st.sampled_from(["full", "same", "valid"]))} if modes else {}
    return Call((real(rng, (n,)), real(rng, (m,))), settings)


@st.composite
def _points(draw: st.DrawFn) -> Call:
    rng = draw(rngs())
    return Call((real(rng, (draw(st.integers(1, 4)),)), real(rng, draw(shapes()))), {})


@st.composite
def _changes(draw: st.DrawFn, constants: bool = False) -> Call:
    settings: dict[str, Any] = {"m": draw(st.integers(0, 3))}
    if constants and settings["m"]:
        k = [0.5, -1.5, 2.5][: settings["m"]]
        settings["k"] = draw(st.sampled_from([None, k[0] if settings["m"] == 1 else k, k]))
    length = draw(st.integers(1 if constants else settings["m"] + 1, 5))
    return Call((real(draw(rngs()), (length,)),), settings)


@st.composite
def _divisions(draw: st.DrawFn) -> Call:
    rng = draw(rngs())
    divisor = np.concatenate([nonzero(rng, (1,)), real(rng, (draw(st.integers(0, 2)),))])
    length = draw(st.integers(divisor.size, 5))
    return Call((nonzero(rng, (length,)), divisor), {})


def _vector() -> st.SearchStrategy[Call]:
    return st.builds(lambda rng, n: Call((real(rng, (n,)),), {}), rngs(), st.integers(1, 4))


@st.composite
def _fits(draw: st.DrawFn) -> Call:
    rng, degree = draw(rngs()), draw(st.integers(0, 2))
    n = degree + 1 + draw(st.integers(0, 2))
    x = rng.permutation(np.linspace(-1.5, 2, n)) + rng.uniform(-0.1, 0.1, n)
    columns = draw(st.sampled_from([(), (2,)]))
    settings: dict[str, Any] = {"deg": degree}
    if draw(st.booleans()):
        settings["w"] = rng.uniform(0.5, 1.5, n)
    return Call((x, real(rng, (n, *columns))), settings)


def _polyint(p: Array, m: int, k: Any = None) -> Array:
    return np.polyint(p, m, k)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.convolve: Samples(_vectors(modes=True), np.convolve),
    ops.correlate: Samples(_vectors(modes=True), np.correlate),
    ops.polyval: Samples(_points(), np.polyval),
    ops.polyadd: Samples(_vectors(), np.polyadd),
    ops.polysub: Samples(_vectors(), np.polysub),
    ops.polymul: Samples(_vectors(), np.polymul),
    ops.polydiv: Samples(_divisions(), np.polydiv, single=1e-3),
    ops.polyder: Samples(_changes(), np.polyder),
    ops.polyint: Samples(_changes(constants=True), _polyint),
    ops.poly: Samples(_vector(), np.poly),
    ops.polyfit: Samples(_fits(), np.polyfit, single=1e-3),
}
