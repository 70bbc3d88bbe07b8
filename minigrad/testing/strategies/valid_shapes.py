"""Shapes, and what is valid for a shape: axes and indices."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, TypeAlias

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

Shape: TypeAlias = tuple[int, ...]


def shapes(
    min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 3
) -> st.SearchStrategy[Shape]:
    """Shapes of arrays, by default from that of a scalar to (3, 3, 3) and without empty ones.

    Shrinks to few and short axes.

    Examples
    --------
    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as st
    >>> find(st.shapes(), lambda shape: len(shape) == 2)
    (1, 1)
    """
    _check_bounds("shapes", min_dims, max_dims, min_side, max_side)
    return hnp.array_shapes(
        min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side
    )


def broadcastable(
    n: int, min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 3
) -> st.SearchStrategy[tuple[Shape, ...]]:
    """Shapes of `n` arrays that broadcast together.

    Examples
    --------
    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as st
    >>> find(st.broadcastable(2), lambda pair: pair[0] != pair[1])
    ((1,), ())
    """
    if n < 1:
        raise ValueError(f"broadcastable: n is at least 1, got {n}")
    _check_bounds("broadcastable", min_dims, max_dims, min_side, max_side)
    return hnp.mutually_broadcastable_shapes(
        num_shapes=n, min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side
    ).map(operator.attrgetter("input_shapes"))


def axes(
    ndim: int, none: bool = True, tuples: bool = True, min_size: int = 0
) -> st.SearchStrategy[int | tuple[int, ...] | None]:
    """What may be passed as the `axis` of an array with `ndim` axes, negative numbers included.

    Parameters
    ----------
    ndim : int
        How many axes the array has.
    none : bool
        Whether None is among them; they shrink to it.
    tuples : bool
        Whether tuples of different axes are among them, those with at least `min_size`.
    min_size : int
        0 allows the empty tuple.

    Examples
    --------
    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as st
    >>> find(st.axes(3), lambda axis: isinstance(axis, tuple) and len(axis) == 2)
    (0, 1)
    """
    if ndim < 0:
        raise ValueError(f"axes: ndim is at least 0, got {ndim}")
    kinds: list[st.SearchStrategy[Any]] = [st.none()] if none else []
    if ndim:
        kinds.append(st.integers(-ndim, ndim - 1))
    if tuples and ndim >= min_size:
        kinds.append(hnp.valid_tuple_axes(ndim, min_size=min_size))
    if not kinds:
        raise ValueError("axes: without axes, an axis can only be None or (): allow one of them")
    return st.one_of(kinds)


def indices(shape: int | Sequence[int]) -> st.SearchStrategy[Any]:
    """Whatever indexes an array of a shape.

    Integers, slices with steps of both signs, Ellipsis and None; integer arrays, which broadcast
    with each other and repeat rows; masks of the whole array or of its first axes; and mixtures of
    all these.

    Parameters
    ----------
    shape : int or tuple of int
        Of the array. An axis of length 0 is only sliced, or selected from by a mask.

    Examples
    --------
    >>> from hypothesis import given
    >>> from minigrad.testing import strategies as st
    >>> table = np.arange(6.0).reshape(2, 3)
    >>> @given(st.indices(table.shape))
    ... def test_tensors_are_indexed_like_arrays(index):
    ...     np.testing.assert_array_equal(mg.tensor(table)[index], table[index])
    >>> test_tensors_are_indexed_like_arrays()
    """
    shape = shape_of("indices", shape)
    basic = hnp.basic_indices(shape, allow_newaxis=True, max_dims=len(shape) + 2)
    if not shape:
        return basic
    kinds = [basic, _masks(shape)]
    if shape[0]:
        kinds.append(_rows(shape))
    return st.one_of([*kinds, _mixtures(shape)])


@st.composite
def _masks(draw: st.DrawFn, shape: Shape) -> Any:
    covered = shape[: draw(st.integers(1, len(shape)))]
    return draw(hnp.arrays(bool, covered, fill=st.nothing()))


@st.composite
def _rows(draw: st.DrawFn, shape: Shape) -> Any:
    """Rows by their numbers, as an array or as a list."""
    rows = draw(_integers(shape[0], draw(shapes(min_dims=1))))
    return rows.tolist() if draw(st.booleans()) else rows


def _integers(length: int, shape: Shape) -> st.SearchStrategy[Any]:
    return hnp.arrays(np.int64, shape, elements=st.integers(-length, length - 1), fill=st.nothing())


@st.composite
def _mixtures(draw: st.DrawFn, shape: Shape) -> Any:
    """Items for the first axes, some of them in one Ellipsis, and None among them."""
    # All integer arrays broadcast to one shape; a mask counts as one that is as long as it is true.
    common = draw(shapes(min_dims=1, max_dims=2))
    items: list[Any] = []
    covered = draw(st.integers(1, len(shape)))
    for length in shape[:covered]:
        kinds = ["slice", "integer", "array"] if length else ["slice"]
        if common[0] <= length and len(common) == 1:
            kinds.append("mask")
        kind = draw(st.sampled_from(kinds))
        if kind == "slice":
            items.append(draw(st.slices(length)))
        elif kind == "integer":
            items.append(draw(st.integers(-length, length - 1)))
        elif kind == "array":
            narrow = draw(st.sampled_from([common, common[1:], (1, *common[1:])]))
            items.append(draw(_integers(length, narrow)))
        else:
            places = draw(st.permutations(range(length)))[: common[0]]
            items.append(np.isin(np.arange(length), places))
    if draw(st.booleans()):
        # What stands behind an Ellipsis is for the last axes.
        start = covered if covered < len(shape) else draw(st.integers(0, covered))
        items[start : draw(st.integers(start, covered))] = [...]
    for _ in range(draw(st.integers(0, 2))):
        items.insert(draw(st.integers(0, len(items))), None)
    return items[0] if len(items) == 1 and draw(st.booleans()) else tuple(items)


# What other strategies share.


def shape_of(name: str, shape: Any) -> Shape:
    """Return a shape that was given as an integer or a sequence as a tuple."""
    lengths = (shape,) if isinstance(shape, int | np.integer) else shape
    try:
        found = tuple(map(operator.index, lengths))
    except TypeError:
        raise TypeError(
            f"{name}: shape must be an integer, a tuple of integers or a strategy of these, such "
            f"as strategies.shapes(); got {shape!r}"
        ) from None
    if any(length < 0 for length in found):
        raise ValueError(f"{name}: shape has a negative length: {found}")
    return found


def shapes_of(name: str, shape: Any) -> st.SearchStrategy[Shape]:
    """Return the strategy of shapes that an argument `shape` stands for."""
    if shape is None:
        return shapes()
    if isinstance(shape, st.SearchStrategy):
        return shape.map(lambda drawn: shape_of(name, drawn))
    return st.just(shape_of(name, shape))


def _check_bounds(name: str, min_dims: int, max_dims: int, min_side: int, max_side: int) -> None:
    for what, low, high in (("dims", min_dims, max_dims), ("side", min_side, max_side)):
        if not 0 <= low <= high:
            raise ValueError(
                f"{name}: min_{what} and max_{what} must be 0 <= min_{what} <= max_{what}, got "
                f"{low} and {high}"
            )
