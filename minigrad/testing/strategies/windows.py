"""Configurations of convolutions and pools whose windows fit."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from hypothesis import strategies as st

from ...ops.windows import Windows, windows_over
from .valid_shapes import Shape
from .values import Array, arrays, separated

Setting: TypeAlias = int | tuple[int, ...]
Values: TypeAlias = Callable[..., st.SearchStrategy[Array]]


@dataclass(frozen=True)
class Convolution:
    """A valid call of `conv1d`, `conv2d` or `conv3d`, but for the numbers.

    Attributes
    ----------
    shape : (N, C, lengths...)
        Of the images.
    weight_shape : (F, C // groups, sizes...)
        Of the filters.
    has_bias : bool
        Whether there is an array (F,) to be added.
    stride, padding, dilation, groups
        As `conv2d` takes them.
    """

    shape: Shape
    weight_shape: Shape
    has_bias: bool
    stride: Setting
    padding: Setting | str | tuple[tuple[int, int], ...]
    dilation: Setting
    groups: int

    @property
    def settings(self) -> dict[str, Any]:
        """What to pass by name behind the arrays."""
        return {name: getattr(self, name) for name in ("stride", "padding", "dilation", "groups")}

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Shapes of the images, the filters and the bias, if there is one."""
        return self.shape, self.weight_shape, *[self.weight_shape[:1]] * self.has_bias

    @property
    def windows(self) -> Windows:
        """The windows over the images."""
        size = self.weight_shape[2:]
        settings = {name: value for name, value in self.settings.items() if name != "groups"}
        return windows_over("convolutions", self.shape, size, **settings)

    @property
    def out_shape(self) -> Shape:
        """Shape (N, F, lengths...) of the result."""
        return self.shape[0], self.weight_shape[0], *self.windows.out

    def arrays(self, values: Values = arrays) -> st.SearchStrategy[tuple[Array, ...]]:
        """Images, filters and perhaps a bias, from a strategy that takes a `shape`."""
        return st.tuples(*(values(shape=shape) for shape in self.shapes))


@dataclass(frozen=True)
class Pooling:
    """A valid call of a pool such as `max_pool2d`, but for the numbers.

    Attributes
    ----------
    shape : (N, C, lengths...)
        Of the images.
    kernel_size, stride, padding, dilation, ceil_mode
        As `max_pool2d` takes them; `padding` or `dilation` is None for a pool that has none.
    """

    shape: Shape
    kernel_size: Setting
    stride: Setting | None
    padding: Setting | None
    dilation: Setting | None
    ceil_mode: bool

    @property
    def settings(self) -> dict[str, Any]:
        """What to pass by name behind the images."""
        names = [field.name for field in fields(self)][1:]
        found = {name: getattr(self, name) for name in names}
        return {k: v for k, v in found.items() if v is not None or k == "stride"}

    @property
    def windows(self) -> Windows:
        """The windows over the images."""
        return windows_of(self.shape, self.settings)

    @property
    def out_shape(self) -> Shape:
        """Shape (N, C, lengths...) of the result."""
        return *self.shape[:2], *self.windows.out

    def arrays(self, values: Values = separated) -> st.SearchStrategy[Array]:
        """Images, from a strategy that takes a `shape`; by default no two values are close."""
        return values(shape=self.shape)


def convolutions(ndim: int = 2, min_batch: int = 1) -> st.SearchStrategy[Convolution]:
    """Small convolutions: strides, padding of all kinds, dilation, groups, with and without a bias.

    Parameters
    ----------
    ndim : {1, 2, 3}
        How many spatial axes the images have.
    min_batch : int
        0 allows an empty batch.

    Notes
    -----
    Shrinks to one pixel, one filter of size 1, stride 1, no padding, no dilation and one group.

    Examples
    --------
    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as st
    >>> call = find(st.convolutions(), lambda call: call.groups == 2)
    >>> call.shape, call.weight_shape
    ((1, 2, 1, 1), (2, 1, 1, 1))
    >>> x, weight = find(call.arrays(), lambda arrays: True)
    >>> mg.conv2d(x, weight, **call.settings).shape
    (1, 2, 1, 1)
    """
    _check_ndim("convolutions", ndim)
    return _convolutions(ndim, min_batch)


@st.composite
def _convolutions(draw: st.DrawFn, ndim: int, min_batch: int) -> Convolution:
    shape, found = draw(window_settings(ndim, side=4, channels=1, min_batch=min_batch))
    groups, channels = draw(st.sampled_from([(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)]))
    filters = groups * draw(st.integers(1, 2))
    shape = (shape[0], groups * channels, *shape[2:])
    size = each(found["kernel_size"], ndim)
    stride, padding, dilation = (found[name] for name in ("stride", "padding", "dilation"))
    has_bias = draw(st.booleans())
    kind = draw(st.sampled_from(["numbers", "sides", "valid", "same"]))
    if kind == "sides":
        more = draw(st.integers(0, 1))
        padding = tuple((p, p + more) for p in each(padding, ndim))
    elif kind == "same":
        stride, padding = 1, "same"
    elif kind == "valid":
        reach = (d * (k - 1) + 1 for d, k in zip(each(dilation, ndim), size, strict=True))
        if all(n >= r for n, r in zip(shape[2:], reach, strict=True)):
            padding = "valid"
    return Convolution(
        shape, (filters, channels, *size), has_bias, stride, padding, dilation, groups
    )


def pools(
    ndim: int = 2, padded: bool = True, dilated: bool = True, min_batch: int = 1
) -> st.SearchStrategy[Pooling]:
    """Small poolings, no window of which lies in the padding alone.

    Parameters
    ----------
    ndim : {1, 2, 3}
        How many spatial axes the images have.
    padded, dilated : bool
        Whether there are `padding` and `dilation`: `lp_pool2d` takes neither.
    min_batch : int
        0 allows an empty batch.

    Notes
    -----
    Shrinks to one pixel under a window of size 1.

    Examples
    --------
    >>> from hypothesis import find
    >>> from minigrad.testing import strategies as st
    >>> call = find(st.pools(), lambda call: call.kernel_size == 2)
    >>> x = find(call.arrays(), lambda x: True)
    >>> x.shape, mg.max_pool2d(x, **call.settings).shape
    ((1, 1, 2, 2), (1, 1, 1, 1))
    """
    _check_ndim("pools", ndim)
    return _pools(ndim, padded, dilated, min_batch)


@st.composite
def _pools(draw: st.DrawFn, ndim: int, padded: bool, dilated: bool, min_batch: int) -> Pooling:
    shape, settings = draw(window_settings(ndim, pool=True, min_batch=min_batch))
    settings["ceil_mode"] = draw(st.booleans())
    if not dilated:
        del settings["dilation"]
    if not padded:
        del settings["padding"]
        shape = (*shape[:2], *map(max, shape[2:], each(settings["kernel_size"], ndim)))
    if has_empty(windows_of(shape, settings)):
        settings["ceil_mode"] = False
    if draw(st.booleans()):
        settings["stride"] = None
        if has_empty(windows_of(shape, settings)):
            settings["padding"] = 0
    return Pooling(shape, **{"padding": None, "dilation": None, **settings})


# Windows in general, for the samples of ops too.


def settings_of(least: int, most: int, rank: int) -> st.SearchStrategy[Setting]:
    """A setting of windows: a number, or one for each spatial axis."""
    number = st.integers(least, most)
    return number | st.tuples(*[number] * rank)


def each(setting: Setting, rank: int) -> tuple[int, ...]:
    """A setting as one number for each spatial axis."""
    return (setting,) * rank if isinstance(setting, int) else setting


@st.composite
def window_settings(
    draw: st.DrawFn,
    rank: int | None = None,
    side: int = 5,
    pool: bool = False,
    batch: int = 2,
    channels: int = 2,
    min_batch: int = 0,
) -> tuple[Shape, dict[str, Any]]:
    """An image shape, and windows that fit in it; for pooling, with little padding."""
    rank = draw(st.integers(1, 3)) if rank is None else rank
    side = min(side, 3) if rank > 2 else side
    size = draw(settings_of(1, 2 if rank > 2 else 3, rank))
    dilation = draw(st.just(1) | settings_of(1, 2, rank))
    padding = draw(settings_of(0, min(each(size, rank)) // 2 if pool else 2, rank))
    least = [
        max(1, d * (k - 1) + 1 - 2 * p)
        for k, d, p in zip(each(size, rank), each(dilation, rank), each(padding, rank), strict=True)
    ]
    lengths = [draw(st.integers(low, max(low, side))) for low in least]
    shape = (draw(st.integers(min_batch, batch)), draw(st.integers(1, channels)), *lengths)
    stride = draw(settings_of(1, 3, rank))
    settings = {"kernel_size": size, "stride": stride, "padding": padding, "dilation": dilation}
    if pool and has_empty(windows_of(shape, settings)):
        settings["dilation"] = 1
    return shape, settings


def windows_of(shape: Shape, settings: dict[str, Any]) -> Windows:
    """The windows of a call with these settings."""
    known = ("padding", "dilation", "ceil_mode")
    size = settings["kernel_size"]
    return windows_over(
        "samples",
        shape,
        size,
        stride=settings.get("stride", 1) or size,
        **{name: settings[name] for name in known if name in settings},
    )


def has_empty(windows: Windows) -> bool:
    """Whether some window has no element inside of the image."""
    return any(
        all(place is None for place in places(windows, at))
        for at in itertools.product(*map(range, windows.out))
    )


def places(windows: Windows, at: tuple[int, ...]) -> Iterator[tuple[int, ...] | None]:
    """Index in the image of each element of the window `at`; None where it has none."""
    for element in itertools.product(*map(range, windows.size)):
        index = tuple(
            o * s + k * d - before
            for o, s, k, d, (before, _) in zip(
                at, windows.stride, element, windows.dilation, windows.padding, strict=True
            )
        )
        inside = all(0 <= i < length for i, length in zip(index, windows.image[2:], strict=True))
        yield index if inside else None


def _check_ndim(name: str, ndim: int) -> None:
    if ndim not in (1, 2, 3):
        raise ValueError(f"{name}: ndim must be 1, 2 or 3, got {ndim}")
