"""What samples are made of: calls, the values in them, and strategies that many ops share.

Inputs keep away from kinks by construction: where an op has one, values are well separated. Values
come from a drawn seed, so an example shrinks in its shapes and settings.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from hypothesis import strategies as st

from .. import strategies
from ..strategies.values import Array as Array
from ..strategies.values import rngs as rngs
from ..strategies.values import scattered, within

Values: TypeAlias = Callable[[np.random.Generator, tuple[int, ...]], Array]
Settings: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """Arguments of an op: arrays (one may be a list of them), and settings by name.

    What stands among the arrays and is none, such as a function or a text, is passed as it is.
    """

    arrays: tuple[Any, ...]
    settings: Settings

    def map(self, function: Callable[[Array], Any]) -> Call:
        """Return the call with a function applied to every array."""

        def mapped(value: Any) -> Any:
            if isinstance(value, list):
                return [mapped(part) for part in value]
            return value if isinstance(value, int | str) or callable(value) else function(value)

        return Call(tuple(map(mapped, self.arrays)), self.settings)

    def flat(self) -> list[Any]:
        """Return the arrays of the call, those of a sequence one by one."""
        found: list[Any] = []
        self.map(found.append)
        return found

    def of(self, op: Callable[..., Any]) -> Callable[..., Any]:
        """Return the op as a function of the flat arrays alone."""

        def function(*flat: Any) -> Any:
            rest = iter(flat)
            return self.map(lambda _: next(rest)).apply(op)

        function.__name__ = (
            f"{op.__name__}({', '.join(f'{k}={v}' for k, v in self.settings.items())})"
        )
        return function

    def apply(self, op: Callable[..., Any]) -> Any:
        """Make the call."""
        return op(*self.arrays, **self.settings)


@dataclass(frozen=True)
class Samples:
    """How to check an op.

    Attributes
    ----------
    calls : strategy of Call
        In float64, off the kinks.
    reference : callable
        The same function of plain arrays, written with NumPy alone.
    floating : int or None
        How many of the op's arrays are differentiable, where not all are.
    determined : callable
        What of the result is determined, where not all is: an eigenvector, say, may have either
        sign. Derivatives are checked of this.
    domain : callable
        What keeps a floating array in the op's domain while its elements are varied, such as the
        symmetric part of a matrix. Derivatives are checked along the domain.
    single : float
        How far results in float32 may be from those in float64.
    """

    calls: st.SearchStrategy[Call]
    reference: Callable[..., Any]
    floating: int | None = None
    determined: Callable[[Any], Any] = lambda result: result
    domain: Callable[[Any], Any] = lambda array: array
    single: float = 1e-4

    def checked(self, op: Callable[..., Any], call: Call) -> Callable[..., Any]:
        """Return the call as the function of flat arrays whose derivatives are checked."""
        function = call.of(op)

        @functools.wraps(function)
        def of_arrays(*arrays: Any) -> Any:
            return self.determined(function(*map(self.domain, arrays)))

        return of_arrays


def real(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of both signs."""
    return within(rng, shape, "real")


def positive(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers well above 0."""
    return within(rng, shape, "positive")


def nonzero(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of both signs, well away from 0."""
    return within(rng, shape, "nonzero")


def integral(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A few small numbers, so that many are equal."""
    return np.asarray(rng.integers(-2, 3, shape), dtype=np.float64)


def integers(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Integers, mostly different."""
    return np.asarray(rng.integers(0, 50, shape))


def special(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers, infinities and nan."""
    return np.asarray(rng.choice([0.0, 1.5, np.inf, -np.inf, np.nan], shape))


def mask(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Booleans."""
    return np.asarray(rng.random(shape) < 0.5)


def separated(offset: float = 0.1) -> Values:
    """Numbers no two of which are close, nor close to those of another offset."""
    return lambda rng, shape: scattered(rng, shape, gap=0.5, offset=offset, kinks=())


def shapes(dims: int = 0, side: int = 0) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes with at least so many axes, none shorter than `side`."""
    return strategies.shapes(min_dims=dims, min_side=side)


@st.composite
def elementwise(draw: st.DrawFn, *values: Values) -> Call:
    """Arrays that broadcast together, one for each kind of values."""
    drawn = draw(strategies.broadcastable(len(values), min_side=0))
    rng = draw(rngs())
    return Call(tuple(kind(rng, shape) for kind, shape in zip(values, drawn, strict=True)), {})


def unary(values: Values) -> st.SearchStrategy[Call]:
    """One array of any shape."""
    return st.builds(lambda rng, shape: Call((values(rng, shape),), {}), rngs(), shapes())


@st.composite
def reduction(
    draw: st.DrawFn, values: Values, side: int = 1, tuples: bool = True, least: int = 0
) -> Call:
    """One array, an axis or several or none, and whether to keep them.

    The axes that are reduced are no shorter than `side`, the others no shorter than `least`.
    """
    shape = draw(shapes(side=least))
    axis = draw(strategies.axes(len(shape), tuples=tuples))
    settings = {"axis": axis, "keepdims": draw(st.booleans())}
    places = np.arange(len(shape))
    if axis is not None:
        places = np.take(places, np.array(axis, dtype=int))
    reduced = np.atleast_1d(places)
    shape = tuple(max(n, side) if i in reduced else n for i, n in enumerate(shape))
    return Call((values(draw(rngs()), shape),), settings)


@st.composite
def along_axis(draw: st.DrawFn, values: Values) -> Call:
    """One array and one or more of its axes."""
    shape = draw(shapes(dims=1, side=1))
    axis = draw(strategies.axes(len(shape), none=False, min_size=1))
    return Call((values(draw(rngs()), shape),), {"axis": axis})
