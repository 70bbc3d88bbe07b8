"""The module: a function with parameters, and the tree that modules make by their attributes.

A module keeps its parameters, buffers and children as ordinary attributes, alone or in lists,
tuples and dicts, and finds them by looking at its attributes. So there is nothing to initialise
and nothing to register.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np

from ..tensor import Tensor
from .parameter import Buffer, Parameter

T = TypeVar("T")


class IncompatibleKeys(NamedTuple):
    """Names that `Module.load_state_dict` did not find in the state, or not in the module."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """A function with parameters; derive from it and define ``forward``.

    Attributes
    ----------
    training : bool
        Whether it is being trained; a layer such as dropout behaves differently then. Set it for
        the whole tree by `train` and `eval`.

    Notes
    -----
    A parameter's name is the path of attributes to it, joined by dots, as in PyTorch:
    ``conv.weight``, and ``layers.0.weight`` for the first of a list.

    Examples
    --------
    >>> class Network(mg.nn.Module):
    ...     def __init__(self):
    ...         self.layers = [mg.nn.Linear(4, 8), mg.nn.Linear(8, 3, bias=False)]
    ...         self.scale = mg.nn.Parameter(1.0)
    ...
    ...     def forward(self, x):
    ...         first, second = self.layers
    ...         return self.scale * second(first(x).relu())
    >>> network = Network()
    >>> network(np.ones((5, 4))).shape
    (5, 3)
    >>> [name for name, _ in network.named_parameters()]
    ['scale', 'layers.0.weight', 'layers.0.bias', 'layers.1.weight']
    """

    training: bool = True

    def forward(self, *args: Any, **settings: Any) -> Any:
        """Compute the output; a call of the module comes here."""
        raise NotImplementedError(
            f"{type(self).__name__} has no forward; define `def forward(self, x): ...` in it"
        )

    def __call__(self, *args: Any, **settings: Any) -> Any:
        """Return what ``forward`` computes."""
        return self.forward(*args, **settings)

    def __setattr__(self, name: str, value: Any) -> None:
        held = vars(self).get(name)
        if isinstance(held, Parameter | Buffer) and not (
            value is None or isinstance(value, type(held))
        ):
            kind = type(held).__name__
            raise TypeError(
                f"{type(self).__name__}.{name} is a {kind}, and a {type(value).__name__} in its "
                f"place would be lost to it; assign to {name}.data to give it other values, or "
                f"assign a new nn.{kind}"
            )
        super().__setattr__(name, value)

    # The tree

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Modules directly below, each once, with their names."""
        return _once(self._held(Module))

    def children(self) -> Iterator[Module]:
        """Modules directly below, each once."""
        return (child for _, child in self.named_children())

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """The module itself, named ``""``, and all below it, each once, with their names."""
        return _once(self._tree())

    def modules(self) -> Iterator[Module]:
        """The module itself and all below it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Parameters of the whole tree, each once, with their names."""
        return _once(self._below(Parameter))

    def parameters(self) -> Iterator[Parameter]:
        """Parameters of the whole tree, each once; what an optimiser is given."""
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Buffer]]:
        """Buffers of the whole tree, each once, with their names."""
        return _once(self._below(Buffer))

    def buffers(self) -> Iterator[Buffer]:
        """Buffers of the whole tree, each once."""
        return (buffer for _, buffer in self.named_buffers())

    def register_buffer(self, name: str, tensor: Any) -> None:
        """Keep a tensor as a buffer: the same as assigning ``nn.Buffer(tensor)``."""
        setattr(self, name, Buffer(tensor))

    def _held(self, kind: type[T]) -> Iterator[tuple[str, T]]:
        """What the module itself holds of a kind, under every name."""
        return ((name, held) for name, held in _flat(vars(self), "") if isinstance(held, kind))

    def _tree(self, name: str = "", above: tuple[Module, ...] = ()) -> Iterator[tuple[str, Module]]:
        """The module and all below it, under every name."""
        yield name, self
        above = (*above, self)
        for key, child in self._held(Module):
            # A child may know a module above it, which is already on the way.
            if all(child is not module for module in above):
                yield from child._tree(_joined(name, key), above)

    def _below(self, kind: type[T]) -> Iterator[tuple[str, T]]:
        """What the whole tree holds of a kind, under every name."""
        for path, module in self._tree():
            for name, held in module._held(kind):
                yield _joined(path, name), held

    # What is set for the whole tree

    def train(self, mode: bool = True) -> Self:
        """Set `training` for the whole tree, and return the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set `training` to False for the whole tree, and return the module."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze all parameters, with False, or train them, and return the module."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    # Saving and loading

    def state_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return copies of all parameters and buffers, as NumPy arrays by name.

        Names and shapes are PyTorch's. A parameter that the tree holds twice has both names.

        Examples
        --------
        >>> layer = mg.nn.Linear(3, 2)
        >>> {name: array.shape for name, array in layer.state_dict().items()}
        {'weight': (2, 3), 'bias': (2,)}
        >>> np.savez("weights.npz", **layer.state_dict())
        >>> other = mg.nn.Linear(3, 2)
        >>> other.load_state_dict(np.load("weights.npz"))
        IncompatibleKeys(missing_keys=[], unexpected_keys=[])
        >>> np.array_equal(layer.weight, other.weight)
        True
        """
        return {name: tensor.numpy().copy() for name, tensor in self._saved()}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Give all parameters and buffers the values in `state`, in their own dtype.

        Either all of them are loaded or, after an error, none.

        Parameters
        ----------
        state : mapping of str to array_like
            From `state_dict`, from `numpy.load` of an ``.npz``, or a PyTorch module's.
        strict : bool
            Whether the names must be exactly those of the module.

        Returns
        -------
        IncompatibleKeys
            ``missing_keys`` and ``unexpected_keys``, both empty if strict.

        Raises
        ------
        ValueError
            If shapes differ, or names with `strict`; the message lists all of them.
        TypeError
            If values are not real numbers.
        """
        own = dict(self._saved())
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
            raise ValueError(f"{type(self).__name__}.load_state_dict: {'; '.join(problems)}")
        for name, array in arrays.items():
            if not np.can_cast(array.dtype, own[name].dtype, "same_kind"):
                raise TypeError(
                    f"{type(self).__name__}.load_state_dict: {name!r} is {array.dtype}, which does "
                    f"not become {own[name].dtype}"
                )
        for name, array in arrays.items():
            own[name].data = array.astype(own[name].dtype)
        return keys

    def _saved(self) -> Iterator[tuple[str, Tensor]]:
        return (
            (name, tensor)
            for name, tensor in self._below(Tensor)
            if isinstance(tensor, Parameter | Buffer)
        )

    # How it is shown

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return ""

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        settings = self.extra_repr()
        lines = [f"({name}): {child!r}" for name, child in self._held(Module)]
        if not lines:
            return f"{type(self).__name__}({settings})"
        body = "\n".join([settings, *lines] if settings else lines).replace("\n", "\n  ")
        return f"{type(self).__name__}(\n  {body}\n)"


def _flat(holder: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Names and values in a dict, list or tuple, and in those that it holds."""
    for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
        if isinstance(value, dict | list | tuple):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _once(named: Iterator[tuple[str, T]]) -> Iterator[tuple[str, T]]:
    """Every object under the first of its names."""
    seen = set()
    for name, value in named:
        if id(value) not in seen:
            seen.add(id(value))
            yield name, value
