"""One batch made of many items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import ops
from ..tensor import Tensor


def default_collate(batch: Sequence[Any]) -> Any:
    """Stack the parts of items: what a `DataLoader` makes a batch by.

    Arrays and tensors are joined along a new first axis; numbers become an array; strings a list;
    tuples, lists and dicts are collated part by part and stay what they are.

    Raises
    ------
    TypeError
        If there is no rule for what an item is or holds.
    ValueError
        If shapes, lengths or keys differ, or there is no item.

    Examples
    --------
    >>> items = [(np.zeros(2), 3, {"name": "a"}), (np.ones(2), 4, {"name": "b"})]
    >>> points, labels, rest = mg.data.default_collate(items)
    >>> points.tolist(), labels.tolist(), rest
    ([[0.0, 0.0], [1.0, 1.0]], [3, 4], {'name': ['a', 'b']})
    """
    if not len(batch):
        raise ValueError("default_collate: at least one item is needed")
    first = batch[0]
    if isinstance(first, str | bytes):
        return list(batch)
    if isinstance(first, Tensor | np.ndarray | np.generic | complex | float | int):
        return _stacked(batch)
    if isinstance(first, Mapping):
        if any(not isinstance(item, Mapping) or item.keys() != first.keys() for item in batch):
            raise ValueError("default_collate: the items are dicts with different keys")
        return {key: default_collate([item[key] for item in batch]) for key in first}
    if isinstance(first, tuple | list):
        for place, item in enumerate(batch):
            if type(item) is not type(first) or len(item) != len(first):
                raise ValueError(
                    "default_collate: items must be alike, got "
                    f"{_described(first)} (item 0 of the batch) and {_described(item)} "
                    f"(item {place}); pass a collate_fn= of your own"
                )
        parts = [default_collate(part) for part in zip(*batch, strict=True)]
        if hasattr(first, "_fields"):  # a named tuple takes its parts one by one
            return type(first)(*parts)
        return type(first)(parts)
    raise TypeError(
        f"default_collate: no rule for a {type(first).__name__}; let the data set give arrays, "
        "numbers, strings, or tuples, lists and dicts of them, or pass a collate_fn= of your own"
    )


def _described(item: Any) -> str:
    return f"a {type(item).__name__} of {len(item)}" if hasattr(item, "__len__") else repr(item)


def _stacked(batch: Sequence[Any]) -> Any:
    shapes = [np.shape(item) for item in batch]
    for place, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ValueError(
                f"default_collate: arrays of the shapes {shapes[0]} (item 0 of the batch) and "
                f"{shape} (item {place}) cannot be stacked; crop or pad them to one shape, or "
                "pass a collate_fn= of your own"
            )
    if any(isinstance(item, Tensor) for item in batch):
        return ops.stack(batch)
    array = np.stack(batch)
    if array.dtype == object:
        raise TypeError(
            "default_collate: the items make an array of objects, not of numbers: "
            f"{sorted({type(item).__name__ for item in batch})}"
        )
    return array
