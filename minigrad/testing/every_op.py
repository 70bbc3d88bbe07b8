"""Checks of every op on its samples, shared among processes."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import os
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from ..registry import Op, registered
from .checker import gradcheck
from .reports import VERDICTS, Report

if TYPE_CHECKING:
    from .samples import Call

# Calls whose arrays have no more elements are checked: second derivatives of larger ones take long.
SMALL = 60
SKIPPED, ERROR = "skipped", "error"
# Processes share the cores; threads of their own would only get in each other's way.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)


@dataclass(frozen=True)
class Row:
    """What the checks of an op have found.

    Attributes
    ----------
    op, family : str
        The op, and the file that it stands in.
    order, cases : int
        The highest derivative that was checked, and how many calls.
    margin : float
        The worst difference relative to its tolerance.
    verdict : str
        The gravest, "skipped" or "error".
    seconds : float
        How long it took.
    reports : tuple of Report
        Those that do not pass.
    reason : str
        Why it was skipped, or what was raised.
    """

    op: str
    family: str
    order: int = 0
    cases: int = 0
    margin: float = 0.0
    verdict: str = "ok"
    seconds: float = 0.0
    reports: tuple[Report, ...] = ()
    reason: str = ""


def ops() -> list[Op]:
    """Return the ops of the package, those without a derivative included."""
    return [op for op in registered() if op.function.__module__.startswith("minigrad.")]


def check_ops(
    chosen: Sequence[Op],
    *,
    cases: int,
    settings: dict[str, Any],
    jobs: int = 1,
    advance: Callable[[], Any] = lambda: None,
) -> list[Row]:
    """Check ops in several processes, or in this one; what one raises does not stop the others.

    Parameters
    ----------
    chosen : sequence of Op
        Ops of the package that have a derivative.
    cases : int
        How many calls of each.
    settings : dict
        Of `gradcheck`, with a seed.
    jobs : int
        How many processes.
    advance : callable
        Called after each op.
    """
    rows: dict[str, Row] = {}
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        # Hypothesis remembers the constants of modules; the current directory is not its place.
        _environment(HYPOTHESIS_STORAGE_DIRECTORY=folder, **(ONE_THREAD if jobs > 1 else {})),
    ):
        executor: Executor = ThreadPoolExecutor(1)
        if jobs > 1:
            executor = ProcessPoolExecutor(jobs, get_context("spawn"), _prepare)
        try:
            futures = {executor.submit(check_op, op.name, cases, settings): op for op in chosen}
            for future in as_completed(futures):
                op, error = futures[future], future.exception()
                if error is None:
                    rows[op.name] = future.result()
                else:
                    lines = traceback.format_exception(error)
                    rows[op.name] = Row(op.name, op.family, verdict=ERROR, reason="".join(lines))
                advance()
        finally:
            executor.shutdown(cancel_futures=True)
    return [rows[op.name] for op in chosen]


def _prepare() -> None:
    """Load what all checks need, and leave it to the parent to stop when it is interrupted."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    importlib.import_module("minigrad.testing.samples")


def check_op(name: str, cases: int, settings: dict[str, Any]) -> Row:
    """Check an op on a few of its samples."""
    (op,) = (op for op in ops() if op.name == name)
    start = time.perf_counter()
    try:
        reports = [
            gradcheck(determined(op, call), *call.flat(), **settings)
            for call in small_calls(op, cases, settings["seed"])
        ]
    except ImportError as error:
        if op.family != "special":  # whose ops need SciPy
            raise
        return Row(op.name, op.family, verdict=SKIPPED, reason=str(error))
    failed = tuple(report for report in reports if not report)
    return Row(
        op.name,
        op.family,
        max((e.order for report in reports for e in report.elements), default=0),
        len(reports),
        max(report.margin for report in reports),
        min((report.verdict for report in failed), key=VERDICTS.index, default="ok"),
        time.perf_counter() - start,
        failed,
    )


def determined(op: Op, call: Call) -> Callable[..., Any]:
    """Return a call as a function of its arrays, of which derivatives are checked."""
    from .samples import SAMPLES

    samples = SAMPLES[op.function]
    function = call.of(op.function)

    def of_arrays(*arrays: Any) -> Any:
        return samples.determined(function(*map(samples.domain, arrays)))

    of_arrays.__name__ = function.__name__
    names = [op.array_name(position) for position in range(len(call.arrays))]
    # Reports call the inputs what the op calls them, unless one is a sequence of arrays.
    if len(call.flat()) == len(names) and all(map(str.isidentifier, names)):
        of_arrays.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # inspect reads it
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names]
        )
    return of_arrays


def small_calls(op: Op, count: int, seed: int) -> list[Call]:
    """Some small calls from the samples of an op, always the same for a seed."""
    small: list[Call] = []
    # The first that Hypothesis draws are the simplest, and some have no elements at all.
    for examples in (4 * count, 16 * count):
        found = _drawn(op, examples, seed)
        small = [call for call in found if 0 < sum(a.size for a in call.flat()) <= SMALL]
        if len(small) >= count:
            break
    return (small or found)[-count:]


def _drawn(op: Op, examples: int, seed: int) -> list[Call]:
    import hypothesis
    from hypothesis import strategies as st

    from .samples import SAMPLES

    found: list[Call] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(st.data())
    def collect(data: st.DataObject) -> None:
        found.append(data.draw(SAMPLES[op.function].calls))

    collect()
    return found


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Set variables of the environment for a while; processes started meanwhile have them, too."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
