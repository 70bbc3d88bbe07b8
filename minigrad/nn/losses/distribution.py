"""Losses of predicted distributions as modules."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...tensor import Tensor
from .base import _Loss


class KLDivLoss(_Loss):
    """Kullback-Leibler divergence of a predicted distribution; see `minigrad.kl_div`.

    Parameters
    ----------
    reduction : {"mean", "batchmean", "sum", "none"}
        ``"batchmean"`` is the divergence as it is defined.
    log_target : bool
        Whether targets are logarithms, too.

    Examples
    --------
    >>> loss = mg.nn.KLDivLoss(reduction="batchmean")
    >>> (loss(mg.log_softmax(mg.tensor([[0.0, 0.0]])), [[1.0, 0.0]]) / np.log(2)).item()
    1.0
    """

    _reductions = ("mean", "batchmean", "sum", "none")

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.log_target = log_target

    def forward(self, x: Any, target: Any) -> Tensor:
        """Return the loss of log-probabilities of the target's shape."""
        return ops.kl_div(x, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(_Loss):
    """Minus the log-likelihood of counts; see `minigrad.poisson_nll_loss`.

    Parameters
    ----------
    log_input : bool
        Whether predictions are logarithms of rates.
    full : bool
        Whether to add Stirling's approximation of the logarithm of the factorial.
    eps : float
        Added to rates before their logarithm is taken.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> mg.nn.PoissonNLLLoss()(mg.tensor([0.0, 0.0]), [3, 0]).item()
    1.0
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        *,
        eps: float = 1e-8,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, x: Any, target: Any) -> Tensor:
        """Return the loss of a prediction of the target's shape."""
        return ops.poisson_nll_loss(
            x,
            target,
            log_input=self.log_input,
            full=self.full,
            eps=self.eps,
            reduction=self.reduction,
        )


class GaussianNLLLoss(_Loss):
    """Minus the log-likelihood of numbers; see `minigrad.gaussian_nll_loss`.

    Parameters
    ----------
    full : bool
        Whether to add the constant ``log(2 * pi) / 2``.
    eps : float
        Smaller variances count as this.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> mg.nn.GaussianNLLLoss()(mg.tensor([1.0, 2.0]), [1.0, 4.0], [1.0, 1.0]).item()
    1.0
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, x: Any, target: Any, var: Any) -> Tensor:
        """Return the loss of means and variances."""
        return ops.gaussian_nll_loss(
            x, target, var, full=self.full, eps=self.eps, reduction=self.reduction
        )
