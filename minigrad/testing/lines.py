"""Along what the inputs are moved, and what of the outputs is differentiated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from .points import Point
from .rendering import CONTRACTED, DIRECTION
from .vectors import flat, labels, random_like, scale, unit

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass
class Lines:
    """Along what the inputs, as one vector, are moved: each element alone, or all at once.

    Attributes
    ----------
    names : list
        The input and the index of the element.
    groups : array
        The number of the input that each line belongs to.
    scales, wider : array
        What steps are relative to; and what else, where that leaves too few digits.
    moved : callable
        ``moved(line, step)`` returns the vector after a step.
    along : callable
        From the gradient by the vector to the derivatives along the lines.
    sparing : bool
        Whether calls of the function must be few.
    """

    names: list[tuple[str, tuple[int, ...]]]
    groups: Array
    scales: Array
    wider: Array
    moved: Callable[[int, Any], Array]
    along: Callable[[Array], Array]
    sparing: bool = False


def single_elements(point: Point, places: Array) -> Lines:
    """Some elements of the inputs, each alone."""

    def moved(line: int, step: Any) -> Array:
        vector = point.vector.astype(np.result_type(point.vector, step))
        vector[places[line]] += step
        return vector

    return Lines(
        [point.places[place] for place in places],
        point.owners[places],
        point.sizes[places],
        scale(point.vector)[places],
        moved,
        lambda gradient: gradient[places],
    )


def directions(point: Point, ways: Array, name: str = DIRECTION) -> Lines:
    """All elements at once, along each of the ways."""
    count = len(ways)
    return Lines(
        [(name, (line,)) for line in range(count)],
        np.full(count, point.owners[0] if point.owners.size else 0),
        np.ones(count),
        np.ones(count),
        lambda line, step: point.vector + step * ways[line],
        lambda gradient: ways @ gradient,
        sparing=True,
    )


def random_ways(point: Point, count: int, rng: np.random.Generator) -> Array:
    """Ways along which each element moves relative to its size."""
    ways = random_like(np.empty((count, point.vector.size)), rng)
    return np.asarray(ways * scale(point.vector) / np.sqrt(point.vector.size))


@dataclass
class Columns:
    """What is differentiated: each output alone, or all of them times random numbers.

    Attributes
    ----------
    labels : list of str
        What they are called.
    cotangents : list
        For each column the gradient of the outputs that it stands for.
    projection : array or None
        From the outputs to the columns, where these are not the same.
    weights : array
        A gradient of the columns.
    """

    labels: list[str]
    cotangents: list[list[Array]]
    projection: Array | None
    weights: Array

    def of(self, outputs: Array) -> Array:
        """The columns of a vector of outputs."""
        return outputs if self.projection is None else self.projection @ outputs

    def size(self, outputs: Array) -> Array:
        """The columns of sizes of outputs."""
        return outputs if self.projection is None else np.abs(self.projection) @ outputs


def single_outputs(point: Point, cotangents: list[Array]) -> Columns:
    """Each output alone."""
    units = [unit(point.outputs, column) for column in range(point.middle.size)]
    return Columns(labels(point.outputs), units, None, flat(cotangents))


def projections(cotangents: list[list[Array]]) -> Columns:
    """All outputs times random numbers, some times."""
    matrix = np.stack([flat(c) for c in cotangents])
    return Columns([CONTRACTED] * len(cotangents), cotangents, matrix, np.eye(len(cotangents))[0])
