"""Runs the examples in docstrings, README.md and docs/ as tests.

In Markdown every ``python`` or ``pycon`` block runs; the blocks of a page share one namespace that
starts empty, as they do for a reader. A block that must not run has another language.

In a docstring every ``>>>`` runs; each docstring stands alone, with `mg` and `np` at hand.
"""

import contextlib
import os
from bisect import bisect_right
from collections.abc import Iterator
from doctest import ELLIPSIS

import numpy as np
import pytest
from sybil import Document, Example, Region, Sybil
from sybil.document import PythonDocStringDocument
from sybil.evaluators.doctest import DocTestEvaluator
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.abstract.doctest import DocTestStringParser
from sybil.parsers.myst import CodeBlockParser
from sybil.parsers.rest import DocTestParser

import minigrad as mg

# Before anything imports matplotlib: tests have no display.
os.environ["MPLBACKEND"] = "Agg"

doctests = DocTestStringParser(DocTestEvaluator(ELLIPSIS))


def blocks(document: Document) -> Iterator[Region]:
    """Find the code blocks of a Markdown page, with prompts or without."""
    for language in ("python", "pycon"):
        for region in CodeBlockParser(language, PythonEvaluator())(document):
            if not region.parsed.lstrip().startswith(">>>"):
                yield region
                continue
            for line in doctests(region.parsed, document.path):
                line.adjust(region, region.parsed)
                yield line


class Docstrings(PythonDocStringDocument):
    """A module's docstrings, each in a namespace of its own."""

    def __init__(self, text: str, path: str) -> None:
        # Past the parent's, which would import the module and show its names to the examples.
        Document.__init__(self, text, path)

    def examples(self) -> Iterator[Example]:
        starts = sorted(start for start, _, _ in self.extract_docstrings(self.text))
        namespaces = [{"mg": mg, "np": np} for _ in starts]
        for example in super().examples():
            example.namespace = namespaces[bisect_right(starts, example.start) - 1]
            yield example


@pytest.fixture(scope="module")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Work in a new folder for each document, so that the files of its examples do not stay."""
    with contextlib.chdir(tmp_path_factory.mktemp("examples")):
        yield


pages = Sybil([blocks], pattern="*.md", fixtures=["empty_folder"])
modules = Sybil(
    [DocTestParser(ELLIPSIS)],
    path="minigrad",
    pattern="*.py",
    fixtures=["empty_folder"],
    document_types={".py": Docstrings},
)
pytest_collect_file = (pages + modules).pytest()
