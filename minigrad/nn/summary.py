"""What a network is made of: shapes, parameters, and the memory that the backward needs."""

from __future__ import annotations

import contextlib
import copy
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import autograd, containers
from ..random import generator, get_state, set_state
from ..tensor import HookHandle, Tensor
from .caches import kept_memory
from .module import Module
from .parameter import Parameter
from .tree import held, joined


@dataclass(frozen=True)
class _Line:
    """What `Summary` tells of one module; with those below it, where it counts.

    Attributes
    ----------
    name : str
        Its path, ``""`` for the whole.
    depth : int
        How many modules are above it.
    kind : str
        Its class.
    outputs : list
        For each call what it returned, with shapes for arrays.
    parameters : int
        Number of elements.
    cache_bytes : int
        Memory of what its calls keep for the backward.
    same_as : str or None
        The name under which it came before, if it did.
    """

    name: str
    depth: int
    kind: str
    outputs: list[Any]
    parameters: int
    cache_bytes: int
    same_as: str | None = None


class Summary:
    """What a network is made of; its ``str`` is a table.

    `Module.summary` makes one by a call of the module, with recording on and in the mode that it is
    in. Afterwards the module is as it was, with its running statistics and modes, and so are the
    generators of random numbers.

    Attributes
    ----------
    rows : list
        One for each module: ``name``, ``depth``, ``kind``, ``outputs`` (for each call what it
        returned, with shapes for arrays), ``parameters`` and ``cache_bytes`` (with those of the
        modules below), ``same_as`` (the name of an earlier row if it is the same module).
    parameters, trainable : int
        Number of elements of all parameters, and of those that require grad, each counted once.
    parameter_bytes : int
        Memory of the parameters.
    cache_bytes : int
        Memory of all that is kept for the backward besides parameters and buffers.

    Notes
    -----
    What is kept is found in the graph: the arrays that the closures of the recorded calls have
    captured, and the inputs of ops whose rule may have to run again. A block of memory counts
    once, for the first call that keeps it, also where only a part of it is used, or where it is the
    input. What a ``forward`` computes between its modules counts for the module itself.

    Examples
    --------
    Of the first layer's input, 8·64·4 = 2048 bytes are kept; of the ReLU a mask, 8·32 bytes; and of
    the second layer's input 8·32·4 = 1024:

    >>> model = mg.nn.Sequential(mg.nn.Linear(64, 32), mg.nn.ReLU(), mg.nn.Linear(32, 10))
    >>> summary = model.summary((8, 64))
    >>> print(summary)
    module       output   parameters   caches
    -----------------------------------------
    Sequential   (8, 10)       2,410  3.2 KiB
      0: Linear  (8, 32)       2,080  2.0 KiB
      1: ReLU    (8, 32)           0    256 B
      2: Linear  (8, 10)         330  1.0 KiB
    -----------------------------------------
    parameters: 2,410 (9.4 KiB), all trainable
    caches for the backward: 3.2 KiB
    >>> summary.parameters, summary.rows[2].outputs, summary.rows[2].cache_bytes
    (2410, [(8, 32)], 256)
    """

    def __init__(self, rows: list[_Line], parameters: Sequence[Parameter], depth: int | None):
        self.rows = rows
        self.parameters = sum(parameter.size for parameter in parameters)
        self.trainable = sum(p.size for p in parameters if p.requires_grad)
        self.parameter_bytes = sum(parameter.nbytes for parameter in parameters)
        self.cache_bytes = rows[0].cache_bytes
        self._depth = depth

    def __repr__(self) -> str:
        cells = [("module", "output", "parameters", "caches")]
        for row in self.rows:
            if self._depth is not None and row.depth > self._depth:
                continue
            name = f"{row.name.rpartition('.')[2]}: {row.kind}" if row.depth else row.kind
            label = "  " * row.depth + name
            if row.same_as is not None:
                cells.append((label, f"see {row.same_as or 'above'}", "", ""))
            else:
                memory = _bytes(row.cache_bytes) if row.outputs else ""
                cells.append((label, _calls(row.outputs), f"{row.parameters:,}", memory))
        widths = [max(len(line[column]) for line in cells) for column in range(4)]
        lines = [
            f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip()
            for a, b, c, d in cells
        ]
        rule = "-" * max(map(len, lines))
        frozen = self.parameters - self.trainable
        return "\n".join(
            [
                lines[0],
                rule,
                *lines[1:],
                rule,
                f"parameters: {self.parameters:,} ({_bytes(self.parameter_bytes)})"
                + (f", {self.trainable:,} of them trainable" if frozen else ", all trainable"),
                f"caches for the backward: {_bytes(self.cache_bytes)}",
            ]
        )


def summarize(module: Module, inputs: Sequence[Any], depth: int | None) -> Summary:
    """Call a module on inputs of some shapes, and tell what it is made of."""
    if depth is not None and depth < 0:
        raise ValueError(f"summary: depth must be at least 0, got {depth}")
    arguments = [_argument(value) for value in inputs]
    calls: dict[int, list[_Made]] = {}
    running: list[_Made] = []
    with _unchanged(module), autograd.enable_grad(), contextlib.ExitStack() as stack:
        for name, part in list(module.named_modules()):
            made = calls[id(part)] = []
            for handle in _watched(part, name, made, running):
                stack.enter_context(handle)
        try:
            result = module(*arguments)
        except Exception as error:  # it goes on, and tells in which module it was
            if running:
                error.add_note(f"summary: raised in {running[-1].where}")
            if isinstance(error, TypeError):
                error.add_note(
                    "summary: a shape stands for random float32 numbers; pass an array of others, "
                    "such as np.zeros((2, 3), int)"
                )
            raise
        kept = kept_memory(result, module)
        rows = list(_rows(module, calls, kept))
    return Summary(rows, list(module.parameters()), depth)


def _argument(value: Any) -> Any:
    if isinstance(value, int | np.integer):
        raise TypeError(
            f"summary: takes the shape of each input, with the batch axis, such as (32, {value}), "
            f"or an array, got the number {value}"
        )
    if not isinstance(value, tuple | list):
        return value
    if all(isinstance(length, int | np.integer) for length in value):
        if any(length < 0 for length in value):
            raise ValueError(f"summary: {value} is no shape; every length must be given")
        # Not zeros, whose statistics would divide 0 by 0.
        return np.random.default_rng(0).standard_normal(value, np.float32)
    return value


# One call


class _Made:
    """One call of a module: what was born during it, and what came out."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.start = autograd._births()
        self.end = 0
        self.output: Any = None
        self.done = False


def _watched(
    part: Module, name: str, made: list[_Made], running: list[_Made]
) -> Iterator[HookHandle]:
    """Note every call of a module until the handles are removed; `running` has those inside."""

    def before(module: Module, args: Any) -> None:
        running.append(_Made(f"{name or 'the module itself'}, a {type(module).__name__}"))
        made.append(running[-1])

    def after(module: Module, args: Any, output: Any) -> None:
        call = running.pop()
        call.end = autograd._births()
        call.output, call.done = containers.map_leaves(_shape, output), True

    yield part.register_forward_pre_hook(before, prepend=True)
    yield part.register_forward_hook(after)


def _shape(value: Any) -> Any:
    return value.shape if isinstance(value, Tensor | np.ndarray) else type(value).__name__


# The module as it was


@contextlib.contextmanager
def _unchanged(module: Module) -> Iterator[None]:
    """Give everything that the modules hold its old value in the end, and so random numbers."""
    attributes = [(part, dict(vars(part))) for part in module.modules()]
    tensors, arrays, generators = [], [], [generator()]
    lists: list[tuple[Any, Any]] = []
    for part in module.modules():
        _note_lists(vars(part), lists)
        for _, value in held(part, object):
            if isinstance(value, Tensor):
                tensors.append((value, value._value, value._node))
            elif isinstance(value, np.ndarray) and value.flags.writeable:
                arrays.append((value, value.copy()))
            elif isinstance(value, np.random.Generator):
                generators.append(value)
    states = [get_state(drawn) for drawn in generators]
    try:
        yield
    finally:
        for part, before in attributes:
            vars(part).clear()
            vars(part).update(before)
        for holder, contents in lists:
            holder.clear()
            (holder.update if isinstance(holder, dict) else holder.extend)(contents)
        for tensor, value, node in tensors:
            tensor._value, tensor._node = value, node
        for array, contents in arrays:
            array[...] = contents
        for drawn, state in zip(generators, states, strict=True):
            set_state(state, drawn)


def _note_lists(holder: Any, lists: list[tuple[Any, Any]]) -> None:
    """Note what the lists and dicts below a holder contain."""
    for value in holder.values() if isinstance(holder, dict) else holder:
        if isinstance(value, dict | list | tuple | deque):
            if not isinstance(value, tuple):
                lists.append((value, copy.copy(value)))
            _note_lists(value, lists)


# The table


def _rows(
    module: Module, calls: dict[int, list[_Made]], kept: list[tuple[int, int]]
) -> Iterator[_Line]:
    first: dict[int, str] = {}

    def below(part: Module, name: str, depth: int) -> Iterator[_Line]:
        kind, made = type(part).__name__, [call for call in calls[id(part)] if call.done]
        if id(part) in first:
            yield _Line(name, depth, kind, [], 0, 0, first[id(part)])
            return
        first[id(part)] = name
        memory = sum(
            size for birth, size in kept if any(call.start < birth < call.end for call in made)
        )
        elements = sum(parameter.size for parameter in part.parameters())
        yield _Line(name, depth, kind, [call.output for call in made], elements, memory)
        for key, child in held(part, Module):
            yield from below(child, joined(name, key), depth + 1)

    yield from below(module, "", 0)


def _calls(outputs: list[Any]) -> str:
    """The shapes of outputs, the same ones of several calls once."""
    if not outputs:
        return "not called"
    runs: list[tuple[str, int]] = []
    for text in map(_shown, outputs):
        if runs and runs[-1][0] == text:
            runs[-1] = text, runs[-1][1] + 1
        else:
            runs.append((text, 1))
    return "; ".join(text if times == 1 else f"{times} × {text}" for text, times in runs)


def _shown(output: Any) -> str:
    """A container of shapes; a tuple of shapes without its own parentheses."""
    if isinstance(output, tuple) and output and not isinstance(output[0], int):
        return ", ".join(map(_shown, output))
    return str(output) if output is not None else "None"


def _bytes(count: int) -> str:
    """A number of bytes in words."""
    amount, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{count:,} B" if unit == "B" else f"{amount:,.1f} {unit}"
