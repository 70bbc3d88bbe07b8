"""Losses of numbers as modules."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...tensor import Tensor
from .base import _Loss


class MSELoss(_Loss):
    """Squares of differences; see `minigrad.mse_loss`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> mg.nn.MSELoss()(mg.tensor([1.0, 5.0]), [0.0, 2.0]).item()
    5.0
    """

    def forward(self, x: Any, target: Any) -> Tensor:
        """Return the loss of a prediction of the target's shape."""
        return ops.mse_loss(x, target, reduction=self.reduction)


class L1Loss(_Loss):
    """Absolute differences; see `minigrad.l1_loss`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> mg.nn.L1Loss()(mg.tensor([1.0, 5.0]), [0.0, 2.0]).item()
    2.0
    """

    def forward(self, x: Any, target: Any) -> Tensor:
        """Return the loss of a prediction of the target's shape."""
        return ops.l1_loss(x, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """Absolute differences, but squares below `beta`; see `minigrad.smooth_l1_loss`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
    beta : float

    Examples
    --------
    >>> mg.nn.SmoothL1Loss()(mg.tensor([1.0, 5.0]), [0.0, 2.0]).item()
    1.5
    """

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.beta = beta

    def forward(self, x: Any, target: Any) -> Tensor:
        """Return the loss of a prediction of the target's shape."""
        return ops.smooth_l1_loss(x, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """Half the squares of differences up to `delta`; see `minigrad.huber_loss`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
    delta : float

    Examples
    --------
    >>> mg.nn.HuberLoss(delta=2.0)(mg.tensor([1.0, 5.0]), [0.0, 2.0]).item()
    2.25
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, x: Any, target: Any) -> Tensor:
        """Return the loss of a prediction of the target's shape."""
        return ops.huber_loss(x, target, self.reduction, self.delta)
