"""The dense layer."""

from __future__ import annotations

import math

import numpy as np

from ..registry import Array, Forward, op
from .contraction import matmul
from .shaping import reshape, transpose


@op(arrays=3)
def linear(x: Array, weight: Array, bias: Array | None = None) -> Forward:
    """Dense layer, ``x @ weight.T + bias``.

    Parameters
    ----------
    x : array of shape (..., in_features)
    weight : array of shape (out_features, in_features)
    bias : array of shape (out_features,), optional

    Returns
    -------
    array of shape (..., out_features)

    Raises
    ------
    ValueError
        If shapes do not match.

    Notes
    -----
    The same as `matmul` and `add`, but the gradient of the weight is computed in its own memory
    order, in which an optimiser goes over both at once.

    Examples
    --------
    >>> import minigrad as mg
    >>> import numpy as np
    >>> mg.linear(np.ones((5, 3)), np.ones((2, 3))).shape
    (5, 2)
    """
    shape, (rows, columns) = np.shape(x), _checked(x, weight, bias)
    count = math.prod(shape[:-1])
    flat = x if len(shape) == 2 else np.reshape(x, (count, columns))
    out = np.matmul(flat, np.transpose(weight))
    if bias is not None:
        if bias.dtype == out.dtype:
            out += bias
        else:
            out = out + bias
    if len(shape) != 2:
        out = np.reshape(out, (*shape[:-1], rows))

    def by_weight(g: Array) -> Array:
        g = g if len(shape) == 2 else reshape(g, (count, rows))
        return matmul(transpose(g), flat)

    return out, (lambda g: matmul(g, weight), by_weight, lambda g: g)


def _checked(x: Array, weight: Array, bias: Array | None) -> tuple[int, int]:
    """Return the shape of the weight, or say what does not fit it."""
    if np.ndim(weight) != 2:
        raise ValueError(
            f"linear: weight has shape {np.shape(weight)}, expected (out_features, in_features)"
        )
    rows, columns = weight.shape
    if np.shape(x)[-1:] != (columns,):
        raise ValueError(
            f"linear: x has shape {np.shape(x)}, but weight of shape {weight.shape} needs "
            f"(..., {columns})"
        )
    if bias is not None and np.shape(bias) != (rows,):
        raise ValueError(
            f"linear: bias has shape {np.shape(bias)}, but weight of shape {weight.shape} needs "
            f"({rows},)"
        )
    return rows, columns
