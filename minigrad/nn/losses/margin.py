"""Losses that ask for a margin between the scores of classes, as modules."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...tensor import Tensor
from .base import _Loss, factors


class MultiMarginLoss(_Loss):
    """Multiclass hinge loss; see `minigrad.multi_margin_loss`.

    Parameters
    ----------
    p : {1, 2}
        Power of what a score lacks.
    margin : float
    weight : array_like of shape (C,), optional
        Factors of the true classes.
    reduction : {"mean", "sum", "none"}

    Attributes
    ----------
    weight : Buffer of shape (C,), or None

    Examples
    --------
    >>> 4 * mg.nn.MultiMarginLoss()(mg.tensor([[0.5, 1.0, -2.0, 0.25]]), [0]).item()
    2.25
    """

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Any = None, *, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction=reduction)
        self.p = p
        self.margin = margin
        self.weight = factors(weight)

    def forward(self, x: Any, targets: Any) -> Tensor:
        """Return the loss of scores (N, C) or (C,)."""
        return ops.multi_margin_loss(
            x, targets, self.p, self.margin, self.weight, reduction=self.reduction
        )


class MultiLabelMarginLoss(_Loss):
    """Hinge loss of items with several classes; see `minigrad.multilabel_margin_loss`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> mg.nn.MultiLabelMarginLoss()(mg.tensor([0.5, 1.0, 2.0, 0.0]), [2, 1, -1, 0]).item()
    0.125
    """

    def forward(self, x: Any, targets: Any) -> Tensor:
        """Return the loss of scores (N, C) or (C,) for lists of classes that -1 ends."""
        return ops.multilabel_margin_loss(x, targets, reduction=self.reduction)


class SoftMarginLoss(_Loss):
    """Logistic loss of two classes, 1 and -1; see `minigrad.soft_margin_loss`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> (mg.nn.SoftMarginLoss()(mg.tensor([0.0, 0.0]), [1, -1]) / np.log(2)).item()
    1.0
    """

    def forward(self, x: Any, target: Any) -> Tensor:
        """Return the loss of scores of the target's shape."""
        return ops.soft_margin_loss(x, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_Loss):
    """Cross-entropy of items with several classes; see `minigrad.multilabel_soft_margin_loss`.

    Parameters
    ----------
    weight : array_like of shape (C,), optional
        Factors of the classes.
    reduction : {"mean", "sum", "none"}

    Attributes
    ----------
    weight : Buffer of shape (C,), or None

    Examples
    --------
    >>> (mg.nn.MultiLabelSoftMarginLoss()(mg.tensor([[0.0, 0.0]]), [[1, 0]]) / np.log(2)).item()
    1.0
    """

    def __init__(self, weight: Any = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.weight = factors(weight)

    def forward(self, x: Any, target: Any) -> Tensor:
        """Return the loss of logits (..., C) of the target's shape."""
        return ops.multilabel_soft_margin_loss(x, target, self.weight, reduction=self.reduction)
