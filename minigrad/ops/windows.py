"""The geometry of windows that slide over images, in any number of dimensions.

Images are (N, C, lengths...), as in PyTorch: (N, C, L), (N, C, H, W) or (N, C, D, H, W). In
memory the kernels keep them as (C, lengths..., N), the batch innermost, behind that shape: every
slide of a window is then a run of whole rows of the batch, and the output of the matrix product of
a convolution is in that order already.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..buffers import zeros_like
from ..registry import Array
from ..resources import get_num_threads, in_parallel

Size = int | Sequence[int]
Padding = int | str | Sequence[int | tuple[int, int]]

# Channels are worked on in groups that fit in a core's cache.
CACHE_BYTES = 1 << 20
# What is worth another thread.
PARALLEL_BYTES = 1 << 19
LENGTHS = {1: "L", 2: "H, W", 3: "D, H, W"}

Slices = tuple[slice, ...]
EVERYTHING = slice(None)


class Windows(NamedTuple):
    """Windows over images of a given shape.

    Attributes
    ----------
    image : (N, C, lengths...)
    size, stride, dilation : tuple of int
        One for each spatial axis.
    padding : tuple of (before, after)
    out : tuple of int
        Number of windows along each spatial axis.
    """

    image: tuple[int, ...]
    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    out: tuple[int, ...]

    @property
    def slots(self) -> tuple[int, ...]:
        """Shape (C, elements, out..., N): each element of the window, as all windows see it."""
        return self.image[1], math.prod(self.size), *self.out, self.image[0]

    @property
    def columns(self) -> tuple[int, int]:
        """Shape (C * elements, windows * N): the same as a matrix with a column for each window."""
        n, c, *_ = self.image
        return c * math.prod(self.size), math.prod(self.out) * n

    @property
    def reach(self) -> tuple[int, ...]:
        """Lengths of a window with its gaps."""
        return tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.size, strict=True))

    @property
    def padded(self) -> tuple[int, ...]:
        """Lengths of the padded image, and of what windows that hang over its end need."""
        return tuple(
            max(before + length + after, (out - 1) * stride + reach)
            for length, (before, after), out, stride, reach in zip(
                self.image[2:], self.padding, self.out, self.stride, self.reach, strict=True
            )
        )

    @property
    def interior(self) -> Slices:
        """Where the image lies in the padded image."""
        return tuple(
            slice(before, before + length)
            for length, (before, _) in zip(self.image[2:], self.padding, strict=True)
        )

    def offsets(self, rows: slice | None = None) -> tuple[tuple[int, Slices], ...]:
        """Number each element of a window, with where all windows have that element.

        The slices are into the padded image. With `rows`, only for those of the first axis of out.
        """
        return _offsets(self, *self._span(rows))

    def inside(self, rows: slice | None = None) -> tuple[tuple[int, Slices, Slices], ...]:
        """Like `offsets`, but only of the windows whose element lies inside of the image.

        The first slices are into the image without padding, the second into the windows, or with
        `rows` into these.
        """
        return _inside(self, *self._span(rows))

    def _span(self, rows: slice | None) -> tuple[int, int]:
        return (0, self.out[0]) if rows is None else (rows.start, rows.stop)


# A network asks for the same few windows again and again. What is kept of large ones is bounded:
# the elements share the slices along each axis.
@functools.lru_cache(maxsize=256)
def _offsets(windows: Windows, start: int, stop: int) -> tuple[tuple[int, Slices], ...]:
    spans = [(start, stop), *((0, out) for out in windows.out[1:])]
    along = [
        [slice(k * d + s * first, k * d + s * end, s) for k in range(size)]
        for size, d, s, (first, end) in zip(
            windows.size, windows.dilation, windows.stride, spans, strict=True
        )
    ]
    return tuple(enumerate(itertools.product(*along)))


@functools.lru_cache(maxsize=256)
def _inside(windows: Windows, start: int, stop: int) -> tuple[tuple[int, Slices, Slices], ...]:
    spans = [(start, stop), *((0, out) for out in windows.out[1:])]
    along = []
    for size, d, s, (before, _), length, (low, high) in zip(
        windows.size,
        windows.dilation,
        windows.stride,
        windows.padding,
        windows.image[2:],
        spans,
        strict=True,
    ):
        pairs = []
        for k in range(size):
            # Window o has the element at o * s + offset.
            offset = k * d - before
            first = max(low, -(offset // s))
            end = max(first, min(high, (length - 1 - offset) // s + 1))
            at = first * s + offset
            pairs.append((slice(at, at + s * (end - first), s), slice(first - low, end - low)))
        along.append(pairs)
    return tuple(
        (number, tuple(image for image, _ in pairs), tuple(part for _, part in pairs))
        for number, pairs in enumerate(itertools.product(*along))
    )


def windows_over(
    name: str,
    shape: Sequence[int],
    size: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    *,
    rank: int | None = None,
    ceil_mode: bool = False,
) -> Windows:
    """Check the settings of the op `name` and return the windows.

    Parameters
    ----------
    name : str
        For messages.
    shape : (N, C, lengths...)
        Of the images.
    size, stride, dilation : int or sequence of int
        One for each spatial axis.
    padding : int, "same", "valid" or sequence of int and (before, after)
    rank : int, optional
        Number of spatial axes; by default as many as the images have.
    ceil_mode : bool
        Whether what is left over at the end has a window, too, if it starts inside of the image or
        of the padding before it.

    Raises
    ------
    ValueError
        If the image has another rank, a number is out of range, or no window fits.
    TypeError
        If a setting is not an integer or one for each spatial axis.
    """
    shape = tuple(shape)
    if len(shape) - 2 != rank if rank is not None else len(shape) < 3:
        axes = f"(N, C, {LENGTHS[rank]})" if rank in LENGTHS else "(N, C, *lengths)"
        remedy = (
            "; a single image needs a batch axis, x[None]" if rank in (None, len(shape) - 1) else ""
        )
        raise ValueError(f"{name}: x has shape {shape}, expected {axes}{remedy}")
    rank = len(shape) - 2
    size = per_axis(name, "kernel_size", size, rank, least=1)
    stride = per_axis(name, "stride", stride, rank, least=1)
    dilation = per_axis(name, "dilation", dilation, rank, least=1)
    sides = paddings(name, padding, size, stride, dilation)
    windows = Windows(shape, size, stride, sides, dilation, ())
    out = []
    for length, reach, s, (before, after) in zip(
        shape[2:], windows.reach, stride, sides, strict=True
    ):
        span = length + before + after - reach
        if span < 0:
            spread = f" with dilation {dilation}" if max(dilation) > 1 else ""
            raise ValueError(
                f"{name}: a window of {size}{spread} is larger than x of shape {shape} with "
                f"padding {padding_of(sides)}; use a smaller kernel_size or more padding"
            )
        steps = span // s
        # One more hangs over the end, if it starts inside of the image or the padding before.
        hangs = ceil_mode and span % s > 0 and (steps + 1) * s < length + before
        out.append(steps + 1 + hangs)
    return windows._replace(out=tuple(out))


def per_axis(name: str, setting: str, value: Any, rank: int, least: int) -> tuple[int, ...]:
    """Check a setting of the op `name`, and return it as one integer for each spatial axis."""
    try:
        numbers = tuple(map(whole, value if np.iterable(value) else (value,) * rank))
    except TypeError:
        numbers = ()
    if len(numbers) != rank:
        raise TypeError(f"{name}: {setting} is {_wanted(rank)}, got {value!r}")
    if min(numbers) < least:
        raise ValueError(f"{name}: {setting} must be at least {least}, got {value!r}")
    return numbers


def whole(value: Any) -> int:
    """Return an integer; raise a TypeError for anything else, booleans included."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError("a boolean")
    return operator.index(value)


def as_array(name: str, argument: str, x: Any) -> Any:
    """Return what shall be an array with a shape; lists of numbers become one.

    Raises
    ------
    TypeError
        If it is none.
    """
    if isinstance(x, (list, tuple)):
        x = np.asarray(x)
    if not isinstance(getattr(x, "shape", None), tuple):
        raise TypeError(f"{name}: {argument} must be an array, got {x!r}")
    return x


def as_lengths(name: str, argument: str, lengths: Any, least: int) -> tuple[int, ...]:
    """Return what shall be lengths of axes as a tuple, at least as many as given."""
    try:
        found = tuple(map(whole, lengths))
    except TypeError:
        raise TypeError(
            f"{name}: {argument} must be a tuple of integers, got {lengths!r}"
        ) from None
    if len(found) < least or min(found, default=0) < 0:
        raise ValueError(
            f"{name}: {argument} must be at least {least} lengths from 0 on, got {lengths!r}"
        )
    return found


def _wanted(rank: int) -> str:
    if rank == 1:
        return "an integer"
    several = "a pair (vertical, horizontal)" if rank == 2 else f"{rank} of them, one for each axis"
    return f"an integer or {several}"


def paddings(
    name: str,
    value: Any,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[tuple[int, int], ...]:
    """Check the padding of the op `name`, and return it as (before, after) for each axis.

    With "same" the surplus of an odd total goes to the end, as in PyTorch.
    """
    rank = len(size)
    if isinstance(value, str):
        if value not in ("same", "valid"):
            raise ValueError(
                f"{name}: padding is 'same', 'valid' or {_wanted(rank)}, got {value!r}"
            )
        if value == "same" and max(stride) > 1:
            raise ValueError(
                f"{name}: padding 'same' is for stride 1, got stride {stride}; give the padding in "
                "numbers"
            )
        totals = [d * (k - 1) * (value == "same") for d, k in zip(dilation, size, strict=True)]
        return tuple((total // 2, total - total // 2) for total in totals)
    try:
        pairs = [
            part if isinstance(part, (tuple, list)) else (part, part)
            for part in (value if np.iterable(value) else (value,) * rank)
        ]
        sides = tuple(tuple(map(whole, part)) for part in pairs)
    except TypeError:
        sides = ()
    if len(sides) != rank or any(len(part) != 2 for part in sides):
        raise TypeError(
            f"{name}: padding is {_wanted(rank)}, 'same', 'valid', or {rank} "
            f"pair{'s' * (rank > 1)} (before, after), got {value!r}"
        )
    if any(min(part) < 0 for part in sides):
        raise ValueError(f"{name}: padding must be at least 0, got {value!r}")
    return tuple((before, after) for before, after in sides)


def padding_of(sides: tuple[tuple[int, int], ...]) -> Any:
    """Padding as it is usually given: a number for each axis, if both sides have the same."""
    return sides if any(before != after for before, after in sides) else tuple(b for b, _ in sides)


def batch_innermost(x: Array) -> Array:
    """Return images (N, C, lengths...) as (C, lengths..., N), copied if they lie otherwise."""
    moved = np.transpose(x, (*range(1, x.ndim), 0))
    if type(moved) is np.ndarray and moved.flags.c_contiguous:
        return moved
    return np.copy(moved, order="C")


def batch_first(x: Array) -> Array:
    """Return a (C, lengths..., N) array as an (N, C, lengths...) view."""
    return np.transpose(x, (x.ndim - 1, *range(x.ndim - 1)))


def within_margin(x: Array, windows: Windows) -> Array:
    """Images as (C, padded..., N) in memory, with zeros around them."""
    if windows.padded == windows.image[2:]:
        return batch_innermost(x)
    n, c, *_ = windows.image
    image = zeros_like(x, (c, *windows.padded, n))
    image[:, *windows.interior] = np.transpose(x, (*range(1, x.ndim), 0))
    return image


def over_channels(work: Callable[[slice], object], channels: int, size: int) -> None:
    """Call `work` with groups of channels that fit in cache, on several threads.

    Parameters
    ----------
    work : callable
        Takes a slice of channels, and writes to these only.
    channels : int
    size : int
        Bytes of what is gone through again and again, for all channels.
    """
    groups = math.ceil(size / CACHE_BYTES)
    if size > PARALLEL_BYTES:
        threads = get_num_threads()
        groups = threads * math.ceil(groups / threads)  # as many for each
    each = max(1, math.ceil(channels / max(1, groups)))
    in_parallel(work, [slice(start, start + each) for start in range(0, channels, each)])


def fill(
    slots: Array,
    image: Array,
    windows: Windows,
    rows: slice | None = None,
    images: slice = EVERYTHING,
) -> None:
    """Copy the windows of a padded image to `slots`: all of them, or of some rows and images."""
    offsets = windows.offsets(rows)

    def copy(group: slice) -> None:
        for number, at in offsets:
            slots[group, number] = image[group, *at, images]

    over_channels(copy, slots.shape[0], slots.size * slots.dtype.itemsize // slots.shape[1])


def scatter(
    slots: Array,
    image: Array,
    windows: Windows,
    rows: slice | None = None,
    images: slice = EVERYTHING,
) -> None:
    """Add the windows in `slots` to an image without padding: the adjoint of `fill`."""
    inside = windows.inside(rows)

    def add(group: slice) -> None:
        for number, image_at, window_at in inside:
            image[group, *image_at, images] += slots[group, number, *window_at]

    over_channels(add, slots.shape[0], slots.size * slots.dtype.itemsize // slots.shape[1])
