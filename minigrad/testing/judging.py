"""The verdict on each derivative: what backward returned against what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from .numerics import JUDGED, JUMP, KINK, NOISY, OUTSIDE, SMOOTH, STAIRS, STEEP, Measured
from .reports import VERDICTS
from .vectors import EPS, HALF

Array: TypeAlias = np.ndarray[Any, Any]

# So far off may a derivative be by the rounding of its terms, beyond the error of what is measured:
# of the derivative, and of the largest around.
RTOL, FLOOR = 10 * HALF, HALF / 10

OK, WRONG, DETACHED, NOT_FINITE, DISCONTINUOUS, IMPRECISE, KINKED = map(
    VERDICTS.index,
    ("ok", "wrong", "detached", "not finite", "discontinuous", "imprecise", "kink"),
)
CONTRACTION = -1
# So many units in the last place are noise, if they come from one sum or from many.
FEW, MANY = 16, 100
# So many units in the last place may be lost where large terms cancel.
TERMS = 1e4
# A derivative that rounding hides must be as small as this, or it is not called right.
HIDDEN = 1e-9
# What agrees so well, and is known ten times worse, is no coincidence.
NEAR = 1e-2
# Errors of this part of the largest derivative of an input leave the others unknown.
LOST_BESIDE, COARSELY_LOST_BESIDE = 1e-9, 0.5
# Slopes below may be lost in the rounding of values on the way.
LOST = 1e-12


@dataclass
class Comparison:
    """Derivatives of columns (outputs) by lines (elements of inputs, or directions).

    Attributes
    ----------
    analytic, measured
        What backward returned and what was measured, of shape (lines, columns).
    connected
        Whether a path of the graph leads from the column to the line.
    groups
        The number of the input that each line belongs to.
    weights, returned
        A gradient of the columns, and what backward returned for it, a number for each line.
    typical, together : array
        What derivatives there are around here, by the element alone, and by all of its input.
    rounding : array
        How far off each column may be by rounding.
    scales : array
        The size of what each line moves.
    confirmed
        Whether complex steps have confirmed some.
    judged
        Beyond this part of a derivative the error is too large to judge it.
    rtol, atol
        The tolerance beyond the error.
    """

    analytic: Array
    measured: Measured
    connected: Array
    groups: Array
    weights: Array
    returned: Array
    typical: Array
    together: Array
    rounding: Array
    scales: Array
    confirmed: bool = False
    judged: float = JUDGED
    rtol: float = RTOL
    atol: float = 0.0

    def __post_init__(self) -> None:
        found = self.measured
        kinked = found.found == KINK
        self.low, self.high = (
            np.where(kinked, choose(found.left, found.right), found.slope)
            for choose in (np.minimum, np.maximum)
        )
        error = np.where(kinked, found.side, found.error)
        sizes = np.maximum(np.abs(self.analytic), np.maximum(np.abs(self.low), np.abs(self.high)))
        self.sizes = np.where(np.isfinite(sizes), sizes, 0.0)
        self.error = error
        # Of each derivative some digits may be lost, and of the terms that it is a sum of.
        floor = FLOOR * np.maximum(self.sizes, self.typical) + TERMS * EPS * np.maximum(
            self._largest(), self.together
        )
        self.tolerance = self.atol + self.rtol * self.sizes + floor + error

    def _largest(self) -> Array:
        """For each entry the largest derivative of its column by the same input."""
        largest = np.zeros_like(self.sizes)
        for group in np.unique(self.groups):
            rows = self.groups == group
            largest[rows] = self.sizes[rows].max(axis=0)
        return largest

    def judge(self) -> tuple[Array, Array]:
        """Return for each line its gravest verdict, and the column that has it."""
        codes = self._entries()
        if not codes.shape[1]:
            return np.full(len(codes), OK), np.full(len(codes), CONTRACTION)
        gravest = codes.min(axis=1)
        margin = np.where(codes == gravest[:, None], self.margin(), -1.0)
        columns = np.argmax(np.nan_to_num(margin, nan=np.inf, posinf=np.inf), axis=1)
        contracted = self._contraction()
        # A backward that is not linear may have no values for gradients of 0.
        trusted = (gravest >= KINKED) | (
            (gravest == NOT_FINITE) & self._is_measured() & np.isfinite(self.returned)
        )
        worse = trusted & (contracted < KINKED)
        return np.where(worse, contracted, gravest), np.where(worse, CONTRACTION, columns)

    def _is_measured(self) -> Array:
        """Whether all columns have slopes along a line."""
        return np.asarray(np.isin(self.measured.found, (SMOOTH, KINK)).all(axis=1))

    def margin(self) -> Array:
        """How much of the tolerance each difference takes."""
        outside = np.maximum(self.low - self.analytic, self.analytic - self.high)
        return np.where(outside > 0, outside / self.tolerance, np.where(outside <= 0, 0.0, np.inf))

    def _negligible(self) -> Array:
        """Derivatives so small that they hardly show in the last places of the values.

        Rounding changes a value by as much as if all inputs had changed in their last places.
        """
        by_inputs = np.nan_to_num(np.abs(self.measured.slope)) * self.scales[:, None]
        noise = np.maximum(self.rounding, EPS * by_inputs.sum(axis=0))
        return np.asarray(MANY * noise / self.scales[:, None])

    def _entries(self) -> Array:
        found = self.measured.found
        codes = np.full(self.analytic.shape, OK)
        codes[found == KINK] = KINKED
        # By rounding, the error is as large for a small derivative as for a large one, and small
        # ones beside large ones are common. But of some so small nothing is known.
        beside = np.maximum(self._largest(), self.together)
        lost = LOST_BESIDE if self.judged <= JUDGED else COARSELY_LOST_BESIDE
        coarse = (self.error > self.judged * np.maximum(self.sizes, self.typical)) & (
            self.error > lost * beside.max(axis=1, keepdims=True, initial=0.0)
        )
        # What hardly shows in the values needs no tolerance, nor what agrees in many digits.
        negligible = self._negligible()
        hardly = (np.abs(self.analytic) < np.minimum(negligible, HIDDEN)) & (
            self.typical < negligible
        )
        apart = np.abs(self.analytic - self.measured.slope)
        agrees = apart <= self.rtol * self.sizes
        close = (apart <= NEAR * self.sizes) & (self.error <= 10 * NEAR * self.sizes)
        nothing = (self.analytic == 0) & (self.measured.slope == 0)
        coarse &= ~(hardly | agrees | close | nothing)
        codes[((found == SMOOTH) & coarse) | np.isin(found, (NOISY, STAIRS))] = IMPRECISE
        differs = ~(self.margin() <= 1)
        # Where values do not change at all, such a slope may be lost in their rounding.
        rounded = (self.measured.slope == 0) & (np.abs(self.analytic) < LOST)
        codes[differs & rounded & (found == SMOOTH)] = IMPRECISE
        differs &= np.isin(found, (SMOOTH, KINK)) & ~rounded
        codes[differs] = np.where(self.connected, WRONG, DETACHED)[differs]
        codes[found == JUMP] = DISCONTINUOUS
        codes[np.isin(found, (STEEP, OUTSIDE)) | ~np.isfinite(self.analytic)] = NOT_FINITE
        return codes

    def nearest(self) -> tuple[Array, Array]:
        """What backward should have returned, and how far off that may be: infinitely, if unknown.

        Between the slopes of a kink everything is right.
        """
        numeric = np.clip(self.analytic, self.low, self.high)
        unknown = ~np.isin(self.measured.found, (SMOOTH, KINK)) | np.isnan(numeric)
        return np.where(unknown, self.analytic, numeric), np.where(unknown, np.inf, self.error)

    def imprecise(self) -> Array:
        """Which entries were measured too badly."""
        return np.asarray(self._entries() == IMPRECISE)

    def contraction(self) -> tuple[Array, Array, Array]:
        """The lowest and highest slope of the weighted columns, and the tolerance."""
        ends = self.weights * self.low, self.weights * self.high
        tolerance = np.abs(self.weights) * self.tolerance
        return (
            np.minimum(*ends).sum(axis=1),
            np.maximum(*ends).sum(axis=1),
            tolerance.sum(axis=1),
        )

    def _contraction(self) -> Array:
        """Verdicts on the weighted columns, which tell whether backward is linear."""
        low, high, tolerance = self.contraction()
        differs = np.maximum(low - self.returned, self.returned - high) > tolerance
        codes = np.where(differs, np.where(self.connected.any(axis=1), WRONG, DETACHED), OK)
        codes[~np.isfinite(self.returned)] = NOT_FINITE
        return codes
