"""Arrays of several shapes as one vector, and the sizes of their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]

EPS = float(np.finfo(np.float64).eps)
# Half of the digits of a number.
HALF = float(np.sqrt(EPS))
# Numbers below are taken for 0: squares and products of them may be.
TINY = 1e-50


def flat(arrays: Sequence[Array]) -> Array:
    """All numbers in one vector of float64."""
    return np.concatenate([np.zeros(0), *map(np.ravel, arrays)]).astype(np.float64, copy=False)


def split(vector: Array, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """Arrays of these shapes, with the numbers of a vector."""
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    return [p.reshape(s) for p, s in zip(np.split(vector, ends), shapes, strict=True)]


def as_columns(columns: Sequence[Array], length: int) -> Array:
    """Vectors as columns; there may be none."""
    return np.reshape(columns, (len(columns), length)).T


def unit(outputs: Sequence[Array], column: int) -> list[Array]:
    """A gradient of 1 for one element of the outputs, and of 0 for all others."""
    vector = np.zeros(sum(output.size for output in outputs))
    vector[column] = 1.0
    return split(vector, [output.shape for output in outputs])


def labels(outputs: Sequence[Array]) -> list[str]:
    """What the elements of the outputs are called."""
    return [
        ("output" if len(outputs) == 1 else f"output {i}") + (f"{list(index)}" if index else "")
        for i, output in enumerate(outputs)
        for index in np.ndindex(output.shape)
    ]


def nearby(arrays: Sequence[Array]) -> Array:
    """What short steps are relative to: the size of each number; for 0 that of others beside it."""
    found = [np.zeros(0)]
    for array in arrays:
        sizes = np.abs(array).ravel()
        others = 0.1 * min(1.0, float(sizes.max(initial=0.0)))
        found.append(np.where(sizes > TINY, sizes, others if others > TINY else 0.1))
    return np.concatenate(found)


def digits(outputs: Sequence[Array], around: Sequence[Array]) -> Array:
    """How far off values may be by rounding: in the last places of the largest that occur.

    Those around count too: where a determinant is 0, its terms are not.
    """
    # There may be a pole or a zero near by, but hardly in two places of three.
    sizes = np.abs(flat([*outputs, *(np.median(np.abs(values), axis=0) for values in around)]))
    largest = float(np.max(sizes, where=np.isfinite(sizes), initial=0.0))
    return largest * np.concatenate(
        [np.full(output.size, max(np.finfo(output.dtype).eps, EPS)) for output in outputs]
    )


def scale(value: Any) -> Any:
    """What steps from a value are relative to."""
    return np.maximum(np.abs(value), 0.1)


def random_like(output: Array, rng: np.random.Generator) -> Array:
    """Numbers of both signs, all different, none small."""
    sizes = rng.uniform(0.5, 1.5, output.shape)
    found = np.asarray(sizes * rng.choice([-1.0, 1.0], output.shape))
    if found.size and np.all(found > 0):
        found.flat[0] *= -1.0  # else what ignores the sign would not show
    return found
