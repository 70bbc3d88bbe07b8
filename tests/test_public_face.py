"""The public face is exactly what `minigrad/__init__.py` spells out."""

import ast
import inspect
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops
from minigrad.registry import lookup, registered

# Ops that closures use among themselves, or that a function of the same name calls.
INTERNAL = {
    "add_windows",
    "class_losses",
    "contract",
    "convolution",
    "digamma_derivative",
    "filter_gradient",
    "fold_margins",
    "gather_winners",
    "geomspace",
    "gru_sequence",
    "i0_derivative",
    "keep_where",
    "limit",
    "linspace",
    "logspace",
    "lstm_sequence",
    "permuted",
    "probability_losses",
    "resample",
    "rnn_sequence",
    "scatter_diagonal",
    "scatter_winners",
    "spread_windows",
    "sum_windows",
    "sinc_derivative",
    "transposed_convolution",
    "standardize",
}

OPS = {op.name: op for op in registered() if op.function.__module__.startswith("minigrad.ops.")}


def spelled_out(module):
    """The names that a module re-exports as ``x as x``, or gives by ``x = ...``."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    assigned = [
        target.id
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if not target.id.startswith("_")
    ]
    return assigned + [
        alias.asname
        for statement in ast.walk(tree)  # also where they are for a type checker alone
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
        if alias.name == alias.asname
    ]


@pytest.mark.parametrize("module", [mg, mg.linalg, ops], ids=lambda module: module.__name__)
def test_every_name_is_spelled_out_once(module):
    names = spelled_out(module)
    for name in names:
        getattr(module, name)  # some are loaded now
    public = {
        name
        for name, value in vars(module).items()
        # Python makes a module that is imported an attribute of its package.
        if not (name.startswith("_") or (isinstance(value, ModuleType) and name not in names))
    }
    assert len(names) == len(set(names))
    assert public == set(names)


def test_every_op_is_public_or_internal():
    public = [*vars(mg).values(), *vars(mg.linalg).values()]
    assert {name for name in OPS if not any(OPS[name].function is f for f in public)} == INTERNAL


def test_an_op_of_linear_algebra_has_the_name_that_numpy_gives_it():
    for name in spelled_out(mg.linalg):
        function = getattr(np.linalg, name, None)
        assert function is None or function in lookup(getattr(mg.linalg, name)).twins


@pytest.mark.parametrize("name", sorted(OPS))
def test_a_public_op_is_the_one_of_its_family(name):
    assert getattr(ops, name) is OPS[name].function
    if name not in INTERNAL:
        assert getattr(mg, name, OPS[name].function) is OPS[name].function


@pytest.mark.parametrize(
    "module",
    [mg.nn, mg.nn.functional, mg.nn.utils, mg.optim, mg.optim.lr_scheduler, mg.data, mg.training],
    ids=lambda module: module.__name__,
)
def test_what_a_module_offers_is_an_op_or_defined_in_it(module):
    """The page of the API lists what is defined in a module; the rest would be on none."""
    functions = {op.function for op in registered()}
    for name in spelled_out(module):
        value = getattr(module, name)
        is_own = getattr(value, "__module__", "").startswith(f"{module.__name__}.")
        assert is_own or isinstance(value, ModuleType) or value in functions, name


@pytest.mark.parametrize("module", [mg, mg.linalg], ids=lambda module: module.__name__)
def test_a_public_name_is_documented(module):
    assert all(inspect.getdoc(getattr(module, name)) for name in spelled_out(module))


@pytest.mark.parametrize(
    "name",
    [name for name, value in vars(mg.Tensor).items() if callable(value) and name[0] != "_"],
)
def test_a_method_is_documented(name):
    assert inspect.getdoc(getattr(mg.Tensor, name))


def test_the_version_is_a_release():
    assert [part.isdigit() for part in mg.__version__.split(".")] == [True] * 3
