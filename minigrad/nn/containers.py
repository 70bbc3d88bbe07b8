"""Modules made of modules in a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, overload

from .module import Module
from .tree import check_name


class _Row(Module):
    """Modules in an order. They are attributes, named by their positions or as they were given."""

    def _named(self) -> list[tuple[str, Module]]:
        return [item for item in vars(self).items() if isinstance(item[1], Module)]

    def _rename(self, modules: Iterable[Module]) -> None:
        """Hold these modules from now on, named by their positions."""
        for name, _ in self._named():
            delattr(self, name)
        for position, module in enumerate(modules):
            self._set(str(position), module)

    def _set(self, name: str, module: Any) -> None:
        who = type(self).__name__
        if not isinstance(module, Module):
            remedy = "make an instance of it" if isinstance(module, type) else "use a Module"
            if isinstance(module, list | tuple):
                remedy = f"unpack it, as in {who}(*layers)"
            raise TypeError(f"{who}: layer {name!r} is {module!r}; {remedy}")
        try:
            check_name(self, who, name)
        except (TypeError, ValueError):
            raise ValueError(
                f"{who}: {name!r} cannot name a layer; use a string without a dot that "
                "is no method or attribute of modules"
            ) from None
        setattr(self, name, module)

    def _name_at(self, index: int) -> str:
        named = self._named()
        try:
            return named[index][0]
        except IndexError:
            raise IndexError(f"{type(self).__name__}: layer {index} of {len(named)}") from None

    def __iter__(self) -> Iterator[Module]:
        return iter([module for _, module in self._named()])

    def __len__(self) -> int:
        return len(self._named())

    def __setitem__(self, index: int, module: Module) -> None:
        self._set(self._name_at(index), module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        if not isinstance(index, slice):
            self._name_at(index)  # raises if there is none
        del modules[index]
        self._rename(modules)

    def append(self, module: Module) -> Self:
        """Put a module behind the others, and return the whole."""
        self._set(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Put several modules behind the others, and return the whole."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before the one at `index`, and return the whole."""
        modules = list(self)
        modules.insert(index, module)
        self._rename(modules)
        return self

    def pop(self, index: int = -1) -> Module:
        """Take a module out and return it."""
        module = getattr(self, self._name_at(index))
        del self[index]
        return module  # type: ignore[no-any-return]  # found by its name

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)


class Sequential(_Row):
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

    Notes
    -----
    It has ``append``, ``extend``, ``insert`` and ``pop`` of a list, can be indexed, sliced and
    added. After an insertion or a deletion the layers are named by their positions.

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
            self._set(name, layer)

    def forward(self, x: Any) -> Any:
        """Apply the layers to an input."""
        for layer in self:
            x = layer(x)
        return x

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return Sequential(dict(self._named()[index]))
        return getattr(self, self._name_at(index))  # type: ignore[no-any-return]  # found by name

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            return NotImplemented
        return Sequential(*self, *other)


class ModuleList(_Row):
    """Modules in a list, for a ``forward`` that calls them as it likes.

    A plain list as an attribute is found, too, and has the same names in ``state_dict``.

    Parameters
    ----------
    modules : iterable of Module

    Examples
    --------
    >>> layers = mg.nn.ModuleList(mg.nn.Linear(4, 4) for _ in range(3))
    >>> layers
    ModuleList(
      (0-2): 3 x Linear(in_features=4, out_features=4, bias=True)
    )
    >>> layers.append(mg.nn.Linear(4, 2))[-1].out_features
    2
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        if not isinstance(modules, Iterable | None):
            raise TypeError(
                f"ModuleList: takes an iterable of modules, got {modules!r}; put it in a list"
            )
        self.extend(() if modules is None else modules)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return ModuleList(list(self)[index])
        return getattr(self, self._name_at(index))  # type: ignore[no-any-return]  # found by name

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def _shown(self) -> list[str]:
        """The modules, runs of those that look the same as one."""
        runs: list[tuple[str, list[str]]] = []
        for name, module in self._named():
            text = repr(module)
            if runs and runs[-1][0] == text:
                runs[-1][1].append(name)
            else:
                runs.append((text, [name]))
        return [
            f"({names[0]}): {text}"
            if len(names) == 1
            else f"({names[0]}-{names[-1]}): {len(names)} x {text}"
            for text, names in runs
        ]
