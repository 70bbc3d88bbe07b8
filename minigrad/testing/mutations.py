"""Planting known mistakes in the derivatives of ops."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..registry import Array, Closure, Dispatched, Forward, Op, twin
from ..registry import lookup as registered_op
from .mistaken_closures import KINDS, Derivation, listed_closures


@dataclass(frozen=True)
class Mutant:
    """An op whose derivative by one input has a known mistake.

    Attributes
    ----------
    op : str
        Name of the op.
    name : str
        Key of the mistake, such as ``"sign"``.
    argument : str
        Name of the input whose gradient is wrong.
    position : int
        Its place among the arrays of a call; -1 is the last of a sequence.
    description : str
        The mistake in words.
    order : int
        The lowest order of derivative that is wrong.
    """

    op: str
    name: str
    argument: str
    position: int
    description: str
    order: int
    _entry: Op = field(repr=False)

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Make the op wrong inside of the context.

        It is wrong in the whole process, for all who call it on tensors, and not only in this
        thread: plant in one thread at a time. What was recorded inside stays wrong outside.

        Examples
        --------
        >>> import minigrad as mg
        >>> sign = next(m for m in mg.testing.mutants(mg.exp) if m.name == "sign")
        >>> x = mg.tensor(0.0, requires_grad=True)
        >>> with sign.planted():
        ...     mg.grad(mg.exp(x), [x])[0].item()
        -1.0
        >>> mg.grad(mg.exp(x), [x])[0].item()
        1.0
        """
        with rule_replaced(self._entry, self._mutated):
            yield

    def _mutated(self, right: Derivation, position: int) -> Closure | None:
        if position != self.position % len(right.closures) or self._is_beyond(right):
            return None
        mistake = KINDS[self.name].mistake

        def closure(*upstream: Array) -> Array:
            with np.errstate(all="ignore"):  # a wrong gradient may well be infinite
                return mistake(right, upstream)

        return closure

    def _is_beyond(self, right: Derivation) -> bool:
        """Whether this is the first order of a mutant that is right there."""
        return self.order > 1 and not any(isinstance(x, Dispatched) for x in right.arrays)

    def __str__(self) -> str:
        return f"{self.op} by {self.argument!r}: {self.name}"


def mutants(op: Op | Callable[..., Any]) -> list[Mutant]:
    """List the known mistakes that can be planted in the derivatives of an op.

    Parameters
    ----------
    op : callable or Op
        A function such as ``mg.matmul``, one of NumPy's that arrives at an op, one that was made by
        ``@mg.op``, or an entry of the registry.

    Returns
    -------
    list of Mutant
        For each input every mistake that an op of its kind can have. That of an input in which the
        op is not differentiable is never made.

    Raises
    ------
    ValueError
        If the op has no closure that could be wrong: it is composed of others, or not
        differentiable.
    TypeError
        If no op stands behind the function.

    Examples
    --------
    >>> import minigrad as mg
    >>> [mutant.name for mutant in mg.testing.mutants(mg.relu)][:3]
    ['scale', 'half', 'sign']
    >>> mg.testing.mutants(mg.outer)
    Traceback (most recent call last):
        ...
    ValueError: mutants: outer is composed of other ops and has no closure that could be wrong; ...
    """
    entry = entry_of(op)
    if not entry.differentiable:
        raise ValueError(f"mutants: {entry.name} is not differentiable: it has no closures")
    if entry.run is None:
        raise ValueError(
            f"mutants: {entry.name} is composed of other ops and has no closure that could be "
            "wrong; plant mistakes in those (mutation_score(test) without ops finds them)"
        )
    named = places(entry)
    return [
        Mutant(entry.name, name, argument, position, kind.description, kind.order, entry)
        for position, argument in named.items()
        for name, kind in KINDS.items()
        # A sequence may have several.
        if kind.fits(entry, 2 if -1 in named else len(named))
    ]


def entry_of(op: Op | Callable[..., Any]) -> Op:
    """Return the op behind a function, which must have a rule."""
    if isinstance(op, Op):
        return op
    try:
        return registered_op(op)
    except KeyError:
        found = twin(op)
    if found is None:
        raise TypeError(
            f"mutants: no op stands behind {getattr(op, '__name__', repr(op))}; give a function "
            "such as mg.matmul, or one that is made by @mg.op"
        )
    return found


def places(op: Op) -> dict[int, str]:
    """Positions of the arrays of a rule, and what they are called; of a sequence the last only."""
    assert op.run is not None
    kinds = {parameter.kind for parameter in inspect.signature(op.run).parameters.values()}
    if inspect.Parameter.VAR_POSITIONAL not in kinds:
        return dict(enumerate(op.arrays))
    *single, sequence = op.arrays
    return {**dict(enumerate(single)), -1: f"{sequence.lstrip('*')}[-1]"}


# Planting

# Makes the closure of a derivation, or None to leave it.
Maker = Callable[[Derivation, int], Closure | None]


@contextmanager
def rule_replaced(op: Op, make: Maker) -> Iterator[None]:
    """Let an op's rule return other closures."""
    rule = op.run
    assert rule is not None

    def run(*arrays: Array, **settings: Any) -> Forward:
        result = rule(*arrays, **settings)
        try:
            output, closures = result
            listed = list(listed_closures(closures))
        except (TypeError, ValueError):
            return result  # the engine says what is wrong with it
        for position, closure in enumerate(tuple(listed)):
            if closure is not None:
                right = Derivation(rule, arrays, settings, tuple(listed), position)
                listed[position] = make(right, position) or closure
        return output, closures if closures is None else tuple(listed)

    # `inspect.signature` looks through to the rule, where another mutant is planted inside.
    run.__wrapped__ = rule  # type: ignore[attr-defined]  # any function takes attributes
    op.run = run
    try:
        yield
    finally:
        op.run = rule
