"""Looking for the op that first makes a nan or an infinity, and for the line that called it."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from . import autograd
from .autograd import Node
from .registry import Array, Op

# Frames of these are not the user's: this package, and NumPy, whose functions call back into it.
_INSIDE = tuple(os.path.dirname(module) + os.sep for module in (__file__, np.__file__))

_ARGUMENT = (
    "; where mg.where drops the result, select the argument first: mg.{0}(mg.where(x > 0, x, 1.0))"
)

# What to do where an op is at a boundary of its domain.
_ADVICE = {
    "divide": "keep the denominator away from 0: x / (y + 1e-12), or x / mg.where(y == 0, 1.0, y)",
    "log": "log(0) is -inf and log of a negative number nan: clip from below, "
    "mg.log(mg.maximum(x, 1e-12)), or use a function that works in logarithms, such as "
    "mg.log_softmax or mg.logsumexp" + _ARGUMENT.format("log"),
    "norm": "a norm has a kink at 0: add a small constant under the root, "
    "mg.sqrt((x * x).sum() + 1e-12)",
    "power": "a fractional power has an infinite slope at 0: x ** p needs x > 0, as in "
    "(x + 1e-12) ** p",
    "sqrt": "sqrt has an infinite slope at 0 and is nan below: mg.sqrt(x + 1e-12), or for the "
    "length of a vector mg.linalg.norm, whose gradient at 0 is 0" + _ARGUMENT.format("sqrt"),
    "exp": "exp overflows above 709 (float32: 88): subtract the maximum first, or use "
    "mg.logsumexp, mg.softmax or mg.log_softmax",
}
_ADVICE |= dict.fromkeys(("log2", "log10", "log1p"), _ADVICE["log"])
_ADVICE |= dict.fromkeys(("reciprocal",), _ADVICE["divide"])
_ADVICE |= dict.fromkeys(("vector_norm", "matrix_norm"), _ADVICE["norm"])

_NOT_TAKEN = (
    "the gradient that came in there is exactly 0, so this result was not used: probably "
    "mg.where chose the other branch, but 0 times an infinite slope is nan. Select the argument, "
    "not the result: mg.where(c, f(mg.where(c, x, 1.0)), y)"
)


class AnomalyError(RuntimeError):
    """An op that made a nan or an infinity out of finite values."""


class detect_anomaly(autograd.Watch):  # used like a function: with detect_anomaly():
    """Raise where a nan or an infinity is first made, forward or backward. A context manager.

    The error names the op, the element, its inputs, the line of code that called the op, and what
    to do. NumPy's floating-point warnings are off inside. It costs several times the time of small
    ops, and applies to this thread; a backward pass finds the lines only of what was computed
    inside of the context.

    Raises
    ------
    AnomalyError
        On a call of an op whose output has a nan though no input has one, or an infinity though all
        inputs are finite; and on a step of the backward pass that makes one of a finite gradient.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([0.0, 4.0], requires_grad=True)
    >>> with mg.detect_anomaly():
    ...     mg.sqrt(x).sum().backward()
    Traceback (most recent call last):
    ...
    minigrad.anomaly.AnomalyError: sqrt, backward: the gradient of x became inf at (0,) ...
    """

    def __init__(self) -> None:
        self._quiet: list[np.errstate] = []  # one for each time that it was entered

    def __enter__(self) -> Self:
        quiet = np.errstate(all="ignore")
        quiet.__enter__()
        self._quiet.append(quiet)
        autograd.enter(watch=self)
        return self

    def __exit__(self, *exception: Any) -> None:
        autograd.leave()
        self._quiet.pop().__exit__(*exception)

    def called(self, op: Op, values: Sequence[Array], output: Any) -> None:
        """Raise if a call made a nan or an infinity."""
        for part in output if isinstance(output, (list, tuple)) else (output,):
            found = _first_made(part, values)
            if found is not None:
                what, index = found
                raise AnomalyError(
                    f"{op.name}, forward: the result became {what} at {index}"
                    f"{_inputs(op, values, part, index)}; called at {line_of_caller()}"
                    f"{_advice(op)}"
                )

    def recorded(self, node: Node, values: Sequence[Array]) -> None:
        """Note the line of code that made a node."""
        autograd.notes(autograd.call_of(node)).origin = line_of_caller()

    def passed(self, node: Node, position: int, gradient: Array, part: Array) -> None:
        """Raise if a step of the walk made a nan or an infinity."""
        gradients = gradient if isinstance(gradient, list) else [gradient]
        plain = [_plain(g) for g in gradients if g is not None]
        found = _first_made(_plain(part), plain)
        if found is None:
            return
        op = node.op
        assert op is not None
        what, index = found
        values = node.values or ()
        origin = node.notes.origin if node.notes is not None else ""
        shape = np.shape(part)
        unused = len(plain) == 1 and plain[0].shape == shape and plain[0][index] == 0
        raise AnomalyError(
            f"{op.name}, backward: the gradient of {op.array_name(position)} became {what} at "
            f"{index}{_inputs(op, values, _plain(part), index)}; "
            + (f"called at {origin}" if origin else "called outside of detect_anomaly()")
            + (f"\n{_NOT_TAKEN}" if unused else _advice(op))
        )


def _first_made(output: Any, inputs: Sequence[Any]) -> tuple[str, tuple[int, ...]] | None:
    """The kind and place of the first nan or infinity that the inputs do not explain."""
    output = np.asarray(output)
    if output.dtype.kind != "f" or np.isfinite(output).all():
        return None
    floating = [x for x in map(_plain, inputs) if x.dtype.kind == "f"]
    if any(np.isnan(x).any() for x in floating):
        return None
    bad = np.isnan(output)
    if not bad.any():
        if any(np.isinf(x).any() for x in floating):
            return None
        bad = np.isinf(output)
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    return str(output[index]), index


def _plain(value: Any) -> np.ndarray[Any, Any]:
    return value._value if isinstance(value, autograd.Traced) else np.asarray(value)


def _inputs(op: Op, values: Sequence[Array], output: Any, index: tuple[int, ...]) -> str:
    """The elements of the inputs at an index of the output, where they have its shape."""
    shape = np.shape(output)
    seen = []
    for position, value in enumerate(map(_plain, values)):
        if value.shape == shape or not value.ndim:
            seen.append(f"{op.array_name(position)} = {value[index if value.ndim else ()]}")
        else:
            seen.append(f"{op.array_name(position)} of shape {value.shape}")
    return f", where {', '.join(seen)}" if seen else ""


def _advice(op: Op) -> str:
    return f"\n{_ADVICE[op.name]}" if op.name in _ADVICE else ""


def line_of_caller() -> str:
    """Return the line of code outside of this package and NumPy that is being run."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INSIDE):
        frame = frame.f_back
    name, number = frame.f_code.co_filename, frame.f_lineno
    line = linecache.getline(name, number, frame.f_globals).strip()
    return f"{name}:{number}, in {frame.f_code.co_name}" + (f": {line}" if line else "")
