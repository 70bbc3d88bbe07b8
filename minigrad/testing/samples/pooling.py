"""Samples of pooling by order, and what the samples of other pooling share with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ...ops.windows import Windows
from ..strategies.windows import places, pools, windows_of
from .calls import Array, Call, Samples, Values, rngs, separated


@st.composite
def pooled(
    draw: st.DrawFn,
    rank: int,
    values: Values | None = None,
    *booleans: str,
    padded: bool = True,
    dilated: bool = True,
) -> Call:
    """Images and windows over them, with boolean settings, by default with no two values close."""
    pool = draw(pools(rank, padded, dilated, min_batch=0))
    settings = {**pool.settings, **{name: draw(st.booleans()) for name in booleans}}
    return Call(((values or separated())(draw(rngs()), pool.shape),), settings)


def members(windows: Windows) -> Iterator[tuple[tuple[int, ...], list[tuple[int, ...]]]]:
    """Each window with the places of its elements that lie inside of the image."""
    for at in np.ndindex(windows.out):
        yield at, [place for place in places(windows, at) if place is not None]


def by_loops(reduce: Callable[..., Any]) -> Callable[..., Any]:
    """Pooling with a function of the values in a window."""

    def pool(x: Array, return_indices: bool = False, **settings: Any) -> Any:
        windows = windows_of(x.shape, settings)
        inside = list(members(windows))
        return reduced(x, windows.out, inside, reduce, return_indices)

    return pool


def reduced(
    x: Array, out: tuple[int, ...], inside: Any, reduce: Callable[..., Any], return_indices: bool
) -> Any:
    """Reduce the elements of windows to one value each, and to where the first of these lies."""
    values = np.zeros((*x.shape[:2], *out), x.dtype)
    indices = np.zeros(values.shape, np.int64)
    for at, found in inside:
        elements = np.stack([x[(..., *place)] for place in found], -1)
        values[(..., *at)] = reduce(elements, -1)
        first = np.argmax(elements == values[(..., *at)][..., None], -1)
        flat = np.array([np.ravel_multi_index(place, x.shape[2:]) for place in found])
        indices[(..., *at)] = flat[first]
    return (values, indices) if return_indices else values


RANKS = (1, 2, 3)
SAMPLES: dict[Callable[..., Any], Samples] = {
    getattr(ops, f"{name}_pool{rank}d"): Samples(
        pooled(rank, None, "return_indices"), by_loops(reduce)
    )
    for name, reduce in {"max": np.max, "min": np.min}.items()
    for rank in RANKS
}
