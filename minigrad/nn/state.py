"""Loading a state: all of it, or nothing and a message that names every problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..tensor import Tensor
from .parameter import recast


class IncompatibleKeys(NamedTuple):
    """Names that `Module.load_state_dict` did not find in the state, or not in the module."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def load(
    who: str, own: Mapping[str, Tensor], state: Mapping[str, Any], strict: bool, assign: bool
) -> IncompatibleKeys:
    """Give the tensors of `own` the values in `state`; see `Module.load_state_dict`."""
    if not hasattr(state, "keys") or not hasattr(state, "__getitem__"):
        remedy = "pass its state_dict()" if hasattr(state, "state_dict") else "read the file first"
        raise TypeError(
            f"{who}: takes a mapping from names to arrays, got a {type(state).__name__}; {remedy}"
        )
    arrays = {name: np.asarray(state[name]) for name in own if name in state}
    keys = IncompatibleKeys(
        [name for name in own if name not in arrays],
        [name for name in state if name not in own],
    )
    problems = [
        f"{name!r} has shape {array.shape}, the module {own[name].shape}"
        for name, array in arrays.items()
        if array.shape != own[name].shape
    ]
    if strict and keys.missing_keys:
        problems.append(f"missing keys: {', '.join(map(repr, keys.missing_keys))}")
    if strict and keys.unexpected_keys:
        problems.append(f"unexpected keys: {', '.join(map(repr, keys.unexpected_keys))}")
    if problems:
        problems += _hints(own, state, keys)
        raise ValueError(f"{who}: {'; '.join(problems)}")
    for name, array in arrays.items():
        kept = own[name].dtype.kind == array.dtype.kind if assign else True
        if not kept or not np.can_cast(array.dtype, own[name].dtype, "same_kind"):
            raise TypeError(
                f"{who}: {name!r} is {array.dtype}, which does not become {own[name].dtype}"
            )
    for name, array in arrays.items():
        if assign and own[name].dtype.kind == "f":
            recast(own[name], array.dtype.newbyteorder("="))
        own[name].data = array.astype(own[name].dtype)
    return keys


def _hints(own: Mapping[str, Any], state: Mapping[str, Any], keys: IncompatibleKeys) -> list[str]:
    """What may have happened, where the names tell it."""
    nested = [
        key
        for key in keys.unexpected_keys
        if hasattr(state[key], "keys") and {*own} & {*state[key]}
    ]
    if nested:
        return [f"pass state[{nested[0]!r}], which has the names of the module"]
    for key in keys.unexpected_keys:
        for name in keys.missing_keys:
            if key.endswith(f".{name}"):
                prefix = key[: -len(name)]
                return [f"names in the state begin with {prefix!r}: take that away"]
            if name.endswith(f".{key}"):
                prefix = name[: -len(key)]
                return [f"names in the state lack {prefix!r}: is it for a part of the module?"]
    return []
