"""Normalisation as functions that keep running statistics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import ops
from ...ops.normalization import batch_moments, instance_moments
from ...registry import Array, constant
from ...tensor import Tensor


def batch_norm(
    x: Array,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every channel to mean 0 and variance 1, over the batch and all positions.

    Parameters
    ----------
    x : array of shape (N, C) or (N, C, ...)
    running_mean, running_var : tensor or ndarray of shape (C,), optional
        In training they are updated in place; otherwise they are what `x` is normalised by.
    weight, bias : array of shape (C,), optional
        A channel is multiplied by its weight at last, and its bias is added.
    training : bool
        Whether to normalise by the statistics of `x`.
    momentum : float
        The part of the new in a running statistic, ``(1 - momentum) * old + momentum * new``. The
        new variance is the unbiased one (``ddof=1``), unlike that which normalises.
    eps : float
        Added to the variances.

    Raises
    ------
    ValueError
        If shapes do not match, statistics are missing, or a batch to train on has a single value in
        each channel.

    Examples
    --------
    >>> mean, var = np.zeros(2), np.ones(2)
    >>> x = mg.tensor([[1.0, 10.0], [3.0, 30.0]])
    >>> mg.nn.functional.batch_norm(x, mean, var, training=True, eps=0)
    tensor([[-1., -1.],
            [ 1.,  1.]], dtype=float64)
    >>> mean, var
    (array([0.2, 2. ]), array([ 1.1, 20.9]))
    """
    if not training:
        _require("batch_norm", "training=True", running_mean, running_var)
        return ops.batch_norm(x, running_mean, running_var, weight, bias, eps=eps)
    out: Tensor
    out, mean, var = batch_moments("batch_norm", x, weight, bias, eps)
    _update("batch_norm", x, (running_mean, running_var), (mean, var), momentum)
    return out


def instance_norm(
    x: Array,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Array | None = None,
    bias: Array | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every channel of every item to mean 0 and variance 1, over all positions.

    Parameters
    ----------
    x : array of shape (N, C, ...)
    running_mean, running_var : tensor or ndarray of shape (C,), optional
        With `use_input_stats` they are updated in place, by the means of the items' statistics;
        otherwise they are what `x` is normalised by.
    weight, bias : array of shape (C,), optional
        A channel is multiplied by its weight at last, and its bias is added.
    use_input_stats : bool
        Whether to normalise by the statistics of `x`.
    momentum : float
        See `batch_norm`.
    eps : float
        Added to the variances.

    Raises
    ------
    ValueError
        If shapes do not match, statistics are missing, or a channel has one position.
    """
    if not use_input_stats:
        _require("instance_norm", "use_input_stats=True", running_mean, running_var)
        return ops.instance_norm(x, running_mean, running_var, weight, bias, eps=eps)
    out: Tensor
    out, mean, var = instance_moments("instance_norm", x, weight, bias, eps)
    _update("instance_norm", x, (running_mean, running_var), (mean, var), momentum)
    return out


def _require(name: str, setting: str, mean: Any, var: Any) -> None:
    if mean is None or var is None:
        raise ValueError(
            f"{name}: without {setting} it normalises by running_mean and running_var, which are "
            "missing"
        )


def _update(
    name: str, x: Array, running: tuple[Any, Any], moments: tuple[Array, Array], momentum: float
) -> None:
    """Move running statistics towards those that normalised `x`, without another pass over it."""
    if (running[0] is None) != (running[1] is None):
        raise ValueError(f"{name}: takes running_mean and running_var, or neither")
    if not math.prod(np.shape(x)):
        return
    mean, var = (np.asarray(constant(moment)) for moment in moments)
    count = math.prod(np.shape(x)) // mean.size
    unbiased = var * (count / (count - 1))
    for label, old, new in zip(
        ("running_mean", "running_var"), running, (mean, unbiased), strict=True
    ):
        if old is None:
            continue
        if getattr(old, "dtype", np.dtype(object)).kind != "f":
            seen = getattr(old, "dtype", type(old).__name__)
            raise TypeError(f"{name}: {label} must be an array of floats, got {seen}")
        if np.shape(old) != x.shape[1:2]:
            raise ValueError(
                f"{name}: {label} has shape {np.shape(old)}, but x of shape {x.shape} has "
                f"{x.shape[1]} channels, so it must be {x.shape[1:2]}"
            )
        fresh = new.reshape(-1, x.shape[1]).mean(0)
        value = ((1 - momentum) * np.asarray(constant(old)) + momentum * fresh).astype(old.dtype)
        if isinstance(old, Tensor):
            old.data = value
        else:
            old[...] = value
