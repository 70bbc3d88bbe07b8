"""What the README and the pages say of the library, where running their examples does not tell."""

import ast
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

import minigrad as mg

root = Path(__file__).parents[2]
pages = [root / "README.md", *sorted((root / "docs").glob("*.md"))]
text = {page.name: page.read_text(encoding="utf-8") for page in pages}

# Blocks in `py` do not run: they show functions of the library.
shown = [
    (name, function)
    for name in text
    for block in re.findall(r"^```py\n(.*?)^```", text[name], re.M | re.S)
    for function in ast.parse(block).body
]


def plain(function):
    """Return a function's source without annotations and docstring."""
    if ast.get_docstring(function):
        del function.body[0]
    function.returns = None
    for argument in function.args.posonlyargs:
        argument.annotation = None
    return ast.unparse(function)


@pytest.mark.parametrize(
    "function",
    [pytest.param(function, id=f"{function.name} in {name}") for name, function in shown],
)
def test_an_op_is_shown_as_it_is_in_the_library(function):
    rule = inspect.getsource(inspect.unwrap(getattr(mg, function.name)))
    assert plain(function) == plain(ast.parse(rule).body[0])


def test_the_readme_shows_two_ops():
    assert [function.name for name, function in shown if name == "README.md"] == [
        "multiply",
        "relu",
    ]


@pytest.mark.parametrize(
    ("page", "link"),
    [
        pytest.param(page, link, id=f"{link} in {page.name}")
        for page in pages
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", text[page.name])
    ],
)
def test_a_link_leads_to_a_file(page, link):
    assert (page.parent / link).is_file()


def test_every_public_name_has_a_place_in_the_reference():
    ops = {op.function for op in mg.registry.registered()}
    missing = {
        name
        for name, value in vars(mg).items()
        # Pytest puts names that are none into the modules whose assertions it explains.
        if name.isidentifier()
        and not name.startswith("_")
        # Modules but these have a section: their names are reached from mg. Ops have the table.
        and name
        not in {
            "anomaly",
            "autograd",
            "checkpointing",
            "dispatch",
            "gradients",
            "names",
            "ops",
            "transforms",
        }
        and not (callable(value) and value in ops)
        and not re.search(
            rf"<!-- names of minigrad\.{name} -->"
            if isinstance(value, ModuleType)
            else rf"(`mg|auto(function|class)::.*)[ .]{name}\b",
            text["api.md"],
        )
    }
    # `minigrad.tensor` is a function, which hides the module of that name.
    assert not missing
