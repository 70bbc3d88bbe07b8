"""What a check has found: a verdict for every element, and a report that can be read."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from . import rendering

if TYPE_CHECKING:
    from .mistakes.evidence import Evidence

# From the gravest on. All but the last two need to be looked at.
VERDICTS = (
    "stateful",
    "nondeterministic",
    "wrong",
    "detached",
    "not finite",
    "discontinuous",
    "imprecise",
    "kink",
    "ok",
)


@dataclass(frozen=True, slots=True)
class Element:
    """The derivative by one element of one input.

    Attributes
    ----------
    function, parameter : str
        The function, and its input.
    index : tuple of int
        The element of the input.
    verdict : str
        One of `VERDICTS`.
    analytic, numeric : float
        The derivative as backward gives it, and as it was measured; nan where there is none.
    tolerance : float
        How far apart the two may be, mostly the estimated error of the measured one.
    left, right : float
        The slopes to both sides, as measured.
    output : str
        What was differentiated: an element of an output, or the outputs times random numbers.
    order : int
        Of the derivative.
    """

    function: str
    parameter: str
    index: tuple[int, ...]
    verdict: str
    analytic: float
    numeric: float
    tolerance: float
    left: float
    right: float
    output: str
    order: int

    @property
    def margin(self) -> float:
        """How much of the tolerance the difference takes; nan where nothing was compared."""
        if self.verdict == "kink":
            low, high = sorted((self.left, self.right))
            difference = max(low - self.analytic, self.analytic - high, 0.0)
        else:
            difference = abs(self.analytic - self.numeric)
        if self.tolerance > 0:
            return difference / self.tolerance
        return math.inf if difference else difference


@dataclass(frozen=True)
class Diagnosis:
    """The mistake that explains a wrong derivative.

    Attributes
    ----------
    kind : str
        A short name of the mistake.
    text : str
        What it does, in a sentence.
    parameter : str
        The input whose derivative is wrong.
    """

    kind: str
    text: str
    parameter: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class Report:
    """What a check has found. It is true if all is well.

    Attributes
    ----------
    function : str
        The function that was checked.
    elements : tuple of Element
        One for each element of each input and each order that was checked, or for each random
        direction where there are too many elements.
    clues : tuple of Evidence or Diagnosis
        What `diagnosis` is made of.
    notes : tuple of str
        What else there is to say.
    blame : Blame or None
        Which op of the function is wrong, if that was asked for.
    method : str
        How derivatives were measured.
    evaluations : int
        How many times the function was called.
    seed : int
        Of the random numbers.
    strict : bool
        Whether a kink does not pass.
    """

    function: str
    elements: tuple[Element, ...]
    method: str
    evaluations: int
    seed: int
    strict: bool = False
    clues: tuple[Evidence | Diagnosis, ...] = ()
    notes: tuple[str, ...] = ()
    blame: Any = None

    def __bool__(self) -> bool:
        return all(self.passes(element) for element in self.elements)

    @functools.cached_property
    def diagnosis(self) -> tuple[Diagnosis, ...]:
        """What may be wrong, for each input, likeliest first; found when it is first asked for."""
        from .diagnosis import diagnose

        found = [[c] if isinstance(c, Diagnosis) else diagnose(c) for c in self.clues]
        return tuple(itertools.chain(*found))

    def passes(self, element: Element) -> bool:
        """Whether nothing is to be done about an element."""
        return element.verdict == "ok" or (element.verdict == "kink" and not self.strict)

    @property
    def verdict(self) -> str:
        """The gravest verdict of all elements."""
        return min(self.verdicts, key=VERDICTS.index, default="ok")

    @property
    def verdicts(self) -> dict[str, int]:
        """How many elements have each verdict, the gravest first."""
        counts = Counter(element.verdict for element in self.elements)
        return {verdict: counts[verdict] for verdict in VERDICTS if verdict in counts}

    @property
    def worst(self) -> Element | None:
        """The element with the gravest verdict; of several, the one with the largest margin."""
        return max(
            (e for e in self.elements if e.verdict == self.verdict),
            key=lambda e: -1.0 if math.isnan(e.margin) else e.margin,
            default=None,
        )

    @property
    def margin(self) -> float:
        """The largest difference relative to its tolerance, of what could be judged."""
        judged = (e.margin for e in self.elements if e.verdict in ("ok", "kink", "wrong"))
        return max(judged, default=0.0)

    def table(self) -> list[dict[str, Any]]:
        """Return a dict for each element, as ``pandas.DataFrame`` takes them."""
        return [{**asdict(element), "margin": element.margin} for element in self.elements]

    def inputs(self) -> Iterator[tuple[tuple[str, str], Sequence[Element]]]:
        """The elements of each function and input."""
        groups: dict[tuple[str, str], list[Element]] = {}
        for element in self.elements:
            groups.setdefault((element.function, element.parameter), []).append(element)
        return iter(groups.items())

    def __str__(self) -> str:
        return rendering.text(self)

    def __repr__(self) -> str:
        return rendering.one_line(self)

    def _repr_html_(self) -> str:
        return rendering.page(self)


class GradientError(AssertionError):
    """A derivative that does not pass; its text is that of the report.

    Attributes
    ----------
    report : Report
        What was found.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report
