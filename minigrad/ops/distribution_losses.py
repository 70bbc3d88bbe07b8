"""Losses of predicted distributions: divergence, and likelihoods of what was observed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..registry import Array, composed, constant
from .arithmetic import square
from .elementary import exp, log
from .loss_parts import (
    REDUCTIONS,
    Reduction,
    check_reduction,
    floating,
    in_dtype_of,
    matched,
    reduced,
)
from .reductions import sum
from .selection import keep_where, where
from .shaping import expand_dims
from .special import xlogy

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed()
def kl_div(
    x: Array,
    target: Array,
    /,
    *,
    reduction: Literal["mean", "batchmean", "sum", "none"] = "mean",
    log_target: bool = False,
) -> Tensor:
    """Kullback-Leibler divergence of a predicted distribution from a true one.

    Elementwise ``target * (log(target) - x)``, and 0 where the target is 0 and `x` finite.

    Parameters
    ----------
    x : array
        Logarithms of the predicted probabilities.
    target : array of the same shape
        True probabilities; differentiable.
    reduction : {"mean", "batchmean", "sum", "none"}
        ``"batchmean"``, the sum divided by the length of the first axis, is the divergence as it is
        defined, averaged over the batch; ``"mean"`` is over all elements.
    log_target : bool
        Whether `target` are logarithms, too.

    Raises
    ------
    ValueError
        If shapes differ, or the reduction is unknown.

    Examples
    --------
    >>> import minigrad as mg
    >>> predicted = mg.log_softmax(mg.tensor([[0.0, 0.0]]))
    >>> (mg.kl_div(predicted, [[1.0, 0.0]], reduction="batchmean") / np.log(2)).item()
    1.0
    """
    check_reduction("kl_div", reduction, ("mean", "batchmean", "sum", "none"))
    x, target = matched("kl_div", x, target=target)
    losses = exp(target) * (target - x) if log_target else xlogy(target, target) - target * x
    if reduction != "batchmean":
        return reduced("kl_div", losses, reduction)
    shape = np.shape(x)
    return sum(losses) * (1 / shape[0] if shape and shape[0] else 1.0)


@composed()
def poisson_nll_loss(
    x: Array,
    target: Array,
    /,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: Reduction = "mean",
) -> Tensor:
    """Minus the log-likelihood of counts under Poisson distributions of predicted rates.

    Without the logarithm of the factorial, it is ``exp(x) - target * x``.

    Parameters
    ----------
    x : array
        Logarithms of rates, or rates.
    target : array of the same shape
        Counts; differentiable.
    log_input : bool
        Whether `x` are logarithms. If not, the loss is ``x - target * log(x + eps)``.
    full : bool
        Whether to add Stirling's approximation of the logarithm of the factorial, for counts
        above 1.
    eps : float
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes differ.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.poisson_nll_loss(mg.tensor([0.0, 0.0]), [3, 0], reduction="none")
    tensor([1., 1.], dtype=float64)
    """
    x, target = matched("poisson_nll_loss", x, target=target)
    losses = exp(x) - target * x if log_input else x - target * log(x + float(eps))
    if full:
        above = np.greater(constant(target), 1)
        count = where(above, target, 1.0)
        stirling = count * log(count) - count + 0.5 * log(2 * math.pi * count)
        losses = losses + keep_where(above, stirling)
    return reduced("poisson_nll_loss", losses, reduction)


@composed()
def gaussian_nll_loss(
    x: Array,
    target: Array,
    var: Array,
    /,
    full: bool = False,
    eps: float = 1e-6,
    reduction: Reduction = "mean",
) -> Tensor:
    """Minus the log-likelihood of numbers under normal distributions of predicted moments.

    ``(log(var) + (x - target)**2 / var) / 2``.

    Parameters
    ----------
    x : array
        Means.
    target : array of the same shape
        Observed numbers; differentiable.
    var : array
        Variances: of the same shape; with one axis of length 1; without the last axis; or one
        number.
    full : bool
        Whether to add the constant ``log(2 * pi) / 2``.
    eps : float
        Smaller variances count as this; their slope is then that at `eps`, and not 0, so that they
        may grow.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes do not match, or a variance is negative.

    Notes
    -----
    From Nix and Weigend, "Estimating the mean and variance of the target probability distribution"
    (1994).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.gaussian_nll_loss(mg.tensor([1.0, 2.0]), [1.0, 4.0], 1.0, reduction="none")
    tensor([0., 2.], dtype=float64)
    """
    name = "gaussian_nll_loss"
    check_reduction(name, reduction, REDUCTIONS)
    x, target = matched(name, x, target=target)
    var = _variances(name, x, in_dtype_of(x, floating(var)))
    values = np.asarray(constant(var))
    if np.any(values < eps):
        # A constant is added: the slope remains.
        var = var + np.maximum(float(eps) - values, 0)
    losses = 0.5 * (log(var) + square(x - target) / var)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced(name, losses, reduction)


def _variances(name: str, x: Array, var: Array) -> Any:
    """Check variances, and give them a shape that broadcasts to that of `x`."""
    values = np.asarray(constant(var))
    if np.any(values < 0):
        raise ValueError(
            f"{name}: var are variances, so not negative, got {np.nanmin(values)}; predict their "
            "logarithm, and apply minigrad.exp"
        )
    shape, given = np.shape(x), np.shape(var)
    one = len(given) == len(shape) and [n for n, m in zip(given, shape, strict=True) if n != m] == [
        1
    ]
    if given in (shape, ()) or one:
        return var
    if given == shape[:-1]:
        return expand_dims(var, -1)
    raise ValueError(
        f"{name}: x has shape {shape} and var {given}, expected the same shape, one axis of it "
        "being of length 1, or the last one missing, or one number"
    )
