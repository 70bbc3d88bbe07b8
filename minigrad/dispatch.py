"""How a call of a NumPy function on a tensor becomes the call of an op."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from .registry import Op, refusal, twin

# Parameters of NumPy's that no op has, and what to write instead.
REMEDIES = {
    "out": "a tensor cannot be written into an array (out=, or in place as in `array += tensor`); "
    "write `array = array + tensor`",
    "where": "elements are left out by mg.where(mask, x, 0) and the like, before or after",
    "dtype": "convert before or after, by t.astype(dtype)",
    "order": "tensors have no memory order; leave it out",
}


def call(function: Callable[..., Any], args: Sequence[Any], settings: dict[str, Any]) -> Any:
    """Call the op of a NumPy function as that function was called.

    Raises
    ------
    TypeError
        If the function has no op, or the op does not have a parameter that was given.
    """
    op = twin(function)
    if op is None:
        raise TypeError(no_op(function))
    if not _fits(op, len(args), settings):
        args, settings = _translated(function, op, args, settings)
    return op.function(*args, **settings)


def numpy_name(function: Callable[..., Any]) -> str:
    """The name by which users call a NumPy function."""
    module = getattr(function, "__module__", None) or "numpy"  # a ufunc may have none
    name = getattr(function, "__name__", str(function))
    return f"{module}.{name}".replace("numpy.", "np.", 1)


def no_op(function: Callable[..., Any]) -> str:
    """Say that a NumPy function has no op, and what to do about it."""
    reason = refusal(function)
    if reason is not None:
        return f"{numpy_name(function)} does not take tensors: {reason}"
    return (
        f"{numpy_name(function)} has no op, so it would lose the history of a tensor; write it "
        "with functions of minigrad, register an op for it (@mg.op), or use t.detach().numpy() for "
        "the values alone"
    )


def _fits(op: Op, count: int, settings: dict[str, Any]) -> bool:
    """Whether an op takes so many positional arguments, and these settings."""
    parameters = op.signature.parameters
    return (not settings or all(_is_keyword(op, name) for name in settings)) and (
        count <= len(parameters)
        or any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters.values())
    )


def _is_keyword(op: Op, name: str) -> bool:
    parameter = op.signature.parameters.get(name)
    return parameter is not None and parameter.kind is not inspect.Parameter.POSITIONAL_ONLY


def _translated(
    function: Callable[..., Any], op: Op, args: Sequence[Any], settings: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Give the arguments of a call the op's names.

    Arrays may have been given by the names that they have in NumPy, and parameters that no op has
    may have been given at their defaults.
    """
    try:
        theirs = inspect.signature(function)
    except ValueError:  # it is written in C
        return list(args), _known(function, op, settings)
    bound = theirs.bind(*args, **settings).arguments
    positional = [
        name
        for name, parameter in op.signature.parameters.items()
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY
    ]
    arrays: list[Any] = []
    named: dict[str, Any] = {}
    for place, (name, value) in enumerate(bound.items()):
        if place < len(positional) and place == len(arrays):
            arrays.append(value)
        elif _is_keyword(op, name) or value is not theirs.parameters[name].default:
            named[name] = value
    return arrays, _known(function, op, named)


def _known(function: Callable[..., Any], op: Op, settings: dict[str, Any]) -> dict[str, Any]:
    for name in settings:
        if not _is_keyword(op, name):
            remedy = REMEDIES.get(name)
            raise TypeError(
                f"{numpy_name(function)}: {name}= is not supported on tensors; "
                + (remedy or f"the parameters are {', '.join(op.signature.parameters)}")
            )
    return settings
