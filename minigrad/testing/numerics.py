"""Derivatives measured from values alone, each with an estimate of its own error.

A quantity is sampled at steps up and down along a line. Central differences of three steps, each
about a quarter of the last, are extrapolated to a step of zero (Richardson), and what two
extrapolations differ by tells how far off they may be. Where they do not settle, smaller steps
follow; where those do not either, the one-sided slopes tell a kink from a jump, and both from
noise.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]
# Values of all outputs, flat, after a step of some length along one of the lines.
Sample: TypeAlias = Callable[[int, float], Array]

# The largest steps relative to the scale of a line, and what takes their place while the
# differences do not converge: the function may bend sharply, have a kink or end nearby.
STEPS = (1e-2, 1e-4, 1e-6, 1e-8)
# Values of half the digits need longer steps.
COARSE_STEPS = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3)
# Each estimate is made of three steps, each smaller than the last by this factor. With a power of
# two, values of few digits would be rounded to the same differences, and seem to agree.
SHRINK = 3.7
# What two extrapolations differ by is only the order of their error.
SAFETY = 10.0
# So many units in the last place may the sum of the terms of one value be off.
UNITS = 4.0
# Where the error is beyond this part of the slope, smaller steps are tried.
SETTLED = 1e-6
# Where it is beyond this part, the slope cannot be judged; values of few digits are measured worse.
JUDGED, COARSELY_JUDGED = 1e-3, 1e-1
# An error of this part of the slopes around here does not matter.
NEGLIGIBLE = 1e-6

# What was found.
SMOOTH, KINK, JUMP, STEEP, OUTSIDE, NOISY, STAIRS = range(7)


@dataclass
class Measured:
    """Slopes of every output along every line: arrays of shape (lines, outputs).

    Attributes
    ----------
    slope, error
        The derivative, and how far off it may be: infinite where nothing could be measured.
    left, right, side
        One-sided slopes, and how far off these may be.
    rounding
        The part of the error that is due to the digits of the values.
    found
        SMOOTH; KINK: the sides have different slopes; JUMP: different limits; STEEP: the slope
        grows without bound; OUTSIDE: values a step away are not finite; STAIRS: the values do not
        change close by, though they do further away; NOISY: none of these.
    """

    slope: Array
    error: Array
    left: Array
    right: Array
    side: Array
    rounding: Array
    found: Array

    def take(self, lines: Array, where: Array, other: Measured, *names: str) -> None:
        """Take some columns, or all, of another measurement of these lines where it is better."""
        for name in names or ("slope", "error", "left", "right", "side", "rounding", "found"):
            column = getattr(self, name)
            column[lines] = np.where(where, getattr(other, name), column[lines])


def measure(
    sample: Sample,
    middle: Array,
    scales: Array,
    digits: Array,
    typical: Array,
    steps: Sequence[float] = STEPS,
    judged: float = JUDGED,
) -> Measured:
    """Measure the slopes of all outputs along some lines.

    Parameters
    ----------
    sample : callable
        ``sample(line, step)`` returns the outputs, flat, as float64.
    middle : array
        The outputs without a step.
    scales : array
        For each line, what steps are relative to.
    digits : array
        For each output, how far off by rounding its value may be.
    typical : array
        What slopes there are around here, of shape (lines, outputs): an error that is negligible
        beside them does not matter.
    steps : sequence of float
        The largest steps of each attempt, relative to the scale.
    judged : float
        Beyond this part of the slope an error is too large to judge it.

    Returns
    -------
    Measured
    """
    shape = len(scales), len(middle)
    best = Measured(
        np.full(shape, np.nan),
        np.full(shape, np.inf),
        np.full(shape, np.nan),
        np.full(shape, np.nan),
        np.full(shape, np.inf),
        np.zeros(shape),
        np.full(shape, OUTSIDE),
    )
    flat = np.zeros(shape, bool)  # values that changed far away, but did not close by
    moved = np.zeros(shape, bool)
    lines = np.arange(len(scales))
    # A step may leave the domain of the function; that is no fault of the input.
    with np.errstate(all="ignore"):
        for largest in steps:
            if not lines.size or not len(middle):
                break
            tried = _attempt(sample, middle, lines, largest * scales[lines], digits)
            flat[lines] |= moved[lines] & tried.still
            moved[lines] |= tried.moved
            # A smaller step brings more rounding; only one that gets free of a kink is far better.
            better = (tried.error < best.error[lines] / SAFETY) & ~flat[lines]
            best.take(lines, better, tried, "slope", "error", "rounding")
            clearer = tried.side < best.side[lines]
            best.take(lines, clearer, tried, "left", "right", "side", "found")
            lines = lines[np.any(is_doubtful(best, typical, SETTLED)[lines], axis=1)]
        doubtful = is_doubtful(best, typical, judged)
        best.found[flat & doubtful] = STAIRS
        best.found[~doubtful] = SMOOTH
    return best


def is_doubtful(measured: Measured, typical: Array, part: float) -> Array:
    """Whether the error is more than this part of the slope, and more than rounding explains."""
    sizes = np.nan_to_num(np.abs(measured.slope))
    allowed = part * sizes + NEGLIGIBLE * typical + SAFETY**2 * measured.rounding
    return np.asarray(~(measured.error <= allowed))


@dataclass
class _Attempt(Measured):
    moved: Array  # whether values changed on both sides
    still: Array  # whether none did


def _attempt(
    sample: Sample, middle: Array, lines: Array, largest: Array, digits: Array
) -> _Attempt:
    """Measure with three steps up and down along each of the lines."""
    steps = largest[:, None] / SHRINK ** np.arange(3.0)[:, None, None]
    ups, downs = (
        np.stack(
            [
                [sample(line, sign * step) for line, step in zip(lines, row[:, 0], strict=True)]
                for row in steps
            ]
        )
        for sign in (1.0, -1.0)
    )
    # Values that stay what they are have a slope of 0, also if they are infinite or nan.
    ups, downs = (
        np.where((ends == middle) | (np.isnan(ends) & np.isnan(middle)), 0.0, ends - middle)
        for ends in (ups, downs)
    )
    slope, error, rounding = _central(steps, ups, downs, digits)
    right, right_error = _side(steps, ups, digits)
    left, left_error = _side(steps, -downs, digits)
    changed_up, changed_down = (np.any(ends != 0, axis=0) for ends in (ups, downs))
    found = np.full(slope.shape, NOISY)
    bend = (ups + downs) / (2 * steps)
    constant = np.abs(bend[2] - bend[0]) < 0.1 * np.abs(bend[2])
    found[_grows(steps, ups, downs) | _grows(steps, downs, ups)] = STEEP
    found[constant & (np.abs(right - left) > left_error + right_error)] = KINK
    found[_jumps(ups, downs, digits) | _jumps(downs, ups, digits)] = JUMP
    found[~np.isfinite(slope)] = OUTSIDE
    return _Attempt(
        slope=slope,
        error=np.where(np.isfinite(slope), error, np.inf),
        left=left,
        right=right,
        side=left_error + right_error,
        rounding=rounding,
        found=found,
        moved=changed_up & changed_down,
        still=~(changed_up | changed_down),
    )


def _central(steps: Array, ups: Array, downs: Array, digits: Array) -> tuple[Array, Array, Array]:
    """The central differences extrapolated as far as is best for each entry, and their errors."""
    slopes = (ups - downs) / (2 * steps)
    rounding = UNITS * digits / steps
    # The error of a central difference is a series in even powers of the step.
    second, fourth = SHRINK**2, SHRINK**4
    early, late = ((second * b - a) / (second - 1) for a, b in itertools.pairwise(slopes))
    best = (fourth * late - early) / (fourth - 1)
    # With values of few digits the longest step is best, and the least extrapolated.
    slope, error = best, np.full(best.shape, np.inf)
    for value, change, round_off in (
        (best, best - late, rounding[2]),
        (late, late - early, rounding[2]),
        (early, early - best, rounding[1]),
        (slopes[0], slopes[0] - early, rounding[0]),
    ):
        doubt = SAFETY * np.abs(change) + round_off
        better = doubt < error
        slope, error = np.where(better, value, slope), np.where(better, doubt, error)
    # The slopes on both sides differ by odd powers of the step, and at a kink by a constant.
    kink, _ = _extrapolated((ups + downs) / (2 * steps), 1, 3)
    return slope, error + SAFETY * np.abs(kink) + _slow(slopes, rounding[2]), rounding[2]


def _slow(slopes: Array, rounding: Array) -> Array:
    """How far the limit may be if differences do not fall as those of even powers of the step.

    If they fall by a constant factor, they are a geometric series.
    """
    first, second = np.abs(np.diff(slopes, axis=0))
    factor = first / second
    rest = second / np.maximum(factor - 1, 0.05)
    return np.where((second > SAFETY * rounding) & (factor < SHRINK**1.5), 2 * rest, 0.0)


def _side(steps: Array, ends: Array, digits: Array) -> tuple[Array, Array]:
    """The slope to one side, and its error."""
    slope, change = _extrapolated(ends / steps, 1, 2)
    error = SAFETY * change + SAFETY * UNITS * digits / steps[2]
    return slope, np.where(np.isfinite(slope), error, np.inf)


def _jumps(ends: Array, others: Array, digits: Array) -> Array:
    """Whether the limit from one side is another than the value, by more than a small step."""
    limit, change = _extrapolated(ends, 1, 2)
    size = np.abs(limit)
    return np.asarray(
        (size > SAFETY * (change + UNITS * digits))
        & (size > 0.9 * np.abs(ends[2]))
        & (size > 0.1 * np.abs(others[2]))
    )


def _grows(steps: Array, ends: Array, others: Array) -> Array:
    """Whether the slope to one side, not much smaller than to the other, grows steadily."""
    slopes = np.abs(ends / steps)
    first, second = slopes[1] / slopes[0], slopes[2] / slopes[1]
    return np.asarray(
        (first > 1.2)
        & (second > 1.2)
        & (np.abs(first / second - 1) < 0.1)
        & (slopes[2] > 0.5 * np.abs(others[2] / steps[2]))
    )


def _extrapolated(terms: Array, *powers: int) -> tuple[Array, Array]:
    """Three terms at shrinking steps without two powers of the step, and how much is in doubt."""
    first, second = (SHRINK**power for power in powers)
    early, late = ((first * b - a) / (first - 1) for a, b in itertools.pairwise(terms))
    best = (second * late - early) / (second - 1)
    return best, np.abs(best - late)
