"""Samples of sums of products by Einstein's convention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs


@st.composite
def _terms(draw: st.DrawFn, ellipsis: bool) -> tuple[list[str], str, list[tuple[int, ...]]]:
    """Subscripts of one to three operands, an output, and shapes that fit."""
    letters = "bAcd"
    lengths = {letter: draw(st.integers(0, 3)) for letter in letters}
    front = tuple(draw(st.lists(st.integers(1, 3), max_size=2))) if ellipsis else ()
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 3))):
        term = "".join(draw(st.lists(st.sampled_from(letters), max_size=3)))
        # Off the diagonals an axis of length 1 broadcasts.
        shape = tuple(
            1 if term.count(letter) == 1 and draw(st.booleans()) else lengths[letter]
            for letter in term
        )
        if ellipsis and draw(st.booleans()):
            own = tuple(length if draw(st.booleans()) else 1 for length in front)
            own = own[draw(st.integers(0, len(own))) :]
            place = draw(st.integers(0, len(term)))
            shape = (*shape[:place], *own, *shape[place:])
            term = f"{term[:place]}...{term[place:]}"
        terms.append(term)
        shapes.append(shape)
    used = sorted(set("".join(terms)) - {"."})
    output = "".join(letter for letter in draw(st.permutations(used)) if draw(st.booleans()))
    return terms, output, shapes


@st.composite
def _contractions(draw: st.DrawFn) -> Call:
    terms, output, shapes = draw(_terms(False))
    rng = draw(rngs())
    settings: dict[str, Any] = {"subscripts": f"{','.join(terms)}->{output}"}
    if draw(st.booleans()):
        settings["optimize"] = draw(st.booleans())
    return Call(tuple(real(rng, shape) for shape in shapes), settings)


@st.composite
def _einsums(draw: st.DrawFn) -> Call:
    terms, output, shapes = draw(_terms(True))
    rng = draw(rngs())
    subscripts = ", ".join(terms)
    if draw(st.booleans()):
        place = draw(st.integers(0, len(output)))
        subscripts += f" -> {output[:place]}...{output[place:]}"
    settings = {"optimize": True} if draw(st.booleans()) else {}
    return Call((subscripts, *(real(rng, shape) for shape in shapes)), settings)


def _contract(*operands: Array, subscripts: str, optimize: bool = False) -> Array:
    return np.asarray(np.einsum(subscripts, *operands))


def _einsum(*operands: Any, optimize: bool = False) -> Array:
    return np.asarray(np.einsum(*operands))


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.contract: Samples(_contractions(), _contract),
    ops.einsum: Samples(_einsums(), _einsum),
}
