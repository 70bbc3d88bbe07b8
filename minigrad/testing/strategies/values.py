"""Arrays whose values suit a domain, or lie on purpose where functions have kinks and ties.

Up to a hundred elements are drawn one by one, so they shrink to the simplest numbers that do. Of
larger arrays a seed is drawn, so they shrink in shape alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from ...tensor import Tensor
from .valid_shapes import Shape, broadcastable, shapes_of

Array: TypeAlias = np.ndarray[Any, Any]
Domain: TypeAlias = str | tuple[float, float]
ShapeLike: TypeAlias = int | Sequence[int] | st.SearchStrategy[Any] | None

MANY = 100
SPARE = 4  # values beyond those needed, for separated ones to choose from
TIES = (0.0, 1.0, -1.0, 2.0, -2.0)
OFFSETS = (0.0, 1.0, -1.0, 0.5, -0.5, 0.125, -0.125)  # from a kink, in units of the distance

# Open intervals. The first is the one to shrink to.
DOMAINS: dict[str, tuple[tuple[float, float], ...]] = {
    "real": ((-math.inf, math.inf),),
    "positive": ((0, math.inf),),
    "nonzero": ((0, math.inf), (-math.inf, 0)),
    "unit": ((0, 1),),
}


def arrays(
    shape: ShapeLike = None, dtype: npt.DTypeLike = np.float64, domain: Domain = "real"
) -> st.SearchStrategy[Array]:
    """Arrays of a dtype, a shape and a domain of values.

    Parameters
    ----------
    shape : int, tuple of int or strategy of these, optional
        By default any that `shapes` gives.
    dtype : dtype
        Floating or integer.
    domain : {"real", "positive", "nonzero", "unit"} or (low, high)
        An open interval; "unit" is (0, 1). Values keep away from its ends, by a twentieth of its
        width. Where an end is infinite they stay moderate, at most 2 from the other end and 0.3
        away from it: "real" values lie between -2 and 2, "positive" ones between 0.3 and 2, and
        "nonzero" ones are these with both signs. Integers are all those inside of an interval.

    Notes
    -----
    Shrinks to the smallest shape, and to the simplest numbers of the domain: 0 and small integers,
    halves where there are none. Of arrays with more than a hundred elements only a seed is drawn.

    Examples
    --------
    >>> from hypothesis import find, given
    >>> from minigrad.testing import strategies as st
    >>> find(st.arrays(shape=(2,)), lambda x: x.sum() > 1)
    array([0., 2.])
    >>> @given(st.arrays(domain="positive"))
    ... def test_logarithm(x):
    ...     assert mg.gradcheck(mg.log, x)
    >>> test_logarithm()
    """
    return _maker("arrays", dtype, domain)(shapes_of("arrays", shape))


def tensors(
    shape: ShapeLike = None,
    dtype: npt.DTypeLike = np.float64,
    domain: Domain = "real",
    requires_grad: bool = True,
) -> st.SearchStrategy[Tensor]:
    """Tensors of a dtype, a shape and a domain of values, as those of `arrays`.

    Examples
    --------
    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as st
    >>> find(st.tensors(shape=2, domain="unit"), lambda t: True)
    tensor([0.5, 0.5], dtype=float64, requires_grad=True)
    """
    if requires_grad and np.dtype(dtype).kind != "f":
        raise TypeError(
            f"tensors: dtype {np.dtype(dtype)} cannot require grad; pass requires_grad=False"
        )
    make = _maker("tensors", dtype, domain)
    return make(shapes_of("tensors", shape)).map(
        lambda array: Tensor(array, requires_grad=requires_grad)
    )


def broadcastable_arrays(
    n: int,
    dtype: npt.DTypeLike = np.float64,
    domain: Domain | list[Domain] = "real",
    min_dims: int = 0,
    max_dims: int = 3,
    min_side: int = 1,
    max_side: int = 3,
) -> st.SearchStrategy[tuple[Array, ...]]:
    """Tuples of `n` arrays that broadcast together.

    Parameters
    ----------
    n, dtype, min_dims, max_dims, min_side, max_side
        As for `broadcastable` and `arrays`.
    domain : domain or list of these
        As for `arrays`; a list has one for each array.

    Examples
    --------
    >>> from hypothesis import given
    >>> from minigrad.testing import strategies as st
    >>> @given(st.broadcastable_arrays(2, domain=["real", "nonzero"]))
    ... def test_quotient(pair):
    ...     assert mg.gradcheck(mg.divide, *pair)
    >>> test_quotient()
    """
    domains = domain if isinstance(domain, list) else [domain] * n
    if len(domains) != n:
        raise ValueError(
            f"broadcastable_arrays: domain has {len(domains)} entries for {n} arrays; an interval "
            "for all of them is a tuple (low, high)"
        )
    makers = [_maker("broadcastable_arrays", dtype, of_one) for of_one in domains]
    return broadcastable(n, min_dims, max_dims, min_side, max_side).flatmap(
        lambda drawn: st.tuples(
            *(make(st.just(shape)) for make, shape in zip(makers, drawn, strict=True))
        )
    )


def separated(
    shape: ShapeLike = None,
    gap: float = 0.5,
    offset: float = 0.0,
    kinks: Sequence[float] = (0.0,),
    dtype: npt.DTypeLike = np.float64,
) -> st.SearchStrategy[Array]:
    """Arrays no two values of which are close, none of them close to a kink.

    For functions that compare values, such as `max`, `sort` and `relu`: what is largest stays so
    when an element moves a little.

    Parameters
    ----------
    shape : int, tuple of int or strategy of these, optional
        By default any that `shapes` gives.
    gap : float
        How far values are apart; they are at least half of that from a kink.
    offset : float
        What values are beyond a multiple of the gap. Those of arrays whose offsets differ are apart
        as well: 0 and 0.25, say.
    kinks : sequence of float
        What to keep away from.
    dtype : dtype
        Floating.

    Examples
    --------
    >>> from hypothesis import find, given
    >>> from minigrad.testing import strategies as st
    >>> find(st.separated(shape=(4,)), lambda x: True)
    array([ 1., -1.,  2., -2.])
    >>> @given(st.separated(), st.separated(offset=0.25))
    ... def test_largest(x, y):
    ...     assert mg.gradcheck(lambda x, y: mg.maximum(x.max(), mg.relu(y)), x, y)
    >>> test_largest()
    """
    if not gap > 0:
        raise ValueError(f"separated: gap must be positive, got {gap}")
    dtype, found = _floating("separated", dtype), shapes_of("separated", shape)

    @st.composite
    def strategy(draw: st.DrawFn) -> Array:
        shape = draw(found)
        count = math.prod(shape)
        if count > MANY:
            return scattered(draw(rngs()), shape, gap, offset, kinks).astype(dtype)
        left = sorted(lattice(count + SPARE, gap, offset, kinks), key=_simplicity)
        values = [left.pop(draw(st.integers(0, len(left) - 1))) for _ in range(count)]
        return np.array(values, dtype).reshape(shape)

    return strategy()


def tied(shape: ShapeLike = None, dtype: npt.DTypeLike = np.float64) -> st.SearchStrategy[Array]:
    """Arrays of a few small integers, at least two of them equal if there are two.

    For functions that compare values: the conventions where two are equal.

    Examples
    --------
    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as st
    >>> find(st.tied(shape=(3,)), lambda x: x.max() > x.min())
    array([0., 0., 1.])
    """
    dtype, found = _floating("tied", dtype), shapes_of("tied", shape)

    @st.composite
    def strategy(draw: st.DrawFn) -> Array:
        shape = draw(found)
        count = math.prod(shape)
        # Fewer different values than elements, so that some are equal.
        first = draw(st.integers(0, len(TIES) - 1))
        values = [*TIES[first:], *TIES[:first]][: max(1, min(len(TIES), count - 1))]
        if count > MANY:
            return np.asarray(draw(rngs()).choice(values, shape), dtype)
        chosen = [draw(st.sampled_from(values)) for _ in range(count)]
        return np.array(chosen, dtype).reshape(shape)

    return strategy()


def near(
    kinks: Sequence[float] = (0.0,),
    distance: float = 1e-3,
    shape: ShapeLike = None,
    dtype: npt.DTypeLike = np.float64,
) -> st.SearchStrategy[Array]:
    """Arrays of values exactly at a kink, or at most a distance away from one.

    Examples
    --------
    Where is the slope of `relu` neither 0 nor 1?

    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as st
    >>> find(st.near(kinks=[0.0, 6.0], distance=0.5, shape=(2,)), lambda x: x[1] > 6)
    array([0. , 6.5])
    """
    if not kinks:
        raise ValueError("near: kinks is empty; pass at least one number")
    if not distance > 0:
        raise ValueError(f"near: distance must be positive, got {distance}")
    dtype = _floating("near", dtype)
    places = [kink + offset * distance for offset in OFFSETS for kink in kinks]
    return _filled(
        shapes_of("near", shape),
        st.sampled_from(places),
        lambda rng, shape: rng.choice(places, shape),
        dtype,
    )


# What the samples of ops share.


def rngs() -> st.SearchStrategy[np.random.Generator]:
    """Generators from drawn seeds."""
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def within(rng: np.random.Generator, shape: Shape, domain: Domain) -> Array:
    """Random numbers of a domain, away from its ends."""
    return _uniform(rng, shape, _inside("within", domain))


def lattice(count: int, gap: float, offset: float, kinks: Sequence[float]) -> list[float]:
    """The numbers closest to 0 that are `offset` beyond a multiple of `gap` and off the kinks."""
    reach = (count + 1) // 2 + len(kinks) + 1
    numbers = [offset + gap * step for step in range(-reach, reach + 1)]
    # Rounding must not decide about those in the middle between two kinks.
    least = 0.499 * gap
    free = [v for v in numbers if all(abs(v - kink) > least for kink in kinks)]
    return sorted(free, key=lambda v: (abs(v), -v))[:count]


def scattered(
    rng: np.random.Generator, shape: Shape, gap: float, offset: float, kinks: Sequence[float]
) -> Array:
    """The numbers of a lattice, in random order."""
    return rng.permutation(lattice(math.prod(shape), gap, offset, kinks)).reshape(shape)


def _maker(
    name: str, dtype: npt.DTypeLike, domain: Domain
) -> Callable[[st.SearchStrategy[Shape]], st.SearchStrategy[Array]]:
    """Check a dtype and a domain, and return the function from shapes to arrays of them."""
    dtype = np.dtype(dtype)
    intervals = _inside(name, domain, dtype)
    if dtype.kind == "f":
        width = cast(Literal[16, 32, 64], min(64, 8 * dtype.itemsize))
        numbers: list[st.SearchStrategy[float]] = [
            st.floats(low, high, width=width, allow_subnormal=False) for low, high in intervals
        ]
    else:
        numbers = [st.integers(int(low), int(high)) for low, high in intervals]
    seeded = lambda rng, shape: _uniform(rng, shape, intervals, dtype)
    return lambda shapes: _filled(shapes, st.one_of(numbers), seeded, dtype)


@st.composite
def _filled(
    draw: st.DrawFn,
    shapes: st.SearchStrategy[Shape],
    elements: st.SearchStrategy[float],
    seeded: Callable[[np.random.Generator, Shape], Array],
    dtype: np.dtype[Any],
) -> Array:
    shape = draw(shapes)
    count = math.prod(shape)
    if count > MANY:
        return np.asarray(seeded(draw(rngs()), shape), dtype)
    return np.array([draw(elements) for _ in range(count)], dtype).reshape(shape)


def _inside(
    name: str, domain: Domain, dtype: npt.DTypeLike = np.float64
) -> list[tuple[float, float]]:
    """Closed intervals to draw from, in numbers of the dtype and away from the domain's ends."""
    dtype = np.dtype(dtype)
    if dtype.kind not in "fiu":
        raise TypeError(f"{name}: dtype must be floating or integer, got {dtype}")
    known = ", ".join(map(repr, DOMAINS))
    expected = f"{name}: domain must be one of {known} or an interval (low, high); got {domain!r}"
    if isinstance(domain, str):
        if domain not in DOMAINS:
            raise ValueError(expected)
        intervals = DOMAINS[domain]
    else:
        try:
            low, high = map(float, domain)
        except (TypeError, ValueError):
            raise TypeError(expected) from None
        intervals = ((low, high),)
    narrow = _moderate if dtype.kind == "f" else _integers_in
    least = 0 if dtype.kind == "u" else -math.inf
    found = [
        (float(np.array(max(low, least), dtype)), float(np.array(high, dtype)))
        for low, high in (narrow(*interval) for interval in intervals)
        if max(low, least) <= high
    ]
    if not found:
        raise ValueError(f"{name}: domain {domain!r} has no numbers of {dtype}; make it wider")
    return found


def _moderate(low: float, high: float) -> tuple[float, float]:
    match math.isinf(low), math.isinf(high):
        case True, True:
            return -2.0, 2.0
        case False, True:
            return low + 0.3, low + 2
        case True, False:
            return high - 2, high - 0.3
    margin = (high - low) / 20
    return low + margin, high - margin


def _integers_in(low: float, high: float) -> tuple[int, int]:
    """The first and the last integer inside; of infinitely many, those close to the other end."""
    if math.isinf(low) and math.isinf(high):
        low, high = -3, 3
    low = high - 3 if math.isinf(low) else low
    high = low + 3 if math.isinf(high) else high
    return math.floor(low) + 1, math.ceil(high) - 1


def _uniform(
    rng: np.random.Generator,
    shape: Shape,
    intervals: Sequence[tuple[float, float]],
    dtype: npt.DTypeLike = np.float64,
) -> Array:
    ends = np.array(intervals)
    if len(ends) > 1:
        ends = ends[rng.integers(len(ends), size=shape)]
    else:
        ends = ends[0]
    low, high = ends[..., 0], ends[..., 1]
    if np.dtype(dtype).kind == "f":
        return np.asarray(rng.uniform(low, high, shape))
    return np.asarray(rng.integers(low, high, shape, endpoint=True))


def _floating(name: str, dtype: npt.DTypeLike) -> np.dtype[Any]:
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        raise TypeError(f"{name}: dtype must be floating, got {dtype}")
    return dtype


def _simplicity(value: float) -> tuple[bool, float, bool]:
    return value != int(value), abs(value), value < 0
