"""How far to go along a direction."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Point(NamedTuple):
    """A place on a line: how far it is, and the loss, its gradient and its slope there."""

    step: float
    loss: float
    gradient: np.ndarray[Any, Any]
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], Point],
    start: Point,
    step: float,
    length: float,
    tolerance: float,
    most: int,
    decrease: float = 1e-4,
    curvature: float = 0.9,
) -> tuple[Point, int]:
    """Find a point where the loss has fallen enough, and its slope too.

    First the step grows until a good point lies between two that are known; then that bracket
    shrinks. New steps are minima of the cubic through losses and slopes at two points.

    Parameters
    ----------
    evaluate : callable
        Gives the point at a step.
    start : Point
        The one at step 0, where the slope is negative.
    step : float
        The first to try.
    length : float
        Of the direction; a bracket whose steps differ by less than ``tolerance / length`` is done.
    tolerance : float
        See `length`.
    most : int
        Most points after the first.
    decrease, curvature : float
        At a good point the loss is at most ``start.loss + decrease * step * start.slope``, and the
        slope at most ``curvature * abs(start.slope)`` in size.

    Returns
    -------
    point : Point
        A good one, or the lowest that was found.
    evaluations : int
        How many points were evaluated.

    References
    ----------
    J. Nocedal, S. Wright, "Numerical Optimization" (2nd edition, 2006), algorithms 3.5 and 3.6,
    with the interpolation and safeguards of M. Schmidt's minFunc (2005).
    """

    def too_high(point: Point) -> bool:
        return point.loss > start.loss + decrease * point.step * start.slope

    def flat(point: Point) -> bool:
        return abs(point.slope) <= -curvature * start.slope

    tries = 0
    before, point = start, evaluate(step)
    while tries < most:
        if too_high(point) or (tries > 1 and point.loss >= before.loss):
            break
        if flat(point):
            return point, tries + 1
        if point.slope >= 0:
            break
        least = point.step + 0.01 * (point.step - before.step)
        step = lowest(before, point, least, 10 * point.step)
        before, point = point, evaluate(step)
        tries += 1
    else:
        before = start

    ends = [before, point]
    low = 0 if before.loss <= point.loss else 1
    hesitates = False
    while tries < most:
        left, right = sorted(end.step for end in ends)
        if (right - left) * length < tolerance:
            break
        step = lowest(ends[0], ends[1], left, right)
        # A step close to an end says little: the second time it is moved away from there.
        margin = 0.1 * (right - left)
        if min(right - step, step - left) >= margin:
            hesitates = False
        elif hesitates or not left < step < right:
            step = right - margin if right - step < step - left else left + margin
            hesitates = False
        else:
            hesitates = True

        point = evaluate(step)
        tries += 1
        if too_high(point) or point.loss >= ends[low].loss:
            ends[1 - low] = point
            low = 0 if ends[0].loss <= ends[1].loss else 1
            continue
        if flat(point):
            return point, tries + 1
        if point.slope * (ends[1 - low].step - ends[low].step) >= 0:
            ends[1 - low] = ends[low]
        ends[low] = point
    return ends[low], tries + 1


def lowest(one: Point, other: Point, least: float, largest: float) -> float:
    """Return the step, between two limits, where the cubic through two points has its minimum."""
    left, right = (one, other) if one.step <= other.step else (other, one)
    width = right.step - left.step
    mean = left.slope + right.slope - 3 * (right.loss - left.loss) / width
    square = mean**2 - left.slope * right.slope
    if not square >= 0:
        return (least + largest) / 2
    root = math.sqrt(square)
    share = (right.slope + root - mean) / (right.slope - left.slope + 2 * root)
    return min(max(right.step - width * share, least), largest)
