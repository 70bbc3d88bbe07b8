"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, overload

from .module import Module


class Sequential(Module):
    """Layers applied one after another.

    Parameters
    ----------
    *layers : Module
        They are named ``"0"``, ``"1"`` and so on; one dict in their place gives them other names.

    Raises
    ------
    TypeError
        If a layer is not a module.
    ValueError
        If a name is empty, has a dot, or is one that modules need themselves.

    Examples
    --------
    >>> model = mg.nn.Sequential(mg.nn.Flatten(), mg.nn.Linear(64, 10))
    >>> model
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): Linear(in_features=64, out_features=10, bias=True)
    )
    >>> model[-1].weight.shape
    (10, 64)
    >>> named = mg.nn.Sequential({"flat": mg.nn.Flatten(), "out": mg.nn.Linear(64, 10)})
    >>> list(named.state_dict())
    ['out.weight', 'out.bias']
    """

    def __init__(self, *layers: Module | Mapping[str, Module]) -> None:
        named: Any = layers[0] if len(layers) == 1 and isinstance(layers[0], Mapping) else None
        if named is None:
            named = {str(position): layer for position, layer in enumerate(layers)}
        for name, layer in named.items():
            if not isinstance(layer, Module):
                remedy = "make an instance of it" if isinstance(layer, type) else "use a Module"
                if isinstance(layer, list | tuple):
                    remedy = "unpack it, as in Sequential(*layers)"
                raise TypeError(f"Sequential: layer {name!r} is {layer!r}; {remedy}")
            if not isinstance(name, str) or not name or "." in name or hasattr(self, name):
                raise ValueError(
                    f"Sequential: {name!r} cannot name a layer; use a string without a dot that "
                    "is no method or attribute of modules"
                )
            setattr(self, name, layer)

    def forward(self, x: Any) -> Any:
        """Apply the layers to an input."""
        for layer in self:
            x = layer(x)
        return x

    def __iter__(self) -> Iterator[Module]:
        return (layer for _, layer in self._held(Module))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module:
        named = list(self._held(Module))
        if isinstance(index, slice):
            return Sequential(dict(named[index]))
        try:
            return named[index][1]
        except IndexError:
            raise IndexError(f"Sequential: layer {index} of {len(named)}") from None
