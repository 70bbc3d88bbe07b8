import os
import subprocess
import sys
from pathlib import Path

import pytest

root = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path):
    """Run an example as a reader would, from another folder; return the lines that it prints."""

    def run(example, *options):
        done = subprocess.run(
            [sys.executable, "-W", "error", root / f"examples/{example}.py", *map(str, options)],
            cwd=tmp_path,
            # One thread for small matrices: beside other programs, threads wait for each other.
            env={**os.environ, "PYTHONPATH": str(root), "OPENBLAS_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run
