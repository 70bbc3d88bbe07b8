"""One check: what is called and compared, step by step, and what is said of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from .explaining import evidences
from .judging import CONTRACTION, FEW, FLOOR, RTOL, Comparison
from .lines import (
    Columns,
    Lines,
    directions,
    projections,
    random_ways,
    single_elements,
    single_outputs,
)
from .measuring import compare
from .mistakes.evidence import Evidence
from .numerics import KINK
from .points import AROUND, Point, places_of
from .rendering import CONTRACTED, TOGETHER
from .reports import VERDICTS, Diagnosis, Element, Report
from .subjects import ChangedInput, Subject, counted
from .symmetric import on_symmetric_matrices
from .vectors import EPS, HALF, flat, random_like, scale

Array: TypeAlias = np.ndarray[Any, Any]

# Up to so many elements are moved one by one, and beyond along a few random directions.
MANY_INPUTS = 256
DIRECTIONS = 3
# Up to so many outputs are differentiated one by one, and beyond times random numbers.
MANY_OUTPUTS = 256
PROJECTIONS = 2
# Where these tell that something is wrong, one element is located by steps of this size, and some
# more of the same input are looked at.
LOCATING, SAMPLED = 1e-4, 8
# So often a function that seems wrong is called again, to see whether its values stay the same.
RARELY = 10
# At a tie the gradient must be one of those, or between those, of so many points so close by; the
# first of them tell whether there is a tie.
CLOSE_BY, FIRST, CLOSE, BEND = 40, 4, 1e-6, 1e3

HISTORY_LOST = (
    "The gradient is right, but its own derivative is cut off: a closure holds a value without its "
    "history, or the op promises piecewise_linear=True though its closures use values."
)
ANOTHER_PATH = (
    "The rule is run again on tensors for a derivative of the derivative, and there its closures "
    "return another gradient than on arrays."
)


@dataclass(frozen=True)
class Settings:
    """How to check: see `gradcheck`."""

    seed: int = 0
    fast: bool | None = None
    strict: bool = False
    rtol: float = RTOL
    atol: float = 0.0

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"gradcheck: seed is at least 0, got {self.seed}")


# Called with the report of every check, as pytest's plugin wants to see them.
observers: list[Callable[[Report], None]] = []


def check(subject: Subject, order: int = 1, settings: Settings | None = None) -> Report:
    """Check a subject up to an order; each order only if all is well below."""
    return shown(examine(subject, order, settings or Settings()))


def shown(report: Report) -> Report:
    """Show a report to whoever observes, and return it."""
    for observe in tuple(observers):
        observe(report)
    return report


def examine(subject: Subject, order: int, settings: Settings) -> Report:
    """Check a subject as a part of another check: no observer sees the report."""
    calls = [0]
    subject = counted(subject, calls)
    report = _orders(subject, order, settings)
    if report.verdict == "wrong":
        # An op such as `eigh` reads one half of a symmetric matrix, and has the gradient of both.
        symmetric = on_symmetric_matrices(subject)
        if symmetric is not None:
            report = _orders(symmetric, order, settings)
            note = (
                "Symmetric matrices were moved as such: the function reads one half of them, and "
                "backward returns a symmetric gradient"
            )
            report = dataclasses.replace(report, notes=(*report.notes, note))
    return dataclasses.replace(report, evaluations=calls[0])


def _orders(subject: Subject, order: int, settings: Settings) -> Report:
    rng = np.random.default_rng(settings.seed)
    case = _Case(subject, settings, rng)
    report = case.report()
    while report and order > case.order and case.subject.derivative is not None:
        derivative = case.subject.derivative(case.cotangents)
        case = _Case(derivative, settings, rng, below=case)
        report = _joined(report, case.report())
    return report


def _joined(report: Report, higher: Report) -> Report:
    return dataclasses.replace(
        report,
        elements=report.elements + higher.elements,
        clues=report.clues + higher.clues,
        notes=tuple(dict.fromkeys(report.notes + higher.notes)),
    )


class _Case:
    """One order of a check: a function at a point, and what is found out about it."""

    def __init__(
        self,
        subject: Subject,
        settings: Settings,
        rng: np.random.Generator,
        below: _Case | None = None,
        is_close_by: bool = False,
    ) -> None:
        self.subject = subject
        self.settings = settings
        self.rng = rng
        self.below = below
        self.is_close_by = is_close_by  # to a point that is checked
        self.order: int = 1 if below is None else below.order + 1
        self.method = ""
        self.notes: list[str] = []
        self.clues: list[Evidence | Diagnosis] = []

    def report(self) -> Report:
        """Carry out the check of this order."""
        try:
            with np.errstate(all="ignore"):
                self.point = Point(self.subject)
                elements = self._elements()
        except ChangedInput as error:
            self.notes.append(f"{error}; others may hold that array, so compute a new one")
            elements = self._uniform("stateful")
        return Report(
            self.subject.name,
            tuple(elements),
            self.method,
            0,
            self.settings.seed,
            self.settings.strict,
            tuple(self.clues),
            tuple(self.notes),
        )

    def _elements(self) -> list[Element]:
        point = self.point
        # 1. A rule that runs again on tensors may take another path than on arrays.
        if self.below is not None:
            point.digits = np.maximum(point.digits, self.below.noise())
            differing = self._against_arrays(self.below)
            if differing:
                return differing

        # 2. The function must give the same values, and its backward the same gradients.
        if not point.is_reproduced(self.settings.atol) or not point.is_unchanged():
            return self._differing("values")
        self.cotangents = [random_like(output, self.rng) for output in point.outputs]
        self.returned, _ = point.gradients(self.cotangents)
        if not np.array_equal(point.gradients(self.cotangents)[0], self.returned, equal_nan=True):
            return self._differing("gradients")

        # 3. Its derivatives are measured and compared.
        fast = self.settings.fast
        fast = point.vector.size > MANY_INPUTS if fast is None else fast
        point.look_around(self.rng, all_at_once=fast)
        if self.below is not None:
            point.digits = np.maximum(point.digits, self.below.noise())
        elements = self._by_directions() if fast else self._by_elements()
        if any(element.verdict not in ("ok", "kink") for element in elements):
            # Rarely different values look like noise or jumps.
            if not all(point.is_unchanged() for _ in range(RARELY)):
                return self._differing("values")
            return elements

        # 4. So are the gradients in the precision that the inputs came in.
        return elements + self._of_few_digits()

    def noise(self) -> Array:
        """How far off its gradients may be by rounding, also where they cancel to 0."""
        point, weights = self.point, np.abs(flat(self.cotangents))
        reach = {owner: float(weights @ reach) for owner, reach in point.reach.items()}
        around = np.array([reach[int(owner)] for owner in point.owners]) / AROUND
        size = float(weights @ point.digits) + EPS * around
        return np.asarray(size / scale(point.vector))

    # Comparing

    def _by_elements(self) -> list[Element]:
        inputs, outputs = self.point.vector.size, self.point.middle.size
        if outputs <= MANY_OUTPUTS:
            columns = single_outputs(self.point, self.cotangents)
            self.method = f"full Jacobian of {outputs} outputs by {inputs} inputs"
        else:
            columns = self._projections()
            self.method = f"each of {inputs} inputs, {outputs} outputs times random numbers"
        gradients = [self.point.gradients(cotangents) for cotangents in columns.cotangents]
        lines = single_elements(self.point, np.arange(inputs))
        comparison = self._compare(lines, columns, gradients)
        if comparison.confirmed:
            self.method += "; complex steps where differences are imprecise"
        found = self._judged(lines, columns, comparison)
        if any(e.verdict == "wrong" for e in found) and self._is_tie():
            return [_as_kink(e) if e.verdict == "wrong" else e for e in found]
        self._explain(found, lines, columns, comparison)
        return found + self._kinks_together(found, columns, gradients)

    def _kinks_together(
        self, found: list[Element], columns: Columns, gradients: list[tuple[Array, Array]]
    ) -> list[Element]:
        """The derivatives along the kinked elements moved all at once, where these are wrong.

        Where two elements tie for a maximum, each has a kink of its own; but both together move it,
        and the sum of their gradients must be 1.
        """
        kinked = np.array([element.verdict == "kink" for element in found], dtype=bool)
        kinked |= self._tied()
        if kinked.sum() < 2 or any(e.verdict not in ("ok", "kink") for e in found):
            return []
        groups = [kinked, *(kinked & (self.point.owners == one) for one in self.point.reach)]
        ways = np.array([group for group in groups if group.sum() > 1], dtype=np.float64)
        lines = directions(self.point, ways, TOGETHER)
        together = self._judged(lines, columns, self._compare(lines, columns, gradients))
        wrong = [element for element in together if element.verdict in ("wrong", "detached")][:1]
        if wrong:
            self.notes.append(
                "Each of some elements may be at a kink, but moved together they are at none, and "
                "there the sum of their gradients is wrong: at a tie the shares of all must add up"
            )
        return wrong

    def _tied(self) -> Array:
        """Which elements have the value of another one."""
        _, places, counts = np.unique(self.point.vector, return_inverse=True, return_counts=True)
        return np.asarray(counts[places] > 1)

    def _by_directions(self) -> list[Element]:
        inputs = self.point.vector.size
        self.method = f"{DIRECTIONS} random directions of {inputs} inputs"
        columns = self._projections()
        gradients = [self.point.gradients(cotangents) for cotangents in columns.cotangents]
        ways = random_ways(self.point, DIRECTIONS, self.rng)
        tied = self._tied()
        if tied.any():
            # Where many elements tie, only all of them together have no kink.
            ways[-1] = np.where(tied, np.abs(ways[-1]).max(), 0.0)
        lines = directions(self.point, ways)
        comparison = self._compare(lines, columns, gradients)
        found = self._judged(lines, columns, comparison)
        wrong = [element.verdict in ("wrong", "detached") for element in found]
        if not any(wrong):
            return found
        margin = np.where(np.array(wrong)[:, None], np.nan_to_num(comparison.margin()), -1.0)
        line, column = np.unravel_index(int(np.argmax(margin)), margin.shape)
        measured = comparison.measured
        place = self._located(ways[line], columns, int(column), gradients[column][0])
        # Some more elements of the same input tell how it is wrong.
        same = np.flatnonzero(self.point.owners == self.point.owners[place])
        others = self.rng.choice(same, min(len(same), SAMPLED), replace=False)
        lines = single_elements(self.point, np.unique([place, *others]))
        comparison = self._compare(lines, columns, gradients)
        located = self._judged(lines, columns, comparison)
        self._explain(located, lines, columns, comparison)
        # Where many kinks meet, no element need be wrong for a direction to seem so.
        kinked = np.any(measured.found == KINK, axis=1)
        is_located = any(element.verdict in ("wrong", "detached") for element in located)
        kept = [
            element
            for element, is_wrong, is_kinked in zip(found, wrong, kinked, strict=True)
            if not is_wrong or not (is_located or is_kinked)
        ]
        return kept + located

    def _located(self, way: Array, columns: Columns, column: int, gradient: Array) -> int:
        """Halve what is moved again and again, keeping the half that differs more."""

        def excess(places: Array) -> float:
            moved = np.zeros_like(way)
            moved[places] = LOCATING * way[places]
            up, down = (
                float(columns.of(self.point.evaluate(vector))[column])
                for vector in (self.point.vector + moved, self.point.vector - moved)
            )
            return float(gradient @ moved) / LOCATING - (up - down) / (2 * LOCATING)

        places = np.arange(way.size)
        total = excess(places)
        while places.size > 1:
            half, rest = places[: places.size // 2], places[places.size // 2 :]
            of_half = excess(half)
            of_rest = total - of_half
            places, total = (half, of_half) if abs(of_half) >= abs(of_rest) else (rest, of_rest)
        return int(places[0])

    def _projections(self) -> Columns:
        more = [
            [random_like(output, self.rng) for output in self.point.outputs]
            for _ in range(PROJECTIONS - 1)
        ]
        return projections([self.cotangents, *more])

    def _compare(
        self, lines: Lines, columns: Columns, gradients: list[tuple[Array, Array]]
    ) -> Comparison:
        rtol, atol = self.settings.rtol, self.settings.atol
        return compare(self.point, lines, columns, gradients, self.returned, rtol, atol)

    def _is_tie(self) -> bool:
        """Whether gradients close by differ, are right, and this one lies between them.

        Of three equal numbers none can be moved so that the second largest changes, and yet it is
        one of them: some kinks do not show when elements are moved one by one.
        """
        if self.is_close_by:
            return False
        close, around = [], []
        for way in CLOSE * random_ways(self.point, CLOSE_BY, self.rng):
            values = self.point.arrays(self.point.vector + way)
            close.append(dataclasses.replace(self.subject, values=values, dtypes=()))
            around.append(Point(close[-1]).gradients(self.cotangents)[0])
            low, high = np.min(around, axis=0), np.max(around, axis=0)
            # Where the function bends, gradients differ by about as much as the points.
            largest = np.max(np.abs(around), axis=0)
            slack = CLOSE * (BEND * largest + largest.max(initial=0.0))
            if len(around) == FIRST and np.all(high - low <= slack):
                return False
        if not np.all((low - slack <= self.returned) & (self.returned <= high + slack)):
            return False
        strict = dataclasses.replace(self.settings, strict=True)
        return bool(_Case(close[0], strict, self.rng, is_close_by=True).report())

    # What is said

    def _judged(self, lines: Lines, columns: Columns, comparison: Comparison) -> list[Element]:
        found, worst = comparison.judge()
        low, high, tolerance = comparison.contraction()
        elements = []
        for line, (code, column) in enumerate(zip(found, worst, strict=True)):
            if column == CONTRACTION:
                ends = low[line], high[line]
                numbers = comparison.returned[line], sum(ends) / 2, tolerance[line], *ends
            else:
                measured = comparison.measured
                numbers = (
                    comparison.analytic[line, column],
                    measured.slope[line, column],
                    comparison.tolerance[line, column],
                    measured.left[line, column],
                    measured.right[line, column],
                )
            output = CONTRACTED if column == CONTRACTION else columns.labels[column]
            elements.append(
                _element(
                    self.subject.name,
                    lines.names[line],
                    VERDICTS[code],
                    numbers,
                    output,
                    self.order,
                )
            )
        return elements

    def _differing(self, what: str) -> list[Element]:
        self.notes.append(
            f"{self.subject.name} gave different {what} for the same input; draw its random "
            "numbers outside, or from a generator that it makes anew with a fixed seed"
        )
        return self._uniform("nondeterministic")

    def _uniform(self, verdict: str) -> list[Element]:
        """One verdict for all elements."""
        return [
            _element(self.subject.name, place, verdict, [np.nan] * 5, "", self.order)
            for place in places_of(self.subject)
        ]

    def _explain(
        self, found: list[Element], lines: Lines, columns: Columns, comparison: Comparison
    ) -> None:
        """Find the mistakes that explain the elements that are wrong."""
        wrong = np.array([element.verdict == "wrong" for element in found], dtype=bool)
        if self.below is not None:
            cut = [
                e.verdict == "detached" or (w and not e.analytic)
                for e, w in zip(found, wrong, strict=True)
            ]
            if any(cut):
                self.clues.append(
                    Diagnosis("history lost", HISTORY_LOST, found[cut.index(True)].parameter)
                )
                return
        self.clues += evidences(self.point, self.cotangents, lines, columns, comparison, wrong)

    def _against_arrays(self, below: _Case) -> list[Element]:
        """The elements whose gradient is another one when it shall be differentiated again."""
        sizes = np.abs(below.returned)
        weights = np.abs(flat(below.cotangents))
        reach = np.array([weights @ below.point.reach[int(owner)] for owner in below.point.owners])
        around = reach / (AROUND * below.point.sizes)
        largest = np.maximum(sizes.max(initial=0.0), around)
        tolerance = self.settings.atol + HALF * sizes + FLOOR * largest + FEW * below.noise()
        name = f"{below.subject.name} with create_graph=True"
        differing = self._told_apart(name, below, flat(self.point.outputs), tolerance, "wrong")
        if differing:
            self.clues.append(Diagnosis("another path", ANOTHER_PATH, differing[0].parameter))
        return differing

    def _of_few_digits(self) -> list[Element]:
        """The elements whose gradient in few digits is far from that in float64."""
        dtypes = self.subject.dtypes
        if all(dtype.itemsize >= 8 for dtype in dtypes):
            return []
        values = [v.astype(d) for v, d in zip(self.subject.values, dtypes, strict=True)]
        outputs, pull = self.subject.linearize(values)
        given = [c.astype(o.dtype) for c, o in zip(self.cotangents, outputs, strict=True)]
        found = [
            np.zeros_like(v) if g is None else g
            for g, v in zip(pull(given), self.subject.values, strict=True)
        ]
        fewest = max(dtypes, key=lambda dtype: float(np.finfo(dtype).eps))
        half = float(np.sqrt(np.finfo(fewest).eps))
        expected = self.point.arrays(self.returned)
        largest = [np.full(g.size, np.max(np.abs(g), initial=0.0)) for g in expected]
        tolerance = half * np.concatenate(largest)
        self.method += f"; in {fewest} against float64"
        name = f"{self.subject.name} in {fewest}"
        return self._told_apart(name, self, flat(found), tolerance, "imprecise")

    def _told_apart(
        self, name: str, right: _Case, gradient: Array, tolerance: Array, verdict: str
    ) -> list[Element]:
        """The elements of a gradient that is not the one that was checked."""
        expected = right.returned
        differs = ~(np.abs(gradient - expected) <= tolerance) & np.isfinite(expected)
        return [
            _element(
                name,
                right.point.places[line],
                verdict if np.isfinite(gradient[line]) else "not finite",
                [gradient[line], expected[line], tolerance[line], expected[line], expected[line]],
                CONTRACTED,
                right.order,
            )
            for line in np.flatnonzero(differs)
        ]


def _as_kink(element: Element) -> Element:
    """An element whose gradient is right close by, though not by its own slopes."""
    low, high = sorted((element.left, element.right))
    low, high = min(low, element.analytic), max(high, element.analytic)
    return dataclasses.replace(element, verdict="kink", left=low, right=high)


def _element(
    function: str,
    place: tuple[str, tuple[int, ...]],
    verdict: str,
    numbers: Sequence[float],
    output: str,
    order: int,
) -> Element:
    analytic, numeric, tolerance, left, right = map(float, numbers)
    return Element(
        function, *place, verdict, analytic, numeric, tolerance, left, right, output, order
    )
