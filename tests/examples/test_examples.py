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
