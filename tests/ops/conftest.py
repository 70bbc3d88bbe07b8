"""At the end of a run, how many ops were checked for how many properties."""

import re

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    passed = [
        match
        for report in terminalreporter.stats.get("passed", ())
        if (match := re.search(r"test_properties\.py::(test_\w+)\[(?:.*-)?(\w+)\]$", report.nodeid))
    ]
    if passed:
        ops, properties = {match[2] for match in passed}, {match[1] for match in passed}
        terminalreporter.write_line(
            f"{len(ops)} ops, {len(properties)} properties: {len(passed)} combinations passed"
        )
