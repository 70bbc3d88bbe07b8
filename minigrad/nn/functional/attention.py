"""Attention as a function: its masks, its dropout and the average of the values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import ops
from ...registry import Array, constant
from ...tensor import Tensor
from .dropouts import dropout

if TYPE_CHECKING:
    from numpy.random import Generator


def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    *,
    rng: Generator | int | None = None,
) -> Tensor:
    """Averages of values, weighted by the softmax of ``query @ key.T * scale``.

    **In a boolean mask True is a key that takes part**, as in PyTorch's function of this name. In
    `minigrad.nn.MultiheadAttention` it is the opposite.

    Parameters
    ----------
    query : array of shape (..., L, E)
    key : array of shape (..., S, E)
    value : array of shape (..., S, V)
    attn_mask : array of bool or float that broadcasts to (..., L, S), optional
        Booleans, True where a key takes part; or floats that are added to the scores, such as 0
        and -inf.
    dropout_p : float
        Probability of a weight to become 0. There is no training mode: pass 0 in evaluation.
    is_causal : bool
        Whether a query sees only the keys up to its own place, counted from the first of both; also
        together with a mask.
    scale : float, optional
        By default ``1 / sqrt(E)``.
    rng : numpy.random.Generator or int, optional
        What dropout is drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Returns
    -------
    array of shape (..., L, V)
        0 for a query that no key takes part in.

    Raises
    ------
    TypeError
        If the mask is integers.
    ValueError
        If shapes do not match.

    Notes
    -----
    From Vaswani and others, "Attention is all you need" (2017), equation 1. The weights alone are
    `minigrad.attention_weights`.

    Examples
    --------
    >>> query, key = mg.tensor([[0.0, 0.0]]), mg.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> seen = np.array([[True, False, True]])
    >>> mg.nn.functional.scaled_dot_product_attention(query, key, key, seen)
    tensor([[3., 4.]], dtype=float64)
    """
    name = "scaled_dot_product_attention"
    shapes = [np.shape(x) for x in (query, key, value)]
    if min(map(len, shapes)) < 2 or shapes[1][-2] != shapes[2][-2]:
        raise ValueError(
            f"{name}: query has shape {shapes[0]}, key {shapes[1]}, value {shapes[2]}, expected "
            "(..., L, E), (..., S, E) and (..., S, V)"
        )
    keep, bias = divided(name, "attn_mask", attn_mask, "True where a key takes part", query)
    for mask in (keep, bias):
        wanted = (*shapes[0][:-1], shapes[1][-2])
        if mask is not None and not _fits(np.shape(mask), wanted):
            raise ValueError(
                f"{name}: attn_mask has shape {np.shape(mask)}, which does not broadcast to "
                f"(..., L, S), here {wanted}"
            )
    weights = ops.attention_weights(query, key, bias, keep=keep, is_causal=is_causal, scale=scale)
    return ops.matmul(dropout(weights, dropout_p, rng=rng), value)


def divided(
    owner: str, label: str, mask: Array | None, meaning: str, like: Array
) -> tuple[Any, Array | None]:
    """A mask as booleans or as floats of the dtype of `like`; None for what it is not."""
    if mask is None:
        return None, None
    if not isinstance(mask, Tensor):
        mask = np.asarray(mask)
    if mask.dtype == bool:
        return np.asarray(constant(mask)), None
    if mask.dtype.kind != "f":
        raise TypeError(
            f"{owner}: {label} is {mask.dtype}, expected booleans, {meaning}, or floats that are "
            f"added to the scores; convert it by {label}.astype(bool)"
        )
    return None, mask if mask.dtype == like.dtype else ops.astype(mask, like.dtype)


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether the last two lengths broadcast to those that are wanted."""
    pairs = zip(shape[::-1], wanted[:-3:-1], strict=False)
    return all(length in {1, other} for length, other in pairs)
