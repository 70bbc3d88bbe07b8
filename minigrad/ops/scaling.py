"""Dividing by a norm, or by a power of one."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

import numpy as np

from ..registry import Array, composed
from .elementary import sqrt
from .normalization import last_axes
from .norms import vector_norm
from .padding import pad
from .reductions import Axis, mean
from .rounding import clip
from .shaping import astype

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed()
def rms_norm(
    x: Array,
    /,
    normalized_shape: int | tuple[int, ...],
    weight: Array | None = None,
    eps: float | None = None,
) -> Tensor:
    """Divide by the root of the mean square along the last axes.

    Parameters
    ----------
    x : array of shape (..., normalized_shape...)
    normalized_shape : int or tuple of int
        Lengths of the axes, one or more.
    weight : array of shape `normalized_shape`, optional
        Multiplied at last, elementwise.
    eps : float, optional
        Added to the mean square; by default the spacing of the dtype at 1.

    Raises
    ------
    ValueError
        If shapes do not match.

    Notes
    -----
    From Zhang and Sennrich, "Root mean square layer normalization" (2019).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.rms_norm(mg.tensor([1.0, 7.0]), 2, eps=0)
    tensor([0.2, 1.4], dtype=float64)
    """
    axis = last_axes("rms_norm", x, normalized_shape, weight=weight)
    if eps is None:
        eps = float(np.finfo(x.dtype).eps)
    if x.dtype == np.float16:  # whose squares overflow soon
        single = rms_norm(astype(x, np.float32), normalized_shape, weight, eps)
        return astype(single, np.float16)
    # A NumPy scalar would make float64 of float32.
    out = x / sqrt(mean(x * x, axis, keepdims=True) + float(eps))
    return out if weight is None else out * weight


@composed()
def local_response_norm(
    x: Array, /, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Divide by ``(k + alpha * m) ** beta``, where `m` is the mean square of adjacent channels.

    Parameters
    ----------
    x : array of shape (N, C, ...)
    size : int
        How many channels: from ``size // 2`` before to ``(size - 1) // 2`` behind. Where there are
        no more, zeros are counted.
    alpha, beta, k : float

    Raises
    ------
    ValueError
        If `x` has no axis for positions, or the size is below 1.

    Notes
    -----
    From Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
    networks" (2012), who take the sum in place of the mean.
    """
    if x.ndim < 3 or size < 1:
        raise ValueError(
            f"local_response_norm: takes (N, C, ...) and a size of at least 1, got {x.shape} and "
            f"{size}"
        )
    if x.dtype == np.float16:  # whose squares overflow soon
        single = local_response_norm(astype(x, np.float32), size, alpha, beta, k)
        return astype(single, np.float16)
    alpha, beta, k = float(alpha), float(beta), float(k)  # for the sake of the dtype, as above
    channels, beyond = x.shape[1], [(0, 0)] * (x.ndim - 2)
    padded = pad(x * x, [(0, 0), (size // 2, (size - 1) // 2), *beyond])
    total = functools.reduce(operator.add, (padded[:, i : i + channels] for i in range(size)))
    return x / (total * (alpha / size) + k) ** beta


@composed()
def normalize(x: Array, /, p: float = 2.0, axis: Axis = 1, eps: float = 1e-12) -> Tensor:
    """Divide vectors by their norms.

    Parameters
    ----------
    x : array
    p : float
        Order of the norm; see `minigrad.linalg.vector_norm`.
    axis : int, tuple of int, or None
        The axes whose elements make a vector; None takes all.
    eps : float
        Smaller norms count as this, so that zeros remain.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.normalize(mg.tensor([[3.0, 4.0], [0.0, 0.0]]))
    tensor([[0.6, 0.8],
            [0. , 0. ]], dtype=float64)
    """
    if x.dtype == np.float16:  # whose squares overflow soon
        return astype(normalize(astype(x, np.float32), p, axis, eps), np.float16)
    return x / clip(vector_norm(x, axis=axis, keepdims=True, ord=p), float(eps), None)
