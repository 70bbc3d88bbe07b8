"""Losses of classifiers: how improbable they find the true classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, constant, op
from .activations import log_softmax
from .elementary import exp, log
from .indexing import getitem
from .loss_parts import (
    Reduction,
    check_reduction,
    class_axis,
    class_weights,
    classes_of,
    floating,
    in_dtype_of,
    positions,
    reduced,
    reduced_over,
)
from .reductions import sum
from .selection import where
from .shaping import expand_dims, squeeze

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed()
def cross_entropy(
    logits: Array,
    targets: Array,
    /,
    weight: Array | None = None,
    *,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Cross-entropy between the softmax of logits and the true classes.

    Parameters
    ----------
    logits : array of shape (N, C), (C,) or (N, C, d1, d2, ...)
        Unnormalised log-probabilities of the C classes.
    targets : array of int of shape (N,), () or (N, d1, d2, ...); or array of the logits' shape
        The class of each item, from 0 to C - 1; or its probabilities, such as one-hot rows, which
        may be differentiated.
    weight : array of shape (C,), optional
        Factors of the classes; not differentiable.
    ignore_index : int
        A class number of items that do not count: their loss is 0, and so is their gradient, even
        where logits are not finite.
    label_smoothing : float
        How much of the probability, from 0 to 1, is shared equally by all classes (Szegedy,
        Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception architecture", 2016).
    reduction : {"mean", "sum", "none"}
        What to do with the losses of the items. The mean for class numbers is that weighted by
        `weight`, over the items that are not ignored; if all are, it is nan.

    Returns
    -------
    array of shape (), or that of the items with ``reduction="none"``
        In nats: ``-log(softmax(logits)[class])``.

    Raises
    ------
    TypeError
        If targets are neither integers nor of the logits' shape.
    ValueError
        If shapes do not match, or a setting is out of range.
    IndexError
        If a target is not a class.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.cross_entropy(mg.tensor([[0.0, 0.0], [0.0, 0.0]]), [0, 1]).item()
    0.6931471805599453

    Sequences of different lengths, filled up to the longest: what is filled in does not count.

    >>> logits = mg.random.normal(size=(2, 5, 3))  # 2 sequences, 5 classes, 3 steps
    >>> words = np.array([[4, 1, 0], [2, -100, -100]])
    >>> mean = mg.cross_entropy(logits, words)

    A mask does the same, here with the sum over the steps divided by the number of sequences:

    >>> mask = words != -100
    >>> losses = mg.cross_entropy(logits, np.where(mask, words, 0), reduction="none")
    >>> total = mg.where(mask, losses, 0.0).sum() / 2
    >>> np.testing.assert_allclose(total, mean * mask.sum() / 2)
    """
    name, logits = "cross_entropy", floating(logits)
    check_reduction(name, reduction)
    label_smoothing = float(label_smoothing)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing is from 0 to 1, got {label_smoothing!r}")
    shape = np.shape(logits)
    axis = class_axis(shape)
    if shape and np.shape(targets) == shape:
        if ignore_index >= 0:
            raise ValueError(
                f"{name}: ignore_index={ignore_index} is a class number, but targets of shape "
                f"{shape} are probabilities; leave it out, or give class numbers"
            )
        factors = class_weights(name, logits, weight, shape[axis])
        parts = _probabilities(logits, targets)
        losses = _expected(logits, parts, axis, factors, label_smoothing)
        return reduced(name, losses, reduction)
    classes, kept = classes_of(
        name, "logits", shape, targets, ignore_index, ", or give probabilities of the logits' shape"
    )
    if kept is not None:
        logits = where(np.expand_dims(kept, axis), logits, 0.0)
    weights = class_weights(name, logits, weight, shape[axis])
    factors = None if weights is None else weights[classes]
    if label_smoothing:
        one_hot = np.zeros(shape, logits.dtype)
        one_hot[positions(classes, axis)] = 1
        losses = _expected(logits, one_hot, axis, weights, label_smoothing)
    else:
        losses = class_losses(logits, classes=classes, axis=axis)
        losses = losses if factors is None else losses * factors
    return reduced_over(name, losses, factors, kept, reduction)


def _probabilities(logits: Array, targets: Array) -> Array:
    """Probabilities in the dtype of the logits; integers and truth values must be 0 or 1."""
    if getattr(targets, "dtype", np.dtype(float)).kind in "iu":
        values = np.asarray(constant(targets))
        if not np.all((values == 0) | (values == 1)):
            raise ValueError(
                f"cross_entropy: targets of the logits' shape {np.shape(logits)} are "
                f"probabilities, so integers among them are 0 or 1, got {values.min()} to "
                f"{values.max()}; class numbers have no axis for the classes"
            )
    if not hasattr(targets, "dtype"):
        targets = np.array(targets, logits.dtype)
    return in_dtype_of(logits, targets)


def _expected(
    logits: Array, parts: Array, axis: int, weights: Array | None, smoothing: float
) -> Array:
    """Minus the mean of the log-softmax under probabilities, which may be smoothed and weighted."""
    shape = np.shape(logits)
    if smoothing:
        parts = parts * (1 - smoothing) + smoothing / shape[axis]
    if weights is not None:
        parts = parts * np.reshape(weights, (-1,) + (1,) * (len(shape) - 1 - axis))
    logs = log_softmax(logits, axis)
    # Nothing times an infinite logarithm is nothing.
    impossible = (constant(parts) == 0) & (constant(logs) == -np.inf)
    if np.any(impossible):
        logs = where(impossible, 0.0, logs)
    return -sum(parts * logs, axis)


@op
def class_losses(logits: Array, /, *, classes: Array, axis: int) -> Forward:
    """Minus the log-softmax of the true classes, one for each item.

    The derivative is the softmax minus the one-hot classes; the closure holds exponentials and
    their sums.
    """
    largest = np.max(constant(logits), axis=axis, keepdims=True)
    finite = np.isfinite(largest)
    if not np.all(finite):
        largest = np.where(finite, largest, np.zeros_like(largest))
    rest = logits - largest
    exponentials = exp(rest)
    total = sum(exponentials, axis, keepdims=True)
    chosen = positions(classes, axis)
    with np.errstate(divide="ignore"):  # the sum over nothing but -inf is 0, its logarithm -inf
        losses = squeeze(log(total), axis) - getitem(rest, chosen)

    def by_logits(g: Array) -> Array:
        h = exponentials * (expand_dims(g, axis) / total)
        h[chosen] -= g
        return h

    return losses, by_logits


@composed()
def nll_loss(
    log_probs: Array,
    targets: Array,
    /,
    weight: Array | None = None,
    *,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Tensor:
    """Minus the log-probabilities of the true classes, such as those of `log_softmax`.

    `cross_entropy` is both in one.

    Parameters
    ----------
    log_probs : array of shape (N, C), (C,) or (N, C, d1, d2, ...)
    targets : array of int of shape (N,), () or (N, d1, d2, ...)
        The class of each item, from 0 to C - 1; not differentiable.
    weight : array of shape (C,), optional
        Factors of the classes; not differentiable.
    ignore_index : int
        A class number of items that do not count.
    reduction : {"mean", "sum", "none"}
        What to do with the losses of the items. The mean is that weighted by `weight`, over the
        items that are not ignored; if all are, it is nan.

    Raises
    ------
    TypeError, ValueError, IndexError
        As those of `cross_entropy`.

    Examples
    --------
    >>> import minigrad as mg
    >>> log_probs = mg.log(mg.tensor([[0.25, 0.75], [0.5, 0.5]]))
    >>> mg.exp(-mg.nll_loss(log_probs, [1, 0], reduction="none"))
    tensor([0.75, 0.5 ], dtype=float64)
    """
    name, log_probs = "nll_loss", floating(log_probs)
    check_reduction(name, reduction)
    shape = np.shape(log_probs)
    axis = class_axis(shape)
    classes, kept = classes_of(name, "log_probs", shape, targets, ignore_index)
    weights = class_weights(name, log_probs, weight, shape[axis])
    losses: Any = -getitem(log_probs, positions(classes, axis))
    factors = None if weights is None else weights[classes]
    losses = losses if factors is None else losses * factors
    return reduced_over(name, losses, factors, kept, reduction)
