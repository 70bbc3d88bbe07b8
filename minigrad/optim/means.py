"""Running means and other arrays that optimisers keep for a parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def keep(
    state: dict[str, Any],
    value: Array,
    *names: str,
    make: Callable[[Array], Array] = np.zeros_like,
) -> None:
    """Put arrays for a parameter into its state, those that are not there yet."""
    for name in names:
        if state.get(name) is None:
            state[name] = make(value)


def count(state: dict[str, Any]) -> int:
    """Return the number of the step that begins, from 1, and keep it."""
    state["step"] = state.get("step", 0) + 1
    return int(state["step"])


def follow(mean: Array, new: Array, stays: float) -> None:
    """Make a running mean ``stays * mean + (1 - stays) * new``."""
    mean *= stays
    mean += new * (1 - stays)


def follow_square(mean: Array, new: Array, stays: float) -> None:
    """Make a running mean ``stays * mean + (1 - stays) * new**2``."""
    square = new * new
    square *= 1 - stays
    mean *= stays
    mean += square


def root(mean_square: Array, eps: float) -> Array:
    """Return ``sqrt(mean_square) + eps``."""
    size = np.sqrt(mean_square)
    size += eps
    return size
