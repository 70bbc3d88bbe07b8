"""What optimisers have in common: groups of parameters, their state, and a step over all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self

import numpy as np

from .. import buffers
from ..autograd import enable_grad, no_grad
from ..resources import in_parallel
from ..tensor import Tensor
from .states import copied, fitted, plain

Array = np.ndarray[Any, Any]

# Elements of a block. Threads wait for each other between NumPy's calls, so with small blocks they
# would be slower than one; these bound the memory for what a step computes on the way.
BLOCK = 1 << 19
# Settings of PyTorch that say how its kernels are called; here there is one way.
NEEDLESS = ("foreach", "fused", "capturable", "differentiable")
# What else is in groups of PyTorch: notes of schedules, which keep them themselves here, and names.
FOREIGN = {*NEEDLESS, "max_lr", "min_lr", "max_momentum", "base_momentum", "param_names"}
# What a schedule notes in a group.
NOTES = ("initial_lr",)


class Optimizer:
    """Base of the optimisers; derive from it and define `change`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The tensors to be changed. Dicts are groups: ``"params"`` are their tensors, and other
        entries are settings of their own.
    **defaults
        The settings of groups that do not have them. Those named ``maximize``, ``weight_decay``
        and ``decoupled_weight_decay`` are seen to before `change` is called.

    Attributes
    ----------
    param_groups : list of dict
        The groups with all of their settings. To change a learning rate, assign to
        ``param_groups[i]["lr"]``.
    state : dict of Tensor to dict
        What the optimiser keeps for each tensor that it has changed.
    elementwise : bool
        Of the class: whether `change` treats each element alone. Then it gets large parameters in
        flat blocks that stay in cache, some of them at the same time.

    Raises
    ------
    TypeError
        If a parameter is no tensor, or a setting is unknown or no number.
    ValueError
        If there are no parameters, one is given twice, one is not a leaf, or a setting is out of
        range.
    """

    elementwise: ClassVar[bool] = False

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        """Refuse the settings of PyTorch that mean nothing here, for every optimiser."""
        for name in NEEDLESS:
            if name in settings:
                raise TypeError(
                    f"{cls.__name__}: {name} chooses among PyTorch's kernels; here there is one, "
                    "so leave it out"
                )
        return super().__new__(cls)

    def __init__(self, params: Iterable[Any], **defaults: Any) -> None:
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, dict[str, Any]] = {}
        name = type(self).__name__
        if isinstance(params, Tensor):
            raise TypeError(f"{name}: params is a tensor; pass a list of it, [tensor]")
        try:
            given = list(params)
        except TypeError as error:
            raise TypeError(
                f"{name}: params is a {type(params).__name__}, expected an iterable of tensors, "
                "such as model.parameters()"
            ) from error
        if not given:
            raise ValueError(
                f"{name}: there are no parameters; an iterator, such as model.parameters() kept in "
                "a variable, can be used only once"
            )
        groups = given if isinstance(given[0], Mapping) else [{"params": given}]
        for group in groups:
            if not isinstance(group, Mapping):
                raise TypeError(
                    f"{name}: a {type(group).__name__} among groups of parameters, which are dicts"
                )
            self.add_param_group(group)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add parameters with settings of their own.

        Parameters
        ----------
        group : mapping
            ``"params"``, a tensor or an iterable of them, and settings.
        """
        name = type(self).__name__
        if "params" not in group:
            raise TypeError(f"{name}: a group needs the entry 'params', but has {[*group]}")
        params = group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        settings = self.defaults | {key: group[key] for key in group if key != "params"}
        for key in settings:
            if key not in self.defaults and key not in NOTES:
                raise TypeError(f"{name}: unknown setting {key!r}; known are {[*self.defaults]}")
        self.check(settings)
        known = {id(tensor) for old in self.param_groups for tensor in old["params"]}
        for position, tensor in enumerate(params):
            if isinstance(tensor, tuple):
                raise TypeError(
                    f"{name}: parameter {position} is a tuple; pass model.parameters(), "
                    "not model.named_parameters()"
                )
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    f"{name}: parameter {position} is a {type(tensor).__name__}, expected a Tensor"
                )
            if not tensor.is_leaf:
                raise ValueError(
                    f"{name}: parameter {position}, of shape {tensor.shape}, was computed from "
                    "other tensors; only a leaf can be changed, such as t.detach()"
                )
            if id(tensor) in known:
                raise ValueError(
                    f"{name}: parameter {position}, of shape {tensor.shape}, was given before; it "
                    "would be changed twice a step"
                )
            known.add(id(tensor))
        self.param_groups.append({"params": params, **settings})

    # What an optimiser defines

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise ValueError if a setting is out of range, TypeError if it is no number."""

    def prepare(
        self, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Get the state of a parameter ready for a step: count it, make arrays that are missing.

        Parameters
        ----------
        value : ndarray
            Of the parameter; read-only.
        state : dict
            What is kept for the parameter, at first empty.
        settings : mapping
            Those of the parameter's group.

        Returns
        -------
        mapping
            The settings for `change`.
        """
        return settings

    def change(
        self, gradient: Array, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Array:
        """Return what a step subtracts from a parameter, or from a block of it.

        Parameters
        ----------
        gradient, value : ndarray
            Of the parameter; not to be written to. The gradient has the weight decay in it.
        state : dict
            What is kept for the parameter. Its arrays belong to the optimiser and may be written
            to; in an elementwise optimiser they are made in `prepare`, which also counts.
        settings : mapping
            Those of the parameter's group, as `prepare` returned them, with Python's numbers.
        """
        raise NotImplementedError(f"{type(self).__name__} has no change method")

    # A step

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Is called first. It computes the loss, calls its backward, and returns it.

        Returns
        -------
        Tensor or None
            What the closure returned.
        """
        loss = self._evaluated(closure)
        with no_grad():
            for group in self.param_groups:
                settings = {key: plain(group[key]) for key in group if key != "params"}
                for tensor in group["params"]:
                    gradient = tensor.grad
                    if gradient is not None:
                        state = self.state.setdefault(tensor, {})
                        # A new array: a graph that holds the old one keeps its values.
                        tensor._value = self._new_value(
                            gradient.numpy(), tensor.numpy(), state, settings
                        )
        return loss

    def _evaluated(self, closure: Callable[[], Any] | None) -> Any:
        if closure is None:
            return None
        if not callable(closure):
            raise TypeError(
                f"{type(self).__name__}.step: closure is a {type(closure).__name__}, expected a "
                "function that computes the loss, calls its backward and returns it"
            )
        with enable_grad():
            return closure()

    def _new_value(
        self, gradient: Array, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Array:
        settings = self.prepare(value, state, settings)
        new: Array = buffers.empty_like(value)
        if not self.elementwise or (value.ndim > 0 and value.size <= BLOCK):
            self._write(new, gradient, value, state, settings)
            return new

        # All arrays flat, in the order of the new one; these are views where they are in it.
        order = sorted(range(new.ndim), key=lambda axis: -new.strides[axis])
        flat_new, flat_gradient, flat_value = (
            array.transpose(order).reshape(-1) for array in (new, gradient, value)
        )
        flat_state = {}
        for key, array in state.items():
            if isinstance(array, np.ndarray):
                moved = array.transpose(order)
                if not moved.flags.c_contiguous:
                    moved = moved.copy()
                    state[key] = moved.transpose(np.argsort(order))
                flat_state[key] = moved.reshape(-1)

        def work(start: int) -> None:
            part = slice(start, start + BLOCK)
            parts = state | {key: array[part] for key, array in flat_state.items()}
            self._write(flat_new[part], flat_gradient[part], flat_value[part], parts, settings)

        in_parallel(work, range(0, new.size, BLOCK))
        return new

    def _write(
        self,
        new: Array,
        gradient: Array,
        value: Array,
        state: dict[str, Any],
        settings: Mapping[str, Any],
    ) -> None:
        """Write the values after a step to `new`."""
        if settings.get("maximize"):
            gradient = -gradient
        decay = settings.get("weight_decay")
        if decay and settings.get("decoupled_weight_decay"):
            value = value * (1 - settings["lr"] * decay)
        elif decay:
            gradient = gradient + decay * value
        np.subtract(value, self.change(gradient, value, state, settings), out=new)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or make those that are there zeros."""
        for tensor in self._tensors():
            if set_to_none:
                tensor.grad = None
            elif tensor.grad is not None:
                tensor.grad = Tensor(np.zeros_like(tensor.numpy()))

    # Saving

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of the settings and the state, with numbers in place of the parameters.

        Returns
        -------
        dict
            ``"param_groups"``, a list of groups whose ``"params"`` are numbers, counted over all
            groups, and ``"state"``, a dict from such numbers to what is kept: arrays, numbers,
            None, and lists of them. The names are PyTorch's.
        """
        numbers = {id(tensor): number for number, tensor in enumerate(self._tensors())}
        groups = [
            copied(group | {"params": [numbers[id(tensor)] for tensor in group["params"]]})
            for group in self.param_groups
        ]
        state = {numbers[id(tensor)]: copied(kept) for tensor, kept in self.state.items() if kept}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from the settings and the state that `state_dict` returned.

        Parameters
        ----------
        state : mapping
            It may be that of PyTorch's optimiser of the same name.

        Raises
        ------
        ValueError
            If there are other numbers of groups or parameters, other settings, or an array has not
            the shape of its parameter.
        """
        name = f"{type(self).__name__}.load_state_dict"
        if not {"state", "param_groups"} <= state.keys():
            raise ValueError(
                f"{name}: expected the entries 'state' and 'param_groups', got {[*state][:5]}"
            )
        groups = [
            {key: group[key] for key in group if key in self.defaults or key not in FOREIGN}
            for group in copied(state["param_groups"])
        ]
        if [len(g["params"]) for g in groups] != [len(g["params"]) for g in self.param_groups]:
            raise ValueError(
                f"{name}: groups of {[len(g['params']) for g in groups]} "
                f"parameters, but this one has {[len(g['params']) for g in self.param_groups]}"
            )
        for group in groups:
            if group.keys() - {"params", *NOTES} != self.defaults.keys():
                raise ValueError(
                    f"{name}: settings {sorted(group.keys() - {'params', *NOTES})}, but "
                    f"this one has {sorted(self.defaults)}"
                )
            self.check(group)
        # The numbers that the groups give the parameters need not be in order.
        loaded = {}
        for own, group in zip(self.param_groups, groups, strict=True):
            for tensor, number in zip(own["params"], group["params"], strict=True):
                if number in state["state"]:
                    loaded[tensor] = self._loaded(
                        f"parameter {number}", tensor.numpy(), state["state"][number], group
                    )
        for own, group in zip(self.param_groups, groups, strict=True):
            own.update({key: group[key] for key in group if key != "params"})
        self.state = loaded

    def _loaded(
        self, where: str, value: Array, kept: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return a copy of what is kept for a parameter, in its dtype."""
        template: dict[str, Any] = {}
        self.prepare(value, template, settings)
        return {
            key: fitted(
                f"{type(self).__name__}.load_state_dict: {key!r} of {where}",
                entry,
                template.get(key),
                value,
            )
            for key, entry in copied(kept).items()
            if entry is not None
        }

    def _tensors(self) -> list[Tensor]:
        return [tensor for group in self.param_groups for tensor in group["params"]]

    def __repr__(self) -> str:
        groups = [
            f"{len(group['params'])} parameters, "
            + ", ".join(f"{key}={group[key]!r}" for key in self.defaults)
            for group in self.param_groups
        ]
        return f"{type(self).__name__}({'; '.join(groups)})"
