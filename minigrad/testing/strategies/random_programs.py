"""Whole random programs, as Python source that runs on arrays and on tensors alike."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from .values import Array, broadcastable_arrays

LARGE = 4.0  # values beyond are squashed, which keeps the derivatives moderate, too
MANY = 30  # elements; what has more is summed
INPUTS = "abcdefgh"
INDENT = "    "


class Family(NamedTuple):
    """Expressions of the operands {0} and {1}, or of {0} and one of its axes; or statements.

    Those with kinks are continuous: at a kink, two branches have the same value.
    """

    smooth: tuple[str, ...]
    kinked: tuple[str, ...] = ()
    is_view: bool = False
    in_place: bool = False


FAMILIES = (
    Family(
        (
            "-{0}",
            "np.tanh({0})",
            "np.sin({0})",
            "{0} ** 2",
            "np.exp(-{0} * {0})",
            "1 / (1 + {0} * {0})",
            "np.sqrt(1 + {0} * {0})",
            "np.log(2 + np.cos({0}))",
        ),
        ("np.maximum({0}, 0)", "np.abs({0})", "np.where({0} > 0, {0}, 0.5 * {0})"),
    ),
    Family(
        ("{0} + {1}", "{0} - {1}", "{0} * {1}", "{0} / (1 + {1} * {1})"),
        (
            "np.maximum({0}, {1})",
            "np.minimum({0}, {1})",
            "np.where({0} > {1}, {0}, 2 * {0} - {1})",
        ),
    ),
    Family(
        (
            "np.sum({0})",
            "np.sum({0}, axis={axis})",
            "np.mean({0}, axis={axis}, keepdims=True)",
            "np.var({0}, axis={axis})",
            "np.cumsum({0}, axis={axis})",
        ),
        ("np.max({0}, axis={axis})", "np.sort({0}, axis={axis})"),
    ),
    Family(
        (
            "{0}[0]",
            "{0}[..., -1]",
            "{0}[::-1]",
            "{0}[..., 1:]",
            "{0}[None]",
            "{0}.T",
            "np.reshape({0}, -1)",
            "np.broadcast_to({0}, (2, *{0}.shape))",
        ),
        is_view=True,
    ),
    Family(
        (
            "{0}[[0, -1, 0]]",
            "np.repeat({0}, 2, axis={axis})",
            "np.concatenate([{0}, {1}])",
            "np.stack([{0}, {1}])",
            "np.concatenate([np.ravel({0}), np.ravel({1})])",
        )
    ),
    Family(("{0} @ {1}", "{0} @ {0}.T", "np.ravel({0}) @ np.ravel({0})")),
    Family(
        ("{0} += {1}", "{0} *= {1}", "{0}[0] = {1}", "{0}[..., ::-1] = {1}", "{0}[0] += {1}"),
        in_place=True,
    ),
)


class Program:
    """A function made of a few statements, with inputs for it.

    Its `repr` is a script that defines `program` and `inputs`.

    Attributes
    ----------
    source : str
        The function in Python.
    inputs : tuple of array
        One for each parameter, in float64.
    """

    def __init__(self, source: str, inputs: tuple[Array, ...]) -> None:
        self.source = source
        self.inputs = inputs
        namespace: dict[str, Any] = {"np": np}
        exec(source, namespace)
        self._function: Callable[..., Any] = namespace["program"]
        # A check names the function and its parameters.
        self.__name__ = "program"
        self.__signature__ = inspect.signature(self._function)

    def __call__(self, *operands: Any) -> Any:
        """Run the program on arrays or on tensors; it changes none of them."""
        return self._function(*operands)

    def __repr__(self) -> str:
        arrays = ", ".join(f"np.array({value.tolist()})" for value in self.inputs)
        return f"import numpy as np\n\n{self.source}\ninputs = [{arrays}]"


def programs(
    inputs: int = 3, max_statements: int = 8, piecewise: bool = False
) -> st.SearchStrategy[Program]:
    """Programs without branches: arithmetic with broadcasting, functions, reductions, indexing.

    Also views, concatenation, products of matrices, and writing in place. They use values again,
    and run on arrays and on tensors alike, with the same result every time.

    Parameters
    ----------
    inputs : int
        How many there are at most; one that makes no difference is left out.
    max_statements : int
        How many are drawn; those that make no difference are left out. Some take a second one,
        which keeps values moderate or makes shapes fit.
    piecewise : bool
        Whether there are functions with kinks, such as `maximum`, `abs`, `where` and `sort`. Then
        an input may lie at one, above all after shrinking. None of the functions jumps.

    Notes
    -----
    Shrinks to few and simple statements, small shapes and simple numbers.

    Examples
    --------
    Do tensors compute what arrays do?

    >>> from hypothesis import find, given
    >>> from minigrad.testing import strategies as st
    >>> @given(st.programs())
    ... def test_tensors_are_like_arrays(program):
    ...     tensors = [mg.tensor(value) for value in program.inputs]
    ...     np.testing.assert_allclose(program(*tensors), program(*program.inputs), rtol=1e-12)
    >>> test_tensors_are_like_arrays()

    The shortest program that writes in place:

    >>> print(find(st.programs(), lambda program: "+=" in program.source).source)
    def program(a, b):
        x1 = np.copy(b)
        x1 += a
        return x1
    <BLANKLINE>
    """
    if not 1 <= inputs <= len(INPUTS):
        raise ValueError(f"programs: inputs must be between 1 and {len(INPUTS)}, got {inputs}")
    if max_statements < 1:
        raise ValueError(f"programs: max_statements is at least 1, got {max_statements}")
    return _programs(inputs, max_statements, piecewise)


@st.composite
def _programs(draw: st.DrawFn, inputs: int, max_statements: int, piecewise: bool) -> Program:
    writer = Writer(draw(broadcastable_arrays(inputs, min_dims=1, max_dims=2)))
    gene = st.integers(0, 255)
    for _ in range(max_statements):
        # A list of varying length would mostly be short.
        if kind := draw(st.integers(0, len(FAMILIES))):
            which, first, second = (draw(gene) for _ in range(3))
            writer.spell(FAMILIES[kind - 1], which, first, second, piecewise=piecewise)
    return writer.program()


class Statement(NamedTuple):
    """One line, which gives its first operand another value or the target a first one."""

    template: str
    target: str
    operands: tuple[str, ...]
    axis: int
    in_place: bool

    def text(self, names: dict[str, str]) -> str:
        """The line, with other names for the values."""
        line = self.template.format(*(names[name] for name in self.operands), axis=self.axis)
        return line if self.in_place else f"{names[self.target]} = {line}"


class Writer:
    """Writes a program and runs it as it goes, to know which statements are valid."""

    def __init__(self, inputs: Sequence[Array]) -> None:
        self.inputs = dict(zip(INPUTS, inputs, strict=False))
        self.values: dict[str, Any] = dict(self.inputs)
        self.statements: list[Statement] = []
        # What may be written to: no input, and nothing that shares memory with another value. On
        # arrays a view would change too, on tensors it would not.
        self.owned: set[str] = set()
        self.unused: set[str] = set(self.inputs)

    def spell(
        self, family: Family, which: int, first: int, second: int, *, piecewise: bool
    ) -> None:
        """Add the statement of a family that three numbers stand for."""
        templates = family.smooth + family.kinked * piecewise
        template = templates[which % len(templates)]
        # Half of the time the latest that nothing uses yet: in the end they would be left out.
        latest = [*self.values][::-1]
        names = sorted(latest, key=lambda name: name not in self.unused)
        first, second = (gene % 128 * (gene > 127) for gene in (first, second))
        x, y = (self.moderate(names[gene % len(names)]) for gene in (first, second + 1))
        if family.in_place and x not in self.owned:
            x = self.add("np.copy({0})", x) or x
        axis = second % max(1, np.ndim(self.values[x]))
        if self.add(template, x, y, axis=axis, family=family):
            return
        # A number fits everywhere.
        if "{1}" in template and (total := self.add("np.sum({0})", y)):
            y = total
        if not self.add(template, x, y, axis=axis, family=family):
            self.add(FAMILIES[0].smooth[which % len(FAMILIES[0].smooth)], x)

    def moderate(self, name: str) -> str:
        """Return the name of the value, or of one made of it that is neither large nor long."""
        if np.size(self.values[name]) > MANY or np.ndim(self.values[name]) > 3:
            name = self.add("np.sum({0})", name) or name
        if np.max(np.abs(self.values[name]), initial=0) > LARGE:
            name = self.add("np.tanh({0})", name) or name
        return name

    def add(
        self, template: str, *operands: str, axis: int = 0, family: Family = FAMILIES[0]
    ) -> str | None:
        """Add a statement and return the name of what has the new value, or None if it fails."""
        operands = operands[: 1 + ("{1}" in template)]
        # NumPy lets a scalar have an axis 0 here and there.
        if "axis=" in template and not np.ndim(self.values[operands[0]]):
            return None
        target = operands[0] if family.in_place else f"v{len(self.values)}"
        statement = Statement(template, target, operands, axis, family.in_place)
        names = {name: name for name in (target, *operands)}
        before: Any = self.values.get(target)
        try:
            exec(statement.text(names), {"np": np}, self.values)
        except (ValueError, IndexError, TypeError):  # shapes do not fit, or a number has no items
            return None
        value = self.values[target]
        if not np.size(value) or (family.in_place and np.shape(value) != np.shape(before)):
            # Nothing is left, or a number has become an array, which a tensor refuses.
            self.values[target] = before
            if before is None:
                del self.values[target]
            return None
        self.statements.append(statement)
        self.unused.difference_update(operands)
        self.unused.add(target)
        if family.is_view:
            self.owned.difference_update(operands)
        else:
            self.owned.add(target)
        return target

    def program(self) -> Program:
        """The program that returns the last value, without all that has no part in it."""
        result = self.statements[-1].target if self.statements else "a"
        needed, kept = {result}, []
        for statement in reversed(self.statements):
            if statement.target in needed:
                kept.append(statement)
                needed.update(statement.operands)
        inputs = {name: value for name, value in self.inputs.items() if name in needed}
        names: dict[str, str] = dict(zip(inputs, INPUTS, strict=False))
        parameters = ", ".join(names.values())
        for statement in reversed(kept):
            names.setdefault(statement.target, f"x{len(names) - len(inputs) + 1}")
        lines = [statement.text(names) for statement in reversed(kept)]
        body = "".join(f"{INDENT}{line}\n" for line in [*lines, f"return {names[result]}"])
        return Program(f"def program({parameters}):\n{body}", tuple(inputs.values()))
