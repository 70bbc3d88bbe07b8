"""Gradients of the wrong shape."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .evidence import RELATIVE, Array, Evidence, Guess, broadcasts, sum_to


def wrong_shape(evidence: Evidence) -> Iterator[Guess]:
    """What may be done to a gradient of the wrong shape to make it right."""
    returned, shape = evidence.returned, evidence.value.shape
    shapes = f"It has the shape {returned.shape}, the input {shape}"
    for kind, repaired, words in _repaired(returned, shape):
        if _alike(repaired, evidence.expected, evidence):
            yield Guess(kind, f"{shapes}: {words} it would be right.", None)
    for name, gradient in (evidence.others or {}).items():
        if gradient.shape == returned.shape and _alike(returned, gradient, evidence):
            text = f"{shapes}: it is the gradient of {name!r}; are the gradients exchanged?"
            yield Guess("other input", text, None)
    yield Guess("shape", f"{shapes}; they must be the same.", None)


def _repaired(returned: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Array, str]]:
    """All ways to bring an array to another shape, with the kind of mistake and words for it."""
    wide = (1,) * (returned.ndim - len(shape)) + shape
    if returned.size > 1 and broadcasts(wide, returned.shape):
        words = "summed over the axes that were broadcast"
        yield "missing sum", sum_to(returned, wide).reshape(shape), words
    if returned.size == np.prod(shape):
        yield "shape", returned.reshape(shape), "reshaped"
        yield "transposed", returned.T.reshape(shape), "transposed"
    reduced = [i for i in range(len(shape)) if returned.shape == shape[:i] + shape[i + 1 :]]
    for array in (returned, *(np.expand_dims(returned, axis) for axis in reduced)):
        if broadcasts(array.shape, shape):
            yield "not spread", np.broadcast_to(array, shape), "broadcast to the shape of the input"


def _alike(found: Array, right: Array, evidence: Evidence) -> bool:
    largest = float(np.max(np.abs(right), initial=0.0))
    error = float(np.max(evidence.error, initial=0.0))
    return bool(np.all(np.abs(found - right) <= error + RELATIVE * largest))
