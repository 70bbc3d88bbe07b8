"""Samples of determinants, diagonals and traces."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, real, rngs
from .linear_algebra import any_rank, batches, square


@st.composite
def _diagonals(draw: st.DrawFn) -> Call:
    shape = (*draw(batches()), draw(st.integers(0, 3)), draw(st.integers(0, 3)))
    return Call((real(draw(rngs()), shape),), {"offset": draw(st.integers(-3, 3))})


def _det(x: Array) -> Array:
    """By cofactors of the first row."""
    if not x.shape[-1]:
        return np.ones(x.shape[:-2])
    rest = (np.delete(x[..., 1:, :], i, axis=-1) for i in range(x.shape[-1]))
    terms = [(-1) ** i * x[..., 0, i] * _det(part) for i, part in enumerate(rest)]
    return np.asarray(functools.reduce(np.add, terms))


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.det: Samples(any_rank(), _det),
    ops.slogdet: Samples(square(), np.linalg.slogdet),
    ops.matrix_diagonal: Samples(_diagonals(), np.linalg.diagonal),
    ops.matrix_trace: Samples(_diagonals(), np.linalg.trace),
}
