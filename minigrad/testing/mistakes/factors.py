"""The right gradient times a number, or times a function of the input or the output."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

from .evidence import Array, Case, Guess, fitted_factor
from .words import whereabouts

Function = Callable[[Array], Array]


CONSTANTS = {
    math.pi: "pi",
    2 * math.pi: "2 pi",
    math.sqrt(2): "the square root of 2",
    math.sqrt(2 * math.pi): "the square root of 2 pi",
    math.pi / 180: "pi/180: degrees and radians",
    math.log(2): "log(2): a logarithm or power of base 2",
    math.log(10): "log(10): a logarithm or power of base 10",
}


# Functions of an array that a derivative is multiplied by, once too often or too rarely.
MULTIPLIERS: dict[str, Function] = {
    "multiplied by {}": lambda v: v,
    "divided by {}": lambda v: 1 / v,
    "multiplied by the square of {}": lambda v: v * v,
    "divided by the square of {}": lambda v: 1 / (v * v),
    "multiplied by the absolute value of {}": np.abs,
    "multiplied by 1 minus {}": lambda v: 1 - v,
    "divided by 1 minus {}": lambda v: 1 / (1 - v),
    "multiplied by the exponential of {}": np.exp,
}


# Derivatives that have a form in terms of the output, or of the input.
SLOPES: dict[str, Function] = {
    "{0}": lambda v: v,
    "1 - {0}**2": lambda v: 1 - v * v,
    "{0} * (1 - {0})": lambda v: v * (1 - v),
    "1 / {0}": lambda v: 1 / v,
    "1 / (2 * {0})": lambda v: 0.5 / v,
    "-{0}**2": lambda v: -v * v,
    "-1 / {0}**2": lambda v: -1 / (v * v),
    "1 + {0}**2": lambda v: 1 + v * v,
    "1 / (1 + {0}**2)": lambda v: 1 / (1 + v * v),
    "2 * {0}": lambda v: 2 * v,
    "exp({0})": np.exp,
    "1 + {0}": lambda v: 1 + v,
    "1 - exp(-{0})": lambda v: 1 - np.exp(-v),
    "exp(-{0})": lambda v: np.exp(-v),
}


# Factors that a formula may have.
PLAIN = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5)


def constant_factor(case: Case) -> Iterator[Guess]:
    """The right gradient times a number that is known from elsewhere."""
    factor = fitted_factor(case.given, case.right)
    named = None if factor is None else name_factor(factor, case)
    if named is not None and factor is not None:
        yield Guess(*named, factor * case.right)


def any_factor(case: Case) -> Iterator[Guess]:
    """The right gradient times a number without a name."""
    factor = fitted_factor(case.given, case.right)
    if factor and name_factor(factor, case) is None:
        text = f"It is {factor:.5g} times the right gradient everywhere: is there a wrong constant?"
        yield Guess("factor", text, factor * case.right, unknowns=1)


def name_factor(factor: float, case: Case) -> tuple[str, str] | None:
    """The kind of mistake that gives this factor, and a sentence; None for any other number."""
    size, lengths = abs(factor), _lengths(case)
    sign = ", with the wrong sign" if factor < 0 else ""
    if _close(factor, -1.0):
        return "sign", "It is the right gradient times -1: the sign is wrong."
    whole = next((n for n in lengths if _close(size, n)), None)
    part = next((n for n in lengths if _close(size, 1 / n)), None)
    if _close(size, 2.0) or _close(size, 0.5):
        if size > 1:
            guess = "is a factor 2 too many, or the input counted twice"
        else:
            guess = "is a factor 2 missing, or one of two uses of the input"
        axis = f" (2 is also {lengths[2]})" if 2 in lengths else ""
        text = f"It is {factor:.5g} times the right gradient everywhere{sign}: {guess}{axis}?"
        return "factor", text
    if whole is not None:
        text = (
            f"It is {whole} times the right gradient{sign}, and {whole} is {lengths[whole]}: is it "
            "summed where it should be averaged?"
        )
        return "sum for mean", text
    if part is not None:
        text = (
            f"It is 1/{part} of the right gradient{sign}, and {part} is {lengths[part]}: is it "
            "averaged where it should be summed, or averaged twice?"
        )
        return "mean for sum", text
    for n, words in lengths.items():
        if n > 2 and (_close(size, n / (n - 1)) or _close(size, (n - 1) / n)):
            text = (
                f"It is {factor:.5g} times the right gradient{sign}, and {n} is {words}: is it "
                f"divided by {n} where the function divides by {n - 1}, or the other way round?"
            )
            return "degrees of freedom", text
    for uses in range(3, 10):
        if _close(size, 1 / uses):
            text = (
                f"It is 1/{uses} of the right gradient{sign}: is one of {uses} uses counted only?"
            )
            return "factor", text
    for constant, words in CONSTANTS.items():
        for target, how in ((constant, "times"), (1 / constant, "divided by")):
            if _close(size, target):
                return "factor", f"It is the right gradient {how} {words}{sign}."
    return None


def _close(number: float, target: float) -> bool:
    return abs(number - target) <= 1e-5 * abs(target)


def _lengths(case: Case) -> dict[int, str]:
    """The numbers that sums and means may confuse, with what they are."""
    found: dict[int, str] = {}
    for name, array in (("input", case.value), ("output", case.output)):
        for axis, n in enumerate(array.shape):
            batch = " (a batch?)" if axis == 0 and array.ndim > 1 else ""
            found.setdefault(n, f"the length of axis {axis}{batch} of the {name}")
        found.setdefault(array.size, f"the number of elements of the {name}")
    large, small = sorted((case.value.size, case.output.size))[::-1]
    if small and large % small == 0:
        found.setdefault(large // small, "the number of elements that belong to one of the other")
    shape = case.value.shape
    for i, j in itertools.combinations(range(len(shape)), 2):
        found.setdefault(shape[i] * shape[j], f"the number of elements along axes {(i, j)}")
    return {n: words for n, words in found.items() if n > 1}


def multiplied(case: Case) -> Iterator[Guess]:
    """Multiplied or divided by the input or the output once too often."""
    for words, function in MULTIPLIERS.items():
        text = f"It is the right gradient {words.format('the input')}: is that once too often?"
        yield Guess("input as a factor", text, case.right * function(case.value))
        text = f"It is the right gradient {words.format('the output')}: is that once too often?"
        for predicted in case.pulls(case.upstream * function(case.output)):
            yield Guess("output as a factor", text, predicted)


def outer_derivative(case: Case) -> Iterator[Guess]:
    """The derivative of the last function of several is missing, or is used twice."""
    if case.jacobian is None or case.elementwise:
        return
    for formula, slope in SLOPES.items():
        known = slope(case.output)
        words = formula.format("output")
        for upstream, how in (
            (case.upstream / known, f"divided by {words}: is that derivative missing?"),
            (case.upstream * known, f"times {words}: is that derivative used twice?"),
        ):
            text = f"It is what the right one gives for the gradient of the output {how}"
            for predicted in case.pulls(upstream):
                yield Guess("outer derivative", text, predicted)


def another_formula(case: Case) -> Iterator[Guess]:
    """The derivative of another function, in terms of the output or of the input."""
    if not case.elementwise or case.value.size < 3:
        return
    wrong: Array = np.any(case.wrong, axis=0)
    doubt = "is that the derivative of another function?"
    if not wrong.all():
        doubt = f"that is wrong {whereabouts(wrong, case)}; is a branch missing there?"
    for formula, slope in SLOPES.items():
        for name, array in (("output", case.output), ("input", case.value)):
            predicted = case.upstream * slope(array)
            factor = fitted_factor(case.given, predicted)
            known = next((n for n in PLAIN if factor is not None and _close(factor, n)), None)
            if known is not None:
                times = {1.0: "", -1.0: "minus "}.get(known, f"{known:g} times ")
                words = f"{times}the gradient of the output times {formula.format(name)}"
                text = f"It is {words}: {doubt}"
                yield Guess("another formula", text, known * predicted)


def power_of_the_derivative(case: Case) -> Iterator[Guess]:
    """A root or a square of the local derivative is missing, or one too many."""
    if not case.elementwise or case.value.size < 4:
        return
    slope = case.right[0] / case.upstream[0]
    for power, words in (
        (2.0, "times the square of the derivative{}: is a square root missing?"),
        (0.5, "times the square root of the derivative{}: is that one too many?"),
        (-1.0, "divided by the derivative{}: is it that of the inverse function?"),
    ):
        bent = np.sign(slope) * np.abs(slope) ** power
        predicted = case.upstream * bent
        factor = fitted_factor(case.given, predicted)
        if factor is not None and not np.allclose(np.abs(slope), np.abs(slope).flat[0]):
            sized = "" if _close(factor, 1.0) else f", times {factor:.5g}"
            text = f"It is the gradient of the output {words.format(sized)}"
            yield Guess("power of the derivative", text, factor * predicted, unknowns=1)


def slope_of_the_other(case: Case) -> Iterator[Guess]:
    """A derivative in terms of the output is given the input, or the other way round."""
    if case.value.shape != case.output.shape:
        return
    for formula, slope in SLOPES.items():
        of_output, of_input = (case.upstream * slope(v) for v in (case.output, case.value))
        for right, wrong, name, other in (
            (of_output, of_input, "output", "input"),
            (of_input, of_output, "input", "output"),
        ):
            if case.is_right(right):
                text = (
                    f"It is computed from the {other} where the {name} belongs: the derivative is "
                    f"{formula.format(name)}, not {formula.format(other)}."
                )
                yield Guess(f"{other} for {name}", text, wrong)
