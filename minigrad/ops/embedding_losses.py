"""Losses of embeddings and rankings: which vectors are close, and which score is higher."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, composed, constant
from .elementary import sqrt
from .loss_parts import Reduction, floating, in_dtype_of, matched, reduced
from .norms import vector_norm
from .reductions import sum
from .rounding import clip
from .selection import keep_where, minimum
from .shaping import broadcast_to

if TYPE_CHECKING:
    from ..tensor import Tensor

Distance = Callable[[Any, Any], Any]
_TINY = 1e-12  # added to squares of norms, so that vectors of zeros have the cosine 0


@composed()
def cosine_similarity(x1: Array, x2: Array, /, axis: int = 1, eps: float = 1e-8) -> Tensor:
    """Cosine of the angle between vectors, their product divided by their norms.

    Parameters
    ----------
    x1, x2 : array
        They broadcast together.
    axis : int
        The axis whose elements make a vector.
    eps : float
        Smaller norms count as this, so vectors of zeros have the cosine 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.cosine_similarity(mg.tensor([[3.0, 4.0]]), mg.tensor([[4.0, 3.0]]))
    tensor([0.96], dtype=float64)
    """
    x1 = floating(x1)
    x2 = in_dtype_of(x1, floating(x2))
    shape = np.broadcast_shapes(np.shape(x1), np.shape(x2))
    first, second = (_unit(broadcast_to(x, shape), axis, eps) for x in (x1, x2))
    return sum(first * second, axis)


def _unit(x: Array, axis: int, eps: float) -> Array:
    """Vectors divided by their norms, or by `eps` where that is larger."""
    norm = vector_norm(x, axis=axis, keepdims=True)
    length = np.asarray(constant(norm))
    if np.any(length < eps):
        # A constant is added: the slope of the norm remains.
        norm = norm + np.maximum(float(eps) - length, 0)
    return x / norm


@composed()
def pairwise_distance(
    x1: Array,
    x2: Array,
    /,
    p: float = 2.0,
    eps: float = 1e-6,
    keepdims: bool = False,
) -> Tensor:
    """Distances of vectors along the last axis, the norms of ``x1 - x2 + eps``.

    Parameters
    ----------
    x1, x2 : array of shape (..., D)
        They broadcast together.
    p : float
        Order of the norm; see `minigrad.linalg.vector_norm`.
    eps : float
        Added to the differences, so that no norm is 0.
    keepdims : bool

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.pairwise_distance(mg.tensor([[3.0, 4.0]]), mg.tensor([[0.0, 0.0]]), eps=0)
    tensor([5.], dtype=float64)
    """
    x1 = floating(x1)
    x2 = in_dtype_of(x1, floating(x2))
    return vector_norm(x1 - x2 + float(eps), axis=-1, keepdims=keepdims, ord=p)


@composed()
def cosine_embedding_loss(
    x1: Array, x2: Array, target: Array, /, margin: float = 0.0, *, reduction: Reduction = "mean"
) -> Tensor:
    """How far the cosine of two vectors is from 1, where they are alike, or above a margin.

    ``1 - cos(x1, x2)`` where the target is 1, and ``max(0, cos(x1, x2) - margin)`` where it is -1.

    Parameters
    ----------
    x1, x2 : array of shape (N, D) or (D,)
    target : array of shape (N,) or ()
        1 or -1; not differentiable.
    margin : float
        From -1 to 1.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes do not match.

    Examples
    --------
    >>> import minigrad as mg
    >>> x1, x2 = mg.tensor([[3.0, 4.0], [3.0, 4.0]]), mg.tensor([[6.0, 8.0], [6.0, 8.0]])
    >>> mg.cosine_embedding_loss(x1, x2, [1, -1], margin=0.75, reduction="none").round(12)
    tensor([0.  , 0.25], dtype=float64)
    """
    name = "cosine_embedding_loss"
    x1, x2 = matched(name, x1, "x1", x2=x2)
    shape, sign = np.shape(x1), np.asarray(constant(target))
    if len(shape) not in (1, 2) or sign.shape != shape[:-1]:
        raise ValueError(
            f"{name}: x1 and x2 have shape {shape} and target {sign.shape}, expected (N, D) and "
            "(N,), or (D,) and ()"
        )
    squares = (sum(x1 * x1, -1) + _TINY) * (sum(x2 * x2, -1) + _TINY)
    cosine = sum(x1 * x2, -1) / sqrt(squares)
    losses = keep_where(sign == 1, 1 - cosine) + keep_where(
        sign == -1, clip(cosine - float(margin), 0.0, None)
    )
    return reduced(name, losses, reduction)


@composed()
def hinge_embedding_loss(
    x: Array, target: Array, /, margin: float = 1.0, *, reduction: Reduction = "mean"
) -> Tensor:
    """Distances where the target is 1, and what they lack of a margin where it is -1.

    Parameters
    ----------
    x : array
        Distances.
    target : array of the same shape
        1 or -1; not differentiable.
    margin : float
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes differ.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.hinge_embedding_loss(mg.tensor([0.25, 0.25]), [1, -1], reduction="none")
    tensor([0.25, 0.75], dtype=float64)
    """
    x, sign = matched("hinge_embedding_loss", x, target=constant(target))
    near = keep_where(sign != -1, x)
    apart = keep_where(sign != 1, clip(float(margin) - x, 0.0, None))
    return reduced("hinge_embedding_loss", near + apart, reduction)


@composed()
def margin_ranking_loss(
    x1: Array, x2: Array, target: Array, /, margin: float = 0.0, *, reduction: Reduction = "mean"
) -> Tensor:
    """How much a score lacks of being higher than another by a margin.

    ``max(0, -target * (x1 - x2) + margin)``.

    Parameters
    ----------
    x1, x2 : array
    target : array of the same shape
        1 where `x1` should be the higher one, and -1 where `x2` should.
    margin : float
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes differ.

    Examples
    --------
    >>> import minigrad as mg
    >>> x1, x2 = mg.tensor([2.0, 2.0]), mg.tensor([1.0, 1.0])
    >>> mg.margin_ranking_loss(x1, x2, [1, -1], margin=0.5, reduction="none")
    tensor([0. , 1.5], dtype=float64)
    """
    x1, x2, target = matched("margin_ranking_loss", x1, "x1", x2=x2, target=target)
    losses = clip(float(margin) - target * (x1 - x2), 0.0, None)
    return reduced("margin_ranking_loss", losses, reduction)


@composed()
def triplet_margin_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    /,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    """How much an anchor lacks of being closer to one vector than to another by a margin.

    ``max(0, d(anchor, positive) - d(anchor, negative) + margin)``, `d` being `pairwise_distance`.

    Parameters
    ----------
    anchor, positive, negative : array of shape (N, D) or (D,)
    margin : float
        Above 0.
    p, eps : float
        Of the distances.
    swap : bool
        Whether the distance from `positive` to `negative` takes the place of that from the anchor
        where it is smaller (Balntas, Riba, Ponsa and Mikolajczyk, "Learning local feature
        descriptors with triplets and shallow convolutional neural networks", 2016).
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes differ, or the margin is not positive.

    Examples
    --------
    >>> import minigrad as mg
    >>> anchor, near, distant = mg.tensor([[0.0, 0.0]]), [[0.0, 3.0]], [[3.5, 0.0]]
    >>> round(mg.triplet_margin_loss(anchor, near, distant).item(), 5)
    0.5
    """
    name = "triplet_margin_loss"
    anchor, positive, negative = _alike(name, anchor, positive, negative)

    def distance(x1: Array, x2: Array) -> Any:
        return pairwise_distance(x1, x2, p, eps)

    return _of_triplets(name, distance, anchor, positive, negative, margin, swap, reduction)


@composed()
def triplet_margin_with_distance_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    /,
    *,
    distance_function: Distance | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: Reduction = "mean",
) -> Tensor:
    """`triplet_margin_loss` with a distance of one's own.

    Parameters
    ----------
    anchor, positive, negative : array of one shape
    distance_function : callable, optional
        From two arrays to their distances; by default `pairwise_distance`.
    margin : float
        Above 0.
    swap : bool
        As that of `triplet_margin_loss`.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes differ, or the margin is not positive.

    Examples
    --------
    >>> import minigrad as mg
    >>> anchor, near, distant = mg.tensor([[0.0, 0.0]]), [[0.0, 3.0]], [[3.5, 0.0]]
    >>> mg.triplet_margin_with_distance_loss(
    ...     anchor, near, distant, distance_function=lambda x, y: abs(x - y).sum(axis=-1)
    ... ).item()
    0.5
    """
    name, distance = "triplet_margin_with_distance_loss", distance_function or pairwise_distance
    anchor, positive, negative = _alike(name, anchor, positive, negative)
    return _of_triplets(name, distance, anchor, positive, negative, margin, swap, reduction)


def _alike(name: str, anchor: Array, positive: Array, negative: Array) -> list[Any]:
    return matched(name, anchor, "anchor", positive=positive, negative=negative)


def _of_triplets(
    name: str,
    distance: Distance,
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float,
    swap: bool,
    reduction: Reduction,
) -> Any:
    if not margin > 0:
        raise ValueError(f"{name}: margin is above 0, got {margin!r}")
    near, apart = distance(anchor, positive), distance(anchor, negative)
    if swap:
        apart = minimum(apart, distance(positive, negative))
    return reduced(name, clip(near - apart + float(margin), 0.0, None), reduction)
