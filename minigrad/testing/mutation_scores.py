"""Which of the mistakes that can be planted a test notices."""

from __future__ import annotations

import html
import math
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..registry import Array, Closure, Dispatched, Op, constant, registered
from .mistaken_closures import Derivation, fit
from .mutations import Maker, Mutant, entry_of, mutants, places, rule_replaced


@dataclass(frozen=True)
class MutationScore:
    """Which wrong derivatives a test notices.

    It is true if the test notices every mutant that makes a difference, and at least one.

    Attributes
    ----------
    test : str
        Name of the test.
    killed : tuple of Mutant
        The test failed, as it should.
    survivors : tuple of Mutant
        The test passed with a wrong derivative.
    unreached : tuple of Mutant
        The test never asked for the derivative: it does not differentiate by that input, or not
        to that order.
    unchanged : tuple of Mutant
        The wrong closure returns what the right one does for the inputs of the test, whatever the
        upstream gradient. They do not count.
    """

    test: str
    killed: tuple[Mutant, ...]
    survivors: tuple[Mutant, ...]
    unreached: tuple[Mutant, ...]
    unchanged: tuple[Mutant, ...]

    @property
    def total(self) -> int:
        """How many mutants count."""
        return len(self.killed) + len(self.survivors) + len(self.unreached)

    @property
    def score(self) -> float:
        """The share of mutants that was killed; nan if none made a difference."""
        return len(self.killed) / self.total if self.total else math.nan

    def __bool__(self) -> bool:
        return len(self.killed) == self.total > 0

    def table(self) -> list[dict[str, Any]]:
        """One row for each mutant."""
        return [
            {
                "op": mutant.op,
                "argument": mutant.argument,
                "mutant": mutant.name,
                "order": mutant.order,
                "outcome": outcome,
                "description": mutant.description,
            }
            for outcome, found in self._outcomes().items()
            for mutant in found
        ]

    def _outcomes(self) -> dict[str, tuple[Mutant, ...]]:
        return {
            "survived": self.survivors,
            "unreached": self.unreached,
            "unchanged": self.unchanged,
            "killed": self.killed,
        }

    def __str__(self) -> str:
        lines = [f"{self.test}: {len(self.killed)} of {self.total} wrong derivatives noticed"]
        for outcome, found in self._outcomes().items():
            if not found or outcome == "killed":
                continue
            lines += ["", _ADVICE[outcome]]
            if outcome == "survived":
                rows = [(f"{m.op} by {m.argument}", m.name, m.description) for m in found]
            else:  # of these whole inputs are the rule
                names: dict[str, list[str]] = {}
                for m in found:
                    names.setdefault(f"{m.op} by {m.argument}", []).append(m.name)
                rows = [(where, _abridged(them), "") for where, them in names.items()]
            widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
            lines += ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = self.table()
        cells = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(v))}</td>" for v in row.values()) + "</tr>"
            for row in rows
            if row["outcome"] != "killed"
        )
        heads = "".join(f"<th>{key}</th>" for key in (rows[0] if rows else ()))
        title = html.escape(str(self).partition("\n")[0])
        return f"<p>{title}</p>" + (f"<table><tr>{heads}</tr>{cells}</table>" if cells else "")


_ADVICE = {
    "survived": "survived: wrong, and the test passes; compare each element of the gradient, of an "
    "upstream gradient of random numbers",
    "unreached": "unreached: the test never asks for these; differentiate by that input, or to "
    "that order",
    "unchanged": "unchanged: no different for the inputs of this test, and not counted; larger "
    "ones, with several axes or to be broadcast, may tell",
}


def _abridged(names: Sequence[str], most: int = 6) -> str:
    if len(names) <= most:
        return ", ".join(names)
    return ", ".join(names[: most - 1]) + f" and {len(names) - most + 1} more"


def mutation_score(
    test: Callable[[], Any], *ops: Op | Callable[..., Any], order: int = 1
) -> MutationScore:
    """Plant known mistakes in derivatives, one by one, and run a test to see which it notices.

    Parameters
    ----------
    test : callable
        Takes no arguments. It notices a mistake by raising, or by returning something that is
        false, other than None. It should do the same every time.
    *ops : callable or Op
        Where to plant mistakes; if none are given, in all ops through which the test
        differentiates.
    order : int
        The highest order of derivatives in which mistakes are planted; with 2 also those that only
        a test of second derivatives can notice.

    Returns
    -------
    MutationScore

    Raises
    ------
    ValueError
        If the test does not pass while all derivatives are right; or if no ops are given and it
        differentiates nothing.

    Notes
    -----
    The test runs once for each mutant, and once more for one that survives, to see whether the
    mistake makes a difference for any upstream gradient. Mistakes are planted in the whole process;
    see `Mutant.planted`. A test of Hypothesis searches for the smallest example of each mutant,
    which takes long: give it ``phases=[Phase.generate]``.

    Examples
    --------
    A gradient of ones hides whatever the closure does with the upstream gradient:

    >>> import minigrad as mg
    >>> def test_softplus():
    ...     x = mg.tensor([0.5, -1.0, 2.0], requires_grad=True)
    ...     mg.exp(x).sum().backward()
    ...     assert np.allclose(x.grad.numpy(), np.exp(x.numpy()))
    >>> [mutant.name for mutant in mg.testing.mutation_score(test_softplus, mg.exp).survivors]
    ['ignored upstream', 'averaged upstream', 'upstream squared', 'divided by upstream']
    >>> def checked():
    ...     return mg.gradcheck(mg.exp, [0.5, -1.0, 2.0])
    >>> mg.testing.mutation_score(checked, mg.exp).score
    1.0
    """
    name = getattr(test, "__name__", None) or type(test).__name__
    for op in ops:
        mutants(op)  # raises for an op without closures, before the test runs
    entries = [entry_of(op) for op in ops] or [
        op for op in registered() if op.run is not None and op.differentiable
    ]
    seen = _watched(test, name, entries)
    if not ops:
        entries = [op for op in entries if any(seen.called[op.function, i] for i in places(op))]
        if not entries:
            raise ValueError(
                f"mutation_score: {name} calls the closure of no op, so it differentiates nothing; "
                "is there a backward pass in it?"
            )
    found: dict[str, list[Mutant]] = {
        outcome: [] for outcome in ("killed", "survivors", "unreached", "unchanged")
    }
    for op in entries:
        for mutant in mutants(op):
            if mutant.order <= order and not seen.lacks_closure(op, mutant.position):
                found[_outcome(test, mutant, seen)].append(mutant)
    return MutationScore(name, **{outcome: tuple(them) for outcome, them in found.items()})


def _outcome(test: Callable[[], Any], mutant: Mutant, seen: Seen) -> str:
    if not seen.calls(mutant):
        return "unreached"
    with mutant.planted():
        if _complaint(test)[0]:
            return "killed"
    return "survivors" if _makes_a_difference(test, mutant) else "unchanged"


def _complaint(test: Callable[[], Any]) -> tuple[str, BaseException | None]:
    """Run a test; say in what way it failed, with nothing if it passed, and what it raised."""
    # What pytest.fail and pytest.raises raise is no Exception.
    pytest = sys.modules.get("pytest")
    failures = (Exception, pytest.fail.Exception) if pytest else (Exception,)
    try:
        result = test()
        return ("" if result is None or result else f"returns {result!r}"), None
    except failures as error:  # however a test notices
        return f"raises {type(error).__name__}: {error}", error


@dataclass(frozen=True)
class Seen:
    """Which closures a test made and called, by function and position; by -1 also the last."""

    made: Counter[tuple[Callable[..., Any], int]]
    called: Counter[tuple[Callable[..., Any], int]]
    again: Counter[tuple[Callable[..., Any], int]]  # called of a rule that ran on tensors
    missing: Counter[tuple[Callable[..., Any], int]]  # None in the place of a closure

    def calls(self, mutant: Mutant) -> bool:
        """Whether the closure was called that a mutant replaces."""
        calls = self.called if mutant.order == 1 else self.again
        return calls[mutant._entry.function, mutant.position] > 0

    def lacks_closure(self, op: Op, position: int) -> bool:
        """Whether the op turned out not to be differentiable in that input."""
        place = op.function, position
        return self.missing[place] > 0 and not self.made[place]


def _watched(test: Callable[[], Any], name: str, ops: Sequence[Op]) -> Seen:
    """Run the test with right derivatives, and count the closures."""
    seen = Seen(Counter(), Counter(), Counter(), Counter())

    def watch(op: Op) -> Maker:
        def make(right: Derivation, position: int) -> Closure:
            count = len(right.closures)
            # Also those without a closure, whichever is the first that has one.
            for place, closure in enumerate(right.closures):
                if closure is None:
                    seen.missing.update(_both(op, place, count))
            places = _both(op, position, count)
            seen.made.update(places)

            def counted(*upstream: Array) -> Array:
                seen.called.update(places)
                if any(isinstance(x, Dispatched) for x in right.arrays):
                    seen.again.update(places)
                return right(*upstream)

            return counted

        return make

    with ExitStack() as stack:
        for op in ops:
            stack.enter_context(rule_replaced(op, watch(op)))
        complaint, error = _complaint(test)
    if complaint:
        raise ValueError(
            f"mutation_score: {name} {complaint}, while all derivatives are right; a test that "
            "always fails notices nothing"
        ) from error
    return seen


def _both(op: Op, position: int, count: int) -> list[tuple[Callable[..., Any], int]]:
    places = [(op.function, position)]
    return places + [(op.function, -1)] * (position == count - 1)


def _makes_a_difference(test: Callable[[], Any], mutant: Mutant) -> bool:
    """Whether the mistake could be noticed in any call of the test by some upstream gradient."""
    rng = np.random.default_rng(0)
    differs = False

    def make(right: Derivation, position: int) -> Closure | None:
        mutated = mutant._mutated(right, position)
        if mutated is None:
            return None

        def closure(*upstream: Array) -> Array:
            nonlocal differs
            differs = differs or _differ(right, mutated, [_random_like(g, rng) for g in upstream])
            return mutated(*upstream)

        return closure

    with rule_replaced(mutant._entry, make):
        _complaint(test)
    return differs


def _random_like(g: Array, rng: np.random.Generator) -> Array:
    """Numbers of both signs, none close to 0; of a tensor, without history."""
    if g.dtype.kind != "f":
        return constant(g)
    random = rng.uniform(0.5, 1.5, g.shape) * rng.choice([-1.0, 1.0], g.shape)
    return np.asarray(random, dtype=g.dtype)


def _differ(right: Derivation, mutated: Closure, upstream: Sequence[Array]) -> bool:
    """Whether two closures return different gradients, or one of them one without history."""
    with np.errstate(all="ignore"):
        expected = right.fitted(*upstream)
        try:
            actual = fit(mutated(*upstream), np.shape(expected))
        except (ArithmeticError, AttributeError, IndexError, TypeError, ValueError):
            return True
    if getattr(expected, "requires_grad", False) != getattr(actual, "requires_grad", False):
        return True
    expected, actual = (np.asarray(constant(part)) for part in (expected, actual))
    # Beyond what another order of summation makes.
    size = np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected))
    atol = 100 * float(np.finfo(expected.dtype).eps) * size
    return not np.allclose(actual, expected, rtol=0, atol=atol, equal_nan=True)
