"""Modules that hold modules or parameters by key, or parameters by position."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, TypeVar

import numpy as np

from ..tensor import Tensor
from .module import Module
from .parameter import Parameter
from .tree import check_name

T = TypeVar("T")


class _Keyed(Module):
    """A dict whose values are attributes, in the order of insertion."""

    _kind: type[Any]

    def __init__(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        self.update(() if values is None else values)

    def _items(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if isinstance(value, self._kind)}

    def _checked(self, key: str, value: Any) -> Any:
        if not isinstance(value, self._kind):
            raise TypeError(
                f"{type(self).__name__}: {key!r} must be a {self._kind.__name__}, got a "
                f"{type(value).__name__}"
            )
        return value

    def __getitem__(self, key: str) -> Any:
        items = self._items()
        if key not in items:
            raise KeyError(f"{type(self).__name__}: no {key!r}; there are: {', '.join(items)}")
        return items[key]

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, check_name(self, type(self).__name__, key), self._checked(key, value))

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __len__(self) -> int:
        return len(self._items())

    def __iter__(self) -> Iterator[str]:
        return iter(self._items())

    def __contains__(self, key: str) -> bool:
        return key in self._items()

    def keys(self) -> Iterable[str]:
        """The keys, in the order of insertion."""
        return self._items().keys()

    def values(self) -> Iterable[Any]:
        """What is held, in the order of insertion."""
        return self._items().values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Pairs of a key and what it holds, in the order of insertion."""
        return self._items().items()

    def get(self, key: str, default: Any = None) -> Any:
        """What a key holds, or `default`."""
        return self._items().get(key, default)

    def pop(self, key: str) -> Any:
        """Take out what a key holds, and return it."""
        value = self[key]
        delattr(self, key)
        return value

    def clear(self) -> None:
        """Take out everything."""
        for key in self._items():
            delattr(self, key)

    def update(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Hold everything in a mapping, or in pairs of a key and a value."""
        if isinstance(values, str | Tensor | np.ndarray):
            raise TypeError(
                f"{type(self).__name__}: takes a mapping or pairs, got a {type(values).__name__}"
            )
        for key, value in dict(values).items():
            self[key] = value


class ModuleDict(_Keyed):
    """Modules by key, for a ``forward`` that calls them as it likes.

    A plain dict as an attribute is found, too, and has the same names in ``state_dict``.

    Parameters
    ----------
    modules : mapping or iterable of pairs
        Keys are strings without a dot that name nothing else in a module.

    Examples
    --------
    >>> heads = mg.nn.ModuleDict({"age": mg.nn.Linear(4, 1), "name": mg.nn.Linear(4, 9)})
    >>> heads["name"].out_features, list(heads)
    (9, ['age', 'name'])
    >>> list(heads.state_dict())
    ['age.weight', 'age.bias', 'name.weight', 'name.bias']
    """

    _kind = Module


class _Parameters(Module):
    """What holds parameters, and shows them."""

    def _shown(self) -> list[str]:
        return [
            f"({name}): Parameter of shape {value.shape} and dtype {value.dtype}"
            for name, value in self._held(Parameter)
        ]


class ParameterDict(_Parameters, _Keyed):
    """Parameters by key; other tensors and arrays become parameters.

    Parameters
    ----------
    parameters : mapping or iterable of pairs
        Keys are strings without a dot that name nothing else in a module.

    Examples
    --------
    >>> held = mg.nn.ParameterDict({"left": np.ones(2), "right": mg.nn.Parameter([1.0])})
    >>> held
    ParameterDict(
      (left): Parameter of shape (2,) and dtype float64
      (right): Parameter of shape (1,) and dtype float32
    )
    """

    _kind = Parameter

    def _checked(self, key: str, value: Any) -> Any:
        return _parameter(self, key, value)

    def setdefault(self, key: str, default: Any = None) -> Parameter:
        """What a key holds; if it holds nothing, `default` from now on."""
        if key not in self:
            self[key] = default
        value: Parameter = self[key]
        return value

    def copy(self) -> ParameterDict:
        """Return another dict with the same parameters."""
        return ParameterDict(self._items())

    def __or__(self, other: Mapping[str, Any] | ParameterDict) -> ParameterDict:
        return ParameterDict({**self._items(), **dict(other.items())})

    def __ior__(self, other: Mapping[str, Any] | ParameterDict) -> Self:
        self.update(dict(other.items()))
        return self


class ParameterList(_Parameters):
    """Parameters in a list; other tensors and arrays become parameters.

    A plain list of parameters as an attribute is found, too.

    Parameters
    ----------
    values : iterable of Parameter or array

    Examples
    --------
    >>> held = mg.nn.ParameterList([np.ones((2, 3)), mg.nn.Parameter(1.0)])
    >>> held
    ParameterList(
      (0): Parameter of shape (2, 3) and dtype float64
      (1): Parameter of shape () and dtype float32
    )
    >>> list(held.state_dict())
    ['0', '1']
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        if isinstance(values, Tensor | np.ndarray):
            raise TypeError("ParameterList: takes an iterable of parameters; put it in a list")
        self.extend(() if values is None else values)

    def _items(self) -> list[Parameter]:
        return [value for value in vars(self).values() if isinstance(value, Parameter)]

    def __len__(self) -> int:
        return len(self._items())

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._items())

    def __getitem__(self, index: int | slice) -> Any:
        items = self._items()
        if isinstance(index, slice):
            return ParameterList(items[index])
        try:
            return items[index]
        except IndexError:
            raise IndexError(f"ParameterList: parameter {index} of {len(items)}") from None

    def __setitem__(self, index: int, value: Any) -> None:
        self[index]  # raises if there is none
        position = index % len(self)
        setattr(self, str(position), _parameter(self, position, value))

    def append(self, value: Any) -> Self:
        """Put a parameter behind the others, and return the whole."""
        setattr(self, str(len(self)), _parameter(self, len(self), value))
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Put several parameters behind the others, and return the whole."""
        for value in list(values):
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)


def _parameter(holder: Module, key: Any, value: Any) -> Parameter:
    if isinstance(value, Parameter):
        return value
    if isinstance(value, Tensor | np.ndarray | list | float):
        return Parameter(value)
    raise TypeError(
        f"{type(holder).__name__}: {key!r} must be a Parameter or an array, got a "
        f"{type(value).__name__}"
    )
