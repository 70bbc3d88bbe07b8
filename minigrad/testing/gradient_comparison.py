"""What a comparison of gradients has found: a row for each, and a table that can be read."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .reports import Diagnosis, Report

COLUMNS = (
    "name",
    "shape",
    "exact",
    "approximate",
    "difference",
    "relative",
    "worst",
    "mine",
    "other",
)


class Compared(NamedTuple):
    """One gradient beside another.

    Attributes
    ----------
    name : str
        What it is called.
    shape : tuple of int
        Of mine.
    exact : bool
        Whether all numbers are the same.
    approximate : bool
        Whether they are within the tolerance, and the shapes are the same.
    difference : float
        The largest.
    relative : float
        The largest of ``|mine - other| / max(1e-8, |mine| + |other|)``.
    worst : tuple of int
        The element with the largest difference relative to its tolerance.
    mine, other : float
        The two numbers there.
    """

    name: str
    shape: tuple[int, ...]
    exact: bool
    approximate: bool
    difference: float
    relative: float
    worst: tuple[int, ...]
    mine: float
    other: float


@dataclass(frozen=True)
class GradientComparison:
    """Gradients beside others. It is true if all agree.

    Attributes
    ----------
    rows : tuple of Compared
        One for each gradient.
    other : str
        What they are compared with: ``"measured"`` or ``"exact"``.
    diagnosis : tuple of Diagnosis
        What may be wrong.
    notes : tuple of str
        What else there is to say.
    report : Report or None
        How the others were measured, element by element.
    """

    rows: tuple[Compared, ...]
    other: str
    diagnosis: tuple[Diagnosis, ...] = ()
    notes: tuple[str, ...] = ()
    report: Report | None = None

    def __bool__(self) -> bool:
        return all(row.approximate for row in self.rows)

    def table(self) -> list[dict[str, Any]]:
        """Return a dict for each gradient, as ``pandas.DataFrame`` takes them."""
        return [row._asdict() for row in self.rows]

    def __str__(self) -> str:
        width = max([4, *(len(row.name) for row in self.rows)])
        lines = []
        for row in self.rows:
            line = (
                f"{row.name:{width}} | exact: {row.exact!s:5} | "
                f"approximate: {row.approximate!s:5} | max difference: {row.difference:.3g}"
            )
            if not row.approximate and np.isfinite(row.difference):
                line += (
                    f" | relative: {row.relative:.3g} | worst at {list(row.worst)}: "
                    f"{row.mine:.6g}, {self.other} {row.other:.6g}"
                )
            lines.append(line)
        return "\n".join([*lines, *self._sentences()])

    def _sentences(self) -> list[str]:
        return [*(f"{known.parameter}: {known}" for known in self.diagnosis), *self.notes]

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{column}</th>" for column in COLUMNS)
        rows = [
            "".join(f"<td>{html.escape(_cell(value))}</td>" for value in row) for row in self.rows
        ]
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        said = "".join(f"<p>{html.escape(s)}</p>" for s in self._sentences())
        return f"<table><tr>{head}</tr>{body}</table>{said}"


def _cell(value: Any) -> str:
    return f"{value:.6g}" if type(value) is float else str(value)
