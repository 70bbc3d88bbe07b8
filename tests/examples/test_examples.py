import operator
import re
from pathlib import Path

import pytest

root = Path(__file__).parents[2]


def test_maxpool_by_hand_agrees_with_the_op(run):
    out = "\n".join(run("maxpool_by_hand"))
    for shape in ("(5, 10, 28, 28)", "(40, 980)", "(50, 1, 28, 28)", "(4, 9800)"):
        assert shape in out
    differences = [float(found) for found in re.findall(r"largest difference.*: +(\S+)", out)]
    assert len(differences) == 4
    assert max(differences) < 1e-14


def test_newton_finds_the_minimum_of_rosenbrock(run):
    *_, before, last = run("newton_rosenbrock")
    assert last == "minimum: [1.0, 1.0]"
    assert float(before.split()[-1]) < 1e-10


# What the last line of an example starts with, options for a run of few seconds, and the least or
# largest figure of merit that it must then reach.
NUMPY_PROGRAMS = {
    "fluid_simulation": ("difference left", ("--steps", 12), operator.lt, 0.3),  # 1 without wind
    "ode_net": ("mean distance", ("--steps", 300), operator.lt, 0.5),
    "gaussian_mixture": ("log density per point", (), operator.gt, -3.55),
    "deep_kernel": ("log marginal likelihood per point", ("--steps", 100), operator.gt, 0.5),
    "bayesian_net": ("ELBO per observation", ("--steps", 300), operator.gt, -1.5),
}


@pytest.mark.parametrize("name", NUMPY_PROGRAMS)
def test_a_numpy_program_improves_and_draws(name, tmp_path, run):
    label, options, better, limit = NUMPY_PROGRAMS[name]
    last = run(name, *options)[-1]
    assert better(float(re.match(rf"{label}: (-?\d+\.\d+)", last)[1]), limit)
    pytest.importorskip("matplotlib", reason="the example draws only with Matplotlib")
    assert (tmp_path / f"output/{name}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", NUMPY_PROGRAMS)
def test_a_numpy_program_needs_more_than_a_step(name, run):
    """The limits tell a fit from its start."""
    label, _, better, limit = NUMPY_PROGRAMS[name]
    last = run(name, "--steps", 1)[-1]
    assert not better(float(re.match(rf"{label}: (-?\d+\.\d+)", last)[1]), limit)


def test_every_example_is_run_here():
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for example in (root / "examples").glob("*.py"):
        assert f'"{example.stem}' in tests, f"no test runs {example.name}"
