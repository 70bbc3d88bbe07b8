"""Samples of functions whose results have no derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, Values, elementwise, integral, real, rngs, shapes, unary


@st.composite
def _calls(draw: st.DrawFn, /, *values: Values, **settings: list[Any]) -> Call:
    """Arrays of one shape each, and settings from lists of them."""
    rng = draw(rngs())
    arrays = tuple(kind(rng, draw(shapes())) for kind in values)
    return Call(arrays, {name: draw(st.sampled_from(of)) for name, of in settings.items()})


@st.composite
def _matrices(draw: st.DrawFn, /, square: bool = False, **settings: list[Any]) -> Call:
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    x = integral(draw(rngs()), (rows, rows if square else columns))
    return Call((x,), {name: draw(st.sampled_from(of)) for name, of in settings.items()})


@st.composite
def _pairs(draw: st.DrawFn, /, **settings: list[Any]) -> Call:
    rng, count = draw(rngs()), draw(st.integers(1, 5))
    arrays = (real(rng, (count,)), real(rng, (count,)))
    return Call(arrays, {name: draw(st.sampled_from(of)) for name, of in settings.items()})


@st.composite
def _countings(draw: st.DrawFn) -> Call:
    rng, count = draw(rngs()), draw(st.integers(0, 6))
    arrays = (rng.integers(0, 4, count), real(rng, (count,)))
    return Call(arrays, {"minlength": draw(st.integers(0, 6))})


@st.composite
def _open_meshes(draw: st.DrawFn) -> Call:
    rng = draw(rngs())
    lengths = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    return Call(tuple(rng.integers(0, 4, length) for length in lengths), {})


@st.composite
def _places(draw: st.DrawFn, flat: bool) -> Call:
    rng, shape = draw(rngs()), draw(shapes(dims=1, side=1))
    order, count = draw(st.sampled_from("CF")), draw(st.integers(0, 3))
    if flat:
        places = rng.integers(0, int(np.prod(shape)), count)
        return Call((places,), {"shape": shape, "order": order})
    indices = [rng.integers(0, length, count) for length in shape]
    return Call((indices,), {"dims": shape, "mode": "raise", "order": order})


def flags(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Bytes that are 0 or not."""
    return np.asarray(rng.integers(0, 3, shape), dtype=np.uint8)


def _with_axis(values: Values) -> st.SearchStrategy[Call]:
    return st.builds(
        lambda rng, shape, last, bitorder: Call(
            (values(rng, shape),), {"axis": -1 if last else None, "bitorder": bitorder}
        ),
        rngs(),
        shapes(dims=1, side=1),
        st.booleans(),
        st.sampled_from(["big", "little"]),
    )


_truth = [False, True]
_bins: dict[str, list[Any]] = {"bins": [3, [-2.0, 0.0, 1.0, 2.0]], "range": [None, (-1.0, 2.0)]}

SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.unique: Samples(
        _calls(integral, return_index=_truth, return_inverse=_truth, return_counts=_truth),
        np.unique,
    ),
    ops.unique_all: Samples(unary(integral), np.unique_all),
    ops.unique_counts: Samples(unary(integral), np.unique_counts),
    ops.unique_inverse: Samples(unary(integral), np.unique_inverse),
    ops.unique_values: Samples(unary(integral), np.unique_values),
    ops.isin: Samples(_calls(integral, integral, assume_unique=[False], invert=_truth), np.isin),
    ops.intersect1d: Samples(
        _calls(integral, integral, assume_unique=[False], return_indices=_truth), np.intersect1d
    ),
    ops.union1d: Samples(_calls(integral, integral), np.union1d),
    ops.setdiff1d: Samples(_calls(integral, integral), np.setdiff1d),
    ops.setxor1d: Samples(_calls(integral, integral), np.setxor1d),
    ops.histogram: Samples(_calls(real, **_bins), np.histogram),
    ops.histogram_bin_edges: Samples(_calls(real, **_bins), np.histogram_bin_edges),
    ops.histogram2d: Samples(_pairs(bins=[2, (2, 3)]), np.histogram2d),
    ops.bincount: Samples(_countings(), np.bincount, floating=1),
    ops.diag_indices_from: Samples(
        unary(lambda rng, shape: integral(rng, (len(shape) + 1,) * 2)), np.diag_indices_from
    ),
    ops.tril_indices_from: Samples(_matrices(k=[-1, 0, 1]), np.tril_indices_from),
    ops.triu_indices_from: Samples(_matrices(k=[-1, 0, 1]), np.triu_indices_from),
    ops.ix_: Samples(_open_meshes(), np.ix_),
    ops.ravel_multi_index: Samples(_places(flat=False), np.ravel_multi_index),
    ops.unravel_index: Samples(_places(flat=True), np.unravel_index),
    ops.packbits: Samples(_with_axis(flags), np.packbits),
    ops.unpackbits: Samples(_with_axis(flags), np.unpackbits),
    ops.common_type: Samples(elementwise(real, integral), np.common_type),
    ops.result_type: Samples(elementwise(real, integral), np.result_type),
    ops.can_cast: Samples(
        _calls(real, to=["f4", np.float64]), lambda x, to: np.can_cast(x.dtype, to)
    ),
    ops.min_scalar_type: Samples(unary(real), np.min_scalar_type),
    ops.shares_memory: Samples(elementwise(real, real), np.shares_memory),
    ops.may_share_memory: Samples(elementwise(real, real), np.may_share_memory),
    ops.array_repr: Samples(_calls(real, max_line_width=[None, 40]), np.array_repr),
    ops.array_str: Samples(_calls(real, max_line_width=[None, 40]), np.array_str),
    ops.array2string: Samples(_calls(real, max_line_width=[None, 40]), np.array2string),
}
