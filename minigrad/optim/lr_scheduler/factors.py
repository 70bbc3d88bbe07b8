"""Schedules that multiply the rate that a group began with by a factor of the epoch."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable

from ..optimizer import Optimizer
from .scheduler import LRScheduler


class Factor(LRScheduler):
    """Base of schedules ``floor + (initial - floor) * factor(epoch)``.

    A step changes the rate that it finds by the ratio of two factors, so that several schedules can
    work on one rate, and one that was changed by hand stays changed.
    """

    floor = 0.0

    def factor(self, epoch: int) -> float:
        """Return the factor for an epoch."""
        raise NotImplementedError(f"{type(self).__name__} has no factor method")

    def get_lr(self) -> list[float]:
        """Return the rates for the epoch `last_epoch`, one for each group."""
        now = self.factor(self.last_epoch)
        before = self.factor(self.last_epoch - 1) if self.last_epoch > 0 else 1.0
        return [
            rate
            if now == before
            else self.floor + (rate - self.floor) * (now / before)
            if before
            else rate + (base - self.floor) * now
            for rate, base in zip(self._rates(), self.base_lrs, strict=True)
        ]

    def _begin(self) -> None:
        if self.last_epoch == -1:
            self.step()
        else:  # the rates were restored with the optimiser
            self.last_epoch += 1
            self._note()


class StepLR(Factor):
    """The rate times `gamma` after every `step_size` epochs.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=8.0)
    >>> scheduler = mg.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for epoch in range(5):
    ...     print(optimizer.param_groups[0]["lr"], end=" ")
    ...     scheduler.step()
    8.0 8.0 4.0 4.0 2.0
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        if step_size < 1:
            raise ValueError(f"StepLR: step_size must be at least 1, got {step_size!r}")
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return the factor for an epoch."""
        return float(self.gamma ** (epoch // self.step_size))


class MultiStepLR(Factor):
    """The rate times `gamma` at each of the `milestones`, which are epochs.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=8.0)
    >>> scheduler = mg.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 4], gamma=0.5)
    >>> for epoch in range(5):
    ...     print(optimizer.param_groups[0]["lr"], end=" ")
    ...     scheduler.step()
    8.0 4.0 4.0 4.0 2.0
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return the factor for an epoch."""
        return float(self.gamma ** bisect.bisect_right(self.milestones, epoch))


class ConstantLR(Factor):
    """The rate times `factor` for the first `total_iters` epochs.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=8.0)
    >>> scheduler = mg.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=3)
    >>> for epoch in range(5):
    ...     print(optimizer.param_groups[0]["lr"], end=" ")
    ...     scheduler.step()
    4.0 4.0 4.0 8.0 8.0
    """

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1.0 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < factor <= 1:
            raise ValueError(f"ConstantLR: factor must be above 0 and at most 1, got {factor!r}")
        self.start_factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return the factor for an epoch."""
        return self.start_factor if epoch < self.total_iters else 1.0


class LinearLR(Factor):
    """The rate times a factor that goes straight from one to another in `total_iters` epochs.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=8.0)
    >>> scheduler = mg.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> for epoch in range(5):
    ...     print(optimizer.param_groups[0]["lr"], end=" ")
    ...     scheduler.step()
    4.0 6.0 8.0 8.0 8.0
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(
                f"LinearLR: start_factor must be above 0 and at most 1, got {start_factor!r}"
            )
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: end_factor must be from 0 to 1, got {end_factor!r}")
        if total_iters < 1:
            raise ValueError(f"LinearLR: total_iters must be at least 1, got {total_iters!r}")
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return the factor for an epoch."""
        share = min(1.0, epoch / self.total_iters)
        return self.start_factor + (self.end_factor - self.start_factor) * share


class ExponentialLR(Factor):
    """The rate times `gamma` after every epoch.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=8.0)
    >>> scheduler = mg.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> for epoch in range(5):
    ...     print(optimizer.param_groups[0]["lr"], end=" ")
    ...     scheduler.step()
    8.0 4.0 2.0 1.0 0.5
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return the factor for an epoch."""
        return float(self.gamma**epoch)


class PolynomialLR(Factor):
    """The rate times ``(1 - epoch / total_iters) ** power``, until it is 0.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=8.0)
    >>> scheduler = mg.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4)
    >>> for epoch in range(5):
    ...     print(optimizer.param_groups[0]["lr"], end=" ")
    ...     scheduler.step()
    8.0 6.0 4.0 2.0 0.0
    """

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        if total_iters < 1:
            raise ValueError(f"PolynomialLR: total_iters must be at least 1, got {total_iters!r}")
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return the factor for an epoch."""
        return math.pow(1.0 - min(epoch, self.total_iters) / self.total_iters, self.power)
