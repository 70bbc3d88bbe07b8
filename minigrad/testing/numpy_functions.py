"""Every public function of NumPy, and what it does on tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..registry import refusal, twin

_MODULES = (np, np.linalg, np.fft, np.lib.stride_tricks, np.emath)
# Functions that ask their arguments for `__array_function__` are of this type.
_Dispatcher: type = type(np.sum)


def numpy_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the name and the function, of the main module, linalg, fft, stride_tricks and emath."""
    for module in _MODULES:
        short = module.__name__.replace("numpy.lib.scimath", "np.emath").replace("numpy", "np")
        for name in sorted(vars(module).keys() | set(getattr(module, "__all__", ()))):
            function = getattr(module, name)
            is_function = callable(function) and not isinstance(function, type)
            if is_function and not name.startswith("_"):
                yield f"{short}.{name}", function


def dispatches(function: Callable[..., Any]) -> bool:
    """Whether a NumPy function asks its arguments for a function of their own."""
    return isinstance(function, np.ufunc | _Dispatcher)


def status(function: Callable[..., Any]) -> str:
    """Say what a NumPy function does on tensors.

    Returns
    -------
    str
        ``"differentiable"``, ``"differentiable, in place"``, ``"no derivative"``, ``"refused: "``
        with the reason, ``"no tensors"`` where the function does not ask its arguments, or
        ``"unknown"``, which the tests let no function be.

    Examples
    --------
    >>> from minigrad.testing.numpy_functions import status
    >>> status(np.tanh), status(np.argmax), status(np.fft.fft)[:7], status(np.zeros)
    ('differentiable', 'no derivative', 'refused', 'no tensors')
    """
    op = twin(function)
    if op is not None:
        if not op.differentiable:
            return "no derivative"
        return "differentiable, in place" if op.in_place else "differentiable"
    reason = refusal(function)
    if reason is not None:
        return f"refused: {reason}"
    return "unknown" if dispatches(function) else "no tensors"


def by_status() -> dict[str, list[str]]:
    """The names of all public functions, by what they do on tensors."""
    found: dict[str, list[str]] = {}
    for name, function in numpy_functions():
        found.setdefault(status(function), []).append(name)
    return found
