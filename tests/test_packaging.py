import json
import re
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

root = Path(__file__).parent.parent
project = tomllib.loads((root / "pyproject.toml").read_text())["project"]


def loaded_by(module):
    """Name the modules that are loaded after `module` is imported in a new process."""
    program = f"import {module}, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_runtime_dependencies_are_exactly_three():
    names = [re.match(r"[\w-]+", line).group() for line in project["dependencies"]]
    assert sorted(names) == ["hypothesis", "numpy", "typing-extensions"]


def test_python_3_11_and_numpy_2_are_the_oldest():
    assert project["requires-python"] == ">=3.11"
    assert "numpy>=2.0" in project["dependencies"]


def test_importing_minigrad_loads_nothing_foreign_beyond_numpy():
    added = loaded_by("minigrad") - loaded_by("numpy")
    top_level = {name.partition(".")[0] for name in added}
    assert top_level - sys.stdlib_module_names == {"minigrad"}


def test_importing_minigrad_leaves_numpy_random_to_who_needs_it():
    assert "numpy.random" not in loaded_by("minigrad")


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "data/digits.npz",
        "data/digits.txt",
        "data/sonnets.txt",
        "data/sonnets_origin.txt",
    ],
)
def test_the_package_carries(name):
    assert files("minigrad").joinpath(name).is_file()


def test_the_readme_has_the_two_commands_each_on_one_line_of_a_code_block():
    blocks = re.findall(r"^```.*?^```", (root / "README.md").read_text(), re.M | re.S)
    lines = "\n".join(blocks).splitlines()
    commands = [line for line in lines if line.startswith("python3 -m venv .venv")]
    assert len(commands) == 2
    assert [command.rpartition(".venv/bin/python ")[2] for command in commands] == [
        "examples/digits_cnn.py",
        "-m pytest -n auto --dist loadfile",
    ]


def test_what_a_script_may_not_need_is_loaded_when_it_is_used():
    program = (
        "import sys, minigrad as mg\n"
        "late = ['minigrad.nn', 'minigrad.optim', 'minigrad.data', 'minigrad.testing']\n"
        "assert not set(late) & set(sys.modules)\n"
        "assert {'nn', 'optim', 'data', 'testing', 'gradcheck'} <= set(dir(mg))\n"
        "mg.nn, mg.optim, mg.data, mg.gradcheck\n"
        "assert set(late) <= set(sys.modules)\n"
        "assert mg.gradcheck is mg.testing.gradcheck\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
