"""Functions on weights that `parametrizations` has made computed ones."""

from __future__ import annotations

from typing import TypeVar

from ..module import Module
from .reparametrization import restore

M = TypeVar("M", bound=Module)


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a weight of a module is computed from others, or any if no name is given."""
    held = vars(module).get("parametrizations", {})
    return bool(held) if tensor_name is None else tensor_name in held


def remove_parametrizations(module: M, tensor_name: str) -> M:
    """Make a weight a parameter of its own again, with the values that it has.

    Examples
    --------
    >>> layer = mg.nn.utils.parametrizations.weight_norm(mg.nn.Linear(4, 3))
    >>> layer = mg.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    >>> list(layer.state_dict())
    ['bias', 'weight']
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(
            f"remove_parametrizations: {tensor_name!r} of this {type(module).__name__} is not "
            "parametrized"
        )
    restore("remove_parametrizations", module, tensor_name)
    del vars(module)["parametrizations"][tensor_name]
    if not vars(module)["parametrizations"]:
        del vars(module)["parametrizations"]
    return module
