"""A subject where it is checked: its values there and around, and what its backward returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from .subjects import Subject
from .vectors import HALF, digits, flat, nearby, random_like, split

Array: TypeAlias = np.ndarray[Any, Any]

# How far away to look for what sizes there are, relative to each element.
AROUND = 0.1
# Changes of so many units in the last place are rounding.
UNITS = 16


class Point:
    """A subject where it is checked, its inputs as one vector and its outputs as another.

    Attributes
    ----------
    vector : array
        The inputs.
    sizes : array
        For each element its size, or that of others beside it.
    owners : array
        For each element the number of its input.
    places : list
        For each element the name of its input, and its index there.
    outputs : list of array
        The outputs as they are.
    middle : array
        The outputs as a vector, computed again.
    digits : array
        How far off each output may be by rounding.
    reach : dict
        For each input, how far each output changes if that input changes by about a tenth.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.vector = flat(subject.values)
        self.sizes = nearby(subject.values)
        self.owners = np.repeat(np.arange(len(subject.values)), [v.size for v in subject.values])
        self.places = places_of(subject)
        self.outputs, self.pull = subject.linearize(subject.values)
        if not self.outputs:
            raise ValueError(
                f"gradcheck: {subject.name} returned nothing floating, so there is no derivative"
            )
        # Calls with a graph and without one may differ in rounding; steps are made without.
        self.middle = flat(subject.evaluate(subject.values))
        self.digits = digits(self.outputs, [])
        self.reach: dict[int, Array] = {}

    def evaluate(self, vector: Array) -> Array:
        """The outputs for other inputs; nan if they have another shape than here."""
        found = flat(self.subject.evaluate(self.arrays(vector)))
        return found if found.shape == self.middle.shape else np.full(self.middle.shape, np.nan)

    def arrays(self, vector: Array) -> list[Array]:
        """The inputs in the places of a vector."""
        return split(vector, [value.shape for value in self.subject.values])

    def gradients(self, cotangents: Sequence[Array]) -> tuple[Array, Array]:
        """The gradients of all inputs in one vector, and whether a path leads to each element."""
        found = self.pull(cotangents)
        pairs = list(zip(found, self.subject.values, strict=True))
        return (
            flat([np.zeros_like(v) if g is None else g for g, v in pairs]),
            np.concatenate([np.full(v.size, g is not None) for g, v in pairs]),
        )

    def is_reproduced(self, atol: float) -> bool:
        """Whether the outputs with a graph are those without, but for rounding."""
        with_graph = flat(self.outputs)
        if with_graph.shape != self.middle.shape:
            return False
        size = float(np.max(np.abs(with_graph), where=np.isfinite(with_graph), initial=0.0))
        atol += HALF * size + UNITS * float(self.digits.max(initial=0.0))
        return np.allclose(self.middle, with_graph, rtol=HALF, atol=atol, equal_nan=True)

    def is_unchanged(self) -> bool:
        """Whether another call gives the same values, up to rounding."""
        again, before = self.evaluate(self.vector), self.middle
        same = np.abs(again - before) <= UNITS * self.digits
        return bool(np.all(same | (again == before) | (np.isnan(again) & np.isnan(before))))

    def look_around(self, rng: np.random.Generator, all_at_once: bool) -> None:
        """Find out what sizes of values and of changes there are around."""
        inputs = np.unique(self.owners)
        if all_at_once:
            around = dict.fromkeys([0, *inputs], self._around(self.owners >= 0, rng))
        else:
            around = {one: self._around(self.owners == one, rng) for one in inputs}
        self.digits = digits(self.outputs, list(around.values()))
        self.reach = {
            one: np.median(np.abs(np.nan_to_num(values - self.middle)), axis=0)
            for one, values in around.items()
        }

    def _around(self, moved: Array, rng: np.random.Generator) -> Array:
        """The outputs in three places where some inputs are about a tenth of their size away."""
        found = []
        for _ in range(3):
            way = AROUND * self.sizes * random_like(self.vector, rng)
            found.append(self.evaluate(self.vector + np.where(moved, way, 0.0)))
        return np.array(found)


def places_of(subject: Subject) -> list[tuple[str, tuple[int, ...]]]:
    """The input and the index of every element."""
    return [
        (parameter, index)
        for parameter, value in zip(subject.parameters, subject.values, strict=True)
        for index in np.ndindex(value.shape)
    ]
