"""A schedule that looks at a metric."""

from __future__ import annotations

import math
from typing import Any

from ...tensor import Tensor
from ..optimizer import Optimizer
from .scheduler import LRScheduler, for_groups


class ReduceLROnPlateau(LRScheduler):
    """The rate times `factor` where a metric has not become better for `patience` epochs.

    Parameters
    ----------
    optimizer : Optimizer
        Its groups get the rates.
    mode : str
        ``"min"`` if a lower metric is better, such as a loss, or ``"max"``.
    factor : float
        Below 1.
    patience : int
        How many epochs without a better metric are endured.
    threshold : float
        How much better the metric must be.
    threshold_mode : str
        ``"rel"`` if that is a part of the best metric, ``"abs"`` if it is a difference.
    cooldown : int
        Epochs after a reduction that count for nothing.
    min_lr : float or list of float
        The least rate; for all groups, or for each.
    eps : float
        A rate is not changed by less.

    Attributes
    ----------
    best : float
        The best metric so far.
    num_bad_epochs : int
        Epochs since.

    Raises
    ------
    TypeError
        If the optimiser is none.
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=8.0)
    >>> schedule = mg.optim.lr_scheduler
    >>> scheduler = schedule.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in [3.0, 2.0, 2.0, 2.0, 1.0]:
    ...     scheduler.step(loss)
    ...     print(optimizer.param_groups[0]["lr"], end=" ")
    8.0 8.0 8.0 4.0 4.0
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if not factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, got {factor!r}")
        if mode not in {"min", "max"}:
            raise ValueError(f"ReduceLROnPlateau: mode must be 'min' or 'max', got {mode!r}")
        if threshold_mode not in {"rel", "abs"}:
            raise ValueError(
                f"ReduceLROnPlateau: threshold_mode must be 'rel' or 'abs', got {threshold_mode!r}"
            )
        self.mode, self.factor, self.patience = mode, factor, patience
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.cooldown, self.eps = cooldown, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = 0
        super().__init__(optimizer)
        self.min_lrs = for_groups("ReduceLROnPlateau", "min_lr", min_lr, optimizer)

    def _begin(self) -> None:
        self.last_epoch += 1
        self._note()

    def step(self, metrics: Any = None) -> None:
        """Look at the metric of an epoch, and perhaps set lower rates.

        Parameters
        ----------
        metrics : float
            Such as the loss of the data for validation.
        """
        if metrics is None:
            raise TypeError("ReduceLROnPlateau.step: needs the metric, such as step(loss)")
        metric = float(metrics.item() if isinstance(metrics, Tensor) else metrics)
        self.last_epoch += 1
        if self._is_better(metric):
            self.best = metric
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self.num_bad_epochs, self.cooldown_counter = 0, self.cooldown
            rates = self._rates()
            lower = [
                max(rate * self.factor, least)
                for rate, least in zip(rates, self.min_lrs, strict=True)
            ]
            pairs = zip(rates, lower, strict=True)
            self._set([new if old - new > self.eps else old for old, new in pairs])
        self._note()

    def _is_better(self, metric: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        margin = self.threshold
        if self.threshold_mode == "rel":
            margin *= self.best if math.isfinite(self.best) else 0.0
        return sign * metric < sign * self.best - margin
