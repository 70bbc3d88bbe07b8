"""Losses: how far a prediction is from its target, as one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..registry import Array, composed, constant
from .activations import log_softmax
from .indexing import getitem
from .reductions import mean, sum

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed()
def cross_entropy(
    logits: Array, targets: Array, /, *, reduction: Literal["mean", "sum", "none"] = "mean"
) -> Tensor:
    """Cross-entropy between the softmax of logits and the true classes.

    Parameters
    ----------
    logits : array of shape (N, C), (C,) or (N, C, d1, d2, ...)
        Unnormalised log-probabilities of the C classes.
    targets : array of int of shape (N,), () or (N, d1, d2, ...)
        The class of each item, from 0 to C - 1; not differentiable.
    reduction : {"mean", "sum", "none"}
        What to do with the losses of the items.

    Returns
    -------
    array of shape (), or that of `targets` with ``reduction="none"``
        In nats: ``-log(softmax(logits)[class])``.

    Raises
    ------
    TypeError
        If targets are not integers.
    ValueError
        If shapes do not match, or the reduction is unknown.
    IndexError
        If a target is not a class.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.cross_entropy(mg.tensor([[0.0, 0.0], [0.0, 0.0]]), [0, 1]).item()
    0.6931471805599453
    """
    # A copy: the caller may fill the same array with the next batch before backward.
    classes = np.array(constant(targets))
    _check(np.shape(logits), classes)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"cross_entropy: reduction is 'mean', 'sum' or 'none', got {reduction!r}")
    axis = 0 if np.ndim(logits) == 1 else 1
    # Positions of the items, with the classes at the place of the class axis.
    grid: list[Any] = list(np.indices(classes.shape, sparse=True))
    losses = -getitem(log_softmax(logits, axis), (*grid[:axis], classes, *grid[axis:]))
    if reduction == "none":
        return losses
    return mean(losses) if reduction == "mean" else sum(losses)


def _check(shape: tuple[int, ...], classes: np.ndarray[Any, Any]) -> None:
    if classes.dtype.kind not in "iu":
        raise TypeError(f"cross_entropy: targets are classes, so integers, got {classes.dtype}")
    if not shape or classes.shape != (shape[:1] if len(shape) > 1 else ()) + shape[2:]:
        raise ValueError(
            f"cross_entropy: logits of shape {shape} need targets of shape (N,) for (N, C), () "
            f"for (C,), (N, d1, ...) for (N, C, d1, ...), got {classes.shape}"
        )
    count = shape[0] if len(shape) == 1 else shape[1]
    if classes.size and not 0 <= classes.min() <= classes.max() < count:
        raise IndexError(
            f"cross_entropy: targets are classes from 0 to {count - 1} for logits of shape "
            f"{shape}, got {classes.min()} to {classes.max()}"
        )
