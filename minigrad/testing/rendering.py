"""How a report reads: in a terminal, in a notebook, and for a machine."""

from __future__ import annotations

import dataclasses
import html
import math
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .reports import Element, Report

WIDTH = 100
# So many of the worst elements are shown, and so many of the inputs.
WORST = 5
INPUTS = 12
# In the place of an input: all of them were moved at once.
DIRECTION = "a random direction"
TOGETHER = "the kinks together"
# In the place of an output, and too long for a table.
CONTRACTED = "the outputs times random numbers"

ORDINALS = ("no", "first", "second", "third", "fourth")
# What helps; {names} are the inputs that it happened to.
HELP = {
    "detached": (
        "The result changes with {names}, but no path of the graph leads there: look for .numpy(), "
        ".item(), float(), np.array(t), mg.tensor(t) or .detach() on the way."
    ),
    "not finite": (
        "By {names} a derivative is not finite, or a value a small step away is not: at a pole, or "
        "at the end of the domain. Check at another point, or keep the input away from there."
    ),
    "discontinuous": (
        "The values jump here, so there is no derivative by {names}: check at a point away from "
        "comparisons, rounding and indices that depend on the values."
    ),
    "imprecise": (
        "The values have too few digits to tell the derivative by {names}: take out large "
        "constants, let the function compute in float64, or check at inputs of another size."
    ),
    "kink": (
        "Two slopes meet here, and strict=True takes none: check away from the kink, or leave out "
        "strict, and any slope between the two passes."
    ),
}
DETACHED_BACKWARD = (
    "The gradient changes with {names}, but no path of its graph leads there: look for an op that "
    "promises piecewise_linear=True though its closures use values, and for closures that compute "
    "with plain arrays."
)
UNEXPLAINED = (
    "No known mistake explains it: compare the closure for {names} with the formula of the "
    "derivative."
)
OUTSIDE_A_KINK = "At a kink a slope between those to the left and to the right would pass."


def text(report: Report) -> str:
    """Return a report as it reads in a terminal."""
    name, verdict, details = _headline(report)
    head = _flowing(f"{name}: {verdict}", details if not report else details + _facts(report))
    if report:
        return "\n".join([head, *map(_paragraph, report.notes)])
    inputs = aligned(["", ""], [[f"{name}:", counts] for name, counts in _inputs(report)])
    sections = [head, *inputs]
    header, rows, more = _evidence(report)
    if rows:
        sections += ["", *aligned(header, rows)]
    if more:
        sections.append(f"  {more}")
    sections += ["", *map(_paragraph, _remarks(report)), _flowing("  Checked", _facts(report))]
    if report.blame is not None:
        sections += ["", textwrap.indent(str(report.blame), "  ")]
    return "\n".join(sections)


def one_line(report: Report) -> str:
    """Return a report as it reads in a list."""
    name, verdict, _ = _headline(report)
    return f"<Report of {name}: {verdict}>"


def page(report: Report) -> str:
    """Return a report as it reads in a notebook: HTML that needs nothing from elsewhere."""
    name, verdict, details = _headline(report)
    parts = [
        f"<p><code><b>{html.escape(name)}</b></code> {_badge(verdict)} {_dotted(details)}</p>",
    ]
    if not report:
        header, rows, more = _evidence(report)
        parts += [
            _html_table(["input", "verdicts"], _inputs(report)),
            _html_table(header, rows) if rows else "",
            f"<p>{html.escape(more)}</p>" if more else "",
        ]
    remarks = report.notes if report else _remarks(report)
    parts += [f"<p>{html.escape(remark)}</p>" for remark in remarks]
    if report.blame is not None:
        parts.append(f"<pre>{html.escape(str(report.blame))}</pre>")
    parts.append(f'<p style="opacity:.7;font-size:90%">{_dotted(_facts(report))}</p>')
    return f'<div style="max-width:60em">{"".join(parts)}</div>'


def plain(value: Any) -> Any:
    """Return a report, or a part of one, as what JSON has: nan is null, infinities are texts."""
    if hasattr(value, "table"):
        summary = {"ok": bool(value), "verdict": value.verdict, "margin": value.margin}
        fields = {name: field for name, field in _fields(value).items() if name != "clues"}
        found = {"diagnosis": value.diagnosis, "elements": value.table()}
        return plain({**summary, **fields, **found})
    if dataclasses.is_dataclass(value):
        return plain(_fields(value))
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


# What there is to say


def _headline(report: Report) -> tuple[str, str, list[str]]:
    """The function, the verdict, and how many elements it is about."""
    if report:
        kinks = report.verdicts.get("kink", 0)
        between = "what is returned lies between both slopes"
        return report.function, "ok", [f"{kinks} at a kink, {between}"] if kinks else []
    shown = _shown(report)
    failing = sum(not report.passes(element) for element in shown)
    order = shown[0].order
    ordinal = ORDINALS[order] if order < len(ORDINALS) else f"{order}th"
    noun = "direction" if shown[0].parameter == DIRECTION else "element"
    return (
        report.function,
        report.verdict,
        [f"{ordinal} derivative", f"{failing} of {counted(len(shown), noun)}"],
    )


def _facts(report: Report) -> list[str]:
    """What was checked, and how."""
    orders = sorted({element.order for element in report.elements})
    calls = counted(report.evaluations, "evaluation")
    facts = [_what(report), _orders(orders), report.method, calls]
    if report and orders:
        facts.append(f"worst margin {report.margin:.2g}")
    elif not report:
        facts.append(f"seed {report.seed}")
    return [fact for fact in facts if fact]


def _orders(orders: Sequence[int]) -> str:
    if not orders:
        return ""
    return f"order{'s' * (len(orders) > 1)} {_listed(map(str, orders))}"


def _what(report: Report) -> str:
    """Which elements of which inputs were moved."""
    # Second derivatives are those of the gradient, which has more inputs than the function.
    lowest = min((element.order for element in report.elements), default=0)
    sizes = Counter(element.parameter for element in report.elements if element.order == lowest)
    if not sizes:
        return "the inputs have no elements"
    if DIRECTION in sizes:  # the method says so
        return ""
    if len(sizes) > 3:
        return f"{counted(sizes.total(), 'element')} of {len(sizes)} inputs"
    (first, count), *others = sizes.items()
    rest = [f"{number} of {name}" for name, number in others]
    return _listed([f"{counted(count, 'element')} of {first}", *rest])


def _shown(report: Report) -> list[Element]:
    """The elements of the order that does not pass."""
    order = next(e.order for e in report.elements if not report.passes(e))
    return [element for element in report.elements if element.order == order]


def _inputs(report: Report) -> list[list[str]]:
    """A row for each input: its name, and how many of its elements have which verdict."""
    order = _shown(report)[0].order
    of_order = (
        (name, [element for element in found if element.order == order])
        for (_, name), found in report.inputs()
    )
    groups = {name: found for name, found in of_order if found}
    failing = [p for p, found in groups.items() if not all(map(report.passes, found))]
    chosen = list(groups) if len(groups) <= INPUTS else failing[:INPUTS]
    rows = [[name, _tally(report, groups[name])] for name in chosen]
    rest = [element for name, found in groups.items() if name not in chosen for element in found]
    if rest:
        rows.append([f"{len(groups) - len(chosen)} other inputs", _tally(report, rest)])
    return rows


def _tally(report: Report, elements: Iterable[Element]) -> str:
    counts = Counter(element.verdict for element in elements)
    return ", ".join(f"{counts[v]} {v}" for v in report.verdicts if v in counts)


def _evidence(report: Report) -> tuple[list[str], list[list[str]], str]:
    """A table of the worst elements: its header, its rows, and how many more there are."""
    gravity = list(report.verdicts)
    failing = sorted(
        (element for element in _shown(report) if not report.passes(element)),
        key=lambda e: (gravity.index(e.verdict), -_unless_nan(e.margin)),
    )
    # Where nothing was compared, there are no numbers to show.
    worst = [e for e in failing if not (math.isnan(e.analytic) and math.isnan(e.numeric))][:WORST]
    kinds: dict[str, Callable[[Element], str]] = {
        "derivative of": lambda e: e.output.replace(CONTRACTED, "outputs × random"),
        "by": _place,
        "verdict": lambda e: e.verdict,
        "analytic": lambda e: f"{e.analytic:.6g}",
        "numeric": lambda e: _number(e.numeric if _has_one_slope(e) else math.nan),
        "left slope": lambda e: _number(e.left if _is_kinked(e) else math.nan),
        "right slope": lambda e: _number(e.right if _is_kinked(e) else math.nan),
        "tolerance": lambda e: _number(e.tolerance, 2),
        "ratio": _ratio,
    }
    columns = {name: [kind(element) for element in worst] for name, kind in kinds.items()}
    if len(set(columns["verdict"])) == 1:  # the headline says it
        del columns["verdict"]
    columns = {n: column for n, column in columns.items() if any(cell != "–" for cell in column)}
    more = len(failing) - len(worst)
    return (
        list(columns),
        [list(row) for row in zip(*columns.values(), strict=True)],
        f"… and {more} more, all in report.table()" if worst and more else "",
    )


def _remarks(report: Report) -> list[str]:
    """What explains it, and what helps."""
    remarks = []
    higher = _shown(report)[0].order > 1
    if higher:
        function = _shown(report)[0].function
        remarks.append(f"The outputs here are those of the {function}: one for each input.")
    for diagnosis in report.diagnosis:
        by = diagnosis.parameter
        said = str(diagnosis)
        remarks.append(f"{by}: {said}" if by and by not in said else said)
    failing = [element for element in _shown(report) if not report.passes(element)]
    for verdict in dict.fromkeys(element.verdict for element in failing):
        names = _names([e.parameter for e in failing if e.verdict == verdict])
        if verdict == "wrong" and not report.diagnosis:
            remarks.append(UNEXPLAINED.format(names=names))
        elif verdict == "detached" and higher:
            remarks.append(DETACHED_BACKWARD.format(names=names))
        else:
            remarks.append(HELP.get(verdict, "").format(names=names))
    if any(element.verdict == "wrong" and _is_kinked(element) for element in failing):
        remarks.append(OUTSIDE_A_KINK)
    return [remark for remark in [*remarks, *report.notes] if remark]


# An element


def _place(element: Element) -> str:
    """The element of the input, as it is written in Python."""
    index = ", ".join(map(str, element.index))
    if element.parameter == DIRECTION:
        return f"direction {index}"
    return f"{element.parameter}[{index}]" if index else element.parameter


def _is_kinked(element: Element) -> bool:
    """Whether two slopes meet here, far beyond what they may be off."""
    apart = abs(element.left - element.right)
    least = max(0.01 * abs(element.left), 0.01 * abs(element.right), element.tolerance)
    return element.verdict == "kink" or (element.verdict == "wrong" and apart > least)


def _has_one_slope(element: Element) -> bool:
    return element.verdict != "discontinuous" and not _is_kinked(element)


def _ratio(element: Element) -> str:
    if element.verdict != "wrong" or _is_kinked(element) or not element.numeric:
        return "–"
    return _number(element.analytic / element.numeric, 4)


def _number(value: float, digits: int = 6) -> str:
    return f"{value:.{digits}g}" if math.isfinite(value) else "–"


def _unless_nan(value: float) -> float:
    return -1.0 if math.isnan(value) else value


# Words


def counted(count: int, noun: str) -> str:
    """Return a number of things in words."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _names(names: Iterable[str]) -> str:
    """The different names, but not very many."""
    different = ["the inputs" if n == DIRECTION else n for n in dict.fromkeys(names)]
    if len(different) > 4:
        different = [*different[:3], f"{len(different) - 3} others"]
    return _listed(different)


# Text


class _Column(NamedTuple):
    cells: list[str]
    is_text: bool


def _flowing(start: str, parts: Sequence[str]) -> str:
    """Parts with dots between them, in lines that break at the dots as far as it goes."""
    lines = [start]
    for part in parts:
        if len(lines[-1]) + 3 + len(part) <= WIDTH:
            lines[-1] += f" · {part}"
        else:
            lines += textwrap.wrap(part, WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def _paragraph(sentence: str) -> str:
    lines = sentence.splitlines()
    return "\n".join(
        textwrap.fill(line, WIDTH, initial_indent="  ", subsequent_indent="    ") for line in lines
    )


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table: numbers stand in line by their points, long words are cut."""
    columns = [_column(name, list(cells)) for name, *cells in zip(header, *rows, strict=True)]
    widths = [max(map(len, column.cells)) for column in columns]
    # What is left of a line after the numbers is for the words, the longest give way.
    while sum(widths) + 2 * len(widths) > WIDTH:
        longest = max(
            (i for i, column in enumerate(columns) if column.is_text), key=lambda i: widths[i]
        )
        if widths[longest] <= 8:
            break
        widths[longest] -= 1
    lines = zip(*(column.cells for column in columns), strict=True)
    return [
        "".join(f"  {_cut(c, w):<{w}}" for c, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
        if any(line)
    ]


def _column(name: str, cells: list[str]) -> _Column:
    """A column, with its cells as long as they must be for the points to stand in line."""
    if not all(_is_number(cell) for cell in cells):
        return _Column([name, *cells], True)
    whole = max(_before_point(cell) for cell in cells)
    aligned = [" " * (whole - _before_point(cell)) + cell for cell in cells]
    width = max(map(len, aligned))
    aligned = [f"{cell:<{width}}" for cell in aligned]
    width = max(width, len(name))
    return _Column([f"{cell:>{width}}" for cell in [name, *aligned]], False)


def _is_number(cell: str) -> bool:
    return cell == "–" or (cell[-1:].isdigit() and not cell[0].isalpha()) or cell in _NOT_FINITE


_NOT_FINITE = ("nan", "inf", "-inf")


def _before_point(cell: str) -> int:
    """How many characters stand before the decimal point, or before where it would be."""
    return min(place for mark in ".e" if (place := f"{cell}{mark}".find(mark)) >= 0)


def _cut(cell: str, width: int) -> str:
    """A cell without its middle if it is too long."""
    if len(cell) <= width:
        return cell
    start = (width - 1) // 2
    return f"{cell[:start]}…{cell[len(cell) - (width - 1 - start) :]}"


# HTML: colours that can be told from white and from black, with their words in white


def _badge(verdict: str) -> str:
    colour = {"ok": "#1a7f37", "kink": "#9a6700", "imprecise": "#9a6700"}.get(verdict, "#c62828")
    style = f"background:{colour};color:#fff;border-radius:.6em;padding:.1em .6em"
    return f'<span style="{style}">{html.escape(verdict)}</span>'


def _dotted(parts: Iterable[str]) -> str:
    return html.escape(" · ".join(parts))


def _html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    line = "border-bottom:1px solid rgba(128,128,128,.4);padding:.2em .8em;white-space:nowrap"
    columns = [_column(name, list(cells)) for name, *cells in zip(header, *rows, strict=True)]

    def cell(tag: str, column: _Column, content: str) -> str:
        # Numbers are padded to stand in line, which takes letters of one width.
        number = ";text-align:right;font-family:monospace;white-space:pre"
        style = line + (";text-align:left" if column.is_text else number)
        return f'<{tag} style="{style}">{html.escape(content)}</{tag}>'

    body = "".join(
        "<tr>"
        + "".join(cell("td" if i else "th", column, column.cells[i]) for column in columns)
        + "</tr>"
        for i in range(len(rows) + 1)
    )
    # Without a document type a browser gives tables colours and sizes of their own.
    style = "border-collapse:collapse;margin:.5em 0;color:inherit;font-size:inherit"
    return f'<table style="{style}">{body}</table>'
