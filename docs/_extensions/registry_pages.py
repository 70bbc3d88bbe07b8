"""Fills the pages that list what the library has, from the library itself.

A comment in a page is replaced: ``<!-- table of ops -->`` and the like from the registry,
``<!-- names of minigrad.nn -->`` from the public names of that module.
"""

import importlib
import inspect
import re
from collections.abc import Iterator
from itertools import groupby
from types import ModuleType
from typing import Any

from sphinx.application import Sphinx

import minigrad
from minigrad.registry import Op, registered, twin
from minigrad.testing.numpy_functions import by_status, numpy_functions, status


def ops() -> list[Op]:
    """Return the library's own ops, by family and name."""
    own = (op for op in registered() if op.function.__module__.startswith("minigrad."))
    return sorted(own, key=lambda op: (op.family, op.name))


def path(op: Op) -> str:
    """Return where a user finds an op: `minigrad.relu`, or in `linalg`, or else in `ops`."""
    linalg = minigrad.linalg
    # Of two functions of NumPy's with one name, that of linalg has a longer name as an op.
    short = op.name.removeprefix("matrix_")
    for module, name in ((minigrad, op.name), (linalg, op.name), (linalg, short)):
        if getattr(module, name, None) is op.function:
            return f"{module.__name__}.{name}"
    return f"minigrad.ops.{op.name}"


class Bare(str):
    """An annotation that prints without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def signature(op: Op, *, annotated: bool, bound: bool = False) -> str:
    """Return the parameters of an op as text; bound, as a method, without the first."""
    empty = inspect.Parameter.empty
    parameters = [
        parameter.replace(
            annotation=Bare(parameter.annotation)
            if annotated and parameter.annotation is not empty
            else empty
        )
        for parameter in op.signature.parameters.values()
    ]
    return str(inspect.Signature(parameters[bound:]))


def derivative(op: Op) -> str:
    if not op.differentiable:
        return "none"
    if op.run is None:
        return "composed"
    return "piecewise linear" if op.piecewise_linear else "smooth"


def numpy_name(function: Any) -> str:
    module = getattr(function, "__module__", None) or "numpy"  # some ufuncs do not say
    return f"`{module.replace('numpy', 'np', 1)}.{function.__name__}`"


def table() -> Iterator[str]:
    yield "| Family | Op | NumPy | Derivative |"
    yield "| --- | --- | --- | --- |"
    for op in ops():
        cells = (
            op.family.replace("_", " "),
            f"[`{op.name}{signature(op, annotated=False)}`](#{path(op)})",
            ", ".join(map(numpy_name, op.twins)),
            derivative(op),
        )
        yield f"| {' | '.join(cells)} |"


def reference() -> Iterator[str]:
    for family, members in groupby(ops(), key=lambda op: op.family):
        yield f"## {family.replace('_', ' ').capitalize()}\n"
        yield f"{summary(importlib.import_module(f'minigrad.ops.{family}'))}\n"
        yield from directives((path(op), "autofunction") for op in members)


def numpy_table() -> Iterator[str]:
    yield "| NumPy function | On tensors |"
    yield "| --- | --- |"
    for name, function in numpy_functions():
        kind = status(function)
        if kind == "no tensors":
            continue
        op = twin(function)
        where = f" ([`{op.name}`](#{path(op)}))" if op is not None else ""
        yield f"| `{name}` | {kind}{where} |"


def not_asking() -> Iterator[str]:
    yield ", ".join(f"`{name}`" for name in by_status()["no tensors"])


def summary(module: ModuleType) -> str:
    return inspect.getdoc(module).partition("\n")[0]  # type: ignore[union-attr]  # linted to be there


def public_names(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the functions and classes that a module or package defines, except ops."""
    functions = {op.function for op in registered()}
    for name, value in vars(module).items():
        if name.startswith("_") or not (inspect.isfunction(value) or inspect.isclass(value)):
            continue
        is_own = f"{value.__module__}.".startswith(f"{module.__name__}.")
        if is_own and value not in functions:
            yield name, value


# Bases whose methods are shown with the classes that have them, for they are on no page.
UNLISTED = {"_Hooked", "_Keyed", "_Parameters", "_Row"}


def names(module: ModuleType) -> Iterator[str]:
    yield f"{summary(module)}\n"
    for name, value in public_names(module):
        directive = "autoclass" if inspect.isclass(value) else "autofunction"
        inherited = inspect.isclass(value) and value.__mro__[1].__name__ in UNLISTED
        yield from directives(iter([(f"{module.__name__}.{name}", directive)]), inherited)
    functions = {op.function: op for op in registered()}
    here = (functions[value] for value in vars(module).values() if inspect.isfunction(value))
    if module is minigrad.linalg:
        yield "```{eval-rst}\n.. autosummary::\n"
        yield from sorted(f"   {path(op).removeprefix('minigrad.')}" for op in here)
        yield "```\n"


def directives(members: Iterator[tuple[str, str]], inherited: bool = False) -> Iterator[str]:
    yield "```{eval-rst}"
    for name, directive in members:
        yield f".. {directive}:: {name}"
        if directive == "autoclass":
            yield "   :members:"
            if inherited:
                above = "object" if name.endswith(".Module") else "Module, _Hooked"
                yield f"   :inherited-members: {above}"
        yield ""
    yield "```\n"


PARTS = {
    "table of ops": table,
    "reference of ops": reference,
    "table of NumPy functions": numpy_table,
    "NumPy functions that do not ask": not_asking,
}


def fill(app: Sphinx, page: str, source: list[str]) -> None:
    """Replace the comments of a page."""

    def replacement(comment: re.Match[str]) -> str:
        if comment["module"]:
            return "\n".join(names(importlib.import_module(comment["module"])))
        return "\n".join(PARTS[comment["part"]]())

    parts = "|".join(PARTS)
    pattern = rf"<!-- (?:(?P<part>{parts})|names of (?P<module>[\w.]+)) -->"
    source[0] = re.sub(pattern, replacement, source[0])


def show_signature(
    app: Sphinx, what: str, name: str, value: Any, options: Any, arguments: str, returns: str
) -> tuple[str, str | None] | None:
    """Show an op's own signature, with the names of its annotations as they are written."""
    for op in registered():
        if value is op.function:
            # Such as `shape`, which returns a tuple of integers.
            rule = inspect.signature(inspect.unwrap(value))
            is_plain = not op.differentiable and rule.return_annotation == "Any"
            parameters = signature(op, annotated=True, bound=what == "method")
            return parameters, None if is_plain else "Tensor"
    return None


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", fill)
    app.connect("autodoc-process-signature", show_signature)
    return {"parallel_read_safe": True}
