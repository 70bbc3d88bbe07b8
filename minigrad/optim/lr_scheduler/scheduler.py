"""What schedules have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..optimizer import Optimizer
from ..states import copied


class LRScheduler:
    """Base of the schedules; derive from it and define `get_lr`.

    Parameters
    ----------
    optimizer : Optimizer
        Its groups get the rates.
    last_epoch : int
        The epoch before the one that comes, to go on with an optimiser that was restored.

    Attributes
    ----------
    last_epoch : int
        The epoch that the rates are for, from 0.
    base_lrs : list of float
        The rate that each group began with, its ``"initial_lr"``.

    Raises
    ------
    TypeError
        If the optimiser is none.
    ValueError
        If a setting is out of range, or a group has no ``"initial_lr"`` to go on with.

    Examples
    --------
    >>> class Halved(mg.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [base / 2**self.last_epoch for base in self.base_lrs]
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=1.0)
    >>> scheduler = Halved(optimizer)
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        name = type(self).__name__
        check_optimizer(name, optimizer)
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ValueError(
                    f"{name}: group {number} has no 'initial_lr' to go on with after epoch "
                    f"{last_epoch}; load the optimiser's state first, or leave last_epoch out"
                )
        self.optimizer = optimizer
        self.base_lrs = [float(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._begin()

    def get_lr(self) -> list[float]:
        """Return the rates for the epoch `last_epoch`, one for each group."""
        raise NotImplementedError(f"{type(self).__name__} has no get_lr method")

    def get_last_lr(self) -> list[float]:
        """Return the rates that were set last, one for each group."""
        return list(self._last_lr)

    def step(self) -> None:
        """Set the rates for the next epoch."""
        self.last_epoch += 1
        self._set(self.get_lr())

    def _begin(self) -> None:
        """Set the rates for the first epoch."""
        LRScheduler.step(self)

    def restart(self) -> None:
        """Begin again, from the rates at first."""
        self.last_epoch = -1
        for group, base in zip(self._groups(), self.base_lrs, strict=True):
            group["lr"] = base
        self._begin()

    def _set(self, rates: Sequence[float]) -> None:
        for group, rate in zip(self._groups(), rates, strict=True):
            group["lr"] = float(rate)
        self._note()

    def _note(self) -> None:
        self._last_lr = self._rates()

    def _rates(self) -> list[float]:
        return [float(group["lr"]) for group in self._groups()]

    def _groups(self) -> list[dict[str, Any]]:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.base_lrs):
            raise ValueError(
                f"{type(self).__name__}: the optimiser has {len(groups)} groups, but had "
                f"{len(self.base_lrs)}; add groups before the schedule is made"
            )
        return groups

    def state_dict(self) -> dict[str, Any]:
        """Return the settings and the epoch: numbers, strings and lists, but no functions."""
        return {
            key: copied(value)
            for key, value in vars(self).items()
            if key != "optimizer" and not _calls(value)
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned; the rates are in the optimiser's state.

        Raises
        ------
        ValueError
            If the state is that of another schedule.
        """
        own = self.state_dict()
        if state.keys() != own.keys():
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: entries {sorted(state)}, expected "
                f"{sorted(own)}"
            )
        vars(self).update({key: copied(value) for key, value in state.items()})

    def __repr__(self) -> str:
        settings = ", ".join(
            f"{key}={value!r}"
            for key, value in self.state_dict().items()
            if not key.startswith("_")
        )
        return f"{type(self).__name__}({settings})"


def _calls(value: Any) -> bool:
    """Whether a setting is a function, or a list of functions."""
    return callable(value) or (isinstance(value, list) and any(map(callable, value)))


def check_optimizer(schedule: str, optimizer: Optimizer) -> None:
    """Raise TypeError if it is none."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"{schedule}: optimizer is a {type(optimizer).__name__}, expected an optimiser"
        )


def for_groups(schedule: str, name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """Return a setting for each group: the one for all, or those of a list."""
    check_optimizer(schedule, optimizer)
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * groups
    if len(value) != groups:
        raise ValueError(
            f"{schedule}: {name} has {len(value)} elements, but the optimiser has {groups} groups"
        )
    return list(value)
