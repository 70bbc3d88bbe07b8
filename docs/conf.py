"""Sphinx: `python -m sphinx --fail-on-warning docs docs/_build`."""

import sys
from pathlib import Path

import minigrad

sys.path.append(str(Path(__file__).parent / "_extensions"))

project = "minigrad"
author = "the minigrad developers"
copyright = author  # noqa: A001  # Sphinx's name for it
version = release = minigrad.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_parser",
    "registry_pages",
]
exclude_patterns = ["_build"]

nitpicky = True
# Names in single backticks link where they can: `x` is a parameter, `mg.grad` a function.
default_role = "py:obj"
nitpick_ignore_regex = [
    ("py:obj", r".*"),
    # What annotations name and no page describes: other projects' types, aliases, type variables.
    ("py:class", r"(np|numpy|collections|hypothesis|inspect|os|pathlib|typing)\..*"),
    # The parts of a long alias that NumPy's annotations are written out to.
    ("py:class", r"(str|type)[ \[].*"),
    ("py:class", r"(Any|Callable|Iterable|Iterator|Literal.*|Sequence)"),
    ("py:class", r"(Arrays?|ArrayLike|Axis|Distance|Reduction|DTypeLike|Forward|Mode|NDArray)"),
    ("py:class", r"(Indices|Op|Order|Size|OutputSize|Padding|Layout|Part|Windows|Pool|Taps)"),
    ("py:class", r"(minigrad\.(autograd|registry|resources|nn\.(utils\.)?\w+)\.)?[A-Z]"),
    ("py:class", r"minigrad\.(autograd|data|nn\.\w+)\._.*"),
    ("py:class", r"minigrad\.(autograd\.Node|ops\.windows\.Windows)"),
    ("py:class", r"minigrad\.nn\.state\.IncompatibleKeys"),
    ("py:class", r"(Settings|Evidence|Activation)"),
]

add_module_names = False
autodoc_member_order = "bysource"
autosummary_generate = False
numpydoc_show_class_members = False
python_use_unqualified_type_names = True

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"minigrad {version}"
html_copy_source = False
