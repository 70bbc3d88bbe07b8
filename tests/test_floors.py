"""Imports point downward only; the floors themselves are in pyproject.toml."""

from pathlib import Path

import pytest

api = pytest.importorskip("importlinter.api", reason="import-linter is not installed")
cli = pytest.importorskip("importlinter.cli", reason="import-linter is not installed")

root = Path(__file__).parents[1]


def test_the_contract_is_kept(monkeypatch):
    monkeypatch.chdir(root)
    exit_code = cli.lint_imports(
        config_filename=str(root / "pyproject.toml"), no_cache=True, is_debug_mode=False
    )
    assert exit_code == cli.EXIT_STATUS_SUCCESS


def test_every_module_has_a_floor():
    (contract,) = api.read_configuration(str(root / "pyproject.toml"))["contracts_options"]
    floors = {name.strip() for layer in contract["layers"] for name in layer.split("|")}
    package = root / "minigrad"
    modules = {path.stem for path in package.iterdir() if path.suffix == ".py"}
    modules |= {path.parent.name for path in package.glob("*/__init__.py")}
    assert floors == modules - {"__init__"}
