"""Which known mistake explains a wrong derivative, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .mistakes import arrangements, factors, parts, shapes, sources, terms
from .mistakes.evidence import Case, Guess, fitted_factor
from .mistakes.evidence import Evidence as Evidence
from .reports import Diagnosis as Diagnosis

Mistake = Callable[[Case], Iterator[Guess]]

# Of the mistakes that explain all, the first is the likeliest. One of these needs no alternative.
SIMPLE: tuple[Mistake, ...] = (
    sources.no_gradient,
    factors.constant_factor,
    sources.changed_upstream,
    sources.rounded,
)

# Several of these may fit, and the first few are told.
SPECIFIC: tuple[Mistake, ...] = (
    sources.another_gradient,
    sources.missing_sum,
    arrangements.wrong_direction,
    arrangements.wrong_grouping,
    arrangements.rearranged_gradient,
    arrangements.wrong_memory_order,
    arrangements.another_slice,
    arrangements.wrong_permutation,
    sources.part_of_jacobian,
    arrangements.jacobian_transposed,
    factors.slope_of_the_other,
    parts.mask_missing,
    parts.sign_of_a_part,
    factors.multiplied,
    factors.outer_derivative,
    terms.along_differences,
    terms.missing_term,
    sources.unchanged_upstream,
    parts.mask_inverted,
    parts.overwritten,
    parts.spread_evenly,
    arrangements.one_use,
)

# These describe what many mistakes may cause, so they are asked if none of the above is found.
GENERAL: tuple[Mistake, ...] = (
    parts.mask_moved,
    parts.another_mask,
    arrangements.both_flipped,
    factors.any_factor,
    factors.another_formula,
    factors.power_of_the_derivative,
    arrangements.rearranged_upstream,
    terms.both_moments,
    arrangements.right_numbers_elsewhere,
    parts.nothing_in_a_part,
    parts.factor_in_a_part,
    parts.factor_along_an_axis,
    parts.constant_in_places,
    parts.factors_along_two_axes,
    parts.factor_by_output,
    parts.factor_by_element,
    terms.before_normalisation,
    terms.same_direction,
)

# These do not explain the numbers, but narrow down where the mistake is.
HINTS: tuple[Mistake, ...] = (
    parts.contributions_missing,
    parts.not_linear,
    parts.wrong_in_places,
)

AT_MOST = 3


def diagnose(evidence: Evidence) -> list[Diagnosis]:
    """The mistakes that explain a wrong derivative, likeliest first; none if none is known.

    A mistake is a prediction of what backward returns. It is believed if it explains every element
    within the error of the measurement, where the right derivative does not.
    """
    with np.errstate(all="ignore"):
        guesses = _guesses(evidence)
    return [Diagnosis(guess.kind, guess.text, evidence.parameter) for guess in guesses]


def _guesses(evidence: Evidence) -> list[Guess]:
    if not evidence.value.size or not evidence.output.size:
        return []
    if evidence.returned.shape != evidence.value.shape:
        return [next(shapes.wrong_shape(evidence))]
    case = Case(evidence)
    if not np.isfinite(case.given[0]).all():
        return list(parts.not_finite(case))
    if not case.wrong.any():
        return list(parts.single_precision(case))
    return (
        _first(1, _explaining(case, SIMPLE))
        or _first(AT_MOST, _explaining(case, SPECIFIC))
        or _first(1, _explaining(case, GENERAL))
        or _first(1, _scaled(case))
        or _first(1, _explaining(case, HINTS))
    )


def _explaining(case: Case, known: tuple[Mistake, ...]) -> Iterator[Guess]:
    """The first guess of each mistake that explains all."""
    for mistake in known:
        for guess in mistake(case):
            if guess.predicted is None or case.fits(guess.predicted, guess.unknowns):
                yield guess
                break


def _scaled(case: Case) -> Iterator[Guess]:
    """Two mistakes at once: a known one, times a factor that has a name."""
    for guess in (guess for mistake in SIMPLE + SPECIFIC for guess in mistake(case)):
        if guess.predicted is None or guess.unknowns:
            continue
        factor = fitted_factor(case.given, guess.predicted)
        if factor is None or factors.name_factor(factor, case) is None:
            continue
        if case.fits(factor * guess.predicted, unknowns=1):
            text = f"{guess.text} Besides, there is a factor of {factor:.5g}."
            yield Guess(guess.kind, text, None)


def _first(count: int, guesses: Iterator[Guess]) -> list[Guess]:
    """The first guesses of different kinds."""
    found: dict[str, Guess] = {}
    for guess in guesses:
        found.setdefault(guess.kind, guess)
        if len(found) == count:
            break
    return list(found.values())
