"""Losses of sequences whose alignment with the input is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, composed, constant
from .elementary import logaddexp
from .indexing import getitem
from .joining import concatenate
from .loss_parts import Reduction, check_reduction, floating, reduced
from .rounding import clip
from .selection import where
from .shaping import astype

if TYPE_CHECKING:
    from ..tensor import Tensor

# In place of the logarithm of 0: sums of it stay finite, and their slopes are 0 and not nan.
_NEVER = -1e30


@composed()
def ctc_loss(
    log_probs: Array,
    targets: Array,
    input_lengths: Array,
    target_lengths: Array,
    /,
    blank: int = 0,
    reduction: Reduction = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Minus the log-probability of a sequence of labels, over all alignments with the input.

    An alignment has a label or a blank at every step; repeated labels count once, and then blanks
    are left out.

    Parameters
    ----------
    log_probs : array of shape (T, N, C) or (T, C)
        Log-probabilities of the labels at every step, such as those of `log_softmax`.
    targets : array of int of shape (N, S), (S,), or (sum of target_lengths,)
        The labels, filled up to the longest, or of all items in a row.
    input_lengths, target_lengths : array of int of shape (N,) or ()
        How many steps, and how many labels, each item has.
    blank : int
        The label that stands for none; no target has it.
    reduction : {"mean", "sum", "none"}
        For the mean, losses are divided by the numbers of labels first.
    zero_infinity : bool
        Whether items too short for their labels have the loss 0 in place of inf. Their gradient is
        0 in both cases.

    Raises
    ------
    TypeError
        If labels or lengths are not integers.
    ValueError
        If shapes do not match, or lengths are out of range.
    IndexError
        If a target is no label, or the blank.

    Notes
    -----
    From Graves, Fernández, Gomez and Schmidhuber, "Connectionist temporal classification" (2006).
    The gradient is that by `log_probs` as they are. PyTorch's takes for granted that they come from
    a log-softmax; before that, both are the same.

    Examples
    --------
    Two steps, with the probabilities of nothing, "a" and "b"; what may be read as "a" is "-a", "a-"
    and "aa".

    >>> import minigrad as mg
    >>> p = mg.tensor([[[0.5, 0.25, 0.25]], [[0.5, 0.25, 0.25]]])
    >>> round(mg.exp(-mg.ctc_loss(mg.log(p), [[1]], [2], [1])).item(), 12)
    0.3125
    """
    name = "ctc_loss"
    check_reduction(name, reduction)
    log_probs = floating(log_probs)
    if np.ndim(log_probs) not in (2, 3):
        raise ValueError(
            f"{name}: log_probs has shape {np.shape(log_probs)}, expected (T, N, C) or (T, C)"
        )
    if log_probs.dtype == np.float16:  # which has no number that is small enough
        rest = (targets, input_lengths, target_lengths, blank, reduction, zero_infinity)
        return astype(ctc_loss(astype(log_probs, np.float32), *rest), np.float16)
    single = np.ndim(log_probs) == 2
    if single:
        log_probs = log_probs[:, None]
    steps, items, count = np.shape(log_probs)
    of_input = _lengths(name, "input_lengths", input_lengths, items, steps)
    of_target = _lengths(name, "target_lengths", target_lengths, items, None)
    if not 0 <= blank < count:
        raise ValueError(f"{name}: blank is a label from 0 to {count - 1}, got {blank}")
    labels = _labels(name, targets, of_target, count, blank)
    losses = -_log_likelihood(log_probs, labels, of_input, of_target, blank)
    impossible = constant(losses) > -_NEVER / 2
    if np.any(impossible):
        losses = where(impossible, 0.0 if zero_infinity else np.inf, losses)
    if reduction == "mean":
        losses = losses / np.maximum(of_target, 1).astype(losses.dtype)
    return reduced(name, losses[0] if single and reduction == "none" else losses, reduction)


def _log_likelihood(
    log_probs: Array, labels: Any, of_input: Any, of_target: Any, blank: int
) -> Array:
    """Log-probability of the labels of each item, by the forward recursion over the steps."""
    steps, items, _ = np.shape(log_probs)
    # A blank before, between and behind the labels. Where a label differs from the one before, the
    # blank between them may be left out.
    places = np.full((items, 2 * labels.shape[1] + 1), blank)
    places[:, 1::2] = labels
    may_skip = np.zeros(places.shape, bool)
    may_skip[:, 3::2] = labels[:, 1:] != labels[:, :-1]
    item = np.arange(items)
    emitted = clip(getitem(log_probs, (slice(None), item[:, None], places)), _NEVER, None)
    never = np.full((items, 1), _NEVER, log_probs.dtype)
    twice = np.concatenate([never, never], 1)

    start = np.arange(places.shape[1]) < 2
    state = where(start, 0.0, never)
    for step in range(steps):
        if step:
            moved = logaddexp(state, concatenate([never, state[:, :-1]], 1))
            skipped = concatenate([twice, state[:, :-2]], 1) if labels.shape[1] else moved
            moved = logaddexp(moved, where(may_skip, skipped, _NEVER))
        else:
            moved = state
        # Items whose input has ended keep their state.
        state = where((step < of_input)[:, None], moved + emitted[step], state)
    last = getitem(state, (item, 2 * of_target))
    before = getitem(state, (item, np.maximum(2 * of_target - 1, 0)))
    return logaddexp(last, where(of_target > 0, before, _NEVER))


def _lengths(name: str, label: str, lengths: Array, items: int, most: int | None) -> Any:
    found = np.asarray(constant(lengths))
    if found.dtype.kind not in "iu":
        raise TypeError(f"{name}: {label} are integers, got {found.dtype}; use .astype(int)")
    if found.ndim > 1 or found.size != items:
        raise ValueError(f"{name}: {label} has shape {found.shape}, expected ({items},)")
    found = found.reshape(items).astype(np.intp)
    if items and not 0 <= found.min() <= found.max() <= (found.max() if most is None else most):
        raise ValueError(
            f"{name}: {label} are from 0 to {'S' if most is None else most}, got {found.min()} to "
            f"{found.max()}"
        )
    return found


def _labels(name: str, targets: Array, lengths: Any, count: int, blank: int) -> Any:
    """Check labels, and fill them up to the longest."""
    given = np.asarray(constant(targets))
    if given.size and given.dtype.kind not in "iu":
        raise TypeError(f"{name}: targets are labels, so integers, got {given.dtype}")
    longest = int(lengths.max(initial=0))
    real = np.arange(longest) < lengths[:, None]
    labels = np.full(real.shape, blank)
    if given.ndim == 2 and len(given) == len(lengths) and given.shape[1] >= longest:
        labels[real] = given[:, :longest][real]
    elif given.ndim == 1 and given.size == lengths.sum():
        labels[real] = given
    elif given.ndim == 1 and len(lengths) == 1 and given.size > longest:
        labels[0] = given[:longest]
    else:
        raise ValueError(
            f"{name}: targets has shape {given.shape}, expected (N, S) with N = {len(lengths)} and "
            f"S of at least {longest}, or ({lengths.sum()},), the sum of target_lengths"
        )
    read = labels[real]
    if read.size and not 0 <= read.min() <= read.max() < count:
        raise IndexError(
            f"{name}: targets are labels from 0 to {count - 1}, got {read.min()} to {read.max()}"
        )
    if np.any(read == blank):
        raise IndexError(f"{name}: targets contain the blank, {blank}, which is no label")
    return labels
