"""Gradient checks in pytest: a fixture, a marker, a seed for all of them, and a line at the end."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Generator, Iterable
from typing import Any, NamedTuple

import pytest

from . import cases, checker
from .reports import GradientError, Report

# Pytest finds the plugin under the first name, and users load it with `-p` under the second.
_NAMES = ("minigrad", __name__)
# So many reports of one test are shown in full.
_SHOWN = 3


class _Check(NamedTuple):
    """What the line at the end says about a check; only types that go from process to process."""

    test: str
    function: str
    passed: bool
    margin: float


class _Session:
    """The checks of a run."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.test = ""  # the one that is running
        self.failing: list[Report] = []  # of this test
        self.checks: list[_Check] = []

    def observe(self, report: Report) -> None:
        """Note a check that was made by whatever is running now."""
        passed = bool(report)
        if not passed:
            self.failing.append(report)
        self.checks.append(_Check(self.test, report.function, passed, float(report.margin)))

    def summary(self) -> str:
        """One line on all checks."""
        functions = {(check.test.partition("[")[0], check.function) for check in self.checks}
        line = (
            f"gradcheck: {_counted(len(self.checks), 'check')} of "
            f"{_counted(len(functions), 'function')}"
        )
        failed = sum(not check.passed for check in self.checks)
        if failed:
            line += f", {failed} did not pass"
        passed = [c for c in self.checks if c.passed and not math.isnan(c.margin)]
        if passed:
            worst = max(passed, key=lambda check: check.margin)
            place = f" in {worst.test}" if worst.test else ""
            line += f", worst margin {worst.margin:.1g} ({worst.function}{place})"
        return line


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


_session = pytest.StashKey[_Session]()


# The run


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the option, and keep the plugin from being loaded under its other name, too."""
    for name in _NAMES:
        if pluginmanager.get_plugin(name) is None:
            pluginmanager.set_blocked(name)
    parser.getgroup("minigrad").addoption(
        "--gradcheck-seed",
        type=_seed,
        default=0,
        metavar="N",
        help="seed of the fixture gradcheck: a number (default: 0), or 'random' to draw one",
    )


def _seed(text: str) -> int:
    """The seed of an option; `argparse` says what is wrong with it."""
    return secrets.randbelow(2**32) if text == "random" else int(text)


_seed.__name__ = "seed"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and look at all checks from now on."""
    config.addinivalue_line(
        "markers",
        "gradcheck(order=1, strict=False, ...): settings of the fixture gradcheck in this test, "
        "as for minigrad.gradcheck",
    )
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    session = _Session(worker.get("gradcheck_seed", config.getoption("--gradcheck-seed")))
    config.stash[_session] = session
    cases.observers.append(session.observe)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Look no more."""
    session = config.stash.get(_session, None)
    if session is not None:
        cases.observers.remove(session.observe)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Sum up the checks, if there were any."""
    session = config.stash[_session]
    if session.checks:
        terminalreporter.write_line(session.summary())


# A test


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Know which test makes the checks."""
    session = item.config.stash[_session]
    session.test = item.nodeid
    session.failing.clear()
    try:
        return (yield)
    finally:
        session.test = ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a test that failed what its checks have found."""
    result = yield
    if result.failed:
        session = item.config.stash[_session]
        error = call.excinfo.value if call.excinfo is not None else None
        told = error.report if isinstance(error, GradientError) else None
        texts = list(_texts([report for report in session.failing if report is not told]))
        if session.failing and "gradcheck" in getattr(item, "fixturenames", ()):
            texts.append(f"run again with --gradcheck-seed={session.seed}")
        if texts:
            result.sections.append(("gradcheck", "\n\n".join(texts)))
    return result


def _texts(reports: list[Report]) -> Iterable[str]:
    yield from map(str, reports[-_SHOWN:])
    if len(reports) > _SHOWN:
        yield f"{_counted(len(reports) - _SHOWN, 'more check')} before did not pass"


@pytest.fixture
def gradcheck(request: pytest.FixtureRequest) -> Callable[..., Report]:
    """Check derivatives as `minigrad.gradcheck` does; the test fails unless they are right.

    The settings are those of the marker ``gradcheck``, and the seed that of ``--gradcheck-seed``.
    """
    settings: dict[str, Any] = {"seed": request.config.stash[_session].seed}
    for marker in reversed(list(request.node.iter_markers("gradcheck"))):
        if marker.args:
            raise pytest.UsageError(
                f"pytest.mark.gradcheck takes settings by keyword, as in order=2, got {marker.args}"
            )
        settings |= marker.kwargs

    def check(f: Callable[..., Any], *inputs: Any, **more: Any) -> Report:
        __tracebackhide__ = True
        report = checker.gradcheck(f, *inputs, **settings | more)
        if not report:
            raise GradientError(report)
        return report

    return check


# Several processes, with pytest-xdist


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give a worker the seed, which may have been drawn."""
    node.workerinput["gradcheck_seed"] = node.config.stash[_session].seed


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the checks of a worker to where they are summed up."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["gradcheck"] = [tuple(check) for check in session.config.stash[_session].checks]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the checks of a worker; one that crashed has sent none."""
    checks = getattr(node, "workeroutput", {}).get("gradcheck", ())
    node.config.stash[_session].checks += [_Check(*check) for check in checks]
