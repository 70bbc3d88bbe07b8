"""Weighted sums of the elements along an axis: a sparse matrix at work on it."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..registry import Array, Forward, op
from .shaping import inverse
from .windows import CACHE_BYTES

Indices = np.ndarray[Any, np.dtype[np.intp]]
Weights = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Taps:
    """A sparse matrix along an axis: of which elements each place of a result is made.

    Attributes
    ----------
    places, sources : array of int
        Of each weight: the place in the result, ascending, and the element that it multiplies.
    weights : array of float or None
        None if all are 1.
    lengths : (result, source)
        Of the axis.
    """

    places: Indices
    sources: Indices
    weights: Weights | None
    lengths: tuple[int, int]

    @functools.cached_property
    def transposed(self) -> Taps:
        """The transposed matrix."""
        order = np.argsort(self.sources, kind="stable")
        weights = None if self.weights is None else self.weights[order]
        return Taps(self.sources[order], self.places[order], weights, self.lengths[::-1])

    @functools.cached_property
    def steps(self) -> list[tuple[Indices | slice, Indices | slice, Weights | None]]:
        """The matrix as a sum of some with at most one weight for each place."""
        counts = np.bincount(self.places, minlength=self.lengths[0])
        number = np.arange(len(self.places)) - np.repeat(np.cumsum(counts) - counts, counts)
        steps = []
        for step in range(counts.max(initial=0)):
            of = number == step
            weights = None if self.weights is None else self.weights[of]
            steps.append((_as_slice(self.places[of]), _as_slice(self.sources[of]), weights))
        return steps

    @functools.cached_property
    def has_every_place(self) -> bool:
        """Whether no place of the result is without a weight."""
        return bool(np.all(np.bincount(self.places, minlength=self.lengths[0])))

    @classmethod
    def of(cls, sources: Indices, weights: Weights | None, length: int) -> Taps:
        """Make taps of a row of elements, and maybe weights, for each place of the result.

        Parameters
        ----------
        sources : array of int of shape (places, taps)
            An element may stand there twice; its weights add up.
        weights : array of float of the same shape, optional
            By default all are 1.
        length : int
            Of the source.
        """
        count, taps = sources.shape
        places = np.repeat(np.arange(count), taps)
        if weights is None:
            return cls(places, sources.ravel(), None, (count, length))
        entries, which = np.unique(places * length + sources.ravel(), return_inverse=True)
        total = np.bincount(which.ravel(), weights.ravel())
        places, merged = np.divmod(entries[total != 0], length)
        return cls(places, merged, total[total != 0], (count, length))


def _as_slice(indices: Indices) -> Indices | slice:
    """Return indices at equal distances as a slice, which needs no copy."""
    distances = np.unique(np.diff(indices))
    if len(distances) > 1 or (len(distances) and distances[0] < 1):
        return indices
    step = int(distances[0]) if len(distances) else 1
    return slice(int(indices[0]), int(indices[-1]) + 1, step)


@op(piecewise_linear=True)
def resample(x: Array, /, taps: Taps, axis: int) -> Forward:
    """Weighted sums of the elements along an axis, in the memory order of `x`.

    What has no weight is not read, so that an element that is not finite stays where it is.

    Parameters
    ----------
    x : array
    taps : Taps
    axis : int
        At least 0.
    """
    order = tuple(range(np.ndim(x)))
    kind = None
    if x.dtype == np.float16:  # which has no digits for sums
        x, kind = x.astype(np.float32), x.dtype
    if type(x) is np.ndarray:  # from the outermost to the innermost in memory
        order = tuple(sorted(order, key=lambda i: -abs(x.strides[i])))
    moved, at = np.transpose(x, order), order.index(axis)
    outer, (length, *inner) = moved.shape[:at], moved.shape[at:]
    sums = _weighted_sums(np.reshape(moved, (math.prod(outer), length, math.prod(inner))), taps)
    if kind is not None:
        sums = sums.astype(kind)
    out = np.transpose(np.reshape(sums, (*outer, taps.lengths[0], *inner)), inverse(order))
    return out, lambda g: resample(g, taps.transposed, axis)


def _weighted_sums(x: Array, taps: Taps) -> Array:
    """Sums along the middle one of three axes."""
    count, _, behind = x.shape
    dtype = x.dtype if taps.weights is None or x.dtype.kind in "fc" else np.dtype(float)
    allocate = np.empty_like if taps.has_every_place else np.zeros_like
    out = allocate(x, shape=(count, taps.lengths[0], behind), dtype=dtype, order="C")
    steps = [
        (places, sources, None if weights is None else _rows(weights.astype(dtype), behind))
        for places, sources, weights in taps.steps
    ]
    group = max(1, CACHE_BYTES // max(1, taps.lengths[0] * behind * dtype.itemsize))
    for start in range(0, count, group):
        part, sums = x[start : start + group], out[start : start + group]
        for number, (places, sources, weights) in enumerate(steps):
            taken = (
                part[:, sources] if isinstance(sources, slice) else np.take(part, sources, axis=1)
            )
            if weights is not None:
                taken = taken * weights
            if number:
                sums[:, places] += taken
            else:
                sums[:, places] = taken
    return out


def _rows(weights: Weights, behind: int) -> Weights:
    """Weights as a column; repeated along short rows, so that NumPy's loops are long."""
    column = weights[:, None]
    return np.repeat(column, behind, axis=1) if behind < 256 else column


@functools.lru_cache(maxsize=64)
def nearest_taps(
    length: int, size: int, factor: float | None, is_exact: bool, is_doubled: bool
) -> Taps:
    """Take one element for each place of an axis."""
    # Which one may hang on the last bit: as in PyTorch, all is rounded to single precision.
    step = np.float32(length) / np.float32(size) if factor is None else np.float32(1 / factor)
    if is_doubled:
        step = np.float32(0.5)
    places = np.arange(size) + (0.5 if is_exact else 0)
    sources = np.floor((step * places).astype(np.float32)).astype(np.intp)
    return Taps.of(np.minimum(sources, length - 1)[:, None], None, length)


@functools.lru_cache(maxsize=64)
def area_taps(length: int, size: int) -> Taps:
    """Take the mean of the elements that each place of an axis touches."""
    places = np.arange(size)
    start, stop = places * length // size, -(-(places + 1) * length // size)
    sources = start[:, None] + np.arange(np.max(stop - start))
    inside = sources < stop[:, None]
    return Taps.of(np.minimum(sources, length - 1), inside / (stop - start)[:, None], length)


@functools.lru_cache(maxsize=64)
def kernel_taps(
    length: int,
    size: int,
    factor: float | None,
    is_cubic: bool,
    align_corners: bool,
    antialias: bool,
) -> Taps:
    """Weight the elements around each place of an axis by a kernel."""
    places = np.arange(size)
    # Where a place lies among the elements, of which the first is at 0.
    if align_corners:
        step = (length - 1) / (size - 1) if size > 1 else 0.0
        at = step * places
    else:
        step = length / size if factor is None else 1 / factor
        at = step * (places + 0.5) - 0.5
    radius = 2 if is_cubic else 1
    kernel = functools.partial(_cubic, slope=-0.5 if antialias else -0.75) if is_cubic else _linear
    at = at[:, None]
    if not antialias:
        sources = np.floor(at).astype(np.intp) + np.arange(1 - radius, radius + 1)
        return Taps.of(np.clip(sources, 0, length - 1), kernel(np.abs(sources - at)), length)
    # The kernel is stretched until it reaches all elements, and cut off at the borders.
    at = step * (places[:, None] + 0.5) - 0.5  # also where corners are aligned, as in PyTorch
    stretch = max(step, 1.0)
    start, stop = (
        np.clip((at + 1 + side * radius * stretch).astype(np.intp), 0, length) for side in (-1, 1)
    )
    sources = start + np.arange(np.max(stop - start))
    weights = np.where(sources < stop, kernel(np.abs(sources - at) / stretch), 0)
    weights /= np.sum(weights, axis=1, keepdims=True)
    return Taps.of(np.minimum(sources, length - 1), weights, length)


def _linear(distance: Array) -> Array:
    return np.maximum(1 - distance, 0)


def _cubic(distance: Array, slope: float) -> Array:
    """The kernel of Keys with a slope at 1; 0 from 2 on."""
    d = distance
    near = ((slope + 2) * d - (slope + 3)) * d * d + 1
    far = ((d - 5) * d + 8) * d * slope - 4 * slope
    return np.where(d <= 1, near, np.where(d < 2, far, 0))
