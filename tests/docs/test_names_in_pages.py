"""Names of the library that pages name in passing are its names."""

import re
from functools import reduce
from pathlib import Path

import pytest

import minigrad as mg

docs = Path(__file__).parents[2] / "docs"
ROOTS = {"mg": mg, "nn": mg.nn, "optim": mg.optim}


@pytest.mark.parametrize("page", ["from-the-tutorials.md", "models.md", "training.md", "losses.md"])
def test_names_exist(page):
    text = re.sub(r"^```.*?^```", "", (docs / page).read_text(encoding="utf-8"), flags=re.M | re.S)
    spans = re.findall(r"`([^`\n]+)`", text)
    names = {name for span in spans for name in re.findall(r"\b(?:mg|nn|optim)(?:\.\w+)+", span)}
    assert names
    for name in names:
        root, *parts = name.split(".")
        reduce(getattr, parts, ROOTS[root])
