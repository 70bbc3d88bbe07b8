"""Mistakes in a part of the elements, and words for which part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .evidence import Array, Case, Guess, fitted_factor
from .words import whereabouts, which_elements


def not_finite(case: Case) -> Iterator[Guess]:
    """Infinite or not a number where the right gradient is finite."""
    bad = ~np.isfinite(case.given[0])
    what = "not a number (nan)" if np.isnan(case.given[0][bad]).all() else "not finite"
    hint = "is there a division by zero, or zero times infinity?"
    yield Guess("not finite", f"It is {what} {whereabouts(bad, case)}: {hint}", None)


def single_precision(case: Case) -> Iterator[Guess]:
    """Right to seven digits, and each number has no more."""
    given, right = case.given[0], case.right[0]
    short = given.astype(np.float32) == given
    if short.all() and (np.abs(given - right) > 1e-9 * np.max(np.abs(right))).any():
        text = "It is right to about 7 digits: is something computed in single precision (float32)?"
        yield Guess("single precision", text, None)


def mask_missing(case: Case) -> Iterator[Guess]:
    """A gradient where there should be none, and right elsewhere."""
    right, given = _supports(case)
    wrong = _any_row(case.wrong)
    if not right.any() or right.all() or case.value.size < 3:
        return
    if given.all() and (wrong == ~right).all():
        text = (
            "A gradient passes where the right one is zero, and it is right elsewhere: is a mask "
            "missing?"
        )
        yield Guess("mask missing", text, None)


def mask_inverted(case: Case) -> Iterator[Guess]:
    """A gradient exactly where there should be none."""
    right, given = _supports(case)
    if case.value.size >= 3 and right.any() and given.any() and (right == ~given).all():
        text = (
            "It is zero exactly where the right gradient is not, and the other way round: is it "
            "the derivative of the other branch (a mask inverted)?"
        )
        yield Guess("mask inverted", text, None)


def mask_moved(case: Case) -> Iterator[Guess]:
    """A mask by the value of the input has its boundary elsewhere."""
    right, given = _supports(case)
    wrong = _any_row(case.wrong)
    order = np.argsort(case.value, axis=None)
    changes = [np.flatnonzero(np.diff(mask.ravel()[order])) for mask in (right, given)]
    if case.value.size < 6 or not (wrong == (right != given)).all():
        return
    several = all(2 <= np.count_nonzero(mask) <= mask.size - 2 for mask in (right, given))
    if several and len(changes[0]) == len(changes[1]) == 1:
        low, high = (float(f(case.value[wrong])) for f in (np.min, np.max))
        between = (
            f"for an input of {low:.4g}"
            if low == high
            else (f"for inputs between {low:.4g} and {high:.4g}")
        )
        passes = "passes" if given[wrong].any() else "is stopped"
        text = f"The gradient {passes} wrongly {between}: does a mask have its boundary elsewhere?"
        yield Guess("mask moved", text, None)


def another_mask(case: Case) -> Iterator[Guess]:
    """The gradient of the output passes at some elements, but at others than it should."""
    right, given = _supports(case)
    if not case.elementwise or not case.is_right(np.where(right, case.upstream, 0.0)):
        return
    if (given & ~right).any() and (right & ~given).any():
        where, there = (which_elements(mask) for mask in (right, given))
        text = (
            f"The gradient of the output should pass {where}, but passes {there}: is another mask "
            "used (the other triangle, the other condition)?"
        )
        yield Guess("another mask", text, np.where(given, case.upstream, 0.0))


def spread_evenly(case: Case) -> Iterator[Guess]:
    """What should go to one of some elements goes to several in equal parts."""
    if len(case.right) != case.output.size + 1:
        return
    there, taken = (~case.is_zero(rows)[1:].reshape(case.output.size, -1) for rows in _both(case))
    right, given = (rows[1:].reshape(case.output.size, -1) for rows in _both(case))
    shares = taken.sum(axis=1, keepdims=True)
    if (there.sum(axis=1) == 1).all() and (shares > 1).all():
        total = right.sum(axis=1, keepdims=True)
        even = np.where(taken, total / shares, 0.0)
        text = (
            "What should go to one element goes to several in equal parts: is the gradient of a "
            "mean used for a maximum, a minimum or a choice?"
        )
        first = case.upstream[0].ravel() @ even
        predicted = np.concatenate([first[None], even]).reshape(case.right.shape)
        if not np.array_equal(right, given):
            yield Guess("spread evenly", text, predicted)


def factor_by_element(case: Case) -> Iterator[Guess]:
    """A factor for each element of the input, whatever the gradient of the output."""
    if len(case.right) != case.output.size + 1:
        return
    known = np.where(np.isnan(case.right), 0.0, case.right)
    factors = np.sum(case.given * known, axis=0) / np.sum(known * known, axis=0)
    if np.isfinite(factors).all():
        text = (
            "It is the right gradient times a factor for each element of the input, between "
            f"{factors.min():.4g} and {factors.max():.4g}, whatever the gradient of the output: "
            "is a factor (a gate, another input) missing, or one too many?"
        )
        yield Guess("factor by element", text, factors * case.right, unknowns=factors.size)


def factor_by_output(case: Case) -> Iterator[Guess]:
    """A factor for each element of the output."""
    if len(case.right) != case.output.size + 1:
        return
    right, given = (rows[1:].reshape(case.output.size, -1) for rows in _both(case))
    known = np.where(np.isnan(right), 0.0, right)
    factors = np.sum(given * known, axis=1) / np.sum(known * known, axis=1)
    if not np.isfinite(factors).all():
        return
    text = (
        "What comes from each element of the output is right but for a factor, between "
        f"{factors.min():.4g} and {factors.max():.4g}: is the derivative of what was done last "
        "missing or wrong?"
    )
    rows = factors[:, None] * right
    first = (case.upstream[0].ravel() @ rows)[None]
    predicted = np.concatenate([first, rows]).reshape(case.right.shape)
    yield Guess("factor by output", text, predicted, unknowns=factors.size)


def factors_along_two_axes(case: Case) -> Iterator[Guess]:
    """A factor for each index along one axis times one for each along another."""
    if case.value.ndim != 2 or min(case.value.shape) < 2:
        return
    ratio = case.given[0] / case.right[0]
    if not (np.isfinite(ratio) & (ratio > 0)).all():
        return
    logs = np.log(ratio)
    fitted = logs.mean(axis=0) + logs.mean(axis=1, keepdims=True) - logs.mean()
    text = (
        "It is the right gradient times a factor for each index along axis 0 and one for each "
        "along axis 1: is something summed or normalised along the wrong axis?"
    )
    unknowns = sum(case.value.shape)
    predicted = np.exp(fitted) * case.right
    yield Guess("normalised along another axis", text, predicted, unknowns=unknowns)


def _both(case: Case) -> tuple[Array, Array]:
    return case.right, case.given


def overwritten(case: Case) -> Iterator[Guess]:
    """Of several contributions to an element, only the last or the first arrives."""
    present, kept = _contributions(case)
    if present is None or kept is None:
        return
    several = present.sum(axis=0) > 1
    count = len(present)
    for which, rows in (("last", range(count - 1, -1, -1)), ("first", range(count))):
        ranks = np.cumsum(present[list(rows)], axis=0)[np.argsort(list(rows))]
        if (kept == (present & ((ranks == 1) | ~several))).all():
            text = (
                f"Of several contributions to an element only the {which} arrives: are they "
                "assigned where they should be added (np.add.at)?"
            )
            yield Guess("overwritten", text, None)


def contributions_missing(case: Case) -> Iterator[Guess]:
    """Some entries of the Jacobian are zero, all others are right."""
    present, kept = _contributions(case)
    if present is not None and kept is not None:
        missing = present & ~kept
        without: Array = np.any(missing, axis=1)
        if (missing[without] == present[without]).all() and not without.all():
            which = which_elements(without.reshape(case.output.shape))
            text = f"Nothing comes from the output {which}; the other contributions are right."
            yield Guess("output without gradient", text, None)
            return
        elements = np.any(missing, axis=0).reshape(case.value.shape)
        text = (
            f"{np.count_nonzero(missing)} of {np.count_nonzero(present)} contributions of single "
            f"outputs are missing, {which_elements(elements)} of the input; the others are right."
        )
        yield Guess("contribution missing", text, None)


def _contributions(case: Case) -> tuple[Array | None, Array | None]:
    """Which entries of the Jacobian should be there, and which are; None if others are wrong."""
    count = case.output.size
    if len(case.right) != count + 1:
        return None, None
    right, given, wrong = (
        rows[1:].reshape(count, -1) for rows in (case.right, case.given, case.wrong)
    )
    zero = case.is_zero(case.given)[1:].reshape(count, -1)
    if np.isnan(right).any() or not wrong.any() or not zero[wrong].all():
        return None, None
    present = ~case.is_zero(case.right)[1:].reshape(count, -1)
    return present, present & ~wrong & ~(given == 0)


def sign_of_a_part(case: Case) -> Iterator[Guess]:
    """Right in one part, and of wrong sign in the other."""
    wrong = _any_row(case.wrong)
    if not wrong.all():
        text = f"Its sign is wrong {whereabouts(wrong, case)}, and it is right elsewhere."
        yield Guess("partly sign", text, np.where(wrong, -case.right, case.right))


def nothing_in_a_part(case: Case) -> Iterator[Guess]:
    """Right in one part, and zero in the other."""
    wrong = _any_row(case.wrong)
    if not wrong.all():
        text = (
            f"It is zero {whereabouts(wrong, case)}, and right elsewhere: is a part not written, "
            "or masked?"
        )
        yield Guess("partly no gradient", text, np.where(wrong, 0.0, case.right))


def factor_in_a_part(case: Case) -> Iterator[Guess]:
    """Right in one part, and times a number in the other."""
    wrong = _any_row(case.wrong)
    there = np.broadcast_to(wrong, case.right.shape)
    factor = fitted_factor(case.given[there], case.right[there])
    if not wrong.all() and factor and np.count_nonzero(~case.is_zero(case.right)[there]) >= 3:
        text = (
            f"It is {factor:.5g} times the right gradient {whereabouts(wrong, case)}, and right "
            "elsewhere."
        )
        yield Guess("partly factor", text, np.where(there, factor * case.right, case.right))


def factor_along_an_axis(case: Case) -> Iterator[Guess]:
    """A factor that depends on the index along one axis only."""
    shape = case.value.shape
    for axis, length in enumerate(shape):
        others = tuple(i for i in range(len(shape) + 1) if i != axis + 1)
        telling = np.moveaxis(~case.is_zero(case.right), axis + 1, -1)
        if length < 2 or any(case.count(telling[..., i]) < 2 for i in range(length)):
            continue
        known = np.where(np.isnan(case.right), 0.0, case.right)
        factors = np.sum(case.given * known, others, keepdims=True) / np.sum(
            known**2, others, keepdims=True
        )
        if np.isfinite(factors).all():
            numbers = ", ".join(f"{factor:.4g}" for factor in factors.ravel()[:6])
            more = ", ..." if length > 6 else ""
            text = (
                f"It is the right gradient times a factor that depends on the index along axis "
                f"{axis}: {numbers}{more}."
            )
            yield Guess("factor along an axis", text, factors * case.right, unknowns=length)


def constant_in_places(case: Case) -> Iterator[Guess]:
    """The same number is missing in some places, as the 1 of a one-hot code."""
    wrong = _any_row(case.wrong)
    if np.count_nonzero(wrong) < 2 or wrong.all():
        return
    difference = case.given - case.right
    amount = np.mean(difference[:, wrong], axis=1).reshape(-1, *(1,) * case.value.ndim)
    text = (
        f"The difference is the same number, {amount[0].item():.4g}, {whereabouts(wrong, case)} "
        "and zero elsewhere: is a one-hot code not subtracted?"
    )
    yield Guess("constant in places", text, case.right + amount * wrong, unknowns=1)


def not_linear(case: Case) -> Iterator[Guess]:
    """Backward of the random cotangent is not the sum of those of one-hot ones."""
    if len(case.given) != case.output.size + 1 or case.output.size < 2:
        return
    if not case.differs(case.given, np.broadcast_to(case.given[:1], case.given.shape)).any():
        text = "It does not depend on the gradient of the output, which is ignored."
        yield Guess("upstream ignored", text, None)
        return
    if not case.is_linear:
        text = (
            "It is not linear in the gradient of the output: is that used twice, in a condition, "
            "or not at all?"
        )
        yield Guess("not linear", text, None)


def wrong_in_places(case: Case) -> Iterator[Guess]:
    """What the wrong elements have in common."""
    wrong = _any_row(case.wrong)
    if not wrong.all():
        yield Guess("wrong in places", f"It is wrong {whereabouts(wrong, case)}.", None)
    elif len(case.right) == case.output.size + 1:
        outputs = np.any(case.wrong[1:].reshape(case.output.size, -1), axis=1)
        outputs = outputs.reshape(case.output.shape)
        if outputs.any() and not outputs.all():
            where = which_elements(outputs)
            text = f"What comes from the output is wrong {where}, and right elsewhere."
            yield Guess("wrong for some outputs", text, None)


def _supports(case: Case) -> tuple[Array, Array]:
    """Which elements have any gradient: the right one, the returned one."""
    return _any_row(~case.is_zero(case.right)), _any_row(~case.is_zero(case.given))


def _any_row(rows: Array) -> Array:
    some: Array = np.any(rows, axis=0)
    return some
