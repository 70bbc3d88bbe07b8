"""Samples of nonlinear functions of networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, along_axis, nonzero, real, rngs, separated, shapes, unary


def softmax(x: Array, axis: Any) -> Array:
    """Exponentials divided by their sum."""
    e: Array = np.exp(x)
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


@st.composite
def grouped(draw: st.DrawFn, pieces: int | None = None) -> Call:
    """One array with an axis of a multiple of a number of pieces, no two elements close."""
    shape = list(draw(shapes(dims=1, side=1)))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    count = draw(st.integers(1, 3)) if pieces is None else pieces
    shape[axis] *= count
    settings = {"axis": axis} | ({"pieces": count} if pieces is None else {})
    return Call((separated()(draw(rngs()), tuple(shape)),), settings)


def glu(x: Array, axis: int) -> Array:
    """Product of the first half and the logistic function of the second."""
    first, second = np.split(x, 2, axis)
    return np.asarray(first / (1 + np.exp(-second)))


def maxout(x: Array, pieces: int, axis: int) -> Array:
    """Largest of the first, second ... of all groups."""
    moved = np.moveaxis(x, axis, 0)
    largest = np.max([moved[i::pieces] for i in range(pieces)], axis=0)
    return np.asarray(np.moveaxis(largest, 0, axis))


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.relu: Samples(unary(nonzero), lambda x: np.where(x > 0, x, 0)),
    ops.sigmoid: Samples(unary(real), lambda x: 1 / (1 + np.exp(-x))),
    ops.step: Samples(unary(nonzero), lambda x: np.asarray(x > 0, float)),
    ops.softmax: Samples(along_axis(real), softmax),
    ops.log_softmax: Samples(along_axis(real), lambda x, axis: np.log(softmax(x, axis))),
    ops.softmin: Samples(along_axis(real), lambda x, axis: softmax(-x, axis)),
    ops.glu: Samples(grouped(2), glu),
    ops.maxout: Samples(grouped(), maxout),
}
