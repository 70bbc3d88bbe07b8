"""The module: a function with parameters, and the tree that modules make by their attributes.

A module keeps its parameters, buffers and children as ordinary attributes, alone or in lists,
tuples and dicts, and finds them by looking at its attributes. So there is nothing to initialise
and nothing to register.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

import numpy as np

from .. import names
from ..tensor import Tensor
from . import state as states
from .hooks import _Hooked
from .parameter import Buffer, Parameter, recast
from .state import IncompatibleKeys
from .tree import below, check_attribute, check_name, found, held, once, saved, tree

if TYPE_CHECKING:
    from .summary import Summary

T = TypeVar("T")


class Module(_Hooked):
    """A function with parameters; derive from it and define ``forward``.

    Attributes
    ----------
    training : bool
        Whether it is being trained; a layer such as dropout behaves differently then. Set it for
        the whole tree by `train` and `eval`.

    Notes
    -----
    A parameter's name is the path of attributes to it, joined by dots, as in PyTorch:
    ``conv.weight``, and ``layers.0.weight`` for the first of a list. What has no place of its own,
    such as a set or a generator, cannot hold parameters: that is an error.

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
    # Attributes that are computed from others, by name; `nn.utils.weight_norm` makes some.
    _computed: _Computed | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        check_attribute(self, name, value)
        if self._computed is not None and name in self._computed.attributes:
            raise AttributeError(
                f"{type(self).__name__}.{name} is computed from other parameters; change those, or "
                "make it a parameter again, as nn.utils.remove_weight_norm does"
            )
        super().__setattr__(name, value)

    if not TYPE_CHECKING:  # else every attribute would seem to exist

        def __getattr__(self, name: str) -> Any:
            if self._computed is not None and name in self._computed.attributes:
                return self._computed.attributes[name](self)
            return _no_attribute(self, name)

    def __dir__(self) -> list[str]:
        computed = () if self._computed is None else self._computed.attributes
        return sorted(name for name in {*super().__dir__(), *computed} if name.isidentifier())

    # The tree

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Modules directly below, each once, with their names."""
        return once(self._held(Module))

    def children(self) -> Iterator[Module]:
        """Modules directly below, each once."""
        return (child for _, child in self.named_children())

    def named_modules(
        self, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """The module itself, named `prefix`, and all below it, each once, with their names.

        Without `remove_duplicate` under every name that they have; so below, too.
        """
        named = tree(self, prefix)
        return once(named) if remove_duplicate else named

    def modules(self) -> Iterator[Module]:
        """The module itself and all below it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Parameters of the whole tree, or without `recurse` its own, each once, with names."""
        named = below(self, Parameter, prefix, recurse)
        return once(named) if remove_duplicate else named

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Parameters of the whole tree, each once; what an optimiser is given."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Buffer]]:
        """Buffers of the whole tree, or without `recurse` its own, each once, with names."""
        named = below(self, Buffer, prefix, recurse)
        return once(named) if remove_duplicate else named

    def buffers(self, recurse: bool = True) -> Iterator[Buffer]:
        """Buffers of the whole tree, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """Return the module of a name such as ``"layers.0"``; ``""`` is the module itself.

        Raises
        ------
        AttributeError
            If there is none.
        """
        return found(self, tree(self), target, "module")

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter of a name such as ``"layers.0.weight"``.

        Raises
        ------
        AttributeError
            If there is none.
        """
        return found(self, below(self, Parameter), target, "parameter")

    def get_buffer(self, target: str) -> Buffer:
        """Return the buffer of a name such as ``"layers.1.running_mean"``.

        Raises
        ------
        AttributeError
            If there is none.
        """
        return found(self, below(self, Buffer), target, "buffer")

    def add_module(self, name: str, module: Module | None) -> None:
        """Keep a module under a name: the same as an assignment, for names made by a program."""
        self._register("add_module", name, module, Module)

    def register_module(self, name: str, module: Module | None) -> None:
        """Keep a module under a name; see `add_module`."""
        self._register("register_module", name, module, Module)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Keep a parameter under a name; None for one that a setting has switched off."""
        self._register("register_parameter", name, param, Parameter)

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Keep a tensor as a buffer: the same as assigning ``nn.Buffer(tensor)``."""
        buffer = None if tensor is None else Buffer(tensor, persistent=persistent)
        self._register("register_buffer", name, buffer, Buffer)

    def _register(self, method: str, name: str, value: Any, kind: type[Any]) -> None:
        if value is not None and not isinstance(value, kind):
            raise TypeError(
                f"{method}: {name!r} must be a {kind.__name__}, got a {type(value).__name__}"
            )
        setattr(self, check_name(self, method, name), value)

    def _held(self, kind: type[T]) -> Iterator[tuple[str, T]]:
        """What the module itself holds of a kind, under every name."""
        return held(self, kind)

    # What is done for the whole tree

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call a function with every module of the tree, children first, and return the module.

        Examples
        --------
        >>> def small(module):
        ...     if isinstance(module, mg.nn.Linear):
        ...         mg.nn.init.normal_(module.weight, std=0.01)
        >>> model = mg.nn.Sequential(mg.nn.Linear(4, 3), mg.nn.ReLU()).apply(small)
        """
        seen: set[int] = set()

        def visit(module: Module) -> None:
            seen.add(id(module))
            for child in module.children():
                if id(child) not in seen:
                    visit(child)
            fn(module)

        visit(self)
        return self

    def train(self, mode: bool = True) -> Self:
        """Set `training` for the whole tree, and return the module."""
        if not isinstance(mode, bool | np.bool_):
            raise TypeError(
                f"{type(self).__name__}.train: mode must be True or False, got a "
                f"{type(mode).__name__}; it only sets a mode"
            )
        for module in self.modules():
            module.training = bool(mode)
        return self

    def eval(self) -> Self:
        """Set `training` to False for the whole tree, and return the module."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze all parameters, with False, or train them, and return the module."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set those that there are to zeros."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad = Tensor(np.zeros(parameter.shape, parameter.dtype))

    def to(self, dtype: Any) -> Self:
        """Give all floating parameters and buffers another dtype, and return the module.

        They stay the same objects, so an optimiser that has them goes on. Gradients follow.

        Raises
        ------
        TypeError
            If it is no floating dtype; there are no devices.
        """
        try:
            wanted = np.dtype(dtype)
        except TypeError:
            wanted = None
        if wanted is None or wanted.kind != "f" or dtype is None:
            raise TypeError(
                f"{type(self).__name__}.to: takes a floating dtype, such as np.float64, got "
                f"{dtype!r}; all is on the CPU, so nothing moves to a device"
            )
        for tensor in [*self.parameters(), *self.buffers()]:
            if tensor.dtype.kind == "f":
                recast(tensor, wanted)
        return self

    def float(self) -> Self:
        """Make all floating parameters and buffers float32, and return the module."""
        return self.to(np.float32)

    def double(self) -> Self:
        """Make all floating parameters and buffers float64, and return the module."""
        return self.to(np.float64)

    def half(self) -> Self:
        """Make all floating parameters and buffers float16, and return the module."""
        return self.to(np.float16)

    # Saving and loading

    def state_dict(self, *, prefix: str = "") -> dict[str, np.ndarray[Any, Any]]:
        """Return copies of all parameters and persistent buffers, as NumPy arrays by name.

        Names and shapes are PyTorch's, behind `prefix`. A parameter that the tree holds twice has
        both names.

        Examples
        --------
        >>> layer = mg.nn.Linear(3, 2)
        >>> {name: array.shape for name, array in layer.state_dict().items()}
        {'weight': (2, 3), 'bias': (2,)}
        >>> mg.save(layer.state_dict(), "weights.npz")
        >>> other = mg.nn.Linear(3, 2)
        >>> other.load_state_dict(mg.load("weights.npz"))
        IncompatibleKeys(missing_keys=[], unexpected_keys=[])
        >>> np.array_equal(layer.weight, other.weight)
        True
        """
        return {prefix + name: tensor.numpy().copy() for name, tensor in saved(self).items()}

    def load_state_dict(
        self, state: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Give all parameters and buffers the values in `state`.

        Either all of them are loaded or, after an error, none.

        Parameters
        ----------
        state : mapping of str to array_like
            From `state_dict`, from `minigrad.load`, or a PyTorch module's.
        strict : bool
            Whether the names must be exactly those of the module.
        assign : bool
            Whether they also take the floating dtype of the values, and do not keep their own.

        Returns
        -------
        IncompatibleKeys
            ``missing_keys`` and ``unexpected_keys``, both empty if strict.

        Raises
        ------
        ValueError
            If shapes differ, or names with `strict`; the message lists all of them.
        TypeError
            If it is no mapping, or values are not real numbers.
        """
        who = f"{type(self).__name__}.load_state_dict"
        return states.load(who, saved(self), state, strict, assign)

    # How it is shown

    def summary(self, *inputs: Any, depth: int | None = None) -> Summary:
        """Call the module once, and tell the shapes, parameters and memory of all its parts.

        Parameters
        ----------
        *inputs : tuple of int, or array
            For each argument of ``forward`` its shape, with the batch axis, for random numbers in
            float32, or an array.
        depth : int, optional
            How many levels of the tree are shown; by default all.

        Returns
        -------
        Summary
            Its ``str`` is a table; see there.

        Examples
        --------
        >>> model = mg.nn.Sequential(mg.nn.Linear(64, 32), mg.nn.ReLU(), mg.nn.Linear(32, 10))
        >>> print(model.summary((8, 64)))
        module       output   parameters   caches
        -----------------------------------------
        Sequential   (8, 10)       2,410  3.2 KiB
          0: Linear  (8, 32)       2,080  2.0 KiB
          1: ReLU    (8, 32)           0    256 B
          2: Linear  (8, 10)         330  1.0 KiB
        -----------------------------------------
        parameters: 2,410 (9.4 KiB), all trainable
        caches for the backward: 3.2 KiB
        """
        from .summary import summarize

        return summarize(self, inputs, depth)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return ""

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        settings = self.extra_repr()
        lines = self._shown()
        if not lines:
            return f"{type(self).__name__}({settings})"
        body = "\n".join([settings, *lines] if settings else lines).replace("\n", "\n  ")
        return f"{type(self).__name__}(\n  {body}\n)"

    def _shown(self) -> list[str]:
        """What `repr` shows of the children, each as one text."""
        return [f"({name}): {child!r}" for name, child in self._held(Module)]


class _Computed:
    """Functions of a module that stand for attributes. A plain dict would look like a holder."""

    def __init__(self) -> None:
        self.attributes: dict[str, Callable[[Module], Any]] = {}


def _no_attribute(module: Module, name: str) -> NoReturn:
    remedy = names.MODULE_ATTRIBUTES.get(name)
    raise AttributeError(
        f"{type(module).__name__!r} object has no attribute {name!r}"
        + (f"; use {remedy}" if remedy else ""),
        name=name,
        obj=module,
    )
