"""The op of a graph whose closure is wrong: every recorded call is checked on its own."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .. import autograd
from ..anomaly import line_of_caller
from ..autograd import Node, call_of, enable_grad
from ..ops import copy
from ..registry import Op
from ..tensor import Tensor
from .calls import calls_below, check_call
from .cases import Settings
from .judging import RTOL
from .reports import Report
from .subjects import arguments_of

# These are mistakes of the op; with the others it may be right, but cannot be differentiated here.
MISTAKES = ("stateful", "nondeterministic", "wrong", "detached")

_COMPOSITION = (
    "If the derivative of the whole is wrong all the same, no closure is: on its way from the "
    "inputs to the result a value leaves the graph, through t.detach(), t.numpy(), t.item() or "
    "mg.no_grad(), or is kept from another call"
)


class keep_values(autograd.Watch):  # used like a function: with keep_values():
    """Keep for `blame` the inputs of every call, and the line that called. A context manager.

    Ops that are piecewise linear keep no values otherwise, and no op keeps the line. What is kept
    dies with the graph. It applies to this thread, and takes the place of `detect_anomaly` outside
    of it.

    Examples
    --------
    >>> x = mg.tensor([0.5, -1.0], requires_grad=True)
    >>> with mg.testing.keep_values():
    ...     loss = mg.relu(x).sum()
    >>> mg.testing.blame(loss).checked
    2
    """

    def __enter__(self) -> Self:
        autograd.enter(watch=self)
        return self

    def __exit__(self, *exception: object) -> None:
        autograd.leave()

    def called(self, op: Op, values: Sequence[Any], output: Any) -> None:
        """Do nothing: only recorded calls are checked."""

    def recorded(self, node: Node, values: Sequence[Any]) -> None:
        """Note what a call was given, and where it stands."""
        notes = autograd.notes(call_of(node))
        if notes.values is None:  # else another of its outputs
            notes.values = values
            notes.origin = line_of_caller()

    def passed(self, node: Node, position: int, gradient: Any, part: Any) -> None:
        """Do nothing: `blame` calls the closures itself."""


@dataclass(frozen=True)
class Suspect:
    """A call of an op that does not pass.

    Attributes
    ----------
    op : str
        The name of the op.
    line : str
        The line that called it, as ``file:number, in function: code``; empty if that was not noted.
    report : Report
        What a check of the op alone has found, at the values that it was called with.
    """

    op: str
    line: str
    report: Report

    @property
    def is_mistake(self) -> bool:
        """Whether the op is wrong, and not only without a derivative here."""
        return self.report.verdict in MISTAKES

    def __str__(self) -> str:
        return _in_words(self.op, self.line)


def _in_words(op: str, line: str) -> str:
    return f"{op}, called at {line}" if line else f"{op}, called outside of keep_values()"


def _place(call: Node) -> tuple[str, str]:
    """The op of a call, and its line as far as it was noted."""
    assert call.op is not None
    return call.op.name, call.notes.origin if call.notes is not None else ""


@dataclass(frozen=True)
class Blame:
    """What is wrong in a graph. It is true if nothing is.

    Attributes
    ----------
    suspects : tuple of Suspect
        The calls that do not pass, in backward order; those with a mistake come first.
    checked : int
        How many calls were checked.
    skipped : int
        How many more there were of a kind that was checked ``limit`` times.
    unchecked : dict of str to int
        How many calls of each op could not be checked.
    outside : tuple of str
        For a function without suspects, what it hands to its calls untracked though it depends on
        the inputs. That is right for what cancels, as the maximum does that `softmax` subtracts.
    """

    suspects: tuple[Suspect, ...]
    checked: int
    skipped: int
    unchecked: dict[str, int]
    outside: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not self.suspects

    @property
    def op(self) -> str | None:
        """The name of the first op that is wrong."""
        return self.suspects[0].op if self.suspects else None

    @property
    def line(self) -> str | None:
        """The line that called it."""
        return self.suspects[0].line if self.suspects else None

    @property
    def report(self) -> Report | None:
        """The report on it alone."""
        return self.suspects[0].report if self.suspects else None

    @property
    def parameter(self) -> str | None:
        """The input whose gradient is wrong."""
        worst = None if self.report is None else self.report.worst
        return None if worst is None else worst.parameter

    def __str__(self) -> str:
        lines = []
        calls = f"{self.checked} call{'s' * (self.checked != 1)}"
        if not self.suspects:
            lines += [f"the closures of {calls} are right", _COMPOSITION]
            lines += [f"untracked, but another number for other inputs: {p}" for p in self.outside]
        else:
            first, *others = self.suspects
            if first.is_mistake:
                what = "the first op whose closure is wrong, in backward order"
            else:
                what = "no closure is wrong, but an op has no derivative here that can be checked"
            lines.append(f"{what}: {first}")
            lines += [f"    {line}" for line in str(first.report).splitlines()]
            lines += [
                f"{other.report.verdict} too: {other}" + (f" ({n} times)" if n > 1 else "")
                for other, n in _by_line(others)
            ]
            lines.append(f"{calls} checked, {len(self.suspects)} of them suspect")
        if self.skipped:
            lines.append(f"{self.skipped} more like them were skipped (limit=)")
        lines += self._gaps()
        return "\n".join(lines)

    def _gaps(self) -> list[str]:
        unchecked = dict(self.unchecked)
        segments = unchecked.pop("checkpoint", 0) // 2  # each is recorded as two calls
        unchecked.pop("module", None)  # where hooks look at gradients, nothing is computed
        lines = []
        if unchecked:
            names = ", ".join(f"{name} ({count})" for name, count in unchecked.items())
            lines.append(
                f"not checked, because their inputs were not kept: {names}; compute the loss "
                "inside `with mg.testing.keep_values():`, or pass the function itself: "
                "blame(f, *inputs)"
            )
        if segments:
            lines.append(
                f"not checked: what is inside of {segments} checkpoint(s); call the function "
                "without mg.checkpoint"
            )
        return lines


def _by_line(suspects: Sequence[Suspect]) -> list[tuple[Suspect, int]]:
    """One suspect for each op and line, and how many there are."""
    first: dict[tuple[str, str], Suspect] = {}
    for suspect in suspects:
        first.setdefault((suspect.op, suspect.line), suspect)
    counts = Counter((suspect.op, suspect.line) for suspect in suspects)
    return [(suspect, counts[place]) for place, suspect in first.items()]


def blame(
    target: Any,
    *inputs: Any,
    seed: int = 0,
    fast: bool | None = None,
    strict: bool = False,
    rtol: float = RTOL,
    atol: float = 0.0,
    limit: int | None = None,
) -> Blame:
    """Find the first op of a graph whose closure is wrong, and the line that called it.

    Each recorded call is checked on its own, from the result down: its closures against finite
    differences of the op, at the values that it was called with. So what is found is a wrong
    closure of first order, and never a value that leaves the graph between two calls.

    Parameters
    ----------
    target : tensor, container of tensors, or callable
        A computed result; its graph is not freed. Compute it inside of `keep_values`, or some
        calls cannot be checked. Or a function, or a module, which is called with the inputs.
    *inputs : array_like
        Where to call the function, as for `gradcheck`.
    seed, fast, strict, rtol, atol
        As for `gradcheck`. A call on float32 has a tolerance that fits its digits.
    limit : int, optional
        How many calls to check of the same op, settings and shapes; by default all.

    Returns
    -------
    Blame
        True if nothing is wrong; as text it says what, and where.

    Raises
    ------
    RuntimeError
        If the result is untracked, or closures of its graph were freed.

    Examples
    --------
    >>> @mg.op
    ... def halve(x, /):
    ...     return x / 2, lambda g: g * 2
    >>> found = mg.testing.blame(lambda x: mg.exp(halve(x)).sum(), [1.0, 2.0])
    >>> bool(found), found.op, found.parameter
    (False, 'halve', 'x')
    """
    if limit is not None and limit < 1:
        raise ValueError(f"blame: limit is at least 1, got {limit}")
    settings = Settings(seed, fast, strict, rtol, atol)
    if callable(target) and not isinstance(target, Tensor):
        run = _Run(target, inputs)
        found = _blamed(run.calls(run.values), settings, limit)
        return found if found.suspects else dataclasses.replace(found, outside=run.outside(seed))
    if inputs:
        raise TypeError(
            "blame: inputs are for a function, but the first argument is no function; pass the "
            "result alone, as in blame(loss)"
        )
    return _blamed(calls_below(target), settings, limit)


def _blamed(calls: Sequence[Node], settings: Settings, limit: int | None) -> Blame:
    suspects: list[Suspect] = []
    checked = skipped = 0
    unchecked: Counter[str] = Counter()
    alike: Counter[Any] = Counter()
    for call in calls:
        op, notes = call.op, call.notes
        assert op is not None
        if call.closures is None:
            raise RuntimeError(
                f"blame: the closures of {op.name!r} were freed by a backward; pass "
                "retain_graph=True to it, or call blame before it"
            )
        values = call.values if notes is None or notes.values is None else notes.values
        if values is None or op.run is None:
            unchecked[op.name] += 1
            continue
        if limit is not None:
            kind = (
                op,
                repr(call.settings),
                *((np.shape(v), getattr(v, "dtype", type(v))) for v in values),
            )
            alike[kind] += 1
            if alike[kind] > limit:
                skipped += 1
                continue
        checked += 1
        try:
            report = check_call(call, values, settings)
        except Exception as error:
            error.add_note(f"while blame checked {_in_words(*_place(call))}")
            raise
        if not report:
            suspects.append(Suspect(*_place(call), report))
    suspects.sort(key=lambda suspect: not suspect.is_mistake)
    return Blame(tuple(suspects), checked, skipped, dict(unchecked))


class _Run:
    """A function, to be called with all of its calls noted."""

    def __init__(self, f: Callable[..., Any], inputs: Sequence[Any]) -> None:
        self.f = f
        self.arguments = arguments_of(f, inputs)
        self.values = [
            np.array(self.arguments.leaves[place], dtype=float) for place in self.arguments.checked
        ]

    def calls(self, values: Sequence[np.ndarray[Any, Any]]) -> list[Node]:
        """Call the function, and return what it called."""
        with enable_grad(), keep_values():
            # Copies are computed tensors, to which the function may assign.
            copies = [copy(Tensor(value, requires_grad=True)) for value in values]
            since = max((t._node.birth for t in copies if t._node is not None), default=-1)
            return calls_below(self.arguments.call(self.f, copies), since)

    def outside(self, seed: int) -> tuple[str, ...]:
        """What the calls get untracked that is different for other inputs, but not by itself."""
        rng = np.random.default_rng(seed)
        other = [v + 0.01 * (np.abs(v) + 0.1) * rng.uniform(0.5, 1.5, v.shape) for v in self.values]
        runs = [self.calls(values) for values in (self.values, self.values, other)]
        found = []
        if len({tuple(call.op for call in calls) for calls in runs}) == 1:
            for first, again, moved in zip(*map(reversed, runs), strict=True):
                numbers = _untracked_numbers(first)
                for name, there in _untracked_numbers(moved).items():
                    same = np.array_equal(numbers[name], _untracked_numbers(again)[name])
                    if same and not np.array_equal(numbers[name], there):
                        found.append(f"{name} of {_in_words(*_place(first))}")
        return tuple(dict.fromkeys(found))


def _untracked_numbers(call: Node) -> dict[str, Any]:
    """The floating arrays and settings of a call that are not tracked."""
    assert call.op is not None
    values = call.notes.values if call.notes is not None else None
    numbers = {
        call.op.array_name(i): value
        for i, (value, edge) in enumerate(zip(values or (), call.edges, strict=False))
        if edge is None
    }
    return {
        name: value
        for name, value in (numbers | call.settings).items()
        if isinstance(value, float | np.floating | np.ndarray)
        and np.asarray(value).dtype.kind == "f"
    }
