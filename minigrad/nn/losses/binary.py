"""Losses of two classes as modules."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...tensor import Tensor
from .base import _Loss, factors


class BCELoss(_Loss):
    """Cross-entropy of probabilities; see `minigrad.binary_cross_entropy`.

    Parameters
    ----------
    weight : array_like that broadcasts to the input, optional
        Factors of the losses.
    reduction : {"mean", "sum", "none"}

    Attributes
    ----------
    weight : Buffer, or None

    Examples
    --------
    >>> (mg.nn.BCELoss()(mg.tensor([0.5, 0.5]), [0, 1]) / np.log(2)).item()
    1.0
    """

    def __init__(self, weight: Any = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.weight = factors(weight)

    def forward(self, x: Any, target: Any) -> Tensor:
        """Return the loss of probabilities."""
        return ops.binary_cross_entropy(x, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """Cross-entropy of logits; see `minigrad.binary_cross_entropy_with_logits`.

    Parameters
    ----------
    weight : array_like that broadcasts to the input, optional
        Factors of the losses.
    reduction : {"mean", "sum", "none"}
    pos_weight : array_like that broadcasts to the input, optional
        Factors of the part of the positive examples.

    Attributes
    ----------
    weight, pos_weight : Buffer, or None

    Examples
    --------
    >>> loss = mg.nn.BCEWithLogitsLoss(pos_weight=[3.0])
    >>> (loss(mg.tensor([[0.0], [0.0]]), [[0], [1]]) / np.log(2)).item()
    2.0
    """

    def __init__(
        self, weight: Any = None, *, reduction: str = "mean", pos_weight: Any = None
    ) -> None:
        super().__init__(reduction=reduction)
        self.weight = factors(weight)
        self.pos_weight = factors(pos_weight)

    def forward(self, x: Any, target: Any) -> Tensor:
        """Return the loss of logits."""
        return ops.binary_cross_entropy_with_logits(
            x, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )
