"""Nested containers: tuples, named tuples, lists and dicts of leaves, as functions take and return.

None is a container without leaves; whatever is no container is a leaf. The *structure* of a
container is the same container with the numbers 0, 1, 2, ... for its leaves.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

__all__ = ["flatten", "map_leaves", "matching", "paths", "unflatten"]


def flatten(container: Any) -> tuple[list[Any], Any]:
    """Return the leaves of a container in order, and its structure.

    Examples
    --------
    >>> mg.containers.flatten({"weight": 1.5, "biases": [2.5, None, (3.5,)]})
    ([1.5, 2.5, 3.5], {'weight': 0, 'biases': [1, None, (2,)]})
    """
    leaves: list[Any] = []

    def number(leaf: Any) -> int:
        leaves.append(leaf)
        return len(leaves) - 1

    return leaves, _rebuilt(number, container)


def unflatten(structure: Any, leaves: Sequence[Any]) -> Any:
    """Return the container of a structure with these leaves.

    Examples
    --------
    >>> mg.containers.unflatten({"weight": 0, "biases": [1, None, (2,)]}, "abc")
    {'weight': 'a', 'biases': ['b', None, ('c',)]}
    """
    return _rebuilt(lambda number: leaves[number], structure)


def map_leaves(function: Callable[..., Any], container: Any, *others: Any) -> Any:
    """Return the container with ``function(leaf, *leaves)`` for each leaf.

    Parameters
    ----------
    function : callable
        Takes a leaf of the container, and that of each of the others in the same place.
    container, *others
        Containers of one structure.

    Raises
    ------
    ValueError
        If another container lacks a leaf, or has one too many.

    Examples
    --------
    >>> weights, slopes = {"a": 1.0, "b": 2.0}, {"a": 10.0, "b": 20.0}
    >>> mg.containers.map_leaves(lambda w, slope: w - 0.1 * slope, weights, slopes)
    {'a': 0.0, 'b': 0.0}
    """
    leaves, structure = flatten(container)
    columns = [
        matching(structure, other, f"containers[{position}]")
        for position, other in enumerate(others, start=1)
    ]
    return unflatten(structure, [function(*row) for row in zip(leaves, *columns, strict=True)])


def paths(container: Any) -> list[str]:
    """Return how each leaf is reached from the container, in order.

    Examples
    --------
    >>> mg.containers.paths({"weight": 1.5, "biases": [2.5, (3.5,)]})
    ["['weight']", "['biases'][0]", "['biases'][1][0]"]
    """
    return list(_paths(container, ""))


def matching(structure: Any, container: Any, name: str) -> list[Any]:
    """Return what a container has in the places of the leaves of a structure, in their order.

    A list may stand for a tuple.

    Parameters
    ----------
    structure
        As `flatten` returns it.
    container
        What should have that structure.
    name : str
        What an error calls the container.

    Raises
    ------
    ValueError
        If the container has another structure.

    Examples
    --------
    >>> mg.containers.matching({"a": 0, "b": 1}, {"b": 20, "a": 10}, "slopes")
    [10, 20]
    >>> mg.containers.matching({"a": [0, 1]}, {"a": [10]}, "slopes")
    Traceback (most recent call last):
    ValueError: slopes['a'] must have 2 entries, it has 1
    """
    found: dict[int, Any] = {}
    _match(structure, container, name, found)
    return [found[number] for number in range(len(found))]


def _parts(container: Any) -> Iterable[tuple[str, Any]] | None:
    """The entries of a container with the last step of their paths; None for a leaf."""
    if container is None:
        return ()
    if isinstance(container, dict):
        return [(f"[{key!r}]", part) for key, part in container.items()]
    if isinstance(container, tuple) and hasattr(container, "_fields"):
        steps = [f".{field}" for field in container._fields]
        return zip(steps, container, strict=True)
    if isinstance(container, (tuple, list)):
        return [(f"[{position}]", part) for position, part in enumerate(container)]
    return None


def _rebuilt(function: Callable[[Any], Any], container: Any) -> Any:
    parts = _parts(container)
    if parts is None:
        return function(container)
    if container is None:
        return None
    new = [_rebuilt(function, part) for _, part in parts]
    if isinstance(container, dict):
        # A copy keeps what a subclass has besides, such as the factory of a defaultdict.
        same = copy.copy(container)
        same.update(zip(container, new, strict=True))
        return same
    kind = type(container)
    return kind._make(new) if hasattr(kind, "_make") else kind(new)


def _paths(container: Any, above: str) -> Iterator[str]:
    parts = _parts(container)
    if parts is None:
        yield above
    else:
        for step, part in parts:
            yield from _paths(part, above + step)


def _match(structure: Any, container: Any, name: str, found: dict[int, Any]) -> None:
    parts = _parts(structure)
    if parts is None:
        found[structure] = container
        return
    seen = f"it is a {type(container).__name__}"
    if structure is None:
        if container is not None:
            raise ValueError(f"{name} must be None; {seen}")
    elif isinstance(structure, dict):
        if not isinstance(container, dict):
            raise ValueError(f"{name} must be a dict with the keys {list(structure)}; {seen}")
        if container.keys() != structure.keys():
            raise ValueError(
                f"{name} must have the keys {list(structure)}, it has {list(container)}"
            )
        for key, (step, part) in zip(structure, parts, strict=True):
            _match(part, container[key], name + step, found)
    else:
        if not isinstance(container, (tuple, list)):
            raise ValueError(f"{name} must be a {type(structure).__name__}; {seen}")
        if len(container) != len(structure):
            raise ValueError(f"{name} must have {len(structure)} entries, it has {len(container)}")
        for (step, part), entry in zip(parts, container, strict=True):
            _match(part, entry, name + step, found)
