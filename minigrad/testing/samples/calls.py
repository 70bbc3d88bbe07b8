"""What samples are made of: calls, the values in them, and strategies that many ops share.

Inputs keep away from kinks by construction: where an op has one, values are well separated. Values
come from a drawn seed, so an example shrinks in its shapes and settings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

Array: TypeAlias = np.ndarray[Any, Any]
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


def real(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of both signs."""
    return np.asarray(rng.uniform(-2, 2, shape))


def positive(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers well above 0."""
    return np.asarray(rng.uniform(0.3, 2, shape))


def nonzero(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of both signs, well away from 0."""
    return np.asarray(positive(rng, shape) * rng.choice([-1.0, 1.0], shape))


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

    def values(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        count = math.prod(shape)
        return (0.5 * (rng.permutation(count) - count // 2) + offset).reshape(shape)

    return values


def rngs() -> st.SearchStrategy[np.random.Generator]:
    """Generators from drawn seeds."""
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def shapes(dims: int = 0, side: int = 0) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes with at least so many axes, none shorter than `side`."""
    return hnp.array_shapes(min_dims=dims, max_dims=3, min_side=side, max_side=3)


@st.composite
def elementwise(draw: st.DrawFn, *values: Values) -> Call:
    """Arrays that broadcast together, one for each kind of values."""
    drawn = draw(
        hnp.mutually_broadcastable_shapes(
            num_shapes=len(values), max_dims=3, min_side=0, max_side=3
        )
    )
    rng = draw(rngs())
    return Call(
        tuple(kind(rng, shape) for kind, shape in zip(values, drawn.input_shapes, strict=True)), {}
    )


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
    axes: list[st.SearchStrategy[Any]] = [st.none()]
    if shape:
        axes.append(st.integers(-len(shape), len(shape) - 1))
    if tuples:
        axes.append(hnp.valid_tuple_axes(len(shape)))
    settings = {"axis": draw(st.one_of(axes)), "keepdims": draw(st.booleans())}
    places = np.arange(len(shape))
    if settings["axis"] is not None:
        places = np.take(places, np.array(settings["axis"], dtype=int))
    reduced = np.atleast_1d(places)
    shape = tuple(max(n, side) if i in reduced else n for i, n in enumerate(shape))
    return Call((values(draw(rngs()), shape),), settings)


@st.composite
def along_axis(draw: st.DrawFn, values: Values) -> Call:
    """One array and one or more of its axes."""
    shape = draw(shapes(dims=1, side=1))
    axis = draw(
        st.one_of(
            st.integers(-len(shape), len(shape) - 1), hnp.valid_tuple_axes(len(shape), min_size=1)
        )
    )
    return Call((values(draw(rngs()), shape),), {"axis": axis})
