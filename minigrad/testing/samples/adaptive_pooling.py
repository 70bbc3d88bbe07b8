"""Samples of adaptive and global pooling."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, Values, real, rngs, separated
from .pooling import RANKS, reduced


@st.composite
def _images(draw: st.DrawFn, values: Values, rank: int | None = None) -> Call:
    lengths = st.lists(
        st.integers(1, 7 if rank == 1 else 4), min_size=rank or 1, max_size=rank or 3
    )
    shape = (draw(st.integers(0, 2)), draw(st.integers(1, 2)), *draw(lengths))
    return Call((values(draw(rngs()), shape),), {})


@st.composite
def _adaptive(draw: st.DrawFn, rank: int, values: Values, *booleans: str) -> Call:
    call = draw(_images(values, rank))
    number = st.integers(1, 5 if rank == 1 else 3)
    size = draw(number | st.tuples(*[st.none() | number] * rank))
    settings = {name: draw(st.booleans()) for name in booleans}
    return Call(call.arrays, {"output_size": size, **settings})


def _by_loops(reduce: Callable[..., Any]) -> Callable[..., Any]:
    def pool(x: Array, output_size: Any = 1, return_indices: bool = False) -> Any:
        lengths = x.shape[2:]
        sizes = (output_size,) * len(lengths) if isinstance(output_size, int) else output_size
        out = tuple(size or length for size, length in zip(sizes, lengths, strict=True))
        inside = []
        for at in np.ndindex(out):
            spans = [
                range(int(np.floor(o * length / size)), int(np.ceil((o + 1) * length / size)))
                for o, length, size in zip(at, lengths, out, strict=True)
            ]
            inside.append((at, list(itertools.product(*spans))))
        return reduced(x, out, inside, reduce, return_indices)

    return pool


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.global_avg_pool: Samples(_images(real), _by_loops(np.mean)),
    ops.global_max_pool: Samples(_images(separated()), _by_loops(np.max)),
}
for _rank in RANKS:
    SAMPLES[getattr(ops, f"adaptive_avg_pool{_rank}d")] = Samples(
        _adaptive(_rank, real), _by_loops(np.mean)
    )
    SAMPLES[getattr(ops, f"adaptive_max_pool{_rank}d")] = Samples(
        _adaptive(_rank, separated(), "return_indices"), _by_loops(np.max)
    )
