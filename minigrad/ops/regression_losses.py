"""Losses of numbers: how far predictions are from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, composed
from .arithmetic import absolute, square
from .loss_parts import Reduction, check_reduction, in_dtype_of, matched, reduced
from .reductions import sum
from .rounding import clip

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed()
def mse_loss(
    x: Array, target: Array, /, *, reduction: Reduction = "mean", weight: Array | None = None
) -> Tensor:
    """Squares of differences, ``(x - target)**2``.

    The sum of squares with the factor 1/2, as some books have it, is
    ``0.5 * mse_loss(x, target, reduction="sum")``.

    Parameters
    ----------
    x : array
    target : array of the same shape
        In the dtype of `x`, or converted to it. Shapes never broadcast.
    reduction : {"mean", "sum", "none"}
    weight : array of the same shape, optional
        Factors of the losses. The mean is that weighted by them.

    Raises
    ------
    ValueError
        If shapes differ.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.mse_loss(mg.tensor([1.0, 5.0]), [0.0, 2.0]).item()
    5.0
    """
    x, target = matched("mse_loss", x, target=target)
    return _weighted_mean("mse_loss", x, square(x - target), weight, reduction)


@composed()
def l1_loss(
    x: Array, target: Array, /, *, reduction: Reduction = "mean", weight: Array | None = None
) -> Tensor:
    """Absolute differences, ``abs(x - target)``; where they are 0, so is the slope.

    Parameters
    ----------
    x : array
    target : array of the same shape
        In the dtype of `x`, or converted to it. Shapes never broadcast.
    reduction : {"mean", "sum", "none"}
    weight : array of the same shape, optional
        Factors of the losses. The mean is that weighted by them.

    Raises
    ------
    ValueError
        If shapes differ.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.l1_loss(mg.tensor([1.0, 5.0]), [0.0, 2.0]).item()
    2.0
    """
    x, target = matched("l1_loss", x, target=target)
    return _weighted_mean("l1_loss", x, absolute(x - target), weight, reduction)


@composed()
def smooth_l1_loss(
    x: Array, target: Array, /, *, reduction: Reduction = "mean", beta: float = 1.0
) -> Tensor:
    """Absolute differences minus ``beta / 2``, but squares below `beta`, which join smoothly.

    Parameters
    ----------
    x : array
    target : array of the same shape
        In the dtype of `x`, or converted to it. Shapes never broadcast.
    reduction : {"mean", "sum", "none"}
    beta : float
        Smaller differences `d` have the loss ``d**2 / (2 * beta)``. With 0 it is `l1_loss`.

    Raises
    ------
    ValueError
        If shapes differ, or `beta` is negative.

    Notes
    -----
    From Girshick, "Fast R-CNN" (2015). It is `huber_loss` divided by `beta`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.smooth_l1_loss(mg.tensor([1.0, 5.0]), [0.0, 2.0], reduction="none")
    tensor([0.5, 2.5], dtype=float64)
    """
    if not beta >= 0:
        raise ValueError(f"smooth_l1_loss: beta is 0 or more, got {beta!r}")
    x, target = matched("smooth_l1_loss", x, target=target)
    beta = float(beta)
    losses = absolute(x - target) if beta == 0 else _huber(x - target, beta) / beta
    return reduced("smooth_l1_loss", losses, reduction)


@composed()
def huber_loss(
    x: Array,
    target: Array,
    /,
    reduction: Reduction = "mean",
    delta: float = 1.0,
    *,
    weight: Array | None = None,
) -> Tensor:
    """Half the squares of differences up to `delta`, and of larger ones the tangent to that.

    Parameters
    ----------
    x : array
    target : array of the same shape
        In the dtype of `x`, or converted to it. Shapes never broadcast.
    reduction : {"mean", "sum", "none"}
    delta : float
        Larger differences `d` have the loss ``delta * (abs(d) - delta / 2)``.
    weight : array of the same shape, optional
        Factors of the losses. The mean is the plain one of the products.

    Raises
    ------
    ValueError
        If shapes differ, or `delta` is not positive.

    Notes
    -----
    From Huber, "Robust estimation of a location parameter" (1964).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.huber_loss(mg.tensor([1.0, 5.0]), [0.0, 2.0], delta=2.0, reduction="none")
    tensor([0.5, 4. ], dtype=float64)
    """
    if not delta > 0:
        raise ValueError(f"huber_loss: delta is above 0, got {delta!r}")
    x, target = matched("huber_loss", x, target=target)
    losses = _huber(x - target, float(delta))
    if weight is not None:
        losses = losses * _checked("huber_loss", x, weight)
    return reduced("huber_loss", losses, reduction)


def _huber(d: Array, delta: float) -> Array:
    """Half the squares up to `delta`; beyond, what is clipped is constant, and the rest linear."""
    near = clip(d, -delta, delta)
    return near * (d - 0.5 * near)


def _weighted_mean(
    name: str, x: Array, losses: Array, weight: Array | None, reduction: Reduction
) -> Any:
    if weight is None:
        return reduced(name, losses, reduction)
    check_reduction(name, reduction)
    weight = _checked(name, x, weight)
    losses = losses * weight
    return sum(losses) / sum(weight) if reduction == "mean" else reduced(name, losses, reduction)


def _checked(name: str, x: Array, weight: Array) -> Array:
    if np.shape(weight) != np.shape(x):
        raise ValueError(
            f"{name}: x has shape {np.shape(x)} and weight {np.shape(weight)}; the shapes must be "
            "equal"
        )
    return in_dtype_of(x, weight)
