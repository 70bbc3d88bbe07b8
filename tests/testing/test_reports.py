"""How reports read: in a terminal, in a notebook, as a table."""

import math
from html.parser import HTMLParser

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import GradientError
from minigrad.testing.reports import VERDICTS, Diagnosis, Element, Report

NAN = math.nan


def element(verdict="ok", parameter="x", index=(0,), **changes):
    values = {
        "function": "f",
        "order": 1,
        "analytic": 2.0,
        "numeric": 1.0 if verdict == "wrong" else 2.0,
        "tolerance": 1e-6,
        "left": 2.0,
        "right": 2.0,
        "output": "output",
    }
    if verdict in ("stateful", "nondeterministic"):
        values |= dict.fromkeys(("analytic", "numeric", "tolerance", "left", "right"), NAN)
    return Element(parameter=parameter, index=index, verdict=verdict, **(values | changes))


def report(*elements, **changes):
    values = {"method": "a method", "evaluations": 7, "seed": 3}
    return Report("f", elements, **(values | changes))


# In a terminal


def test_what_is_well_takes_a_line():
    found = mg.gradcheck(mg.tanh, [0.5, -1.0], order=2)
    first, *others = str(found).splitlines()
    assert first.startswith("tanh: ok · 2 elements of x · orders 1 and 2 · ")
    assert len(others) <= 1
    assert "worst margin" in str(found)
    assert repr(found) == "<Report of tanh: ok>"


def test_a_kink_that_passes_is_told():
    found = mg.gradcheck(mg.relu, [0.0, 1.0])
    assert str(found).startswith("relu: ok · 1 at a kink, what is returned lies between")
    assert repr(found) == "<Report of relu: ok>"


def test_a_failure_has_a_headline_its_inputs_and_the_worst_elements():
    found = report(
        element("wrong", index=(0, 1), analytic=3.0, numeric=1.5, output="output[0, 1]"),
        element(),
        *(element(parameter="y", index=(i,)) for i in range(3)),
        clues=(Diagnosis("factor", "it is twice what it should be", "x"),),
        notes=("a note",),
    )
    assert str(found).splitlines() == [
        "f: wrong · first derivative · 1 of 5 elements",
        "  x:  1 wrong, 1 ok",
        "  y:  3 ok",
        "",
        "  derivative of  by       analytic  numeric  tolerance  ratio",
        "  output[0, 1]   x[0, 1]         3      1.5      1e-06      2",
        "",
        "  x: it is twice what it should be",
        "  a note",
        "  Checked · 2 elements of x and 3 of y · order 1 · a method · 7 evaluations · seed 3",
    ]
    assert repr(found) == "<Report of f: wrong>"


def test_the_text_of_an_error_is_that_of_the_report():
    found = report(element("wrong"))
    assert str(GradientError(found)) == str(found)


@pytest.mark.parametrize("verdict", VERDICTS[:-1])
def test_every_verdict_that_does_not_pass_reads_well(verdict):
    found = report(element(verdict), element(), strict=True, notes=("It says why.",))
    assert not found
    lines = str(found).splitlines()
    assert lines[0] == f"f: {verdict} · first derivative · 1 of 2 elements"
    assert lines[1] == f"  x:  1 {verdict}, 1 ok"
    assert "nan" not in str(found)
    assert "{" not in str(found)
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("verdict", ["stateful", "nondeterministic"])
def test_where_nothing_was_compared_there_is_no_table_of_numbers(verdict):
    found = report(*(element(verdict, index=(i,)) for i in range(20)))
    assert "derivative of" not in str(found) + found._repr_html_()


def test_what_backward_returned_is_shown_even_if_it_is_no_number():
    found = report(element("not finite", analytic=NAN), element("not finite", analytic=math.inf))
    assert "nan" in str(found)
    assert "inf" in str(found)


def test_both_slopes_of_a_kink_are_shown():
    found = report(element("wrong", left=0.0, right=1.0, numeric=0.5))
    assert "left slope  right slope" in str(found)
    assert "0.5" not in str(found)  # neither of the slopes


def test_numbers_stand_below_each_other_by_their_points():
    numbers = [12345.5, -0.25, 7.0, 1.5e-20]
    found = report(*(element("wrong", analytic=a, index=(i,)) for i, a in enumerate(numbers)))
    lines = str(found).splitlines()
    rows = [line for line in lines if "output" in line and "x[" in line]
    assert len({row.index(".") for row in rows if "7" not in row}) == 1


def test_the_worst_come_first_and_the_others_are_counted():
    found = report(*(element("wrong", numeric=2.0 - i, index=(i,)) for i in range(1, 21)))
    rows = [line for line in str(found).splitlines() if "x[" in line]
    assert [row.split()[1] for row in rows] == [f"x[{i}]" for i in range(20, 15, -1)]
    assert "… and 15 more, all in report.table()" in str(found)


def test_many_inputs_with_long_names_and_indices_stay_in_their_lines():
    found = report(
        *(
            element(
                "wrong" if i < 20 else "ok",
                parameter=f"params['encoder.layers.{i}.attention.projection.output.weight']['left']",
                index=(100, 200, 300),
                output=f"output {i}[100, 200, 300, 400, 500, 600, 700]",
                left=-1.23456789e-12,
                right=1.23456789e12,
            )
            for i in range(40)
        )
    )
    lines = str(found).splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) < 35
    assert "28 other inputs" in str(found)


def test_a_second_derivative_says_what_its_outputs_are():
    second = element("detached", function="gradient of f", order=2)
    found = report(element(), second)
    assert str(found).startswith("f: detached · second derivative · 1 of 1 element\n")
    assert "those of the gradient of f" in str(found)
    assert "piecewise_linear=True" in str(found)


def test_random_directions_are_told_as_such():
    x = np.linspace(1, 2, 400).reshape(20, 20)
    x[3, 4] = 0.0
    found = mg.gradcheck(mg.relu, x, strict=True)
    assert "3 of 3 directions" in str(found)
    assert "direction 2" in str(found)
    assert "a random direction[" not in str(found)


def test_without_elements_it_says_so():
    assert "the inputs have no elements" in str(mg.gradcheck(mg.exp, np.zeros((0, 2))))


# In a notebook


class Tags(HTMLParser):
    """Checks that tags are closed in order, and keeps what is between them."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("verdict", VERDICTS)
def test_in_a_notebook_it_is_a_small_page_of_its_own(verdict):
    found = report(element(verdict), notes=("if a < b & c",))
    tags = Tags()
    tags.feed(found._repr_html_())
    tags.close()
    assert tags.open == []
    assert {"script", "link", "img"}.isdisjoint(tags.seen)
    assert "http" not in found._repr_html_()
    assert "if a < b & c" in tags.text


def test_names_are_escaped_in_a_notebook():
    bad = element("wrong", parameter="<script>x</script>", output="<b>")
    tags = Tags()
    tags.feed(Report("<lambda>", (bad,), "<i>", 1, 0)._repr_html_())
    assert {"script", "lambda", "i"}.isdisjoint(tags.seen)
    assert tags.text.startswith("<lambda>")


# As a table


def test_the_table_has_a_row_for_each_element():
    found = mg.gradcheck(mg.multiply, [1.0, 2.0], [3.0, 4.0])
    table = found.table()
    assert [(row["parameter"], row["index"]) for row in table] == [
        ("x", (0,)),
        ("x", (1,)),
        ("y", (0,)),
        ("y", (1,)),
    ]
    assert all(row.keys() == table[0].keys() for row in table)
    assert all(row["verdict"] == "ok" and row["margin"] <= 1 for row in table)
