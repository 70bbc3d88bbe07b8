"""What losses share: checks of predictions and targets, and the reduction to one number."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from ..registry import Array, Dispatched, constant
from .reductions import mean, sum
from .selection import keep_where
from .shaping import astype

Reduction = Literal["mean", "sum", "none"]
REDUCTIONS = ("mean", "sum", "none")


def check_reduction(name: str, reduction: str, known: tuple[str, ...] = REDUCTIONS) -> None:
    """Raise ValueError unless a reduction is known."""
    if reduction not in known:
        *first, last = map(repr, known)
        raise ValueError(f"{name}: reduction is {', '.join(first)} or {last}, got {reduction!r}")


def reduced(name: str, losses: Array, reduction: str) -> Any:
    """Return losses as they are, their sum or their mean, which is nan if there are none."""
    check_reduction(name, reduction)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return sum(losses)
    return mean(losses) if np.size(losses) else sum(losses) * math.nan


def reduced_over(
    name: str, losses: Array, counts: Array | None, kept: Array | None, reduction: str
) -> Any:
    """Reduce losses of which each counts so much in the mean; without counts all do alike.

    Where `kept` is False the loss is 0, whatever it was, and does not count.
    """
    if kept is not None:
        losses = keep_where(kept, losses)
    if reduction != "mean" or (counts is None and kept is None):
        return reduced(name, losses, reduction)
    if counts is None:
        counts = np.ones(np.shape(losses))
    count = float(np.sum(counts if kept is None else counts[kept]))
    return sum(losses) * (1 / count if count else math.nan)


def floating(x: Array) -> Array:
    """Return an array of floats; lists, numbers and integers become one."""
    if not isinstance(x, Dispatched | np.ndarray):
        x = np.asarray(x)
    return x if x.dtype.kind == "f" else astype(x, np.float64)


def in_dtype_of(x: Array, other: Array) -> Array:
    """Return `other` in the dtype of `x`, so that it decides about the dtype of a loss."""
    if not isinstance(other, Dispatched | np.ndarray):
        other = np.asarray(other)
    return other if other.dtype == x.dtype else astype(other, x.dtype)


def matched(name: str, x: Array, first: str = "x", **others: Array) -> list[Any]:
    """Return arrays of one shape as floats of the dtype of the first.

    Raises
    ------
    ValueError
        If shapes differ. They never broadcast: (m, 1) and (m,) would give (m, m).
    """
    x = floating(x)
    shape, found = np.shape(x), [x]
    for label, other in others.items():
        if np.shape(other) != shape:
            remedy = f"use {label}.reshape({shape})"
            if math.prod(np.shape(other)) != math.prod(shape):
                remedy = "repeat one of them on purpose by minigrad.broadcast_to"
            raise ValueError(
                f"{name}: {first} has shape {shape} and {label} {np.shape(other)}; the shapes must "
                f"be equal, for losses do not broadcast: {remedy}"
            )
        found.append(in_dtype_of(x, other))
    return found


def class_axis(shape: tuple[int, ...]) -> int:
    """The axis of the classes in (C,), (N, C) or (N, C, d1, ...)."""
    return 0 if len(shape) == 1 else 1


def classes_of(
    name: str,
    scores: str,
    shape: tuple[int, ...],
    targets: Array,
    ignore_index: int | None = None,
    or_else: str = "",
) -> tuple[Any, Any]:
    """Check class numbers for scores of a shape; return them and which of them are not ignored.

    They are a copy, for the caller may fill the same array with the next batch before backward.
    Ignored ones are 0 there. None in place of the mask says that none is ignored.

    Raises
    ------
    TypeError
        If they are not integers.
    ValueError
        If the shape is not that of the scores without the axis of the classes.
    IndexError
        If one is not a class.
    """
    classes = np.array(constant(targets))
    if classes.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: targets are classes, so integers, got {classes.dtype}; use "
            f"targets.astype(int){or_else}"
        )
    expected = (shape[:1] if len(shape) > 1 else ()) + shape[2:]
    if not shape or classes.shape != expected:
        remedy = ""
        if len(shape) > 2 and classes.shape == shape[:-1]:  # as a model of sequences has them
            remedy = (
                f"; if the last axis has the classes, use {scores}.reshape(-1, {shape[-1]}) and "
                "targets.reshape(-1)"
            )
        elif shape and classes.size == math.prod(expected):
            remedy = f"; use targets.reshape({expected})"
        raise ValueError(
            f"{name}: {scores} of shape {shape} need targets of shape (N,) for (N, C), () "
            f"for (C,), (N, d1, ...) for (N, C, d1, ...), got {classes.shape}{remedy}"
        )
    kept = None
    if ignore_index is not None:
        mask = classes != ignore_index
        if not mask.all():
            kept = mask
            classes[~mask] = 0
    count = shape[class_axis(shape)]
    found = classes if kept is None else classes[kept]
    if found.size and not 0 <= found.min() <= found.max() < count:
        raise IndexError(
            f"{name}: targets are classes from 0 to {count - 1} for {scores} of shape {shape}, "
            f"got {found.min()} to {found.max()}"
        )
    return classes, kept


def positions(classes: np.ndarray[Any, Any], axis: int) -> tuple[Any, ...]:
    """The index of the scores of classes, one for each item."""
    grid: list[Any] = (
        [np.arange(len(classes))]
        if classes.ndim == 1
        else list(np.indices(classes.shape, sparse=True))
    )
    return (*grid[:axis], classes, *grid[axis:])


def class_weights(name: str, x: Array, weight: Array | None, count: int) -> Any:
    """Check that there is a weight for each class, and return them in the dtype of `x`."""
    if weight is None:
        return None
    weight = np.asarray(constant(weight)).astype(x.dtype, copy=False)
    if weight.shape != (count,):
        raise ValueError(
            f"{name}: weight has shape {weight.shape}, but there are {count} classes, so it must "
            f"be ({count},)"
        )
    return weight
