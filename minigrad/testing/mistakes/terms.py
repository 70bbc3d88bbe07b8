"""A term of the derivative is missing, or one is too many."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from .evidence import Array, Case, Guess, fitted_factor
from .words import axes_in_words


def missing_term(case: Case) -> Iterator[Guess]:
    """Of two terms of an elementwise derivative, one is missing."""
    if case.value.shape != case.output.shape:
        return
    terms = {
        "the gradient of the output itself (the direct path, as of a residual connection)": 1.0,
        "the output divided by the input (the other term of a product rule)": (
            case.output / case.value
        ),
        "the input times the gradient of the output": case.value,
        "the output times the gradient of the output": case.output,
    }
    for words, factor in terms.items():
        term = case.upstream * factor
        yield Guess("term missing", f"One term is missing: {words}.", case.right - term)
        if words.startswith("the output divided"):
            yield Guess("term missing", f"One term is all there is: {words}.", term)


def along_differences(case: Case) -> Iterator[Guess]:
    """The difference is a multiple of something: a constant, the input, the output."""
    factor = fitted_factor(case.given, case.right)
    if factor is not None and case.fits(factor * case.right, unknowns=1):
        return  # where the right gradient is constant, that is simpler
    difference = case.given - case.right
    count = case.value.ndim
    subsets = [s for n in range(count, 0, -1) for s in itertools.combinations(range(count), n)]
    for axes in subsets:
        rows = tuple(axis + 1 for axis in axes)
        length = math.prod(case.value.shape[axis] for axis in axes)
        if length < 3:
            continue
        along = "everywhere" if len(axes) == count else f"along {axes_in_words(axes)}"
        for kind, direction, text in _directions(case, axes, along):
            square = np.sum(direction * direction, axis=axes, keepdims=True)
            with np.errstate(all="ignore"):
                amount = np.sum(difference * direction, rows, keepdims=True) / square
            amount = np.where(square > 0, amount, 0.0)
            if kind == "constant added" or (kind.endswith("added") and case.output.size > 1):
                amount = amount[:1]  # whatever the gradient of the output
            elif kind == "multiple of the input added":
                rate = (amount[0] / case.upstream[0].ravel()[0]).item()
                text = (
                    f"The difference is {rate:.4g} times the input itself: is a term of "
                    "regularisation (weight decay) "
                    f"{'missing' if rate < 0 else 'in the gradient, but not in the function'}?"
                )
            yield Guess(kind, text, case.right + amount * direction, unknowns=amount[0].size)


def _directions(case: Case, axes: tuple[int, ...], along: str) -> Iterator[tuple[str, Array, str]]:
    """What differences may be multiples of, with the kind and the sentence for each."""
    value, output = case.value, case.output
    whole = len(axes) == value.ndim
    if whole and (value.shape == output.shape or len(case.right) > 1):
        text = "The right gradient plus the same number everywhere: is there a stray constant?"
        yield "constant added", np.ones_like(value), text
    if whole and (output.size == 1 or len(case.right) > 1):
        text = "It is the right gradient plus a multiple of the input (as of weight decay)."
        yield "multiple of the input added", value, text
    text = (
        f"The difference is constant {along}: is a mean that should be subtracted missing (as in "
        "a normalisation), or subtracted where it should not be?"
    )
    yield "mean not subtracted", np.ones_like(value), text
    norm = "is the term that comes through a norm or a variance missing?"
    text = f"The difference is a multiple of the input, less its mean, {along}: {norm}"
    yield "projection missing", value - value.mean(axes, keepdims=True), text
    yield "projection missing", value, text.replace(", less its mean,", "")
    if value.shape == output.shape:
        text = (
            f"The difference is a multiple of the output {along}: is the term with the sum of "
            "gradient times output missing (as of a softmax or a norm)?"
        )
        yield "projection missing", output, text
        text = (
            f"The difference is a multiple of the exponential of the output {along}: is the term "
            "with the sum of the gradients missing (as of a log-softmax)?"
        )
        yield "projection missing", np.exp(output), text


def before_normalisation(case: Case) -> Iterator[Guess]:
    """A factor that was normalised is used as it was before."""
    count = case.output.size
    if len(case.right) != count + 1 or np.isnan(case.right).any():
        return
    right, given = (rows[1:].reshape(count, -1) for rows in (case.right, case.given))
    there = ~case.is_zero(case.right)[1:].reshape(count, -1)
    if (there.sum(axis=0) < 4).any():
        return
    found = np.zeros_like(given)
    for element, some in enumerate(there.T):
        design = np.stack([right[some, element], np.ones(some.sum())], axis=1)
        solution, *_ = np.linalg.lstsq(design, given[some, element])
        found[some, element] = design @ solution
    text = (
        "What comes from each output is the right number times a factor plus a constant: is "
        "something used as it was before its mean was subtracted and it was scaled?"
    )
    first = (case.upstream[0].ravel() @ found)[None]
    predicted = np.concatenate([first, found]).reshape(case.right.shape)
    yield Guess("not normalised", text, predicted, unknowns=2 * there.shape[1])


def same_direction(case: Case) -> Iterator[Guess]:
    """Along an axis the difference has one direction, times a number that varies."""
    count = case.output.size
    if len(case.right) != count + 1 or np.isnan(case.right).any():
        return
    if not case.wrong.any(axis=0).all() or not case.is_linear:
        return
    for axis in reversed(range(case.value.ndim)):
        length = case.value.shape[axis]
        if length < 3:
            continue
        right, difference = (
            np.moveaxis(rows, axis + 1, -1).reshape(len(case.right), -1, length).swapaxes(0, 1)
            for rows in (case.right, case.given - case.right)
        )
        # Where the right gradients have one direction themselves, it tells nothing.
        several = np.linalg.matrix_rank(right, rtol=1e-6) > 1
        u, s, v = np.linalg.svd(difference, full_matrices=False)
        if not several.all() or s[:, 0].min() <= 0:
            continue
        fitted = (u[..., :1] * s[:, None, :1] @ v[:, :1]).swapaxes(0, 1)
        lead = case.value.shape[:axis] + case.value.shape[axis + 1 :]
        fitted = np.moveaxis(fitted.reshape(len(case.right), *lead, length), -1, axis + 1)
        text = (
            f"The difference along axis {axis} has the same direction whatever the gradient of the "
            "output: is a term missing that is a sum times a vector (as of a softmax or a norm)?"
        )
        yield Guess("projection missing", text, case.right + fitted)


def both_moments(case: Case) -> Iterator[Guess]:
    """A normalisation whose mean and variance are taken for constants."""
    difference = case.given - case.right
    count = case.value.ndim
    for axes in [s for n in range(count, 0, -1) for s in itertools.combinations(range(count), n)]:
        if math.prod(case.value.shape[axis] for axis in axes) < 4:
            continue
        rows = tuple(axis + 1 for axis in axes)
        constant = difference.mean(rows, keepdims=True)
        centred = case.value - case.value.mean(axes, keepdims=True)
        with np.errstate(all="ignore"):
            slope = (difference * centred).sum(rows, keepdims=True) / (centred**2).sum(
                axes, keepdims=True
            )
        text = (
            f"The difference is a straight line in the input along {axes_in_words(axes)}: are the "
            "mean and the variance of a normalisation taken for constants?"
        )
        predicted = case.right + constant + slope * centred
        yield Guess("projection missing", text, predicted, unknowns=2 * slope[0].size)
