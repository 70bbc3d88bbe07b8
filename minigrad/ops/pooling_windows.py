"""Where the windows of pooling lie, one axis at a time: side by side, overlapping, or adaptive.

What pooling computes can be computed along one axis after another. Along an axis, a *tap* says
which pixels are the element of some number in which windows. Padding has no tap, so it has no part
in anything.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .windows import Size, Windows, as_array, padding_of, per_axis, windows_over

# With more taps along all axes together, kernels go over one axis at a time, or by index.
MANY = 8


class Tap(NamedTuple):
    """One element of the windows, along one axis or, with slices in tuples, along several.

    Attributes
    ----------
    number : int
        Of the element in its window.
    fresh : bool
        Whether no tap before has been at the same place, so that it can be written to as it is.
    pixels, windows : slice
        Where the element lies, and of which windows it is one.
    """

    number: int
    fresh: bool
    pixels: Any
    windows: Any


class Axis(NamedTuple):
    """The windows along one axis.

    Attributes
    ----------
    length, out : int
        Number of pixels, and of windows.
    size : int
        Number of elements of the longest window.
    starts : tuple of int
        Pixel of the first element of each window; negative in the padding.
    dilation : int
        Distance between elements.
    to_windows, to_pixels : tuple of Tap
        All taps. They are fresh as it is seen by the windows, or by the pixels.
    gaps : tuple of slice
        The pixels that are in no window.
    counts : tuple of int
        Number of pixels of each window.
    end : int
        Where the padding behind ends.
    """

    length: int
    out: int
    size: int
    starts: tuple[int, ...]
    dilation: int
    to_windows: tuple[Tap, ...]
    to_pixels: tuple[Tap, ...]
    gaps: tuple[slice, ...]
    counts: tuple[int, ...]
    end: int


@dataclass(frozen=True)
class Pool:
    """The windows over images.

    What follows from the attributes is found once: pools over the same images are one object.

    Attributes
    ----------
    image : (N, C, lengths...)
    axes : tuple of Axis
        One for each spatial axis.
    """

    image: tuple[int, ...]
    axes: tuple[Axis, ...]

    @functools.cached_property
    def out(self) -> tuple[int, ...]:
        """Number of windows along each axis."""
        return tuple(axis.out for axis in self.axes)

    @functools.cached_property
    def slots(self) -> tuple[int, ...]:
        """Shape (C, out..., N) of what has one value for each window, in memory order."""
        return self.image[1], *self.out, self.image[0]

    @functools.cached_property
    def elements(self) -> int:
        """Number of elements of the largest window."""
        return math.prod(axis.size for axis in self.axes)

    @functools.cached_property
    def number_type(self) -> np.dtype[Any]:
        """The smallest type of the number of an element, counted in row-major order."""
        return np.min_scalar_type(max(0, self.elements - 1))

    @functools.cached_property
    def is_large(self) -> bool:
        """Whether there are too many taps to go through all of them."""
        return math.prod(len(axis.to_pixels) for axis in self.axes) > MANY

    @functools.cached_property
    def overlaps(self) -> bool:
        """Whether a pixel is in several windows."""
        return not all(tap.fresh for axis in self.axes for tap in axis.to_pixels)

    @functools.cached_property
    def to_windows(self) -> tuple[Tap, ...]:
        """Taps along all axes, fresh as it is seen by the windows."""
        return tuple(together(self.axes, [axis.to_windows for axis in self.axes]))

    @functools.cached_property
    def to_pixels(self) -> tuple[Tap, ...]:
        """Taps along all axes, fresh as it is seen by the pixels."""
        return tuple(together(self.axes, [axis.to_pixels for axis in self.axes]))

    @functools.cached_property
    def counts(self) -> np.ndarray[Any, np.dtype[np.intp]]:
        """Number of pixels of each window."""
        return outer(axis.counts for axis in self.axes)

    def places(self, winners: Any) -> Any:
        """Index into the flattened spatial axes of the winners, both as (C, out..., N)."""
        starts = elements = np.zeros((), np.int64)
        for axis in self.axes:
            starts = starts[..., None] * axis.length + np.array(axis.starts)
            along = axis.dilation * np.arange(axis.size)
            elements = elements[..., None] * axis.length + along
        table = np.empty_like(winners, shape=elements.size, dtype=np.int64)
        table[...] = elements.reshape(-1)
        return starts[..., None] + np.take(table, winners)


def outer(factors: Iterable[Sequence[int]]) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Return the products of one number from each of some sequences, with an axis for each."""
    product = np.ones((), np.intp)
    for along in factors:
        product = product[..., None] * np.array(along, np.intp)
    return product


def together(axes: Sequence[Axis], taps: Sequence[Sequence[Tap]]) -> Iterator[Tap]:
    """Combine taps along several axes, in row-major order."""
    for each in itertools.product(*taps):
        number = 0
        for tap, axis in zip(each, axes, strict=True):
            number = number * axis.size + tap.number
        # The first to come along all axes is the first to come at all.
        fresh = all(tap.fresh for tap in each)
        yield Tap(
            number, fresh, tuple(tap.pixels for tap in each), tuple(tap.windows for tap in each)
        )


def _axis(
    length: int,
    out: int,
    size: int,
    starts: Sequence[int],
    dilation: int,
    taps: Sequence[tuple[int, range, range]],
    end: int,
) -> Axis:
    by_windows, _ = _divided(taps, out, by_windows=True)
    by_pixels, used = _divided(taps, length, by_windows=False)
    edges = np.flatnonzero(np.diff(np.concatenate([[True], used, [True]])))
    gaps = tuple(slice(int(a), int(b)) for a, b in edges.reshape(-1, 2))
    counts = np.zeros(out, int)
    for _, _, windows in taps:
        counts[as_slice(windows)] += 1
    return Axis(
        length,
        out,
        size,
        tuple(starts),
        dilation,
        by_windows,
        by_pixels,
        gaps,
        tuple(counts.tolist()),
        end,
    )


def _divided(
    taps: Sequence[tuple[int, range, range]], count: int, by_windows: bool
) -> tuple[tuple[Tap, ...], np.ndarray[Any, np.dtype[np.bool_]]]:
    """Divide taps into what is fresh and what is not; return with them what they have been at."""
    seen, parts = np.zeros(count, bool), []
    for number, pixels, windows in taps:
        at = as_slice(windows if by_windows else pixels)
        fresh = ~seen[at]
        seen[at] = True
        changes = np.flatnonzero(fresh[1:] != fresh[:-1]) + 1
        for start, stop in itertools.pairwise([0, *changes.tolist(), len(windows)]):
            if start < stop:
                part = as_slice(pixels[start:stop]), as_slice(windows[start:stop])
                parts.append(Tap(number, bool(fresh[start]), *part))
    return tuple(parts), seen


def as_slice(numbers: range) -> slice:
    """Return the slice that takes these numbers."""
    return slice(numbers.start, numbers.stop, numbers.step)


@functools.lru_cache(maxsize=256)
def pool_of(windows: Windows) -> Pool:
    """Return the same windows, one axis at a time."""
    n, c, *lengths = windows.image
    axes = []
    for length, size, stride, padding, dilation, out in zip(
        lengths,
        windows.size,
        windows.stride,
        windows.padding,
        windows.dilation,
        windows.out,
        strict=True,
    ):
        along = Windows((n, c, length), (size,), (stride,), (padding,), (dilation,), (out,))
        taps = [
            (number, range(pixels.start, pixels.stop, pixels.step), range(at.start, at.stop))
            for number, (pixels,), (at,) in along.inside()
        ]
        starts = range(-padding[0], out * stride - padding[0], stride)
        axes.append(_axis(length, out, size, starts, dilation, taps, length + padding[1]))
    return Pool(windows.image, tuple(axes))


def pool_over(
    name: str,
    rank: int,
    x: Any,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    dilation: Size,
    ceil_mode: bool,
    exact: bool,
) -> Pool:
    """Check what the op `name` was given, and return its windows.

    Raises
    ------
    ValueError
        As `windows_over`; if a window has no pixel; or with `exact`, if pixels are left over.
    TypeError
        As `windows_over`; or if `x` is boolean or complex.
    """
    check_real(name, x)
    stride = kernel_size if stride is None else stride
    windows = windows_over(
        name, x.shape, kernel_size, stride, padding, dilation, rank=rank, ceil_mode=ceil_mode
    )
    if exact:
        _check_exact(name, windows)
    pool = pool_of(windows)
    if any(0 in axis.counts for axis in pool.axes):
        raise ValueError(
            f"{name}: with padding {padding_of(windows.padding)} a window of {windows.size} lies "
            f"outside of x of shape {windows.image}; use less padding"
        )
    return pool


def check_real(name: str, x: Any) -> None:
    """Raise if `x` is no array, or boolean or complex."""
    if as_array(name, "x", x).dtype.kind not in "fiu":
        raise TypeError(
            f"{name}: x is {x.dtype}, but pooling is of real numbers; convert it first, as in "
            "x.astype(float)"
        )


def _check_exact(name: str, windows: Windows) -> None:
    left = tuple(
        (length + before + after - reach) % stride
        for length, (before, after), reach, stride in zip(
            windows.image[2:], windows.padding, windows.reach, windows.stride, strict=True
        )
    )
    if any(left):
        kinds = {1: ("element",), 2: ("row", "column"), 3: ("plane", "row", "column")}
        units = kinds.get(len(left), ("element",) * len(left))
        parts = [f"{n} {unit}{'s' * (n != 1)}" for n, unit in zip(left, units, strict=True)]
        listed = ", ".join(parts[:-1]) + " and " * (len(parts) > 1) + parts[-1]
        raise ValueError(
            f"{name}: windows of {windows.size} with stride {windows.stride} leave {listed} over "
            f"of x of shape {windows.image} with padding {padding_of(windows.padding)}; crop or "
            "pad x, or leave out exact"
        )


def adaptive_pool(name: str, rank: int | None, x: Any, output_size: Any) -> Pool:
    """Check what the op `name` was given, and return as many windows as it asks for.

    Along an axis, window `o` of `out` is from ``floor(o * length / out)`` to
    ``ceil((o + 1) * length / out)``. So all pixels are in a window, and windows share a pixel only
    where they must.
    """
    check_real(name, x)
    windows = windows_over(name, x.shape, 1, rank=rank)  # of the shape
    lengths = windows.image[2:]
    rank = len(lengths)
    if isinstance(output_size, (list, tuple)) and len(output_size) == rank:
        kept = zip(output_size, lengths, strict=True)
        output_size = [length if size is None else size for size, length in kept]
    elif output_size is None:
        output_size = lengths
    out = per_axis(name, "output_size", output_size, rank, least=1)
    if 0 in lengths:
        raise ValueError(f"{name}: x of shape {windows.image} has no pixels")
    return Pool(windows.image, tuple(map(_adaptive_axis, lengths, out)))


@functools.lru_cache(maxsize=256)
def _adaptive_axis(length: int, out: int) -> Axis:
    starts = [o * length // out for o in range(out)]
    sizes = [-((o + 1) * -length // out) - start for o, start in enumerate(starts)]
    # The windows repeat.
    common = math.gcd(length, out)
    taps = [
        (
            number,
            range(starts[first] + number, length, length // common)[:common],
            range(first, out, out // common),
        )
        for number in range(max(sizes))
        for first in range(out // common)
        if number < sizes[first]
    ]
    return _axis(length, out, max(sizes), starts, 1, taps, length)
