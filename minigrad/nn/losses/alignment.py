"""Losses of sequences whose alignment is not known, as modules."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...tensor import Tensor
from .base import _Loss


class CTCLoss(_Loss):
    """Minus the log-probability of labels over all alignments; see `minigrad.ctc_loss`.

    Parameters
    ----------
    blank : int
        The label that stands for none.
    reduction : {"mean", "sum", "none"}
    zero_infinity : bool
        Whether items too short for their labels have the loss 0 in place of inf.

    Examples
    --------
    >>> scores = mg.random.normal(size=(50, 16, 20))  # steps, items, labels
    >>> targets = mg.random.integers(1, 20, size=(16, 30)).numpy()
    >>> loss = mg.nn.CTCLoss()
    >>> loss(mg.log_softmax(scores, 2), targets, np.full(16, 50), np.full(16, 20)).shape
    ()
    """

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(
        self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any
    ) -> Tensor:
        """Return the loss of log-probabilities (T, N, C) or (T, C)."""
        return ops.ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )
