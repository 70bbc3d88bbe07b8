"""Losses of classifiers as modules."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...tensor import Tensor
from .base import _Loss, factors


class CrossEntropyLoss(_Loss):
    """Cross-entropy between the softmax of logits and classes; see `minigrad.cross_entropy`.

    Parameters
    ----------
    weight : array_like of shape (C,), optional
        Factors of the classes.
    ignore_index : int
        A class number of items that do not count.
    reduction : {"mean", "sum", "none"}
    label_smoothing : float
        How much of the probability is shared equally by all classes.

    Attributes
    ----------
    weight : Buffer of shape (C,), or None

    Examples
    --------
    >>> loss = mg.nn.CrossEntropyLoss(weight=[1.0, 3.0])
    >>> (loss(mg.tensor([[0.0, 0.0], [0.0, 0.0]]), [0, 1]) / np.log(2)).item()
    1.0
    """

    def __init__(
        self,
        weight: Any = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction=reduction)
        self.weight = factors(weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, logits: Any, targets: Any) -> Tensor:
        """Return the loss of logits (N, C), (C,) or (N, C, d1, ...)."""
        return ops.cross_entropy(
            logits,
            targets,
            self.weight,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            reduction=self.reduction,
        )


class NLLLoss(_Loss):
    """Minus the log-probabilities of the true classes; see `minigrad.nll_loss`.

    Parameters
    ----------
    weight : array_like of shape (C,), optional
        Factors of the classes.
    ignore_index : int
        A class number of items that do not count.
    reduction : {"mean", "sum", "none"}

    Attributes
    ----------
    weight : Buffer of shape (C,), or None

    Examples
    --------
    >>> mg.nn.NLLLoss()(mg.tensor([[-1.0, -3.0], [-2.0, -4.0]]), [0, 1]).item()
    2.5
    """

    def __init__(
        self, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction=reduction)
        self.weight = factors(weight)
        self.ignore_index = ignore_index

    def forward(self, log_probs: Any, targets: Any) -> Tensor:
        """Return the loss of log-probabilities (N, C), (C,) or (N, C, d1, ...)."""
        return ops.nll_loss(
            log_probs,
            targets,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )
