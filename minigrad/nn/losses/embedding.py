"""Losses of embeddings and rankings as modules, and the distances that they compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import ops
from ...tensor import Tensor
from ..module import Module
from .base import _Loss


class CosineSimilarity(Module):
    """Cosine of the angle between vectors; see `minigrad.cosine_similarity`.

    Parameters
    ----------
    dim : int
        The axis whose elements make a vector.
    eps : float
        Smaller norms count as this.

    Examples
    --------
    >>> mg.nn.CosineSimilarity()(mg.tensor([[3.0, 4.0]]), mg.tensor([[4.0, 3.0]]))
    tensor([0.96], dtype=float64)
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Any, x2: Any) -> Tensor:
        """Return the cosines of vectors that broadcast together."""
        return ops.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """Distances of vectors along the last axis; see `minigrad.pairwise_distance`.

    Parameters
    ----------
    p : float
        Order of the norm.
    eps : float
        Added to differences.
    keepdim : bool

    Examples
    --------
    >>> mg.nn.PairwiseDistance(eps=0)(mg.tensor([[3.0, 4.0]]), mg.tensor([[0.0, 0.0]]))
    tensor([5.], dtype=float64)
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Any, x2: Any) -> Tensor:
        """Return the distances of vectors that broadcast together."""
        return ops.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineEmbeddingLoss(_Loss):
    """How alike vectors are that should be, or should not; see `minigrad.cosine_embedding_loss`.

    Parameters
    ----------
    margin : float
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> x = mg.tensor([[3.0, 4.0], [3.0, 4.0]])
    >>> round(mg.nn.CosineEmbeddingLoss()(x, 2 * x, [1, -1]).item(), 12)
    0.5
    """

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.margin = margin

    def forward(self, x1: Any, x2: Any, target: Any) -> Tensor:
        """Return the loss of vectors (N, D) or (D,)."""
        return ops.cosine_embedding_loss(
            x1, x2, target, margin=self.margin, reduction=self.reduction
        )


class HingeEmbeddingLoss(_Loss):
    """Distances, or what they lack of a margin; see `minigrad.hinge_embedding_loss`.

    Parameters
    ----------
    margin : float
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> mg.nn.HingeEmbeddingLoss()(mg.tensor([0.5, 0.25]), [1, -1]).item()
    0.625
    """

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.margin = margin

    def forward(self, x: Any, target: Any) -> Tensor:
        """Return the loss of distances of the target's shape."""
        return ops.hinge_embedding_loss(x, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(_Loss):
    """What a score lacks of being higher than another; see `minigrad.margin_ranking_loss`.

    Parameters
    ----------
    margin : float
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> mg.nn.MarginRankingLoss()(mg.tensor([2.0, 2.0]), mg.tensor([1.0, 1.0]), [1, -1]).item()
    0.5
    """

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.margin = margin

    def forward(self, x1: Any, x2: Any, target: Any) -> Tensor:
        """Return the loss of scores of the target's shape."""
        return ops.margin_ranking_loss(x1, x2, target, margin=self.margin, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """What an anchor lacks of being closer to one vector; see `minigrad.triplet_margin_loss`.

    Parameters
    ----------
    margin : float
    p, eps : float
        Of the distances.
    swap : bool
        Whether the distance of the others counts where it is smaller.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> anchor, near, distant = mg.tensor([[0.0, 0.0]]), [[0.0, 3.0]], [[3.5, 0.0]]
    >>> mg.nn.TripletMarginLoss(eps=0)(anchor, near, distant).item()
    0.5
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        *,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Tensor:
        """Return the loss of vectors (N, D) or (D,)."""
        return ops.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    """`TripletMarginLoss` with a distance of one's own.

    See `minigrad.triplet_margin_with_distance_loss`.

    Parameters
    ----------
    distance_function : callable, optional
        From two arrays to their distances, such as a module; by default `PairwiseDistance`.
    margin : float
    swap : bool
        Whether the distance of the others counts where it is smaller.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> anchor, near, distant = mg.tensor([[0.0, 0.0]]), [[0.0, 3.0]], [[3.5, 0.0]]
    >>> loss = mg.nn.TripletMarginWithDistanceLoss(distance_function=mg.nn.PairwiseDistance(p=1))
    >>> round(loss(anchor, near, distant).item(), 5)
    0.5
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Any, Any], Any] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        self.distance_function = distance_function or PairwiseDistance()
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Tensor:
        """Return the loss of arrays of one shape."""
        return ops.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
