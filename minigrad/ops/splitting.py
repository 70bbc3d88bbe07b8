"""Splitting an array into parts."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, op
from .indexing import scatter
from .joining import concatenate, stack

if TYPE_CHECKING:
    from ..tensor import Tensor

# Since NumPy 2.1.
_NEWER = tuple(getattr(np, name) for name in ("unstack",) if hasattr(np, name))


@op(np.array_split, piecewise_linear=True)
def array_split(x: Array, /, indices_or_sections: int | Sequence[int], axis: int = 0) -> Forward:
    """Parts of an array along an axis, as a list; their lengths may differ by one.

    Parameters
    ----------
    x : array
    indices_or_sections : int or sequence of int
        Number of parts, or the indices at which new parts start.
    axis : int

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.array_split(mg.tensor([1.0, 2.0, 3.0]), 2)
    [tensor([1., 2.], dtype=float64), tensor([3.], dtype=float64)]
    """
    shape = np.shape(x)
    axis = np.lib.array_utils.normalize_axis_index(axis, len(shape))
    length = shape[axis]
    if np.ndim(indices_or_sections):
        cuts = [operator.index(cut) for cut in indices_or_sections]  # type: ignore[union-attr]  # it has an axis
    else:
        count = _checked_count("array_split", indices_or_sections)
        size, longer = divmod(length, count)
        cuts = [i * size + min(i, longer) for i in range(1, count)]
    bounds = [
        slice(start, stop).indices(length)[:2] for start, stop in pairwise([0, *cuts, length])
    ]
    parts = [(slice(None),) * axis + (slice(start, stop),) for start, stop in bounds]
    # Indices that go back give parts that overlap.
    in_order = all(start <= stop for start, stop in bounds)

    def joined(*gradients: Array) -> Array:
        if in_order:
            return concatenate(gradients, axis)
        total = scatter(gradients[0], parts[0], shape)
        for g, part in zip(gradients[1:], parts[1:], strict=True):
            total = total + scatter(g, part, shape)
        return total

    return [x[part] for part in parts], joined


@composed(np.split)
def split(x: Array, /, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Parts of an array along an axis, as a list; a number of them must divide its length.

    Parameters
    ----------
    x : array
    indices_or_sections : int or sequence of int
        Number of parts, or the indices at which new parts start.
    axis : int
    """
    if not np.ndim(indices_or_sections):
        count = _checked_count("split", indices_or_sections)
        shape = np.shape(x)
        length = shape[np.lib.array_utils.normalize_axis_index(axis, len(shape), "split")]
        if length % count:
            raise ValueError(
                f"split: {count} equal parts of an axis of length {length} are not possible; "
                "array_split makes some of them shorter"
            )
    return array_split(x, indices_or_sections, axis)  # type: ignore[return-value]  # a list of them


@composed(np.hsplit)
def hsplit(x: Array, /, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """Parts of an array along its second axis, or along its only one, as a list."""
    return _split_along("hsplit", x, indices_or_sections, 1 if np.ndim(x) > 1 else 0)


@composed(np.vsplit)
def vsplit(x: Array, /, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """Parts of an array of two axes or more along its first axis, as a list."""
    return _split_along("vsplit", x, indices_or_sections, 0, rank=2)


@composed(np.dsplit)
def dsplit(x: Array, /, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """Parts of an array along its third axis, as a list."""
    return _split_along("dsplit", x, indices_or_sections, 2, rank=3)


def _split_along(name: str, x: Array, sections: Any, axis: int, rank: int = 1) -> list[Tensor]:
    if np.ndim(x) < rank:
        raise ValueError(f"{name}: x has shape {np.shape(x)}, expected at least {rank} axes")
    return split(x, sections, axis)


def _checked_count(name: str, sections: Any) -> int:
    count = operator.index(sections)
    if count < 1:
        raise ValueError(f"{name}: the number of parts must be at least 1, got {count}")
    return count


@op(*_NEWER, piecewise_linear=True)
def unstack(x: Array, /, *, axis: int = 0) -> Forward:
    """Tuple of the subarrays at each place of an axis; the opposite of `stack`."""
    shape = np.shape(x)
    axis = np.lib.array_utils.normalize_axis_index(axis, len(shape))
    before = (slice(None),) * axis
    if not shape[axis]:
        return (), lambda: np.zeros_like(x)
    return (
        tuple(x[(*before, number)] for number in range(shape[axis])),
        lambda *gradients: stack(gradients, axis),
    )
