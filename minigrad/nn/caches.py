"""The memory that a graph keeps for the backward."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import containers
from ..autograd import Node, call_of
from ..tensor import Tensor
from .module import Module


def kept_memory(result: Any, module: Module) -> list[tuple[int, int]]:
    """Return the birth of the first call that keeps it, and the bytes, for each block of memory.

    Those of the module's parameters and buffers are left out.
    """
    counted = {id(_block(t._value)) for t in [*module.parameters(), *module.buffers()]}
    blocks: list[tuple[int, int]] = []
    leaves = containers.flatten(result)[0] if result is not None else []
    nodes = {call_of(leaf._node) for leaf in leaves if isinstance(leaf, Tensor) and leaf._node}
    stack = list(nodes)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and (call := call_of(edge)) not in nodes:
                nodes.add(call)
                stack.append(call)
    alive = []  # so that no id is given twice
    for node in sorted(nodes, key=lambda node: node.birth):
        for array in _arrays_of(node):
            block = _block(array)
            if id(block) not in counted:
                counted.add(id(block))
                alive.append(block)
                blocks.append((node.birth, block.nbytes))
    return blocks


def _arrays_of(node: Node) -> Iterator[np.ndarray[Any, Any]]:
    """The arrays that a recorded call keeps, some of them perhaps several times."""
    seen: set[int] = set()
    stack: list[Any] = [node.closures, node.values, node.settings]
    while stack:
        value = stack.pop()
        if id(value) in seen or value is None:
            continue
        seen.add(id(value))
        if isinstance(value, np.ndarray):
            yield value
        elif isinstance(value, Tensor):
            stack.append(value._value)
        elif isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list | tuple | set | frozenset):
            stack.extend(value)
        elif isinstance(value, functools.partial):
            stack.extend([value.func, value.args, value.keywords])
        elif inspect.ismethod(value):
            stack.extend([value.__func__, value.__self__])
        elif inspect.isfunction(value):
            stack.extend([value.__defaults__, value.__kwdefaults__])
            stack.extend(_contents(cell) for cell in value.__closure__ or ())
        elif type(value).__module__.startswith("minigrad.") and not isinstance(
            value, type | Module | Node
        ):
            stack.append(getattr(value, "__dict__", None))


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None


def _block(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array whose memory another is a view of."""
    base: Any = array
    while base is not None:
        if isinstance(base, np.ndarray):
            array = base
        base = getattr(base, "base", None)
    return array
