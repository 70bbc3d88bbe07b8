"""Pixels as data sets have them: bytes, or floating values from 0 to 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import DTypeLike, NDArray

    # Images and their labels.
    Part: TypeAlias = tuple[NDArray[Any], NDArray[np.int64]]


def pixel_type(name: str, dtype: DTypeLike) -> np.dtype[Any]:
    """Return a dtype that images can have."""
    dtype = np.dtype(dtype)
    if dtype != np.uint8 and not np.issubdtype(dtype, np.floating):
        raise TypeError(
            f"{name}: dtype must be floating, for values from 0 to 1, or uint8, for values from 0 "
            f"to 255; got {dtype}"
        )
    return dtype


def scaled(pixels: NDArray[np.uint8], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return pixels from 0 to 1, or, as uint8, as they are."""
    if dtype == np.uint8:
        return pixels
    result: NDArray[Any] = np.divide(pixels, dtype.type(255), dtype=dtype)
    return result
