"""``minigrad gradcheck``: checks every op, some of them, or a function of the user's own."""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import functools
import importlib
import inspect
import json
import os
import pkgutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..registry import Op, lookup
from ..resources import get_num_threads
from . import every_op
from .checker import gradcheck
from .every_op import SKIPPED, Row, check_ops
from .rendering import aligned, counted, plain

# So many calls of an op check all of them, twice, within a minute on two cores.
CASES = 4
EPILOG = """\
examples:
  minigrad gradcheck                      every op
  minigrad gradcheck tanh convolution     one op, and all of a family
  minigrad gradcheck model:loss --input shape=3,4 --input "[1.0, 2.0]"
                                          the function `loss` in model.py, at random
                                          numbers and at a list

an input is one of:
  shape=3,4        random numbers of this shape, from a normal distribution
  positive=3,4     random numbers between 0.3 and 2
  [1.0, 2.0]       a Python literal; lists of numbers become arrays
  file.npy         the array in a file
  file.npz:name    one of the arrays in a file

The exit status is 0 if all is well, 1 if something does not pass, 2 if there is nothing to check.
"""


class UsageError(Exception):
    """What was asked for cannot be checked; the text says why."""


def add_to(commands: Any) -> None:
    """Add the command to the subparsers of argparse."""
    about = "check derivatives against finite differences"
    parser = commands.add_parser(
        "gradcheck",
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("targets", nargs="*", metavar="TARGET", help="an op, a family of ops, or module:function")
    add("--input", action="append", default=[], help="of the function, as below; one for each")
    add("--order", type=_positive, help="the highest derivative (ops: 2, a function: 1)")
    add("--seed", type=int, default=0, help="of the random numbers (0)")
    add("--strict", action="store_true", help="a kink does not pass")
    add("--fast", action="store_true", help="along random directions alone")
    add("--cases", type=_positive, default=CASES, help=f"calls of each op ({CASES})")
    add("--jobs", type=_positive, help="processes for ops (one for each core)")
    add("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=functools.partial(_run, parser))


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {text}")
    return number


def _run(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    is_function = any(":" in target for target in arguments.targets)
    try:
        return _check_function(arguments) if is_function else _check_ops(arguments)
    except UsageError as error:
        parser.error(str(error))


def _say(text: str) -> None:
    # A terminal without a letter, such as a dot between facts, shows another one.
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def _like(name: str, names: Sequence[str]) -> str:
    """The end of a message about a name that is not there."""
    near = difflib.get_close_matches(name, names)
    return f"; did you mean {' or '.join(near)}?" if near else ""


# A function of the user's


def _check_function(arguments: argparse.Namespace) -> int:
    if len(arguments.targets) > 1:
        raise UsageError("one function at a time, as its inputs are given by --input")
    (target,) = arguments.targets
    function = _imported(target)
    if not arguments.input and not _fits(function, []):
        raise UsageError(
            f"{target}{_signature(function)} needs inputs: --input shape=3,4 for random numbers, "
            "or a literal, or a file; see --help"
        )
    rng = np.random.default_rng(arguments.seed)
    inputs = [_input(text, rng) for text in arguments.input]
    if not _fits(function, inputs):
        raise UsageError(
            f"{target}{_signature(function)} does not take {counted(len(inputs), 'input')}"
        )
    try:
        report = gradcheck(
            function,
            *inputs,
            order=arguments.order or 1,
            seed=arguments.seed,
            strict=arguments.strict,
            fast=arguments.fast or None,
        )
    except (TypeError, ValueError) as error:
        if not str(error).startswith("gradcheck: "):  # it is the function's own
            raise
        raise UsageError(str(error).removeprefix("gradcheck: ")) from error
    _say(json.dumps(plain(report), indent=2) if arguments.json else str(report))
    return 0 if report else 1


def _imported(target: str) -> Callable[..., Any]:
    """The function ``package.module:name``, from the current directory or installed."""
    module_name, _, path = target.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module_name)
    except ValueError as error:
        raise UsageError(f"write module:function, got {target}") from error
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # the module is there, but not one that it imports
        hint = _like(error.name.rpartition(".")[2], _modules_beside(error.name))
        if module_name.endswith(".py"):
            hint = f"; write {module_name[:-3]}:{path}, without .py"
        where = "the current directory or among installed packages"
        raise UsageError(f"no module {error.name} in {where}{hint}") from error
    for name in path.split("."):
        if not hasattr(found, name):
            owner = getattr(found, "__name__", type(found).__name__)
            raise UsageError(f"{owner} has no {name!r}{_like(name, dir(found))}")
        found = getattr(found, name)
    if not callable(found) or isinstance(found, type):
        kind = "a class" if isinstance(found, type) else f"of type {type(found).__name__}"
        raise UsageError(f"{target} is {kind}; name a function, or an instance that can be called")
    function: Callable[..., Any] = found
    return function


def _modules_beside(name: str) -> list[str]:
    parent = name.rpartition(".")[0]
    where = getattr(sys.modules.get(parent), "__path__", None) if parent else None
    if parent and where is None:
        return []
    return [module.name for module in pkgutil.iter_modules(where)]


def _signature(function: Callable[..., Any]) -> str:
    try:
        return str(inspect.signature(function))
    except ValueError:  # it is written in C
        return ""


def _fits(function: Callable[..., Any], inputs: Sequence[Any]) -> bool:
    """Whether a function takes so many arguments, as far as its signature tells."""
    try:
        inspect.signature(function).bind(*inputs)
    except TypeError:
        return False
    except ValueError:  # it is written in C
        return bool(inputs)
    return True


def _input(text: str, rng: np.random.Generator) -> Any:
    """One input of a function, from what was written for it."""
    kind, _, rest = text.partition("=")
    if kind in ("shape", "positive"):
        try:
            shape = tuple(int(length) for length in rest.strip("(), ").split(",") if rest)
            return rng.normal(size=shape) if kind == "shape" else rng.uniform(0.3, 2, shape)
        except ValueError:
            raise UsageError(f"--input {text}: write a shape as in {kind}=3,4") from None
    path, _, name = text.rpartition(":") if ".npz:" in text else (text, "", "")
    if path.endswith((".npy", ".npz")):
        return _loaded(path, name)
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise UsageError(
            f"--input {text}: expected shape=3,4 or positive=3,4 for random numbers, a literal "
            "such as [1.0, 2.0], or the name of a .npy or .npz file; nothing is evaluated"
        ) from None


def _loaded(path: str, name: str) -> Any:
    try:
        loaded = np.load(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"--input {path}: {error}") from error
    if path.endswith(".npy"):
        return loaded
    with loaded as arrays:
        names = list(arrays)
        if not name and len(names) == 1:
            (name,) = names
        if name not in names:
            of = f"has no array {name!r}" if name else "has several arrays"
            raise UsageError(f"--input {path}: {of}; write {path}:NAME, one of {', '.join(names)}")
        return arrays[name]


# The ops


def _check_ops(arguments: argparse.Namespace) -> int:
    if arguments.input:
        raise UsageError("--input is for a function, written module:function; ops have samples")
    chosen = _chosen(arguments.targets)
    ops = [op for op in chosen if op.differentiable]
    if not ops:
        names = ", ".join(op.name for op in chosen)
        raise UsageError(f"nothing to check: {names} returns what has no derivative")
    start = time.perf_counter()
    settings = {
        "order": arguments.order or 2,
        "seed": arguments.seed,
        "strict": arguments.strict,
        "fast": arguments.fast or None,
    }
    with _progress(len(ops)) as advance:
        rows = check_ops(
            ops,
            cases=arguments.cases,
            settings=settings,
            jobs=min(arguments.jobs or get_num_threads(), len(ops)),
            advance=advance,
        )
    seconds = time.perf_counter() - start
    failed = [row for row in rows if row.verdict not in ("ok", SKIPPED)]
    if arguments.json:
        found = {
            "ok": not failed,
            "seconds": seconds,
            "not_differentiable": len(chosen) - len(ops),
            "ops": [plain(row) for row in rows],
        }
        _say(json.dumps(found, indent=2))
    else:
        _say("\n".join(_table(rows)))
        for row in rows:
            if row.verdict == SKIPPED:
                _say(f"\n{row.op} is skipped: {row.reason}")
        for row in failed:
            _say("\n".join(["", f"{row.op} ({row.family})", *map(str, row.reports), row.reason]))
        _say("\n" + _summary(rows, len(chosen), seconds))
    if not any(row.cases for row in rows):
        return 2
    return 1 if failed else 0


def _chosen(targets: Sequence[str]) -> list[Op]:
    """The ops of these names and families, in their order; all if there are no names."""
    ops = every_op.ops()
    names: dict[str, list[Op]] = {}
    for op in ops:
        names.setdefault(op.family, []).append(op)
        names.setdefault(op.name, []).append(op)
    found: list[Op] = []
    for target in targets:
        ops_of_target = names.get(target) or _alias(target)
        if not ops_of_target:
            raise UsageError(
                f"no op and no family of ops is called {target!r}{_like(target, list(names))} "
                "(A function of your own is written module:function.)"
            )
        found += ops_of_target
    return [op for op in ops if op in found] if targets else ops


def _alias(target: str) -> list[Op]:
    """The op behind another name of the package, such as ``linalg.inv`` or ``acos``."""
    try:
        path = target.removeprefix("mg.").split(".")
        return [lookup(functools.reduce(getattr, path, importlib.import_module("minigrad")))]  # type: ignore[arg-type]  # lookup finds out whether it is a function
    except (AttributeError, KeyError, TypeError):
        return []


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[], Any]]:
    """A function that is called after each step; it shows how far it is, in a terminal alone."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    try:
        tqdm = importlib.import_module("tqdm").tqdm
    except ImportError:
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            sys.stderr.write(f"\r{done} of {total} ops" + "\n" * (done == total))

        yield advance
    else:
        with tqdm(total=total, unit="op", leave=False) as bar:
            yield bar.update


def _table(rows: Sequence[Row]) -> list[str]:
    header = ["op", "family", "order", "cases", "margin", "seconds", "verdict"]
    cells = [
        [
            row.op,
            row.family,
            *(
                (str(row.order), str(row.cases), f"{row.margin:.2g}", f"{row.seconds:.2f}")
                if row.cases
                else ["–"] * 4
            ),
            row.verdict,
        ]
        for row in rows
    ]
    return aligned(header, cells)


def _summary(rows: Sequence[Row], chosen: int, seconds: float) -> str:
    """A line that says it all."""
    failed = [row.op for row in rows if row.verdict not in ("ok", SKIPPED)]
    named = ", ".join(failed[:5]) + (", …" if len(failed) > 5 else "")
    skipped = sum(row.verdict == SKIPPED for row in rows)
    cases = sum(row.cases for row in rows)
    return ", ".join(
        [
            counted(len(rows) - skipped, "op"),
            f"{counted(cases, 'case')}: "
            + (f"{len(failed)} not ok ({named})" if failed else "all ok"),
            *([f"{skipped} skipped"] if skipped else []),
            *([f"{chosen - len(rows)} without a derivative"] if chosen > len(rows) else []),
            f"in {seconds:.0f} s",
        ]
    )
