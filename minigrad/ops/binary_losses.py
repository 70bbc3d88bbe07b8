"""Losses of two classes: how improbable they are found, by probabilities or by logits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..registry import Array, Forward, composed, constant, op
from .elementary import log, log1p
from .loss_parts import Reduction, floating, in_dtype_of, matched, reduced
from .rounding import clip
from .smooth_activations import softplus

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed()
def binary_cross_entropy(
    x: Array, target: Array, /, weight: Array | None = None, *, reduction: Reduction = "mean"
) -> Tensor:
    """Cross-entropy of probabilities, ``-(t * log(x) + (1 - t) * log(1 - x))``.

    Prefer `binary_cross_entropy_with_logits`, which is exact where probabilities are close to 0
    or 1.

    Parameters
    ----------
    x : array
        Probabilities, from 0 to 1.
    target : array of the same shape
        Probabilities too, mostly 0 or 1; differentiable.
    weight : array that broadcasts to `x`, optional
        Factors of the losses.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes differ, or an element of `x` is not from 0 to 1.

    Notes
    -----
    No logarithm counts as less than -100, and a slope is at most 1e12, so that losses and gradients
    are finite where `x` is 0 or 1.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.binary_cross_entropy(mg.tensor([0.5, 0.0]), [1.0, 1.0], reduction="none")
    tensor([  0.69314718, 100.        ], dtype=float64)
    """
    x, target = matched("binary_cross_entropy", x, target=target)
    values = np.asarray(constant(x))
    if np.any((values < 0) | (values > 1)):
        raise ValueError(
            f"binary_cross_entropy: x are probabilities, from 0 to 1, got {np.nanmin(values)} to "
            f"{np.nanmax(values)}; apply minigrad.sigmoid, or use binary_cross_entropy_with_logits"
        )
    losses = probability_losses(x, target)
    return reduced("binary_cross_entropy", _weighted(x, losses, weight), reduction)


@op
def probability_losses(x: Array, target: Array, /) -> Forward:
    """Cross-entropies of two classes by probabilities, with finite logarithms and slopes."""

    def logs() -> tuple[Array, Array]:
        with np.errstate(divide="ignore"):
            return clip(log1p(-x), -100.0, None), clip(log(x), -100.0, None)

    of_0, of_1 = logs()
    return -target * of_1 - (1 - target) * of_0, (
        lambda g: g * ((x - target) / clip(x * (1 - x), 1e-12, None)),
        lambda g: g * (of_0 - of_1),
    )


@composed()
def binary_cross_entropy_with_logits(
    x: Array,
    target: Array,
    /,
    weight: Array | None = None,
    *,
    pos_weight: Array | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Cross-entropy of the `sigmoid` of logits, without overflow and exact for all of them.

    Parameters
    ----------
    x : array
        Logits.
    target : array of the same shape
        Probabilities, mostly 0 or 1; differentiable.
    weight : array that broadcasts to `x`, optional
        Factors of the losses.
    pos_weight : array that broadcasts to `x`, optional
        Factors of the part ``target * log(sigmoid(x))``: above 1 they make recall better, below 1
        precision.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes do not match.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.binary_cross_entropy_with_logits(mg.tensor([0.0, -1e4]), [1.0, 1.0], reduction="none")
    tensor([6.93147181e-01, 1.00000000e+04], dtype=float64)
    """
    name = "binary_cross_entropy_with_logits"
    x, target = matched(name, x, target=target)
    losses = softplus(-x, 1.0, math.inf)  # minus the logarithm of sigmoid(x)
    if pos_weight is not None:
        losses = losses * ((in_dtype_of(x, floating(pos_weight)) - 1) * target + 1)
    losses = losses + (1 - target) * x
    return reduced(name, _weighted(x, losses, weight), reduction)


def _weighted(x: Array, losses: Array, weight: Array | None) -> Array:
    return losses if weight is None else losses * in_dtype_of(x, weight)
