"""Norms, angles and distances of vectors, and a product of two, with PyTorch's parameters."""

from __future__ import annotations

import numpy as np

from ... import ops
from ...registry import Array
from ...tensor import Tensor


def normalize(
    x: Array, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12
) -> Tensor:
    """Vectors along an axis divided by their norms; `minigrad.normalize`.

    Examples
    --------
    >>> mg.nn.functional.normalize(mg.tensor([3.0, 4.0]), dim=0)
    tensor([0.6, 0.8], dtype=float64)
    """
    return ops.normalize(x, p, dim, eps)


def cosine_similarity(x1: Array, x2: Array, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Cosine of the angle between vectors along an axis; `minigrad.cosine_similarity`.

    Examples
    --------
    >>> mg.nn.functional.cosine_similarity(mg.tensor([3.0, 4.0]), mg.tensor([4.0, 3.0]), dim=0)
    tensor(0.96, dtype=float64)
    """
    return ops.cosine_similarity(x1, x2, dim, eps)


def pairwise_distance(
    x1: Array, x2: Array, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """Distances of vectors along the last axis; `minigrad.pairwise_distance`.

    Examples
    --------
    >>> mg.nn.functional.pairwise_distance(mg.tensor([3.0, 4.0]), np.zeros(2), eps=0, keepdim=True)
    tensor([5.], dtype=float64)
    """
    return ops.pairwise_distance(x1, x2, p, eps, keepdim)


def bilinear(input1: Array, input2: Array, weight: Array, bias: Array | None = None) -> Tensor:
    """Layer that is linear in each of two inputs, ``x1 @ weight[k] @ x2 + bias[k]``.

    Parameters
    ----------
    input1 : array of shape (..., in1_features)
    input2 : array of shape (..., in2_features)
    weight : array of shape (out_features, in1_features, in2_features)
    bias : array of shape (out_features,), optional

    Returns
    -------
    array of shape (..., out_features)

    Raises
    ------
    ValueError
        If shapes do not match.

    Examples
    --------
    >>> mg.nn.functional.bilinear(np.ones((8, 2)), np.ones((8, 3)), np.ones((4, 2, 3))).shape
    (8, 4)
    """
    one, two, shape = np.shape(input1), np.shape(input2), np.shape(weight)
    if len(shape) != 3 or (*one[:-1], *shape[1:2]) != one or (*one[:-1], *shape[2:]) != two:
        raise ValueError(
            f"bilinear: the inputs have shapes {one} and {two}, weight {shape}, expected "
            "(..., in1_features), (..., in2_features) and (out_features, in1_features, "
            "in2_features)"
        )
    # One product of matrices, of all pairs of features with the flat weights.
    products = ops.multiply(ops.expand_dims(input1, -1), ops.expand_dims(input2, -2))
    flat = ops.reshape(weight, (shape[0], shape[1] * shape[2]))
    return ops.linear(ops.reshape(products, (*one[:-1], shape[1] * shape[2])), flat, bias)
