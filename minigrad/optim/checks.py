"""Checks of settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any


def check_range(
    optimizer: str, settings: Mapping[str, Any], *names: str, below: float = math.inf
) -> None:
    """Raise an error if one of the settings is no number, not at least 0, or not below a limit."""
    for name in names:
        value = settings[name]
        check_number(optimizer, name, value)
        # Written so that nan fails too.
        if not 0 <= value < below:
            limit = "" if below == math.inf else f" and below {below:g}"
            raise ValueError(f"{optimizer}: {name} must be at least 0{limit}, got {value!r}")


def check_pair(
    optimizer: str, settings: Mapping[str, Any], name: str, below: float = math.inf
) -> None:
    """Raise an error if a setting is no pair of numbers of at least 0 and below a limit."""
    pair = settings[name]
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise TypeError(f"{optimizer}: {name} must be two numbers, got {pair!r}")
    parts = {f"{name}[{position}]": part for position, part in enumerate(pair)}
    check_range(optimizer, parts, *parts, below=below)


def check_number(optimizer: str, name: str, value: Any) -> None:
    """Raise TypeError if a setting is no number."""
    if not isinstance(value, Real):
        remedy = "; use its item()" if hasattr(value, "item") else ""
        raise TypeError(
            f"{optimizer}: {name} must be a number, got a {type(value).__name__}{remedy}"
        )
