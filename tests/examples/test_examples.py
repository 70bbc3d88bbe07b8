import operator
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

root = Path(__file__).parents[2]


def run(example, *options, cwd):
    """Run an example as a reader would, from another folder; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(root / "examples" / example), *map(str, options)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_maxpool_by_hand_agrees_with_the_op(tmp_path):
    out = run("maxpool_by_hand.py", cwd=tmp_path)
    for shape in ("(5, 10, 28, 28)", "(40, 980)", "(50, 1, 28, 28)", "(4, 9800)"):
        assert shape in out
    differences = [float(found) for found in re.findall(r"largest difference.*: +(\S+)", out)]
    assert len(differences) == 4
    assert max(differences) < 1e-14


def test_digits_cnn_trains_draws_saves_and_loads(tmp_path):
    pytest.importorskip("matplotlib", reason="the example draws with Matplotlib")
    pytest.importorskip("tqdm", reason="the example shows its progress with tqdm")
    out = run("digits_cnn.py", "--epochs", 2, "--seed", 1, "--output", "new/folder", cwd=tmp_path)
    *_, again, last = out.splitlines()
    accuracy = re.fullmatch(r"test accuracy: (0\.\d{3})", last).group(1)
    assert float(accuracy) > 0.6
    assert again.endswith(f"new network with them: {accuracy}")
    assert (tmp_path / "new/folder/digits_cnn.npz").is_file()
    picture = (tmp_path / "new/folder/digits_cnn.png").read_bytes()
    assert picture.startswith(b"\x89PNG")


def test_newton_finds_the_minimum_of_rosenbrock(tmp_path):
    *_, before, last = run("newton_rosenbrock.py", cwd=tmp_path).splitlines()
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
def test_a_numpy_program_improves_and_draws(name, tmp_path):
    label, options, better, limit = NUMPY_PROGRAMS[name]
    last = run(f"{name}.py", *options, cwd=tmp_path).splitlines()[-1]
    assert better(float(re.match(rf"{label}: (-?\d+\.\d+)", last)[1]), limit)
    pytest.importorskip("matplotlib", reason="the example draws only with Matplotlib")
    assert (tmp_path / f"output/{name}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", NUMPY_PROGRAMS)
def test_a_numpy_program_needs_more_than_a_step(name, tmp_path):
    """The limits tell a fit from its start."""
    label, _, better, limit = NUMPY_PROGRAMS[name]
    last = run(f"{name}.py", "--steps", 1, cwd=tmp_path).splitlines()[-1]
    assert not better(float(re.match(rf"{label}: (-?\d+\.\d+)", last)[1]), limit)
