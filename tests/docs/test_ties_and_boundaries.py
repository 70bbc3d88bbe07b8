"""The rows of the tables in docs/ties-and-boundaries.md are the test cases."""

import re
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg

page = Path(__file__).parents[2] / "docs" / "ties-and-boundaries.md"
names = {"mg": mg, "np": np, "inf": np.inf, "nan": np.nan}

rows = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in page.read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
]


def evaluated(cell, **more):
    return eval(re.fullmatch("`(.+)`", cell)[1], names | more)


def test_every_line_of_every_table_is_a_row():
    text = page.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    headers = [line for line in lines if line.startswith("| Expression | `x` | Value |")]
    assert len(lines) == len(rows) + 2 * len(headers)
    assert {len(row) for row in rows} == {4}
    assert len({row[:2] for row in rows}) == len(rows) > 50


@pytest.mark.parametrize("row", rows, ids=[f"{row[0]} at {row[1]}" for row in rows])
@np.errstate(all="ignore")
def test_row(row):
    expression, at, value, gradient = row
    x = mg.tensor(evaluated(at), dtype=float, requires_grad=True)
    y = evaluated(expression, x=x)
    assert y.shape == np.shape(evaluated(value))
    np.testing.assert_array_equal(y.numpy(), evaluated(value))
    if gradient != "not defined":
        y.backward(np.ones(y.shape))
        assert x.grad.shape == np.shape(evaluated(gradient))
        np.testing.assert_array_equal(x.grad.numpy(), evaluated(gradient))
