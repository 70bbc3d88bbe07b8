"""Losses that ask for a margin between the scores of true and of other classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..registry import Array, composed, constant
from .activations import relu
from .arithmetic import square
from .indexing import getitem
from .loss_parts import (
    Reduction,
    class_weights,
    classes_of,
    floating,
    in_dtype_of,
    matched,
    positions,
    reduced,
)
from .reductions import mean, sum
from .selection import keep_where
from .shaping import expand_dims
from .smooth_activations import softplus

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed()
def multi_margin_loss(
    x: Array,
    targets: Array,
    /,
    p: int = 1,
    margin: float = 1.0,
    weight: Array | None = None,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    """Multiclass hinge loss: ``max(0, margin - x[target] + x[j]) ** p``, averaged over C classes.

    Some books take the sum over the classes in place of the mean: that is C times as much.

    Parameters
    ----------
    x : array of shape (N, C) or (C,)
        Scores of the classes.
    targets : array of int of shape (N,) or ()
        The class of each item, from 0 to C - 1; it is no `j` of the sum.
    p : {1, 2}
    margin : float
    weight : array of shape (C,), optional
        Factors of the true classes; not differentiable.
    reduction : {"mean", "sum", "none"}
        What to do with the losses of the items. The mean is the plain one.

    Raises
    ------
    TypeError, ValueError, IndexError
        As those of `cross_entropy`.

    Notes
    -----
    From Crammer and Singer, "On the algorithmic implementation of multiclass kernel-based vector
    machines" (2001), with the sum over all classes as in Weston and Watkins, "Support vector
    machines for multi-class pattern recognition" (1999).

    Examples
    --------
    >>> import minigrad as mg
    >>> scores = mg.tensor([[3.2, 5.1, -1.7]])
    >>> 3 * mg.multi_margin_loss(scores, [0], reduction="none")
    tensor([2.9], dtype=float64)
    """
    name, x = "multi_margin_loss", floating(x)
    if p not in (1, 2):
        raise ValueError(f"{name}: p is 1 or 2, got {p!r}")
    shape = np.shape(x)
    if len(shape) not in (1, 2):
        raise ValueError(f"{name}: x has shape {shape}, expected (N, C) or (C,)")
    classes, _ = classes_of(name, "x", shape, targets)
    weights, axis = class_weights(name, x, weight, shape[-1]), len(shape) - 1
    chosen = positions(classes, axis)
    others = np.ones(shape, bool)
    others[chosen] = False
    short = relu(x - expand_dims(getitem(x, chosen), -1) + float(margin))
    losses = mean(keep_where(others, short if p == 1 else square(short)), -1)
    return reduced(name, losses if weights is None else losses * weights[classes], reduction)


@composed()
def multilabel_margin_loss(x: Array, targets: Array, /, *, reduction: Reduction = "mean") -> Tensor:
    """Hinge loss of items with several classes: each of them against each other class.

    The sum over the classes `k` of the item, and the classes `j` that are none of it, of
    ``max(0, 1 - x[k] + x[j]) / C``.

    Parameters
    ----------
    x : array of shape (N, C) or (C,)
        Scores of the classes.
    targets : array of int of the same shape
        The classes of each item, from 0 to C - 1; -1 ends the list, and what follows is not read.
    reduction : {"mean", "sum", "none"}
        What to do with the losses of the items.

    Raises
    ------
    TypeError
        If targets are not integers.
    ValueError
        If shapes differ.
    IndexError
        If a target is not a class.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([0.1, 0.2, 0.4, 0.8])
    >>> round(mg.multilabel_margin_loss(x, [3, 0, -1, 1]).item(), 12)
    0.85
    """
    name, x = "multilabel_margin_loss", floating(x)
    classes, shape = np.array(constant(targets)), np.shape(x)
    if classes.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: targets are classes, so integers, got {classes.dtype}; use "
            "targets.astype(int)"
        )
    if classes.shape != shape or len(shape) not in (1, 2):
        raise ValueError(
            f"{name}: x has shape {shape} and targets {classes.shape}, expected (N, C) or (C,) "
            "twice; -1 ends a list of classes"
        )
    listed = np.logical_and.accumulate(classes != -1, axis=-1)
    classes[~listed] = 0
    if classes.size and not 0 <= classes.min() <= classes.max() < shape[-1]:
        raise IndexError(
            f"{name}: targets are classes from 0 to {shape[-1] - 1}, and -1 at the end, for x of "
            f"shape {shape}, got {classes.min()} to {classes.max()}"
        )
    own = np.zeros(shape, np.intp)
    grid = np.indices(shape, sparse=True)[:-1]
    np.add.at(own, (*grid, classes), listed)
    pairs = listed[..., :, None] & (own == 0)[..., None, :]
    true = getitem(x, (*grid, classes))
    short = relu(1 - expand_dims(true, -1) + expand_dims(x, -2))
    losses = sum(keep_where(pairs, short), (-2, -1)) * (1 / shape[-1])
    return reduced(name, losses, reduction)


@composed()
def soft_margin_loss(x: Array, target: Array, /, *, reduction: Reduction = "mean") -> Tensor:
    """Logistic loss of two classes, ``log(1 + exp(-target * x))``, without overflow.

    Parameters
    ----------
    x : array
    target : array of the same shape
        1 or -1.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes differ.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.soft_margin_loss(mg.tensor([0.0, -1e4]), [1, 1], reduction="none")
    tensor([6.93147181e-01, 1.00000000e+04], dtype=float64)
    """
    x, target = matched("soft_margin_loss", x, target=target)
    return reduced("soft_margin_loss", softplus(-target * x, 1.0, math.inf), reduction)


@composed()
def multilabel_soft_margin_loss(
    x: Array, target: Array, /, weight: Array | None = None, *, reduction: Reduction = "mean"
) -> Tensor:
    """`binary_cross_entropy_with_logits`, averaged over the classes of an item.

    Parameters
    ----------
    x : array of shape (..., C)
        Logits.
    target : array of the same shape
        1 for the classes of an item, and 0 for the others; differentiable.
    weight : array that broadcasts to `x`, optional
        Factors of the classes.
    reduction : {"mean", "sum", "none"}
        What to do with the losses of the items.

    Raises
    ------
    ValueError
        If shapes differ.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([[0.0, 0.0], [1e4, -1e4]])
    >>> mg.multilabel_soft_margin_loss(x, [[1, 0], [1, 1]], reduction="none")
    tensor([6.93147181e-01, 5.00000000e+03], dtype=float64)
    """
    x, target = matched("multilabel_soft_margin_loss", x, target=target)
    losses = softplus(-x, 1.0, math.inf) + (1 - target) * x
    if weight is not None:
        losses = losses * in_dtype_of(x, weight)
    return reduced("multilabel_soft_margin_loss", mean(losses, -1), reduction)
