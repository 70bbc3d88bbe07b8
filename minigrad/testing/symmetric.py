"""Functions that read one half of a symmetric matrix, and have the gradient of both halves."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from .subjects import Pullback, Subject

Array: TypeAlias = np.ndarray[Any, Any]

# So far from symmetric may a matrix be, relative to its largest element.
ROUNDING = 1e-9


def on_symmetric_matrices(subject: Subject) -> Subject | None:
    """Return a subject that moves symmetric matrices as such; None if it reads them whole.

    The gradient of an op such as `eigh` is that of a function of symmetric matrices.
    """
    halves = [_reads_one_half(subject, i) for i in range(len(subject.values))]
    if not any(halves):
        return None
    outputs, pullback = subject.linearize(subject.values)
    found = pullback([np.cos(np.arange(float(o.size))).reshape(o.shape) for o in outputs])
    for half, gradient in zip(halves, found, strict=True):
        if half and (gradient is None or not _is_symmetric(gradient)):
            return None
    if subject.through is not None:
        return subject.through([symmetrized if half else None for half in halves])

    def whole(arrays: Sequence[Array | None]) -> list[Any]:
        return [
            symmetrized(a) if half and a is not None else a
            for half, a in zip(halves, arrays, strict=True)
        ]

    def linearize(values: Sequence[Array]) -> tuple[list[Array], Pullback]:
        outputs, pullback = subject.linearize(whole(values))
        return outputs, lambda cotangents: whole(pullback(cotangents))

    return dataclasses.replace(
        subject, evaluate=lambda values: subject.evaluate(whole(values)), linearize=linearize
    )


def symmetrized(x: Any) -> Any:
    """The symmetric part of matrices."""
    return (x + np.swapaxes(x, -1, -2)) / 2


def _is_symmetric(x: Array) -> bool:
    largest = np.abs(x).max(initial=0.0)
    return bool(np.all(np.abs(x - np.swapaxes(x, -1, -2)) <= ROUNDING * largest))


def _reads_one_half(subject: Subject, i: int) -> bool:
    """Whether an input is a symmetric matrix, and what is on one side of its diagonal not read."""
    value = subject.values[i]
    if value.ndim < 2 or value.shape[-1] == 1 or value.shape[-1] != value.shape[-2]:
        return False
    if not _is_symmetric(value):
        return False
    before = subject.evaluate(subject.values)
    above = np.triu(np.ones(value.shape), 1)
    for half in (above, np.swapaxes(above, -1, -2)):
        values = [*subject.values[:i], value + half, *subject.values[i + 1 :]]
        if all(map(np.array_equal, subject.evaluate(values), before)):
            return True
    return False
