"""Schedules that are functions of the epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..optimizer import Optimizer
from .scheduler import LRScheduler, for_groups

Function = Callable[[int], float]


class LambdaLR(LRScheduler):
    """The rate that a group began with times a function of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
        Its groups get the rates.
    lr_lambda : callable or list of callable
        Takes the epoch; one for all groups, or one for each. It is not saved.
    last_epoch : int
        The epoch before the one that comes.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=8.0)
    >>> scheduler = mg.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    >>> for epoch in range(4):
    ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
    ...     scheduler.step()
    8.0 4.0 2.667 2.0
    """

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Function | list[Function], last_epoch: int = -1
    ) -> None:
        self.lr_lambdas = _functions(type(self).__name__, lr_lambda, optimizer)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the rates for the epoch `last_epoch`, one for each group."""
        return [
            base * function(self.last_epoch)
            for base, function in zip(self.base_lrs, self.lr_lambdas, strict=True)
        ]


class MultiplicativeLR(LRScheduler):
    """The rate of the epoch before times a function of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
        Its groups get the rates.
    lr_lambda : callable or list of callable
        Takes the epoch, from 1; one for all groups, or one for each. It is not saved.
    last_epoch : int
        The epoch before the one that comes.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=8.0)
    >>> schedule = mg.optim.lr_scheduler
    >>> scheduler = schedule.MultiplicativeLR(optimizer, lambda epoch: 1.0 if epoch % 2 else 0.5)
    >>> for epoch in range(5):
    ...     print(optimizer.param_groups[0]["lr"], end=" ")
    ...     scheduler.step()
    8.0 8.0 4.0 4.0 2.0
    """

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Function | list[Function], last_epoch: int = -1
    ) -> None:
        self.lr_lambdas = _functions(type(self).__name__, lr_lambda, optimizer)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the rates for the epoch `last_epoch`, one for each group."""
        return [
            rate * function(self.last_epoch)
            for rate, function in zip(self._rates(), self.lr_lambdas, strict=True)
        ]

    def _begin(self) -> None:
        self.last_epoch += 1
        self._note()

    def restart(self) -> None:
        """Begin again, from the rates that there are: it has none of its own."""
        self.last_epoch = -1
        self.step()


def _functions(name: str, given: Function | list[Function], optimizer: Optimizer) -> list[Function]:
    functions: list[Any] = for_groups(name, "lr_lambda", given, optimizer)
    for function in functions:
        if not callable(function):
            raise TypeError(
                f"{name}: lr_lambda must be a function of the epoch, got a "
                f"{type(function).__name__}"
            )
    return functions
