"""How much a query takes from each of the values: the weights of attention."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..buffers import fresh
from ..registry import Array, Forward, constant, op
from .contraction import matmul
from .elementary import exp
from .reductions import sum
from .selection import where
from .shaping import reshape, swapaxes


@op(arrays=3)
def attention_weights(
    query: Array,
    key: Array,
    bias: Array | None = None,
    *,
    keep: Array | None = None,
    is_causal: bool = False,
    scale: float | None = None,
) -> Forward:
    """Weights of attention: the softmax of ``query @ key.T * scale + bias`` along the keys.

    Parameters
    ----------
    query : array of shape (..., L, E)
    key : array of shape (..., S, E)
    bias : array that broadcasts to (..., L, S), optional
        Added to the scores, such as a mask of 0 and -inf.
    keep : array of bool that broadcasts to (..., L, S), optional
        **True is where a key takes part**; the others have weight 0.
    is_causal : bool
        Whether a query sees only the keys up to its own place.
    scale : float, optional
        By default ``1 / sqrt(E)``.

    Returns
    -------
    array of shape (..., L, S)
        The weights of a query sum to 1; where no key takes part, they are all 0.

    Raises
    ------
    TypeError
        If `keep` is not booleans.
    ValueError
        If shapes do not match.

    Notes
    -----
    From Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser and Polosukhin, "Attention is all
    you need" (2017), equation 1. Scores are not kept for the derivative, only the weights.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.attention_weights(mg.tensor([[0.0], [0.0]]), [[1.0], [2.0]], is_causal=True)
    tensor([[1. , 0. ],
            [0.5, 0.5]], dtype=float64)
    """
    _check(query, key)
    factor = 1 / math.sqrt(query.shape[-1] or 1) if scale is None else float(scale)
    # The scores, then their exponentials, then the weights; of arrays all in the same place.
    weights: Array = matmul(query * factor, swapaxes(key, -1, -2))
    if bias is not None:
        weights = _added(weights, bias)
    mask = _mask(keep, is_causal, query.shape[-2], key.shape[-2])
    if mask is not None:
        weights = _hidden(weights, mask)
    weights -= _largest(weights)
    weights = np.exp(weights, out=weights) if type(weights) is np.ndarray else exp(weights)
    total = sum(weights, -1, keepdims=True)
    weights /= where(np.equal(total, 0), 1.0, total)

    def by_scores(g: Array) -> Array:
        level = np.einsum("...i,...i->...", g, weights)
        slopes = fresh(np.subtract, g, reshape(level, (*level.shape, 1)), weights)
        slopes *= weights
        return slopes

    # Query and key need the same gradient of the scores; it is computed for the first that asks.
    shared = _once(by_scores)
    return weights, (
        lambda g: matmul(shared(g), key) * factor,
        lambda g: matmul(swapaxes(shared(g), -1, -2), query) * factor,
        shared,
    )


def _check(query: Array, key: Array) -> None:
    shapes = f"query has shape {np.shape(query)}, key {np.shape(key)}"
    if np.ndim(query) < 2 or np.ndim(key) < 2 or query.shape[-1] != key.shape[-1]:
        raise ValueError(f"attention_weights: {shapes}, expected (..., L, E) and (..., S, E)")
    for label, x in (("query", query), ("key", key)):
        if x.dtype.kind != "f":
            raise TypeError(
                f"attention_weights: {label} is {x.dtype}, expected floats; convert it by "
                f"{label}.astype(float)"
            )


def _mask(keep: Array | None, is_causal: bool, length: int, keys: int) -> Any:
    """Where a key takes part in what a query gets, or None for everywhere."""
    mask = np.tri(length, keys, dtype=bool) if is_causal else None
    if keep is None:
        return mask
    kept = np.asarray(constant(keep))
    if kept.dtype != bool:
        raise TypeError(
            f"attention_weights: keep is {kept.dtype}, expected booleans, True where a key takes "
            "part; floats that are added to the scores are bias"
        )
    return kept if mask is None else kept & mask


def _added(scores: Array, bias: Array) -> Array:
    if _has_room(scores, bias) and np.result_type(scores, bias) == scores.dtype:
        scores += bias
        return scores
    return scores + bias


def _hidden(scores: Array, mask: Any) -> Array:
    """Scores that are -inf where a mask is False."""
    if _has_room(scores, mask):
        np.copyto(scores, -np.inf, where=~mask)
        return scores
    return where(mask, scores, -np.inf)


def _has_room(scores: Array, other: Array) -> bool:
    """Whether a result of both can be written to the scores."""
    return type(scores) is np.ndarray and (
        np.broadcast_shapes(scores.shape, np.shape(other)) == scores.shape
    )


def _largest(scores: Array) -> Array:
    """The largest score of each query, or 0 where it is not finite; it cancels."""
    found = constant(scores)
    if not found.shape[-1]:
        return np.zeros_like(found, shape=(*found.shape[:-1], 1))
    largest = np.max(found, axis=-1, keepdims=True)
    return np.where(np.isfinite(largest), largest, np.zeros_like(largest))


def _once(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Return a function that remembers its last result."""
    last: tuple[Array, Array] | None = None

    def remembering(x: Array) -> Array:
        nonlocal last
        if last is None or last[0] is not x:
            last = x, function(x)
        return last[1]

    return remembering
