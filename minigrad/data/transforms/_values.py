"""Transforms of values, and several transforms as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .._pixels import scaled
from ._places import Image, check_image


class Compose:
    """Transforms one after the other.

    Examples
    --------
    >>> from minigrad.data import transforms
    >>> prepare = transforms.Compose([transforms.ToFloat(), transforms.Normalize(0.5, 0.5)])
    >>> prepare(np.array([[[0, 255]]], np.uint8))
    array([[[-1.,  1.]]], dtype=float32)
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = list(transforms)
        for transform in self.transforms:
            if not callable(transform):
                raise TypeError(f"Compose: {transform!r} is not a function")

    def __call__(self, x: Any) -> Any:
        """Return what the last transform gives."""
        for transform in self.transforms:
            x = transform(x)
        return x

    def __repr__(self) -> str:
        return f"Compose([{', '.join(map(repr, self.transforms))}])"


@dataclass(eq=False)
class ToFloat:
    """Bytes from 0 to 255 as floating values from 0 to 1; floating values are only cast.

    Raises
    ------
    TypeError
        If the array is neither uint8 nor bool nor floating, for the range of others is not known.

    Examples
    --------
    >>> mg.data.transforms.ToFloat()(np.array([0, 51, 255], np.uint8))
    array([0. , 0.2, 1. ], dtype=float32)
    """

    dtype: DTypeLike = np.float32

    def __call__(self, x: ArrayLike) -> Image:
        """Return floating values."""
        array, dtype = np.asarray(x), np.dtype(self.dtype)
        if np.issubdtype(array.dtype, np.floating) or array.dtype == np.bool_:
            return array.astype(dtype, copy=False)
        if array.dtype != np.uint8:
            raise TypeError(
                f"ToFloat: expected uint8, bool or floating values, got {array.dtype}; "
                "divide by the largest value yourself"
            )
        return scaled(array, dtype)


@dataclass(eq=False)
class Normalize:
    """Subtract a mean from each channel and divide it by a standard deviation.

    Parameters
    ----------
    mean, std
        One number for all channels, or one for each.

    Raises
    ------
    TypeError
        If the image is not floating.
    ValueError
        If a standard deviation is not above 0, or the number of channels is another.

    Examples
    --------
    >>> normalize = mg.data.transforms.Normalize(mean=[0.5, 0.25], std=[0.5, 0.25])
    >>> normalize(np.ones((2, 1, 1), np.float32)).reshape(-1)
    array([1., 3.], dtype=float32)
    """

    mean: float | Sequence[float] | NDArray[Any]
    std: float | Sequence[float] | NDArray[Any]

    def __post_init__(self) -> None:
        if np.ndim(self.mean) > 1 or np.ndim(self.std) > 1:
            raise ValueError("Normalize: mean and std are numbers, or one for each channel")
        if not np.all(np.asarray(self.std) > 0):
            raise ValueError(f"Normalize: std must be above 0, got {self.std}")

    def __call__(self, x: ArrayLike) -> Image:
        """Return the image with other values."""
        array = np.asarray(x)
        if not np.issubdtype(array.dtype, np.floating):
            raise TypeError(f"Normalize: the image is {array.dtype}; apply ToFloat() before")
        mean, std = (self._by_channel(value, array) for value in (self.mean, self.std))
        return np.asarray((array - mean) / std)

    def _by_channel(self, value: Any, array: Image) -> Image:
        values = np.asarray(value, array.dtype)
        if values.ndim == 0:
            return values
        check_image("Normalize", array)
        if len(values) not in {1, array.shape[-3]}:
            raise ValueError(
                f"Normalize: mean or std is for {len(values)} channels; the image of the shape "
                f"{array.shape} has {array.shape[-3]}"
            )
        return values[:, None, None]
