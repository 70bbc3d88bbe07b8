"""How a call of a NumPy function on a tensor becomes the call of an op."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .ops.cumulative import cummax, cummin
from .registry import Dispatched, Op, refusal, twin

# Parameters of NumPy's that no op has, and what to write instead.
REMEDIES = {
    "out": "a tensor cannot be written into an array (out=, or in place as in `array += tensor`); "
    "write `array = array + tensor`",
    "where": "elements are left out by mg.where(mask, x, 0) and the like, before or after",
    "dtype": "convert before or after, by t.astype(dtype)",
    "order": "elements are in row-major order; for that of the columns write "
    "mg.reshape(t.T, shape[::-1]).T, or mg.ravel(t.T)",
}

# Parameters that NumPy called by another name in 2.0.
RENAMED = {"newshape": "shape"}


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
    if not _fits(function, op, len(args), settings):
        args, settings = _translated(function, op, args, settings)
    if not op.in_place:
        return op.function(*args, **settings)
    target, *operands = args
    if not isinstance(target, Dispatched):
        raise TypeError(
            f"{numpy_name(function)}: a tensor cannot be written into an array; make the array a "
            "tensor first, by mg.tensor(array)"
        )
    target._become(op.function, *operands, **settings)
    return None


# What a method of a ufunc is for arrays; each takes an axis, which by default is the first.
REDUCTIONS: dict[np.ufunc, Callable[..., Any]] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_and: np.all,
    np.logical_or: np.any,
}
ACCUMULATIONS: dict[np.ufunc, Callable[..., Any]] = {np.add: np.cumsum, np.multiply: np.cumprod}
# NumPy has these by no other name.
EXTREMES: dict[np.ufunc, Callable[..., Any]] = {np.maximum: cummax, np.minimum: cummin}


def call_method(ufunc: np.ufunc, method: str, args: Sequence[Any], settings: dict[str, Any]) -> Any:
    """Call the op of a method of a ufunc, such as ``np.add.reduce(t)``.

    Raises
    ------
    TypeError
        If there is none.
    """
    if method == "outer" and twin(ufunc) is not None:
        x, y = args
        x_shape, y_ndim = np.shape(x), np.ndim(y)
        return call(ufunc, (np.reshape(x, x_shape + (1,) * y_ndim), y), settings)
    table = {"reduce": REDUCTIONS, "accumulate": ACCUMULATIONS | EXTREMES}.get(method, {})
    function = table.get(ufunc)
    if function is None or (function not in EXTREMES.values() and twin(function) is None):
        remedy = "mg.scatter_add" if method == "at" else "a function such as mg.sum or mg.cumsum"
        raise TypeError(
            f"np.{ufunc.__name__}.{method} has no op; use {remedy}, or t.detach() for the values "
            "alone"
        )
    x, *rest = args
    given = dict(zip(("axis", "dtype", "out"), rest, strict=False)) | settings
    unset = [name for name in ("dtype", "out") if given.get(name, 0) is None]
    for name in unset:
        del given[name]
    if ufunc in EXTREMES and method == "accumulate":
        return function(x, **{"axis": 0} | given)
    return call(function, (x,), {"axis": 0} | given)


def numpy_name(function: Callable[..., Any]) -> str:
    """The name by which users call a function."""
    name = getattr(function, "__name__", str(function))
    module = getattr(function, "__module__", None)
    if module is None:  # a ufunc may have none, of NumPy or of another library
        if getattr(np, name, None) is not function:
            return f"the ufunc {name}"
        module = "numpy"
    if module in ("numpy.lib.scimath", "numpy.lib._scimath_impl"):
        module = "numpy.emath"
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


def _fits(function: Callable[..., Any], op: Op, count: int, settings: dict[str, Any]) -> bool:
    """Whether an op takes so many positional arguments as NumPy does, and these settings."""
    least, most = _common_positions(function, op)
    return least <= count <= most and all(_is_keyword(op, name) for name in settings)


@functools.cache
def _common_positions(function: Callable[..., Any], op: Op) -> tuple[int, float]:
    """How many arguments the op needs by position, and how many mean the same there in NumPy."""
    ours = op.signature.parameters
    least = sum(
        p.kind is inspect.Parameter.POSITIONAL_ONLY and p.default is inspect.Parameter.empty
        for p in ours.values()
    )
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in ours.values()):
        return least, math.inf
    try:
        theirs = [RENAMED.get(name, name) for name in inspect.signature(function).parameters]
    except ValueError:  # it is written in C
        return least, len(ours)
    common = 0
    for name, parameter in ours.items():
        if parameter.kind is not inspect.Parameter.POSITIONAL_ONLY and (
            parameter.kind is inspect.Parameter.KEYWORD_ONLY
            or theirs[common : common + 1] != [name]
        ):
            break
        common += 1
    return least, common


def _is_keyword(op: Op, name: str) -> bool:
    parameters = op.signature.parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return True
    parameter = parameters.get(name)
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
    for name, parameter in theirs.parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            bound |= bound.pop(name, {})
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
        elif (
            _is_keyword(op, RENAMED.get(name, name))
            or name not in theirs.parameters
            or value is not theirs.parameters[name].default
        ):
            named[RENAMED.get(name, name)] = value
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
