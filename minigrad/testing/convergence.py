"""How the error of a measured derivative falls, and rises again, with the step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .subjects import subject_of
from .vectors import random_like, scale

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True)
class TaylorTest:
    """Remainders of the Taylor series; true if they fall as they do for a right gradient.

    Attributes
    ----------
    steps, remainders : array
        The steps, and how far the values are from those that the gradient predicts.
    order : float
        The power of the step by which the remainder falls: 2 for a right gradient, 1 for a wrong
        one, infinite if nothing remains but rounding, and nan if the values do not tell.
    """

    steps: Array
    remainders: Array
    order: float

    def __bool__(self) -> bool:
        return self.order > 1.5

    def __str__(self) -> str:
        rows = [
            f"{step:10.3g}  {remainder:10.3g}"
            for step, remainder in zip(self.steps, self.remainders, strict=True)
        ]
        told = "a right gradient has 2, a wrong one 1"
        return "\n".join(["      step   remainder", *rows, f"order {self.order:.3g} ({told})"])


class StepErrors(NamedTuple):
    """Relative errors of three approximations of a derivative, by step.

    Attributes
    ----------
    steps : array
        Relative to the size of the inputs.
    forward, central, extrapolated : array
        Of (f(x + h) - f(x)) / h, of (f(x + h) - f(x - h)) / 2h, and of the latter for the steps h
        and h/2 extrapolated to 0 (Richardson), each compared with backward.
    """

    steps: Array
    forward: Array
    central: Array
    extrapolated: Array


def taylor_test(
    f: Callable[..., Any],
    *inputs: Any,
    seed: int = 0,
    steps: Sequence[float] = (1e-2, 2.5e-3, 6e-4, 1.5e-4, 4e-5, 1e-5, 2.5e-6),
) -> TaylorTest:
    """Check a gradient by the order in which the Taylor remainder falls, along one direction.

    The outputs are contracted with random numbers to one number, and all inputs are moved in a
    random direction d. With a right gradient g the remainder ``|f(x + h d) - f(x) - h g.d|`` falls
    with h squared, with a wrong one with h. It takes one call for each step, however many inputs
    there are, and no tolerance, so it suits large models.

    Parameters
    ----------
    f : callable or Module
        As for `gradcheck`.
    *inputs : array_like, Tensor or containers of them
        Where to check.
    seed : int
        For the random numbers.
    steps : sequence of float
        Relative to the size of the inputs, falling. Shorten them where the function bends sharply.

    Returns
    -------
    TaylorTest

    Notes
    -----
    As in P. E. Farrell, D. A. Ham, S. W. Funke and M. E. Rognes, "Automated derivation of the
    adjoint of high-level transient finite element programs", SIAM J. Sci. Comput. 35 (2013).

    Examples
    --------
    >>> right = mg.testing.taylor_test(mg.tanh, np.linspace(-1, 1, 50))
    >>> bool(right), round(right.order)
    (True, 2)
    >>> half_detached = lambda x: x * mg.tanh(x.detach())
    >>> wrong = mg.testing.taylor_test(half_detached, np.linspace(-1, 1, 50))
    >>> bool(wrong), round(wrong.order)
    (False, 1)
    """
    line = _Line(f, inputs, seed)
    lengths = np.array(steps, dtype=np.float64)
    remainders = np.array([abs(line.at(h) - line.middle - h * line.slope) for h in lengths])
    # Below, a remainder is only rounding, and falls no further.
    rounding = 100 * np.finfo(np.float64).eps * line.size
    seen = remainders > rounding
    if not np.all(np.isfinite(remainders)):
        return TaylorTest(lengths, remainders, np.nan)
    if np.count_nonzero(seen) < 2:
        # Of a linear function nothing remains; but its values must have changed.
        told = abs(line.at(lengths[0]) - line.middle) > rounding
        return TaylorTest(lengths, remainders, np.inf if told else np.nan)
    # Of the shortest steps, where higher powers matter least.
    (long, short), (high, low) = lengths[seen][-2:], remainders[seen][-2:]
    return TaylorTest(lengths, remainders, float(np.log(high / low) / np.log(long / short)))


def errors_by_step(
    f: Callable[..., Any], *inputs: Any, seed: int = 0, steps: Any = None
) -> StepErrors:
    """Return how far finite differences are from backward, for many steps.

    Long steps err because the function bends, short ones because few digits of the difference are
    left; the best step lies between, at another place for every function. This is what `gradcheck`
    finds out for itself.

    Parameters
    ----------
    f : callable or Module
        As for `gradcheck`.
    *inputs : array_like, Tensor or containers of them
        Where to differentiate. All are moved in one random direction.
    seed : int
        For the random numbers.
    steps : array, optional
        Relative to the size of the inputs; by default four a decade, from 1 to 1e-15.

    Returns
    -------
    StepErrors

    Examples
    --------
    >>> errors = mg.testing.errors_by_step(mg.exp, [0.5, 1.0])
    >>> best = errors.steps[np.argmin(errors.central)]
    >>> bool(1e-7 < best < 1e-4), bool(errors.central.min() < 1e-9)
    (True, True)
    """
    line = _Line(f, inputs, seed)
    lengths = np.logspace(0, -15, 61) if steps is None else np.asarray(steps, dtype=np.float64)
    size = abs(line.slope) or 1.0

    def central(h: float) -> float:
        return (line.at(h) - line.at(-h)) / (2 * h)

    with np.errstate(all="ignore"):
        rows = [
            (
                (line.at(h) - line.middle) / h,
                central(h),
                (4 * central(h / 2) - central(h)) / 3,
            )
            for h in lengths
        ]
    forward, central_, extrapolated = np.abs(np.array(rows).T - line.slope) / size
    return StepErrors(lengths, forward, central_, extrapolated)


class _Line:
    """A function of one number: the outputs contracted, the inputs moved in one direction."""

    def __init__(self, f: Callable[..., Any], inputs: Sequence[Any], seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.subject = subject_of(f, inputs)
        outputs, pullback = self.subject.linearize(self.subject.values)
        self.cotangents = [random_like(output, rng) for output in outputs]
        self.direction = [scale(v) * random_like(v, rng) for v in self.subject.values]
        gradients = pullback(self.cotangents)
        self.slope = sum(
            float(np.sum(g * d))
            for g, d in zip(gradients, self.direction, strict=True)
            if g is not None
        )
        self.middle = self._contracted(outputs)
        self.size = sum(
            float(np.sum(np.abs(output * c)))
            for output, c in zip(outputs, self.cotangents, strict=True)
        )

    def at(self, step: float) -> float:
        """The contracted outputs after a step."""
        moved = [v + step * d for v, d in zip(self.subject.values, self.direction, strict=True)]
        return self._contracted(self.subject.evaluate(moved))

    def _contracted(self, outputs: Sequence[Array]) -> float:
        return sum(
            float(np.sum(output * c)) for output, c in zip(outputs, self.cotangents, strict=True)
        )
