"""Recorded calls, each as a subject: its closures, and the op at the values that it was given."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from .. import autograd, containers
from ..autograd import Node, call_of
from ..tensor import Tensor
from .cases import Settings, examine
from .judging import RTOL
from .reports import Report
from .subjects import Pullback, Subject, no_writing

Array: TypeAlias = np.ndarray[Any, Any]

# So many units in the last place of the largest may a gradient be off that is not in float64.
ROUNDING = 64


def calls_below(result: Any, since: int = -1) -> list[Node]:
    """The calls that a result was computed by, the youngest first, if younger than some birth."""
    found = set(map(call_of, _roots(result)))
    stack = list(found)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and (call := call_of(edge)) not in found:
                found.add(call)
                stack.append(call)
    calls = [node for node in found if node.op is not None and node.birth > since]
    return sorted(calls, key=lambda node: -node.birth)


def _roots(result: Any) -> list[Node]:
    """The nodes of the tracked tensors in a container."""
    leaves = [] if result is None else containers.flatten(result)[0]
    nodes = [leaf._node for leaf in leaves if isinstance(leaf, Tensor)]
    roots = [node for node in nodes if node is not None]
    if not roots:
        raise RuntimeError(
            "blame: the result is untracked, so there is no graph: nothing that it was computed "
            "from requires grad, or it was computed under no_grad()"
        )
    return roots


def check_call(call: Node, values: Sequence[Any], settings: Settings) -> Report:
    """Check the closures of a recorded call against the op at these values of its arrays."""
    subject = _subject(call, values)
    report = examine(subject, 1, settings)
    if report.verdict != "wrong":
        return report
    # It may be right all the same, if its closures compute with few digits.
    with np.errstate(all="ignore"):
        fitting = _fitting(call, subject, settings)
    return report if fitting is settings else examine(subject, 1, fitting)


def _subject(call: Node, values: Sequence[Any]) -> Subject:
    """Return a call as a function of its tracked arrays, with the closures that were recorded.

    An infinite or missing number cannot be moved, so it stays, and so does one in the output.
    """
    op, edges, closures = call.op, call.edges, call.closures
    assert op is not None
    assert op.run is not None
    assert closures is not None
    run, settings, several = op.run, call.settings, isinstance(call.shape, list)
    shapes, dtypes = (call.shape, call.dtype) if several else ([call.shape], [call.dtype])
    floating = [i for i, dtype in enumerate(dtypes) if dtype.kind == "f"]
    tracked = [i for i, edge in enumerate(edges) if edge is not None]
    movable = [np.isfinite(values[i]) for i in tracked]

    def rerun(moved: Sequence[Array]) -> tuple[list[Array], Any]:
        there = list(values)
        for i, mask, numbers in zip(tracked, movable, moved, strict=True):
            # In float64, so that small steps are not lost.
            there[i] = np.array(values[i], dtype=np.float64)
            there[i][mask] = numbers.ravel()
            there[i].flags.writeable = False
        with no_writing(f"{op.name} writes to its input"):
            output, closures = run(*there, **settings)
        parts = output if several else [output]
        own = (closures,) if callable(closures) else closures
        return [np.asarray(parts[i]) for i in floating], own

    start = [
        np.array(values[i], dtype=np.float64)
        if mask.all()
        else np.array(values[i][mask], dtype=np.float64)
        for i, mask in zip(tracked, movable, strict=True)
    ]

    @functools.cache
    def constant() -> list[Array]:
        return [~np.isfinite(part) for part in rerun(start)[0]]

    def evaluate(moved: Sequence[Array]) -> list[Array]:
        parts = rerun(moved)[0]
        return [np.where(c, 0, part) for c, part in zip(constant(), parts, strict=True)]

    def pullback(closures: Any, cotangents: Sequence[Array]) -> list[Array]:
        gradients = [np.zeros(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
        for i, c, cotangent in zip(floating, constant(), cotangents, strict=True):
            gradients[i] = np.where(c, 0, cotangent).astype(dtypes[i])
        for gradient in gradients:
            gradient.flags.writeable = False
        found = []
        for i, mask in zip(tracked, movable, strict=True):
            edge, closure = edges[i], closures[i]
            assert edge is not None
            assert closure is not None
            with no_writing(f"{op.name}: the closure of {op.array_name(i)!r} writes to its input"):
                part = closure(*gradients)
            part = np.asarray(autograd.fitted(part, call, i, edge), dtype=np.float64)
            found.append(part if mask.all() else part[mask])
        return found

    def linearize(moved: Sequence[Array]) -> tuple[list[Array], Pullback]:
        own = closures if all(map(np.array_equal, moved, start)) else rerun(moved)[1]
        return evaluate(moved), functools.partial(pullback, own)

    return Subject(op.name, [op.array_name(i) for i in tracked], start, evaluate, linearize)


def _fitting(call: Node, subject: Subject, settings: Settings) -> Settings:
    """The settings, with tolerances for closures that compute with fewer digits than float64."""
    dtypes = [edge.dtype for edge in call.edges if edge is not None]
    dtypes += call.dtype if isinstance(call.dtype, list) else [call.dtype]
    eps = max(float(np.finfo(dtype).eps) for dtype in dtypes if dtype.kind == "f")
    ratio = eps / float(np.finfo(float).eps)
    if ratio == 1:
        return settings
    outputs, pullback = subject.linearize(subject.values)
    found = [np.abs(g) for g in pullback([np.ones(o.shape) for o in outputs]) if g is not None]
    largest = max(float(np.max(g, where=np.isfinite(g), initial=0.0)) for g in found)
    return dataclasses.replace(
        settings,
        rtol=max(settings.rtol, RTOL * math.sqrt(ratio)),
        atol=settings.atol + ROUNDING * eps * largest,
    )
