"""What is known of a wrong derivative, laid out for comparison with what mistakes would give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# What a prediction may differ by, relative to the largest of its elements.
RELATIVE = 1e-6
# An element that could not be measured better than this, relative to the largest, is unknown.
COARSE = 1e-2


@dataclass(frozen=True)
class Evidence:
    """What is known of a wrong derivative of one output by one input.

    With the input of shape S and the output of shape T, Jacobians have the shape T + S.
    """

    value: Array  # the input
    output: Array
    cotangent: Array  # the random gradient of the output: both signs, all different
    returned: Array  # what backward returned for it; its shape may be wrong
    expected: Array  # what it should be, as measured
    error: Array  # how far `expected` may be off
    analytic: Array | None = None  # the Jacobian that backward gives for one-hot cotangents
    numeric: Array | None = None  # the Jacobian as measured
    numeric_error: Array | None = None
    others: Mapping[str, Array] | None = None  # the expected gradients of the other inputs
    parameter: str = ""


@dataclass(frozen=True)
class Guess:
    """A mistake, and what backward would return if it had been made."""

    kind: str
    text: str
    predicted: Array | None  # rows, see `Case`; None: the mistake has been recognised already
    unknowns: int = 0  # how many numbers were fitted: that many elements prove nothing


class Case:
    """The evidence as rows: one for the random cotangent, then one for each one-hot cotangent.

    `upstream[i]` of shape T was given to backward, `given[i]` of shape S came back, `right[i]` is
    what should have; it is nan where that is unknown. There is only the first row if there are no
    Jacobians.
    """

    def __init__(self, evidence: Evidence):
        self.evidence = evidence
        self.value, self.output = evidence.value, evidence.output
        self.others = evidence.others or {}
        shape, out = self.value.shape, self.output.shape
        self.upstream = evidence.cotangent[None]
        self.given = evidence.returned[None]
        self.right = _known(evidence.expected, evidence.error, self.given)[None]
        errors = evidence.error[None]
        self.jacobian: Array | None = None
        if evidence.numeric is not None:
            error = evidence.numeric_error
            error = np.zeros(out + shape) if error is None else error
            self.jacobian = _known(evidence.numeric, error, self.given)
            if evidence.analytic is not None and evidence.analytic.shape == out + shape:
                count = self.output.size
                rows = self.jacobian.reshape(count, *shape)
                self.right = np.concatenate([self.right, rows])
                self.given = np.concatenate([self.given, evidence.analytic.reshape(rows.shape)])
                one_hot = np.eye(count).reshape(count, *out)
                self.upstream = np.concatenate([self.upstream, one_hot])
                errors = np.concatenate([errors, error.reshape(rows.shape)])
        # What divides by the upstream gradient cannot be judged where that is zero.
        usable: Array = np.all(np.isfinite(self.given.reshape(len(self.given), -1)), axis=1)
        usable[0] = True
        self.right, self.given = self.right[usable], self.given[usable]
        self.upstream = self.upstream[usable]
        errors = np.where(np.isnan(self.right), 0.0, errors[usable])
        self.floor = 1e-9 * max(_largest(self.right), _largest(self.given))
        self.precision = RELATIVE * _sizes(self.right) + errors + self.floor
        # What is computed from what is right adds the errors of its elements.
        weights = np.maximum(1.0, np.abs(evidence.cotangent)).ravel()
        self.doubt = 3.0 * _largest(errors)
        if len(errors) == len(weights) + 1:
            self.doubt = max(self.doubt, _largest(weights @ errors[1:].reshape(len(weights), -1)))
        self.coarse = 10 * self.tolerance(self.given)[0].item()
        self.excused = not self.differs(self.given, self.right).any()

    @property
    def elementwise(self) -> bool:
        """Whether input and output have the same shape, of more than one element."""
        return self.value.shape == self.output.shape and self.value.size > 1

    @property
    def is_linear(self) -> bool:
        """Whether what came back for the random cotangent is the sum of the other rows."""
        count = self.output.size
        if len(self.given) != count + 1:
            return True
        weights, rows = self.upstream[0].ravel(), self.given[1:].reshape(count, -1)
        total = weights @ rows
        sizes = np.abs(weights) @ np.abs(rows)
        difference = np.abs(total - self.given[0].ravel())
        return not (difference > RELATIVE * np.max(sizes, initial=0.0)).any()

    @property
    def wrong(self) -> Array:
        """Which elements of which rows differ from the truth."""
        different: Array = np.abs(self.given - self.right) > self.precision
        return different | (np.isnan(self.given) & ~np.isnan(self.right))

    def differs(self, found: Array, predicted: Array) -> Array:
        """Elements that differ by more than the error of the measurement explains."""
        with np.errstate(all="ignore"):
            difference = np.abs(found - predicted)
            different: Array = difference > self.tolerance(predicted)
            return different | (np.isnan(found) & ~np.isnan(predicted))

    def fits(self, predicted: Array, unknowns: int = 0) -> bool:
        """Whether the prediction explains all that was returned, and more than it was fitted to."""
        known = ~np.isnan(predicted)
        if self.excused:
            return False
        if not known.all() and not np.isnan(self.right).any():
            return False
        if 2 * np.count_nonzero(known) < np.count_nonzero(~np.isnan(self.right)):
            return False
        if self.differs(self.given, predicted).any():
            return False
        telling = known & (np.abs(predicted) > self.tolerance(predicted))
        return self.count(telling) > unknowns

    def count(self, elements: Array) -> int:
        """How many elements of all rows; the first row is the sum of the others, if there are."""
        return int(np.count_nonzero(elements[1:] if len(elements) > 1 else elements))

    def is_plausible(self, first: Array) -> bool:
        """Whether a prediction of the first row fits but for a factor: a cheap test of many."""
        factor = fitted_factor(self.given[:1], first)
        if factor is None:
            return False
        known = np.where(np.isnan(first), self.given[:1], factor * first)
        return bool(np.all(np.abs(self.given[:1] - known) <= self.coarse))

    def is_right(self, predicted: Array) -> bool:
        """Whether the prediction is the truth."""
        right = np.where(np.isnan(self.right), predicted, self.right)
        return not self.differs(right, predicted).any()

    def is_zero(self, rows: Array) -> Array:
        """Elements that are zero but for the error of the measurement."""
        return np.abs(rows) <= self.precision

    def pulls(self, upstream: Array) -> Iterator[Array]:
        """Yield what the right backward would return for other upstream gradients.

        Without a Jacobian it can only be told if each element takes part in one output.
        """
        rows = len(upstream)
        if self.jacobian is not None:
            matrix = self.jacobian.reshape(self.output.size, self.value.size)
            with np.errstate(all="ignore"):
                yield (upstream.reshape(rows, -1) @ matrix).reshape(rows, *self.value.shape)
            return
        here = self.spread(self.upstream[:rows])
        for before, after in zip(here, self.spread(upstream), strict=True):
            with np.errstate(all="ignore"):
                yield self.right[:rows] / before * after

    def spread(self, upstream: Array) -> list[Array]:
        """Gradients of the output in the shape of the input, in all ways that reductions have."""
        shape, out = self.value.shape, self.output.shape
        rows = len(upstream)
        found = []
        if len(out) <= len(shape) and broadcasts(out, shape):
            wide = upstream.reshape(rows, *(1,) * (len(shape) - len(out)), *out)
            found.append(np.broadcast_to(wide, (rows, *shape)))
        for axis in range(len(shape)):
            if shape[:axis] + shape[axis + 1 :] == out and axis > 0:
                wide = np.expand_dims(upstream, axis + 1)
                found.append(np.broadcast_to(wide, (rows, *shape)))
        return found

    def tolerance(self, predicted: Array) -> Array:
        """By how much a prediction may fail; what is made larger has larger errors."""
        gain = 1.0
        largest = _largest(self.right)
        if largest > 0 and not self.is_zero(self.right).all():
            gain = max(1.0, _largest(predicted) / largest)
        tolerance: Array = RELATIVE * _sizes(predicted) + self.doubt * gain + self.floor
        return tolerance


def sum_to(array: Array, shape: tuple[int, ...]) -> Array:
    """Sum over the axes that broadcasting has added to a shape or stretched."""
    array = array.sum(axis=tuple(range(array.ndim - len(shape))))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and array.shape[i] != 1)
    summed: Array = array.sum(axis=stretched, keepdims=True)
    return summed


def fitted_factor(given: Array, right: Array) -> float | None:
    """The number that takes what is right closest to what was returned."""
    known = np.isfinite(right) & np.isfinite(given)
    square = float(np.sum(right[known] ** 2))
    return float(np.sum(given[known] * right[known])) / square if square else None


def _known(measured: Array, error: Array, given: Array) -> Array:
    """The measured values, nan where they are hardly known."""
    largest = _largest(measured)
    if not (np.abs(measured) > error).any():  # zeros are known beside what was returned
        largest = max(largest, _largest(given))
    coarse = ~(error <= COARSE * largest) & (error != 0)
    return np.where(coarse | ~np.isfinite(measured), np.nan, measured)


def _largest(array: Array) -> float:
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max()) if finite.size else 0.0


def _sizes(rows: Array) -> Array:
    """The largest finite element of each row."""
    finite = np.where(np.isfinite(rows), np.abs(rows), 0.0)
    sizes: Array = np.max(finite, axis=tuple(range(1, rows.ndim)), keepdims=True, initial=0.0)
    return sizes


def broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    """Whether an array of one shape can be broadcast to the other."""
    aligned = zip(reversed(small), reversed(large), strict=False)
    return len(small) <= len(large) and all(a in {1, b} for a, b in aligned)
