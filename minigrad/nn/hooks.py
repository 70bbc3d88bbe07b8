"""Functions that are called when a module is, before it, after it, and in the backward."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import autograd, containers
from ..registry import Op
from ..tensor import HookHandle, Tensor

Hook = Callable[..., Any]


class _Call(NamedTuple):
    """A hook, and whether it takes the keyword arguments of the call."""

    hook: Hook
    with_kwargs: bool


class _Hooks:
    """The hooks of one module. Plain dicts in its attributes would look like holders of modules."""

    def __init__(self) -> None:
        self.before: OrderedDict[int, _Call] = OrderedDict()
        self.after: OrderedDict[int, _Call] = OrderedDict()
        self.outputs: OrderedDict[int, Hook] = OrderedDict()
        self.gradients: OrderedDict[int, Hook] = OrderedDict()

    def call(self, module: _Hooked, args: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        """Call the module with all that its hooks do."""
        for hook, with_kwargs in tuple(self.before.values()):
            taken = hook(module, args, settings) if with_kwargs else hook(module, args)
            if taken is None:
                continue
            if not with_kwargs:
                args = taken if isinstance(taken, tuple) else (taken,)
            elif isinstance(taken, tuple) and len(taken) == 2:
                args, settings = taken
            else:
                raise TypeError(
                    f"{type(module).__name__}: a forward pre-hook with kwargs returned a "
                    f"{type(taken).__name__}; it must return (args, kwargs) or None"
                )
        watch = _Backward(module, self) if self.outputs or self.gradients else None
        if watch is not None:
            args = watch.entered(args)
        output = module.forward(*args, **settings)
        for hook, with_kwargs in tuple(self.after.values()):
            given = (args, settings, output) if with_kwargs else (args, output)
            taken = hook(module, *given)
            if taken is not None:
                output = taken
        return output if watch is None else watch.left(output)


class _Hooked:
    """A module's part that has hooks."""

    # Made with the first hook: a call without any asks for this one attribute.
    _hooks: _Hooks | None = None

    def forward(self, *args: Any, **settings: Any) -> Any:
        """Compute the output; a call of the module comes here."""
        raise NotImplementedError(
            f"{type(self).__name__} has no forward; define `def forward(self, x): ...` in it"
        )

    def __call__(self, *args: Any, **settings: Any) -> Any:
        """Return what ``forward`` computes, with what hooks change."""
        if self._hooks is None:
            return self.forward(*args, **settings)
        return self._hooks.call(self, args, settings)

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> HookHandle:
        """Call ``hook(module, args)`` before each call of the module.

        Parameters
        ----------
        hook : callable
            What it returns takes the place of the positional arguments: a tuple, or one value that
            is no tuple. None leaves them. With `with_kwargs` it is called with
            ``(module, args, kwargs)`` and returns ``(args, kwargs)`` or None.
        prepend : bool
            Whether it comes before the hooks that are there.
        with_kwargs : bool
            Whether it takes keyword arguments, too.

        Returns
        -------
        HookHandle
            Its method ``remove()`` takes the hook away, and so does the end of a ``with`` block.
        """
        hooks = self._hooks_for("register_forward_pre_hook", hook)
        return _added(hooks.before, _Call(hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> HookHandle:
        """Call ``hook(module, args, output)`` after each call of the module.

        Parameters
        ----------
        hook : callable
            What it returns takes the place of the output; None leaves it. With `with_kwargs` it is
            called with ``(module, args, kwargs, output)``.
        prepend : bool
            Whether it comes before the hooks that are there.
        with_kwargs : bool
            Whether it takes keyword arguments, too.

        Returns
        -------
        HookHandle
            Its method ``remove()`` takes the hook away, and so does the end of a ``with`` block.

        Examples
        --------
        >>> model = mg.nn.Sequential(mg.nn.Linear(4, 3), mg.nn.ReLU())
        >>> kept = []
        >>> with model[0].register_forward_hook(lambda module, args, out: kept.append(out)):
        ...     y = model(np.ones((2, 4)))
        >>> kept[0].shape
        (2, 3)
        """
        hooks = self._hooks_for("register_forward_hook", hook)
        return _added(hooks.after, _Call(hook, with_kwargs), prepend)

    def register_full_backward_pre_hook(self, hook: Hook, *, prepend: bool = False) -> HookHandle:
        """Call ``hook(module, grad_output)`` before the gradient goes through the module.

        What it returns, a tuple or a tensor, takes the place of the gradients of the outputs; None
        leaves them.
        """
        hooks = self._hooks_for("register_full_backward_pre_hook", hook)
        return _added(hooks.outputs, hook, prepend)

    def register_full_backward_hook(self, hook: Hook, *, prepend: bool = False) -> HookHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the gradient has gone through.

        Parameters
        ----------
        hook : callable
            `grad_input` has a tensor for each positional argument that is a tracked tensor, and
            None for the others; `grad_output` one for each output, zeros where an output was not
            used, and None where it is not tracked. What the hook returns, a tuple or a tensor,
            takes the place of `grad_input`; None leaves it. If no argument is tracked, `grad_input`
            has None only.
        prepend : bool
            Whether it comes before the hooks that are there.

        Returns
        -------
        HookHandle
            Its method ``remove()`` takes the hook away, and so does the end of a ``with`` block.

        Notes
        -----
        Calls that were made before the hook was registered do not have it. It runs in any
        backward, also that of `minigrad.grad`; with ``create_graph=True`` it is given tracked
        tensors.

        Examples
        --------
        >>> layer = mg.nn.ReLU()
        >>> def halve(module, grad_input, grad_output):
        ...     return tuple(g / 2 for g in grad_input)
        >>> handle = layer.register_full_backward_hook(halve)
        >>> x = mg.tensor([1.0, -1.0], requires_grad=True)
        >>> layer(x).sum().backward()
        >>> x.grad
        tensor([0.5, 0. ], dtype=float64)
        """
        hooks = self._hooks_for("register_full_backward_hook", hook)
        return _added(hooks.gradients, hook, prepend)

    def _hooks_for(self, method: str, hook: Hook) -> _Hooks:
        if not callable(hook):
            raise TypeError(f"{method}: takes a function, got a {type(hook).__name__}")
        if self._hooks is None:
            self._hooks = _Hooks()
        return self._hooks


def _added(hooks: OrderedDict[int, Any], hook: Any, prepend: bool) -> HookHandle:
    handle = HookHandle(hooks, hook)
    if prepend:
        hooks.move_to_end(next(reversed(hooks)), last=False)
    return handle


# In the backward


class _Backward:
    """One call of a module as the backward meets it: first its outputs, then its inputs."""

    def __init__(self, module: _Hooked, hooks: _Hooks) -> None:
        self.module = module
        self.before = tuple(hooks.outputs.values())
        self.after = tuple(hooks.gradients.values())
        self.grad_output: tuple[Tensor | None, ...] = ()
        self.inputs: list[int] = []

    def entered(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, behind a node that tells their gradients."""
        self.count = len(args)
        found, self.inputs = _joined(args, self._at_inputs)
        return tuple(found)

    def left(self, output: Any) -> Any:
        """The output, before a node that tells its gradients."""
        leaves, structure = containers.flatten(output)
        self.outputs = len(leaves)
        leaves, self.places = _joined(leaves, self._at_outputs)
        return containers.unflatten(structure, leaves)

    def _at_outputs(self, gradients: Sequence[Any]) -> Sequence[Any]:
        given = _spread(gradients, self.places, self.outputs)
        for hook in self.before:
            given = self._taken(hook(self.module, given), given, "pre-hook")
        if self.inputs:
            self.grad_output = given
        else:  # nobody would take it away, and with create_graph it leads back to here
            nothing = (None,) * self.count
            for hook in self.after:
                self._taken(hook(self.module, nothing, given), nothing, "hook")
        return _gathered(given, self.places, gradients)

    def _at_inputs(self, gradients: Sequence[Any]) -> Sequence[Any]:
        given = _spread(gradients, self.inputs, self.count)
        for hook in self.after:
            given = self._taken(hook(self.module, given, self.grad_output), given, "hook")
        self.grad_output = ()
        return _gathered(given, self.inputs, gradients)

    def _taken(
        self, taken: Any, given: tuple[Tensor | None, ...], kind: str
    ) -> tuple[Tensor | None, ...]:
        """What a hook returned in the place of what it was given."""
        if taken is None:
            return given
        parts = tuple(taken) if isinstance(taken, tuple | list) else (taken,)
        who = f"{type(self.module).__name__}: a full backward {kind} returned"
        if len(parts) != len(given):
            raise ValueError(f"{who} {len(parts)} gradients in the place of {len(given)}")
        for new, old in zip(parts, given, strict=True):
            if old is None and new is not None:
                raise ValueError(f"{who} a gradient where there was None")
            if old is None:
                continue
            if not isinstance(new, Tensor):
                raise TypeError(f"{who} a {type(new).__name__} in the place of a gradient")
            if new.shape != old.shape or new.dtype != old.dtype:
                raise ValueError(
                    f"{who} a gradient of shape {new.shape} and dtype {new.dtype} in the place of "
                    f"{old.shape} and {old.dtype}"
                )
        return parts


class _Together:
    """The gradients of several tensors, on their way through one edge."""

    shape, dtype = (), np.dtype(float)

    def __init__(self, gradients: Sequence[Any]) -> None:
        self.gradients = gradients


def _joined(
    values: Sequence[Any], seen: Callable[[Sequence[Any]], Sequence[Any]]
) -> tuple[list[Any], list[int]]:
    """The values, the tracked tensors among them behind one node, and the places of those.

    In the backward `seen` is called once, with the gradients of all, and returns those that go on.
    """
    found = list(values)
    places = [
        i
        for i, value in enumerate(values)
        if isinstance(value, Tensor) and value._node is not None and autograd.is_grad_enabled()
    ]
    if places:
        # Two nodes: from the upper one, which has all gradients, a single edge leads to the lower.
        lower = autograd.Node(
            _MODULE,
            [values[i]._node for i in places],
            [lambda all_, n=n: all_.gradients[n] for n in range(len(places))],
            None,
            {},
            _Together.shape,
            _Together.dtype,
        )
        closures = [lambda *gradients: _Together(seen(gradients))]
        parts = [values[i]._value for i in places]
        joined = autograd._several(Tensor, _MODULE, [lower], closures, None, {}, parts)
        for i, tensor in zip(places, joined, strict=True):
            found[i] = tensor
    return found, places


def _spread(gradients: Sequence[Any], places: list[int], count: int) -> tuple[Tensor | None, ...]:
    """Gradients as tensors in their places, None elsewhere."""
    given: list[Tensor | None] = [None] * count
    for place, gradient in zip(places, gradients, strict=True):
        is_tensor = isinstance(gradient, Tensor)
        given[place] = gradient if is_tensor else autograd.wrap(Tensor, gradient, None)
    return tuple(given)


def _gathered(
    given: tuple[Tensor | None, ...], places: list[int], gradients: Sequence[Any]
) -> Sequence[Any]:
    """The tensors in some places; as arrays, if the gradients were arrays."""
    found = [given[place] for place in places]
    if any(isinstance(gradient, Tensor) for gradient in gradients):
        return found
    return [tensor._value for tensor in found if tensor is not None]


# In no list of ops: nobody calls it, it stands for the border of a module in the record.
_MODULE = Op("module", "hooks", _joined, None, piecewise_linear=True)
