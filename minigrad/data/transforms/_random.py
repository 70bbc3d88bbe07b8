"""Random transforms, for each image of a batch by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from ...random import generator
from .._drawing import item_generator
from .._samplers import Rng
from ._places import Image, Pad, PaddingMode, check_image, for_crop, height_and_width


@dataclass(eq=False)
class _Random:
    """What random transforms share: where they draw from."""

    _: KW_ONLY
    rng: Rng = field(default=None, repr=False)

    def __post_init__(self) -> None:
        # A seed becomes one generator here, not the same numbers again at each call.
        self.rng = None if self.rng is None else generator(self.rng)

    def __call__(self, x: ArrayLike) -> Image:
        """Return changed images."""
        name = type(self).__name__
        array = check_image(name, x)
        images = array.reshape(-1, *array.shape[-3:])
        changed = self._changed(images, item_generator(self.rng))
        return changed.reshape(*array.shape[:-3], *changed.shape[1:])

    def _changed(self, images: Image, rng: np.random.Generator) -> Image:
        raise NotImplementedError(f"{type(self).__name__} has no _changed method")


@dataclass(eq=False)
class RandomCrop(_Random):
    """Cut out a random place, of an image that has got a border before.

    Parameters
    ----------
    size
        Height and width, or one number for both.
    padding, fill, padding_mode
        The border; as in `Pad`.
    rng
        As this module tells.

    Raises
    ------
    ValueError
        If the image with its border is smaller, or a setting is wrong.

    Examples
    --------
    >>> crop = mg.data.transforms.RandomCrop(32, padding=4)
    >>> crop(np.zeros((64, 3, 32, 32), np.float32)).shape
    (64, 3, 32, 32)
    """

    size: int | Sequence[int]
    padding: int | Sequence[int] = 0
    fill: float = 0
    padding_mode: PaddingMode = "constant"

    def __post_init__(self) -> None:
        super().__post_init__()
        height_and_width("RandomCrop", self.size)
        self._pad = Pad(self.padding, self.fill, self.padding_mode)

    def _changed(self, images: Image, rng: np.random.Generator) -> Image:
        images, height, width = for_crop("RandomCrop", self._pad(images), self.size)
        top = rng.integers(images.shape[-2] - height + 1, size=len(images))
        left = rng.integers(images.shape[-1] - width + 1, size=len(images))
        places = np.lib.stride_tricks.sliding_window_view(images, (height, width), axis=(-2, -1))
        return np.asarray(places[np.arange(len(images)), :, top, left])


@dataclass(eq=False)
class _RandomFlip(_Random):
    """An image mirrored along an axis, with the probability `p`."""

    p: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_probability(type(self).__name__, self.p)

    def _flipped(self, images: Image, rng: np.random.Generator, axis: int) -> Image:
        chosen = rng.random(len(images)) < self.p
        result = images.copy()
        result[chosen] = np.flip(images[chosen], axis)
        return result


class RandomHorizontalFlip(_RandomFlip):
    """Swap left and right with the probability `p`.

    Examples
    --------
    >>> mg.data.transforms.RandomHorizontalFlip(p=1.0)(np.array([[[1, 2, 3]]]))
    array([[[3, 2, 1]]])
    """

    def _changed(self, images: Image, rng: np.random.Generator) -> Image:
        return self._flipped(images, rng, -1)


class RandomVerticalFlip(_RandomFlip):
    """Swap top and bottom with the probability `p`.

    Examples
    --------
    >>> mg.data.transforms.RandomVerticalFlip(p=1.0)(np.array([[[1], [2]]])).tolist()
    [[[2], [1]]]
    """

    def _changed(self, images: Image, rng: np.random.Generator) -> Image:
        return self._flipped(images, rng, -2)


@dataclass(eq=False)
class RandomErasing(_Random):
    """Fill a random rectangle with a value, with the probability `p`.

    Parameters
    ----------
    p
        The probability.
    scale
        The least and the greatest share of the image's area.
    ratio
        The least and the greatest ratio of height to width. Rectangles that do not fit are drawn
        again; after ten the image stays as it is.
    value
        What it is filled with.
    rng
        As this module tells.

    Raises
    ------
    ValueError
        If a setting is outside of its range.

    References
    ----------
    Z. Zhong, L. Zheng, G. Kang, S. Li, Y. Yang (2020), "Random erasing data augmentation", AAAI.

    Examples
    --------
    >>> erase = mg.data.transforms.RandomErasing(p=1.0, scale=(0.25, 0.25), ratio=(1, 1))
    >>> int(erase(np.ones((1, 8, 8))).sum())
    48
    """

    p: float = 0.5
    scale: tuple[float, float] = (0.02, 0.33)
    ratio: tuple[float, float] = (0.3, 3.3)
    value: float = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_probability("RandomErasing", self.p)
        if not 0 <= self.scale[0] <= self.scale[1] <= 1:
            raise ValueError(f"RandomErasing: scale goes up, from 0 to 1, not as {self.scale}")
        if not 0 < self.ratio[0] <= self.ratio[1]:
            raise ValueError(f"RandomErasing: ratio goes up from above 0, not as {self.ratio}")

    def _changed(self, images: Image, rng: np.random.Generator) -> Image:
        result = images.copy()
        height, width = images.shape[-2:]
        for index in np.flatnonzero(rng.random(len(images)) < self.p):
            for _ in range(10):
                area = rng.uniform(*self.scale) * height * width
                ratio = math.exp(rng.uniform(math.log(self.ratio[0]), math.log(self.ratio[1])))
                h, w = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
                if h < height and w < width:
                    top, left = rng.integers(height - h + 1), rng.integers(width - w + 1)
                    result[index, :, top : top + h, left : left + w] = self.value
                    break
        return result


def _check_probability(name: str, p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p must be from 0 to 1, got {p}")
