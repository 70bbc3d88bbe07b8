"""What a layer with parameters does first with what it is given."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..registry import Array
from ..tensor import Tensor


def checked_size(layer: str, setting: str, value: Any) -> int:
    """Return a number of features or channels as an integer of at least 1."""
    try:
        size = operator.index(value)
    except TypeError:
        raise TypeError(f"{layer}: {setting} must be an integer, got {value!r}") from None
    if size < 1:
        raise ValueError(f"{layer}: {setting} must be at least 1, got {value!r}")
    return size


def cast_input(layer: str, x: Any, dtype: np.dtype[Any]) -> Array:
    """Return `x` in the dtype of a layer's parameters; on a tensor this is recorded.

    So float64 data, which is what NumPy makes of most, neither fail in a float32 network nor double
    its cost. Integers and booleans are converted too, and not scaled.

    Raises
    ------
    TypeError
        If the input is not real numbers, or is what a recurrent layer returns.
    """
    if isinstance(x, tuple) and any(isinstance(part, Tensor) for part in x):
        remedy = (
            "a layer for each step takes its data: packed._replace(data=layer(packed.data))"
            if hasattr(x, "batch_sizes")
            else "of a recurrent layer's (output, state) pass on the output"
        )
        raise TypeError(f"{layer}: the input is a {type(x).__name__}, expected one array; {remedy}")
    if not isinstance(x, Tensor | np.ndarray):
        x = np.asarray(x)
    if x.dtype == dtype:
        return x
    if x.dtype.kind not in "fiub":
        raise TypeError(f"{layer}: the input is {x.dtype}, expected real numbers")
    return x.astype(dtype)
