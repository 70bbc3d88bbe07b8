"""What several functions ask of their arguments."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Any

import numpy as np


def checked_integer(name: str, setting: str, value: Any, least: int = 1) -> int:
    """Return a setting that is an integer of at least `least`."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise TypeError(f"{name}: {setting} must be an integer, got {value!r}")
    if value < least:
        raise ValueError(f"{name}: {setting} must be at least {least}, got {value}")
    return int(value)


def checked_length(name: str, arrays: Sequence[object]) -> int:
    """Return the length that all these arrays have."""
    if not arrays:
        raise TypeError(f"{name}: at least one array is needed")
    lengths = []
    for position, array in enumerate(arrays):
        is_scalar = getattr(array, "ndim", 1) == 0
        if isinstance(array, list | tuple | str) or not isinstance(array, Sized) or is_scalar:
            what = "zero-dimensional array" if is_scalar else type(array).__name__
            raise TypeError(
                f"{name}: argument {position} is a {what}; "
                f"make an array of it, or pass several arrays as {name}(x, y)"
            )
        lengths.append(len(array))
    if len(set(lengths)) > 1:
        raise ValueError(f"{name}: arrays must have equal lengths, got {lengths}")
    return lengths[0]
