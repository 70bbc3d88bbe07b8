"""Transforms of places: borders and cuts that are the same for all images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Image = NDArray[Any]
PaddingMode = Literal["constant", "edge", "reflect", "symmetric"]


@dataclass(eq=False)
class Pad:
    """Put a border around an image.

    Parameters
    ----------
    padding
        Its width: one number; one for left and right and one for top and bottom; or left, top,
        right and bottom, in PyTorch's order.
    fill
        Its value, in the mode "constant".
    padding_mode
        "constant", "edge", "reflect" or "symmetric", as in `numpy.pad`.

    Raises
    ------
    ValueError
        If a width is negative or there are 3 or more than 4, or the mode is another.

    Examples
    --------
    >>> mg.data.transforms.Pad(1)(np.full((1, 1, 1), 7))
    array([[[0, 0, 0],
            [0, 7, 0],
            [0, 0, 0]]])
    """

    padding: int | Sequence[int]
    fill: float = 0
    padding_mode: PaddingMode = "constant"

    def __post_init__(self) -> None:
        _borders(self.padding)
        if self.padding_mode not in {"constant", "edge", "reflect", "symmetric"}:
            raise ValueError(
                "Pad: padding_mode must be 'constant', 'edge', 'reflect' or 'symmetric', "
                f"got {self.padding_mode!r}"
            )

    def __call__(self, x: ArrayLike) -> Image:
        """Return the larger image."""
        array = check_image("Pad", x)
        left, top, right, bottom = _borders(self.padding)
        widths = [(0, 0)] * (array.ndim - 2) + [(top, bottom), (left, right)]
        if self.padding_mode == "constant":
            return np.pad(array, widths, constant_values=self.fill)
        return np.pad(array, widths, mode=self.padding_mode)


def _borders(padding: Any) -> tuple[int, int, int, int]:
    numbers = list(padding) if isinstance(padding, Sequence) else [padding]
    is_good = all(isinstance(number, int | np.integer) and number >= 0 for number in numbers)
    if len(numbers) not in {1, 2, 4} or not is_good:
        raise ValueError(
            "Pad: padding is an integer of at least 0, or (left and right, top and bottom), or "
            f"(left, top, right, bottom); got {padding!r}"
        )
    left, top, right, bottom = (numbers * 4)[:4]
    return left, top, right, bottom


@dataclass(eq=False)
class CenterCrop:
    """Cut out the middle.

    Parameters
    ----------
    size
        Height and width, or one number for both. Where the rest is odd, the half is rounded to an
        even number, as PyTorch does it.

    Raises
    ------
    ValueError
        If the image is smaller, or `size` is not positive.

    Examples
    --------
    >>> mg.data.transforms.CenterCrop(2)(np.arange(16).reshape(1, 4, 4))
    array([[[ 5,  6],
            [ 9, 10]]])
    """

    size: int | Sequence[int]

    def __post_init__(self) -> None:
        height_and_width("CenterCrop", self.size)

    def __call__(self, x: ArrayLike) -> Image:
        """Return the middle of an image."""
        array, height, width = for_crop("CenterCrop", x, self.size)
        top = round((array.shape[-2] - height) / 2)
        left = round((array.shape[-1] - width) / 2)
        return array[..., top : top + height, left : left + width].copy()


def check_image(name: str, x: ArrayLike) -> Image:
    array = np.asarray(x)
    if array.ndim < 3:
        raise ValueError(
            f"{name}: an image has the shape (C, H, W), a batch (..., C, H, W), got {array.shape}; "
            "x[None] adds the axis of one channel"
        )
    return array


def height_and_width(name: str, size: Any) -> tuple[int, int]:
    numbers = list(size) if isinstance(size, Sequence) else [size, size]
    is_good = all(isinstance(number, int | np.integer) and number >= 1 for number in numbers)
    if len(numbers) != 2 or not is_good:
        raise ValueError(
            f"{name}: size is an integer of at least 1, or (height, width), got {size!r}"
        )
    return numbers[0], numbers[1]


def for_crop(name: str, x: ArrayLike, size: Any) -> tuple[Image, int, int]:
    array = check_image(name, x)
    height, width = height_and_width(name, size)
    if array.shape[-2] < height or array.shape[-1] < width:
        raise ValueError(
            f"{name}: the image of the shape {array.shape[-3:]} is smaller than {height} by {width}"
        )
    return array, height, width
