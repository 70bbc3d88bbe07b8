"""What optimisers and schedules keep, as plain data: to copy it, and to read that of PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def plain(value: Any) -> Any:
    """Return Python's number for NumPy's, which would widen float32; anything else as it is."""
    if isinstance(value, np.generic):
        return value.item()
    return tuple(map(plain, value)) if isinstance(value, tuple) else value


def copied(value: Any) -> Any:
    """Return a copy of a nest of dicts, lists, tuples, numbers, arrays and tensors.

    Tensors, also of other frameworks, become arrays.
    """
    if isinstance(value, Mapping):
        return {key: copied(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [copied(entry) for entry in value]
    if isinstance(value, tuple):
        return tuple(copied(entry) for entry in value)
    if isinstance(value, np.ndarray):
        return value.copy("K")
    if hasattr(value, "__array__") and not isinstance(value, np.generic):
        return np.asarray(value).copy()
    return plain(value)


def fitted(where: str, entry: Any, expected: Any, value: Array) -> Any:
    """Return what was kept for a parameter as the optimiser expects it.

    Parameters
    ----------
    where : str
        Begins the message of an error.
    entry
        What was kept.
    expected
        What the optimiser makes for the parameter: a number, an array, or None if it is not known.
    value : ndarray
        Of the parameter.

    Raises
    ------
    ValueError
        If an array has not the shape of the parameter.
    """
    if isinstance(expected, int | float):
        # PyTorch keeps numbers in tensors, and counts in floating ones.
        if np.size(entry) != 1:
            raise ValueError(f"{where} has shape {np.shape(entry)}, expected a number")
        return type(expected)(np.asarray(entry).item())
    if not isinstance(entry, np.ndarray):
        return entry
    if entry.shape != value.shape:
        raise ValueError(f"{where} has shape {entry.shape}, the parameter {value.shape}")
    # In the parameter's order in memory, in which a step goes through them together.
    array = np.empty_like(value)
    array[...] = entry
    return array
