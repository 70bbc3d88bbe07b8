"""Schedules of schedules."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from typing import Any

from ..optimizer import Optimizer
from .plateau import ReduceLROnPlateau
from .scheduler import LRScheduler


class Combination(LRScheduler):
    """Base of schedules that step others."""

    _schedulers: list[LRScheduler]

    def __init__(self, optimizer: Optimizer | None, schedulers: Sequence[LRScheduler]) -> None:
        name = type(self).__name__
        self._schedulers = list(schedulers)
        if not self._schedulers:
            raise ValueError(f"{name}: needs at least one schedule")
        self.optimizer = self._schedulers[0].optimizer if optimizer is None else optimizer
        for position, scheduler in enumerate(self._schedulers):
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{name}: schedule {position} is a ReduceLROnPlateau, which needs a metric; "
                    "step it beside this one"
                )
            if scheduler.optimizer is not self.optimizer:
                raise ValueError(f"{name}: schedule {position} is that of another optimiser")
        self.base_lrs = [float(group["initial_lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Return the settings and the epoch, and the states of the schedules."""
        states = [scheduler.state_dict() for scheduler in self._schedulers]
        return super().state_dict() | {"_schedulers": states}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        schedulers = self._schedulers
        super().load_state_dict(state)
        self._schedulers = schedulers
        for scheduler, kept in zip(schedulers, state["_schedulers"], strict=True):
            scheduler.load_state_dict(kept)


class SequentialLR(Combination):
    """One schedule after another; each counts its epochs from its own start.

    Parameters
    ----------
    optimizer : Optimizer
        Its groups get the rates.
    schedulers : list of LRScheduler
        In their order.
    milestones : list of int
        The epochs at which the second schedule begins, the third, and so on.

    Raises
    ------
    ValueError
        If there is not one milestone less than schedules, they are not all this optimiser's, or
        one needs a metric.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=8.0)
    >>> schedule = mg.optim.lr_scheduler
    >>> warm_up = schedule.ConstantLR(optimizer, factor=0.25, total_iters=2)
    >>> decay = schedule.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = schedule.SequentialLR(optimizer, [warm_up, decay], milestones=[2])
    >>> for epoch in range(5):
    ...     print(optimizer.param_groups[0]["lr"], end=" ")
    ...     scheduler.step()
    2.0 2.0 8.0 4.0 2.0
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]
    ) -> None:
        super().__init__(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(schedulers)} schedules need {len(schedulers) - 1} milestones, "
                f"got {len(milestones)}"
            )
        self._milestones = list(milestones)
        self.restart()

    def restart(self) -> None:
        """Begin again, from the rates at first."""
        self.last_epoch = 0
        # What the schedules did to the rates when they were made counts for nothing.
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        first = self._schedulers[bisect.bisect_right(self._milestones, 0)]
        first.last_epoch = -1
        first._begin()
        self._note()

    def step(self) -> None:
        """Set the rates for the next epoch."""
        self.last_epoch += 1
        position = bisect.bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[position]
        if position and self._milestones[position - 1] == self.last_epoch:
            scheduler.restart()
        else:
            scheduler.step()
        self._note()


class ChainedScheduler(Combination):
    """Several schedules at once, each of which changes the rates that the one before left.

    Parameters
    ----------
    schedulers : list of LRScheduler
        In their order.
    optimizer : Optimizer, optional
        By default that of the schedules.

    Raises
    ------
    ValueError
        If there are no schedules, they are not all of one optimiser, or one needs a metric.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=8.0)
    >>> schedule = mg.optim.lr_scheduler
    >>> warm_up = schedule.ConstantLR(optimizer, factor=0.25, total_iters=2)
    >>> decay = schedule.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = schedule.ChainedScheduler([warm_up, decay])
    >>> for epoch in range(4):
    ...     print(optimizer.param_groups[0]["lr"], end=" ")
    ...     scheduler.step()
    2.0 1.0 2.0 1.0
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        super().__init__(optimizer, schedulers)
        self.last_epoch = self._schedulers[-1].last_epoch
        self._note()

    def step(self) -> None:
        """Set the rates for the next epoch."""
        self.last_epoch += 1
        for scheduler in self._schedulers:
            scheduler.step()
        self._note()

    def _begin(self) -> None:
        for scheduler in self._schedulers:
            scheduler.last_epoch = -1
            scheduler._begin()
        self.last_epoch = 0
        self._note()
