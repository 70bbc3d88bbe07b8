"""Derivatives along lines: what backward returns beside what is measured."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .judging import TERMS, Comparison
from .lines import Columns, Lines
from .numerics import (
    COARSE_STEPS,
    COARSELY_JUDGED,
    JUDGED,
    NEGLIGIBLE,
    NOISY,
    OUTSIDE,
    SAFETY,
    SETTLED,
    SMOOTH,
    STEPS,
    Measured,
    measure,
)
from .points import AROUND, Point
from .vectors import EPS, as_columns

Array: TypeAlias = np.ndarray[Any, Any]

# So small that its square is nothing beside 1, whatever the second derivative.
COMPLEX_STEP = 1e-30
# What differs by no more than so many tolerances is measured again, with steps of another length.
CLOSE_CALL, OTHER_STEPS = 1e3, (0.61, 2.0)
# So many attempts are made where calls must be few.
FEW_ATTEMPTS = 3


class Sizes(NamedTuple):
    """What sizes there are: see `judging.Comparison`."""

    typical: Array
    rounding: Array
    judged: float


def compare(
    point: Point,
    lines: Lines,
    columns: Columns,
    gradients: Sequence[tuple[Array, Array]],
    returned: Array,
    rtol: float,
    atol: float,
) -> Comparison:
    """Measure all derivatives of the columns along the lines.

    Parameters
    ----------
    point, lines, columns
        What is differentiated, where and by what.
    gradients : sequence
        What backward returned for each column, and to which elements a path leads.
    returned : array
        What backward returned for the weights of the columns.
    rtol, atol : float
        The tolerance beyond the error of what is measured.
    """
    count = len(lines.names)
    coarse = any(output.dtype.itemsize < 8 for output in point.outputs)
    judged = COARSELY_JUDGED if coarse else JUDGED
    rounding = columns.size(point.digits)
    reach = np.reshape(
        [columns.size(point.reach[group]) for group in lines.groups], (count, rounding.size)
    )
    # What all elements of an input do together has the size of the largest of them.
    largest = {group: lines.scales[lines.groups == group].max() for group in lines.groups}
    together = reach / (AROUND * np.reshape([largest[g] for g in lines.groups], (count, 1)))
    everywhere = np.arange(count)
    typical = (
        reach / AROUND
        if lines.sparing
        else _around(point, lines, columns, everywhere, lines.scales)
    )
    # What the caller does not care about need not be measured well.
    typical = np.maximum(typical, atol / NEGLIGIBLE)
    sizes = Sizes(np.maximum(typical, TERMS * EPS / NEGLIGIBLE * together), rounding, judged)
    comparison = Comparison(
        analytic=as_columns([lines.along(gradient) for gradient, _ in gradients], count),
        measured=_measured(point, lines, columns, sizes, typical),
        connected=as_columns([lines.along(path) != 0 for _, path in gradients], count),
        groups=lines.groups,
        weights=columns.weights,
        returned=lines.along(returned),
        typical=typical,
        together=together,
        rounding=rounding,
        scales=lines.scales,
        judged=judged,
        rtol=rtol,
        atol=atol,
    )
    # What is infinite and stays so has no slope, unless nothing leads there.
    endless = ~np.isfinite(columns.of(point.middle)) & (comparison.analytic != 0)
    comparison.measured.found[endless] = OUTSIDE
    if columns.projection is None and point.subject.plain is not None:
        comparison = _with_complex_steps(point, lines, comparison)
    return _with_second_opinion(point, lines, columns, comparison, sizes)


def _around(point: Point, lines: Lines, columns: Columns, rows: Array, scales: Array) -> Array:
    """The slopes to points about a tenth of the size of an element away, to either side."""
    found = np.zeros((len(rows), len(columns.labels)))
    middle = columns.of(point.middle)
    for row, line in enumerate(rows):
        for step in (AROUND * scales[line], -AROUND * scales[line]):
            there = columns.of(point.evaluate(lines.moved(int(line), step)))
            found[row] = np.maximum(found[row], np.nan_to_num(np.abs(there - middle) / abs(step)))
    return found


def _along(
    point: Point,
    lines: Lines,
    columns: Columns,
    rows: Array,
    scales: Array,
    sizes: Sizes,
) -> Measured:
    """Measure along some of the lines."""

    def sample(row: int, step: float) -> Array:
        return columns.of(point.evaluate(lines.moved(int(rows[row]), step)))

    steps = COARSE_STEPS if sizes.judged > JUDGED else STEPS
    return measure(
        sample,
        columns.of(point.middle),
        scales[rows],
        sizes.rounding,
        sizes.typical[rows],
        steps[:FEW_ATTEMPTS] if lines.sparing else steps,
        sizes.judged,
    )


def _measured(
    point: Point, lines: Lines, columns: Columns, sizes: Sizes, typical: Array
) -> Measured:
    """Measure along all lines; what is typical is changed where longer steps are taken."""
    found = _along(point, lines, columns, np.arange(len(lines.names)), lines.scales, sizes)
    # Steps that are as small as a small element may leave too few digits.
    rough = (found.found == SMOOTH) & ~(found.error <= SETTLED * np.abs(found.slope))
    rows = np.flatnonzero((lines.wider > lines.scales) & rough.any(axis=1))
    if rows.size:
        wide = _along(point, lines, columns, rows, lines.wider, sizes)
        better = rough[rows] & (wide.found == SMOOTH) & (wide.error < found.error[rows])
        found.take(rows, better, wide)
        further = _around(point, lines, columns, rows, lines.wider)
        typical[rows] = np.where(better, np.maximum(typical[rows], further), typical[rows])
    return found


def _with_second_opinion(
    point: Point, lines: Lines, columns: Columns, comparison: Comparison, sizes: Sizes
) -> Comparison:
    """Measure again with other steps what differs a little: the error may be underestimated."""
    measured = comparison.measured
    margin = comparison.margin()
    differs = (margin > 1) & (margin < CLOSE_CALL) & (measured.found == SMOOTH)
    rows = np.flatnonzero(differs.any(axis=1))
    if not rows.size:
        return comparison
    apart = np.array(
        [
            _along(point, lines, columns, rows, factor * lines.scales, sizes).slope
            - measured.slope[rows]
            for factor in OTHER_STEPS
        ]
    )
    seen = np.isfinite(apart)
    furthest = np.max(np.abs(apart), axis=0, where=seen, initial=0.0)
    measured.error[rows] += np.where(differs[rows], SAFETY * furthest, 0.0)
    measured.found[rows] = np.where(differs[rows] & ~seen.any(axis=0), NOISY, measured.found[rows])
    return dataclasses.replace(comparison, measured=measured)


def _with_complex_steps(point: Point, lines: Lines, comparison: Comparison) -> Comparison:
    """Take the derivatives that complex steps confirm where differences are imprecise."""
    measured = comparison.measured
    imprecise = comparison.imprecise()
    found = False
    for line in np.flatnonzero(imprecise.any(axis=1)):
        slope = _complex_slope(point, lines, int(line))
        if slope is None:
            break
        # Real parts alone would give 0, which may be wrong; so both must agree, and not on 0.
        confirmed = (
            imprecise[line]
            & (slope != 0)
            & (np.abs(slope - comparison.analytic[line]) <= comparison.rtol * np.abs(slope))
            & ~(np.abs(slope - measured.slope[line]) > measured.error[line])
        )
        measured.slope[line, confirmed] = slope[confirmed]
        measured.error[line, confirmed] = 0.0
        measured.found[line, confirmed] = SMOOTH
        found = found or bool(confirmed.any())
    return dataclasses.replace(comparison, measured=measured, confirmed=found)


def _complex_slope(point: Point, lines: Lines, line: int) -> Array | None:
    """The derivatives along a line by a step in imaginary direction (Squire and Trapp, 1998).

    No digits are lost by it, but few functions take complex numbers, and None is returned.
    """
    assert point.subject.plain is not None
    step = COMPLEX_STEP * lines.scales[line]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            outputs = point.subject.plain(point.arrays(lines.moved(line, 1j * step)))
    # The function was never meant for these arguments, so anything may happen.
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ):
        return None
    except Warning:  # that the imaginary part was dropped
        return None
    if not all(isinstance(o, np.ndarray) and o.dtype.kind == "c" for o in outputs):
        return None
    slope = np.concatenate([np.ravel(output.imag) for output in outputs]) / step
    return slope if slope.shape == point.middle.shape else None
