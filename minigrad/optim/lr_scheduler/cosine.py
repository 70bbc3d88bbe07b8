"""Schedules along a cosine."""

from __future__ import annotations

import math

from ..optimizer import Optimizer
from .factors import Factor
from .scheduler import LRScheduler


class CosineAnnealingLR(Factor):
    """The rate along half a cosine, down to `eta_min` in `T_max` epochs, and up again.

    In the epoch ``t`` it is ``eta_min + (initial - eta_min) * (1 + cos(pi * t / T_max)) / 2``.

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=8.0)
    >>> scheduler = mg.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    >>> for epoch in range(6):
    ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
    ...     scheduler.step()
    8.0 6.828 4.0 1.172 0.0 1.172
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if T_max < 1:
            raise ValueError(f"CosineAnnealingLR: T_max must be at least 1, got {T_max!r}")
        self.T_max, self.eta_min = T_max, eta_min
        self.floor = eta_min
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return the factor for an epoch."""
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """The rate along half a cosine, down to `eta_min`, again and again from the top.

    Parameters
    ----------
    optimizer : Optimizer
        Its groups get the rates.
    T_0 : int
        Epochs of the first period.
    T_mult : int
        How many times as long the next period is.
    eta_min : float
        The least rate.
    last_epoch : int
        The epoch before the one that comes.

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=8.0)
    >>> schedule = mg.optim.lr_scheduler
    >>> scheduler = schedule.CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
    >>> for epoch in range(7):
    ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
    ...     scheduler.step()
    8.0 4.0 8.0 6.828 4.0 1.172 8.0
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        for name, value in (("T_0", T_0), ("T_mult", T_mult)):
            if value < 1 or value % 1:
                raise ValueError(
                    f"CosineAnnealingWarmRestarts: {name} must be an integer of at least 1, got "
                    f"{value!r}"
                )
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        self._place = 0.0
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the rates for the epoch `last_epoch`, one for each group."""
        since, period = self._place, self.T_0
        if self.T_mult == 1:
            since %= period
        while since >= period:
            since -= period
            period *= self.T_mult
        height = (1 + math.cos(math.pi * since / period)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Set the rates for the next epoch, or for one that is given.

        Parameters
        ----------
        epoch : float, optional
            It may lie between epochs, as ``epoch + batch / batches``.
        """
        self._place = self.last_epoch + 1 if epoch is None else epoch
        if self._place < 0:
            raise ValueError(
                f"CosineAnnealingWarmRestarts: epoch must be at least 0, got {epoch!r}"
            )
        self.last_epoch = math.floor(self._place)
        self._set(self.get_lr())

    def _begin(self) -> None:
        self.step()
