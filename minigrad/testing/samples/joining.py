"""Samples of joining arrays, and of adding to and taking out of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, mask, real, rngs, shapes


@st.composite
def _sequences(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(dims=1)), draw(rngs())
    axis = draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1)))
    arrays = []
    for length in draw(st.lists(st.integers(0, 3), min_size=1, max_size=3)):
        part = list(shape)
        part[0 if axis is None else axis] = length
        arrays.append(real(rng, tuple(part)))
    return Call((arrays,), {"axis": axis})


@st.composite
def _alike(draw: st.DrawFn) -> Call:
    """Arrays of one shape, and the place of a new axis."""
    shape, rng = draw(shapes()), draw(rngs())
    arrays = [real(rng, shape) for _ in range(draw(st.integers(1, 3)))]
    return Call((arrays,), {"axis": draw(st.integers(-len(shape) - 1, len(shape)))})


@st.composite
def _rows(draw: st.DrawFn, along: int, least: int) -> Call:
    """Arrays of one shape; if they have at least so many axes, one of these differs in length."""
    shape, rng = draw(shapes()), draw(rngs())
    arrays = []
    for _ in range(draw(st.integers(1, 3))):
        part = list(shape)
        if least <= len(shape):
            part[along] = draw(st.integers(0, 3))
        arrays.append(real(rng, tuple(part)))
    return Call((arrays,), {})


@st.composite
def _appendings(draw: st.DrawFn) -> Call:
    call = draw(_sequences().filter(lambda call: len(call.arrays[0]) > 1))
    return Call(tuple(call.arrays[0][:2]), call.settings)


@st.composite
def _insertions(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(dims=1)), draw(rngs())
    axis = draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1)))
    # Where the array is flattened, so are the values.
    axes = [int(np.prod(shape))] if axis is None else list(shape)
    along = 0 if axis is None else axis
    length = axes[along]
    if draw(st.booleans()):
        obj = np.asarray(draw(st.integers(-length, length)))
        part = axes[:along] + axes[along % len(axes) + 1 :]
        # As in x[:, 1] = values: several of them may go to one place, along their first axis.
        values = draw(st.sampled_from([(), tuple(part), (2, *(1,) * len(part))]))
    else:
        obj = rng.integers(-length, length + 1, draw(st.integers(0, 3)))
        axes[along] = len(obj)
        values = draw(st.sampled_from([(), tuple(axes), (1,) * len(axes)]))
    return Call((real(rng, shape), obj, real(rng, values)), {"axis": axis})


@st.composite
def _deletions(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(dims=1, side=1)), draw(rngs())
    axis = draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1)))
    length = int(np.prod(shape)) if axis is None else shape[axis]
    obj = draw(
        st.one_of(
            st.integers(-length, length - 1),
            st.slices(length),
            st.lists(st.integers(-length, length - 1), max_size=3),
            st.just(mask(rng, (length,))),
        )
    )
    return Call((real(rng, shape),), {"obj": obj, "axis": axis})


def _append(x: Array, values: Array, axis: int | None) -> Array:
    return np.append(x, values, axis)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.concatenate: Samples(_sequences(), np.concatenate),
    ops.stack: Samples(_alike(), np.stack),
    ops.hstack: Samples(_rows(1, least=2), np.hstack),
    ops.vstack: Samples(_rows(0, least=2), np.vstack),
    ops.dstack: Samples(_rows(2, least=3), np.dstack),
    ops.column_stack: Samples(_rows(1, least=2), np.column_stack),
    ops.block: Samples(_rows(-1, least=1), np.block),
    ops.append: Samples(_appendings(), np.append),
    ops.insert: Samples(_insertions(), np.insert, floating=2),
    ops.delete: Samples(_deletions(), np.delete),
}
