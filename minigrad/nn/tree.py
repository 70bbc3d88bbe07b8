"""How modules are found: by looking at attributes, and into lists, tuples and dicts there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from types import GeneratorType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..tensor import Tensor
from .hooks import _Hooked
from .parameter import Buffer, Parameter

if TYPE_CHECKING:
    from .module import Module

T = TypeVar("T")

# Tuples, for `isinstance` takes one without making it first: every assignment asks.
_KEPT = (Parameter, Buffer)
_HOLDERS = (dict, list, tuple, deque)
_NAMELESS = (set, frozenset, np.ndarray)
# What is used up by looking into it, or changes behind the back of who looks.
_PASSING: tuple[type[Any], ...] = (
    GeneratorType,
    map,
    filter,
    zip,
    type({}.values()),
    type({}.keys()),
    type({}.items()),
)


def held(module: Module, kind: type[T]) -> Iterator[tuple[str, T]]:
    """What a module itself holds of a kind, under every name."""
    found = _flat(vars(module), "", type(module).__name__)
    return ((name, value) for name, value in found if isinstance(value, kind))


def tree(
    module: Module, name: str = "", above: tuple[Module, ...] = ()
) -> Iterator[tuple[str, Module]]:
    """A module and all below it, under every name."""
    yield name, module
    above = (*above, module)
    child: Any
    for key, child in held(module, _Hooked):
        # A child may know a module above it, which is already on the way.
        if all(child is not other for other in above):
            yield from tree(child, joined(name, key), above)


def below(
    module: Module, kind: type[T], prefix: str = "", recurse: bool = True
) -> Iterator[tuple[str, T]]:
    """What a module and, with `recurse`, those below it hold of a kind, under every name."""
    for path, holder in tree(module, prefix) if recurse else [(prefix, module)]:
        for name, value in held(holder, kind):
            yield joined(path, name), value


def joined(path: str, name: str) -> str:
    """The name of what is called `name` in a module that is called `path`."""
    return f"{path}.{name}" if path else name


def once(named: Iterator[tuple[str, T]]) -> Iterator[tuple[str, T]]:
    """Every object under the first of its names."""
    seen = set()
    for name, value in named:
        if id(value) not in seen:
            seen.add(id(value))
            yield name, value


def found(module: Module, named: Iterator[tuple[str, T]], name: str, kind: str) -> T:
    """Return what has a name.

    Raises
    ------
    AttributeError
        If there is no such name; it lists some that there are.
    """
    names = []
    for other, value in named:
        if other == name:
            return value
        names.append(other)
    shown = ", ".join(repr(other) for other in names[:10]) or "none"
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    raise AttributeError(
        f"{type(module).__name__} has no {kind} {name!r}; there are: {shown}{more}"
    )


def check_attribute(module: Module, name: str, value: Any) -> None:
    """Raise TypeError if an attribute would take something out of the tree, or keep it out."""
    was = vars(module).get(name)
    if isinstance(value, _PASSING):
        raise TypeError(
            f"{type(module).__name__}.{name} would be a {type(value).__name__}, into which nobody "
            "can look for modules and parameters without using it up; make it a list, as in "
            "list(...)"
        )
    if isinstance(value, _NAMELESS):
        _refuse_hidden(f"{type(module).__name__}.{name}", value)
    if value is None or was is None:
        return
    if isinstance(was, _KEPT) and not isinstance(value, type(was)):
        kind = type(was).__name__
        raise TypeError(
            f"{type(module).__name__}.{name} is a {kind}, and a {type(value).__name__} in its "
            f"place would be lost to it; assign to {name}.data to give it other values, or "
            f"assign a new nn.{kind}"
        )
    if isinstance(was, _Hooked) and not isinstance(value, (_Hooked, *_HOLDERS)):
        raise TypeError(
            f"{type(module).__name__}.{name} is a module, and a {type(value).__name__} in its "
            "place would be lost to the tree; assign a module, or None"
        )


def check_name(module: Module, method: str, name: Any) -> str:
    """Return a name that an attribute of a module can have."""
    if not isinstance(name, str):
        raise TypeError(f"{method}: a name is a string, got {name!r}")
    if not name or "." in name:
        raise ValueError(f"{method}: a name has at least one character and no dot, got {name!r}")
    was = vars(module).get(name)
    replaceable = name in vars(module) and (was is None or isinstance(was, (_Hooked, *_KEPT)))
    if not replaceable and hasattr(module, name):
        raise ValueError(
            f"{method}: a {type(module).__name__} has something else that is called {name!r}; "
            "choose another name"
        )
    return name


def _flat(holder: Any, prefix: str, owner: str) -> Iterator[tuple[str, Any]]:
    """Names and values in a dict, list or tuple, and in those that it holds."""
    for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
        if isinstance(value, _HOLDERS):
            yield from _flat(value, f"{prefix}{key}.", owner)
        else:
            if isinstance(value, _NAMELESS):
                _refuse_hidden(f"{owner}.{prefix}{key}", value)
            yield f"{prefix}{key}", value


def _refuse_hidden(path: str, value: Any) -> None:
    """Raise if something without names holds modules or parameters."""
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        value = value.ravel()
    elif not isinstance(value, set | frozenset):
        return
    for entry in value:
        if isinstance(entry, (_Hooked, *_KEPT)):
            raise TypeError(
                f"{path} is a {type(value).__name__} with a {type(entry).__name__} in it, which "
                "has no name there and would not be found; use a list or a dict"
            )


def saved(module: Module) -> dict[str, Tensor]:
    """Parameters and persistent buffers of the whole tree, under every name.

    Raises
    ------
    ValueError
        If two have the same name, as in a dict with the keys 1 and "1".
    """
    named: dict[str, Tensor] = {}
    for name, tensor in below(module, Tensor):
        if not isinstance(tensor, _KEPT) or not getattr(tensor, "persistent", True):
            continue
        if named.setdefault(name, tensor) is not tensor:
            raise ValueError(
                f"{type(module).__name__}: two tensors are called {name!r}, of which one would be "
                "lost; use other keys or attributes"
            )
    return named
