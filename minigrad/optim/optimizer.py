"""What optimisers have in common: groups of parameters, their state, and a step over all."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..autograd import no_grad
from ..tensor import Tensor

Array = np.ndarray[Any, Any]


class Optimizer:
    """Base of the optimisers; derive from it and define ``change``.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The tensors to be changed. Dicts are groups: ``"params"`` are their tensors, and other
        entries are settings of their own.
    **defaults
        The settings of groups that do not have them.

    Attributes
    ----------
    param_groups : list of dict
        The groups with all of their settings. To change a learning rate, assign to
        ``param_groups[i]["lr"]``.
    state : dict of Tensor to dict
        What the optimiser keeps for each tensor that it has changed.

    Raises
    ------
    TypeError
        If a parameter is no tensor, or a setting is unknown.
    ValueError
        If there are no parameters, one is given twice, one is not a leaf, or a setting is out of
        range.
    """

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
            if key not in self.defaults:
                raise TypeError(f"{name}: unknown setting {key!r}; known are {[*self.defaults]}")
        self.check(settings)
        known = {id(tensor) for old in self.param_groups for tensor in old["params"]}
        for position, tensor in enumerate(params):
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

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise ValueError if a setting is out of range."""

    def change(
        self, gradient: Array, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Array:
        """Return what a step subtracts from a parameter.

        Parameters
        ----------
        gradient, value : ndarray
            Of the parameter; read-only.
        state : dict
            What is kept for the parameter, at first empty. Its arrays belong to the optimiser and
            may be written to.
        settings : mapping
            Those of the parameter's group.
        """
        raise NotImplementedError(f"{type(self).__name__} has no change method")

    def step(self) -> None:
        """Change every parameter that has a gradient."""
        with no_grad():
            for group in self.param_groups:
                for tensor in group["params"]:
                    gradient = tensor.grad
                    if gradient is not None:
                        state = self.state.setdefault(tensor, {})
                        # New values: a graph that holds the old ones keeps them.
                        tensor -= self.change(gradient.numpy(), tensor.numpy(), state, group)

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for group in self.param_groups:
            for tensor in group["params"]:
                tensor.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of the settings and the state, with numbers in place of the parameters.

        Returns
        -------
        dict
            ``"param_groups"``, a list of groups whose ``"params"`` are numbers, counted over all
            groups, and ``"state"``, a dict from such numbers to what is kept.
        """
        numbers = {id(tensor): number for number, tensor in enumerate(self._tensors())}
        groups = [
            {**group, "params": [numbers[id(tensor)] for tensor in group["params"]]}
            for group in self.param_groups
        ]
        state = {numbers[id(tensor)]: kept for tensor, kept in self.state.items()}
        return copy.deepcopy({"state": state, "param_groups": groups})

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from the settings and the state that `state_dict` returned.

        Raises
        ------
        ValueError
            If there are other numbers of groups or parameters, other settings, or an array has not
            the shape of its parameter.
        """
        name = type(self).__name__
        state = copy.deepcopy({key: state[key] for key in ("state", "param_groups")})
        groups = state["param_groups"]
        if [len(g["params"]) for g in groups] != [len(g["params"]) for g in self.param_groups]:
            raise ValueError(
                f"{name}.load_state_dict: groups of {[len(g['params']) for g in groups]} "
                f"parameters, but this one has {[len(g['params']) for g in self.param_groups]}"
            )
        for group in groups:
            if group.keys() - {"params"} != self.defaults.keys():
                raise ValueError(
                    f"{name}.load_state_dict: settings {sorted(group.keys() - {'params'})}, but "
                    f"this one has {sorted(self.defaults)}"
                )
            self.check(group)
        tensors = self._tensors()
        for number, kept in state["state"].items():
            for key, array in kept.items():
                if isinstance(array, np.ndarray) and array.shape != tensors[number].shape:
                    raise ValueError(
                        f"{name}.load_state_dict: {key!r} of parameter {number} has shape "
                        f"{array.shape}, the parameter {tensors[number].shape}"
                    )
        for group, loaded in zip(self.param_groups, groups, strict=True):
            group.update({key: loaded[key] for key in self.defaults})
        self.state = {tensors[number]: kept for number, kept in state["state"].items()}

    def _tensors(self) -> list[Tensor]:
        return [tensor for group in self.param_groups for tensor in group["params"]]

    def __repr__(self) -> str:
        groups = [
            f"{len(group['params'])} parameters, "
            + ", ".join(f"{key}={group[key]!r}" for key in self.defaults)
            for group in self.param_groups
        ]
        return f"{type(self).__name__}({'; '.join(groups)})"


def check_range(optimizer: str, settings: Mapping[str, Any], *names: str, below: float) -> None:
    """Raise ValueError if one of the settings is not at least 0 and below a limit."""
    for name in names:
        # Written so that nan fails too.
        if not 0 <= settings[name] < below:
            limit = "" if below == float("inf") else f" and below {below:g}"
            raise ValueError(
                f"{optimizer}: {name} must be at least 0{limit}, got {settings[name]!r}"
            )
