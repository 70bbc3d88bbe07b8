"""The pytest plugin: a fixture that asserts, a marker, a seed, and what a run says at its end."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]

PLUGIN = "minigrad.testing.pytest_plugin"
OPS = """
import minigrad as mg
import numpy as np
import pytest

X = np.array([0.5, -1.5])

@mg.op
def wrong_square(x, /):
    return x * x, lambda g: g * x

def curved(x):
    return mg.sin(x).sum()
"""


@pytest.fixture
def run(pytester):
    """Run a test file in a session of its own."""

    def run_tests(tests, *options):
        pytester.makepyfile(OPS + tests)
        return pytester.runpytest_inprocess("-p", PLUGIN, "--strict-markers", *options)

    return run_tests


def test_the_fixture_asserts_and_a_run_is_summed_up(run):
    result = run(
        """
def test_right(gradcheck):
    assert gradcheck(curved, X).seed == 0
    gradcheck(mg.tanh, X, order=2)

def test_wrong(gradcheck):
    gradcheck(lambda x: wrong_square(x).sum(), X)  # the line of the test
"""
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*the line of the test",
            "E *GradientError: <lambda>: wrong*",
            "*- gradcheck -*",
            "run again with --gradcheck-seed=0",
            "gradcheck: 3 checks of 3 functions, 1 did not pass, worst margin * in *::test_right)",
        ]
    )
    # No frames from inside.
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")
    result.stdout.no_fnmatch_line("*checker.py*")


def test_a_plain_assertion_shows_the_report(run):
    result = run(
        """
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_plain(factor):
    assert mg.gradcheck(curved, X)
    assert mg.gradcheck(lambda x: factor * wrong_square(x), X)

def test_expected():
    assert not mg.gradcheck(wrong_square, X)

def test_another_failure():
    assert mg.gradcheck(curved, X)
    raise RuntimeError
""",
        "-q",
    )
    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines(["*- gradcheck -*", "<lambda>: wrong *"])
    assert result.stdout.str().count("- gradcheck -") == 2
    result.stdout.no_fnmatch_line("*--gradcheck-seed*")
    result.stdout.fnmatch_lines(["gradcheck: 6 checks of 4 functions, 3 did not pass, *"])


def test_no_line_without_checks(run):
    result = run("def test_nothing():\n    pass\n")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*gradcheck*")


def test_the_marker_sets_and_selects(run):
    tests = """
pytestmark = pytest.mark.gradcheck(strict=True, order=2)

@pytest.mark.gradcheck(order=1, seed=5)
def test_settings(gradcheck):
    report = gradcheck(curved, X)
    assert report.seed == 5
    assert {element.order for element in report.elements} == {1}
    assert report.strict
    assert not gradcheck(curved, X, strict=False).strict

def test_of_the_module(gradcheck):
    assert {element.order for element in gradcheck(curved, X).elements} == {1, 2}

@pytest.mark.gradcheck(2)
def test_by_position(gradcheck):
    pass
"""
    result = run(tests, "-m", "gradcheck")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*takes settings by keyword, as in order=2, got (2,)"])
    run(tests, "-m", "not gradcheck").assert_outcomes(deselected=3)


def test_the_seed(run):
    tests = """
def test_seed(gradcheck):
    print("SEED", gradcheck(curved, X).seed)
    gradcheck(wrong_square, X)
"""
    run(tests, "--gradcheck-seed=7").stdout.fnmatch_lines(
        ["SEED 7", "run again with --gradcheck-seed=7"]
    )
    drawn = {
        line
        for _ in range(2)
        for line in run(tests, "--gradcheck-seed", "random").outlines
        if line.startswith("SEED")
    }
    assert len(drawn) == 2
    result = run(tests, "--gradcheck-seed=many")
    result.stderr.fnmatch_lines(["*--gradcheck-seed: invalid seed value: 'many'"])


@pytest.mark.parametrize("first", [True, False])
def test_loaded_by_entry_point_and_by_name(pytester, monkeypatch, first):
    """Whichever comes first; a plugin may be registered under one name only."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (ROOT, pytester.path))))
    distribution = pytester.mkdir("installed-1.dist-info")
    (distribution / "METADATA").write_text("Name: installed\nVersion: 1\n")
    (distribution / "entry_points.txt").write_text(f"[pytest11]\nminigrad = {PLUGIN}\n")
    pytester.makepyfile(OPS + "def test_it(gradcheck):\n    gradcheck(curved, X)\n")
    if not first:
        pytester.makeconftest(f"pytest_plugins = [{PLUGIN!r}]")
    result = pytester.runpytest_subprocess(*(["-p", PLUGIN] if first else []))
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["gradcheck: 1 check of 1 function, *"])
