"""Gradients derived by hand beside measured and exact ones."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing.side_by_side import compare_gradients

rng = np.random.default_rng(3)
X, Y = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
W, B = rng.normal(size=(3, 2)), rng.normal(size=2)
INPUTS = {"W": W, "b": B}


def loss(W, b):
    return np.mean((X @ W + b - Y) ** 2)


def gradients():
    difference = 2 * (X @ W + B - Y) / Y.size
    return {"dW": X.T @ difference, "db": difference.sum(axis=0)}


def loss_of_a_dict(inputs):
    return loss(**inputs)


@pytest.mark.parametrize("f", [loss, loss_of_a_dict, lambda **inputs: loss(**inputs)])
def test_right_gradients(f):
    table = compare_gradients(gradients(), f, INPUTS)
    assert table, table
    assert [row.name for row in table.rows] == ["dW", "db"]
    assert all(row.difference < 1e-8 for row in table.rows)
    assert table.other == "measured"
    assert table.report


def test_a_wrong_gradient():
    mine = gradients()
    mine["dW"][2, 1] *= 1.005
    table = compare_gradients(mine, loss, INPUTS)
    assert not table
    first, second = table.rows
    assert (first.approximate, second.approximate) == (False, True)
    assert (first.worst, first.shape, first.exact) == ((2, 1), (3, 2), False)
    assert first.relative == pytest.approx(0.005 / 2.005, rel=1e-3)
    assert first.mine == pytest.approx(1.005 * first.other, rel=1e-6)
    lines = str(table).splitlines()
    assert lines[0].startswith("dW   | exact: False | approximate: False | max difference: ")
    assert "worst at [2, 1]: " in lines[0]
    assert lines[1].startswith("db   | exact: False | approximate: True  | max difference: ")


def test_some_gradients_by_the_names_of_the_inputs():
    mine = {"W": gradients()["dW"]}
    assert compare_gradients(mine, loss, {"W": W, "b": 0.0 * B}).rows[0].difference > 1e-3
    assert compare_gradients(mine, loss, INPUTS)


def test_exact_gradients():
    inputs = {name: mg.tensor(value, requires_grad=True) for name, value in INPUTS.items()}
    mg.mean((X @ inputs["W"] + inputs["b"] - Y) ** 2).backward()
    table = compare_gradients(gradients(), inputs)
    assert table, table
    assert compare_gradients(gradients(), {n: t.grad for n, t in inputs.items()})
    mine = gradients()
    assert all(row.exact for row in compare_gradients(mine, mine).rows)
    mine["db"] = mine["db"] * (1 + 1e-5)
    assert [row.approximate for row in compare_gradients(mine, gradients()).rows] == [True, False]
    assert compare_gradients(mine, gradients(), rtol=1e-4)
    assert compare_gradients(mine, gradients(), atol=1.0)


def test_digits_that_single_precision_does_not_have():
    single = {name: array.astype("f4") for name, array in gradients().items()}
    assert compare_gradients(single, gradients())
    single["dW"] *= np.float32(1.005)
    assert not compare_gradients(single, gradients())


def test_kept_gradients_of_computed_tensors():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    h = x * x
    h.retain_grad()
    h.sum().backward()
    assert compare_gradients({"h": np.ones(2), "x": [2.0, 4.0]}, {"h": h, "x": x})
    # A tensor that was computed, and keeps none, is a gradient itself.
    assert compare_gradients({"x": [2.0, 4.0]}, {"dx": 2 * x})


def test_a_loss_of_tensors():
    def f(x, scale):
        return (x.tanh() * scale).sum()

    x = mg.tensor([0.5, -1.0])
    table = compare_gradients({"x": 3 / np.cosh(x.numpy()) ** 2}, f, {"x": x, "scale": 3})
    assert table, table


@pytest.mark.parametrize("other", ["measured", "exact"])
def test_a_gradient_of_another_shape(other):
    mine = gradients()
    mine["db"] = 2 * (X @ W + B - Y) / Y.size
    with_what = (loss, INPUTS) if other == "measured" else (gradients(),)
    table = compare_gradients(mine, *with_what)
    assert [row.approximate for row in table.rows] == [True, False]
    assert np.isnan(table.rows[1].difference)
    (known,) = table.diagnosis
    assert (known.kind, known.parameter) == ("missing sum", "db")
    assert str(table).endswith(f"db: {known}")


def test_a_kink():
    inputs = {"x": np.array([0.0, 1.0])}
    for slope in (0.0, 0.5, 1.0):
        assert compare_gradients({"x": [slope, 1.0]}, lambda x: np.maximum(x, 0).sum(), inputs)
    table = compare_gradients({"x": [2.0, 1.0]}, lambda x: np.maximum(x, 0).sum(), inputs)
    assert not table
    assert table.rows[0].worst == (0,)


def test_special_gradients():
    nan = {"x": [np.nan, np.inf, 1.0]}
    assert compare_gradients(nan, nan)
    assert not compare_gradients({"x": [np.nan, 1.0]}, {"x": [0.0, 1.0]})
    assert not compare_gradients({"x": [np.nan]}, lambda x: x.sum(), {"x": np.ones(1)})
    assert compare_gradients({"x": np.zeros((0, 2))}, {"x": np.zeros((0, 2))})
    assert compare_gradients({"x": 2}, {"x": 2.0})
    table = compare_gradients(
        {"x": np.ones(1)}, lambda x: x.sum() + rng.normal(), {"x": np.ones(1)}
    )
    assert not table
    assert "gave different values for the same input" in str(table)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (lambda d: {**d, "dW": d["dW"] * 8}, "factor"),
        (lambda d: {**d, "dW": -d["dW"]}, "sign"),
        (lambda d: {**d, "dW": d["dW"].T}, "transposed"),
    ],
)
@pytest.mark.parametrize("other", ["measured", "exact"])
def test_diagnosis(wrong, kind, other):
    with_what = (loss, INPUTS) if other == "measured" else (gradients(),)
    table = compare_gradients(wrong(gradients()), *with_what)
    known = table.diagnosis[0]
    assert (known.parameter, kind in known.kind) == ("dW", True), known


def test_tables():
    mine = gradients()
    mine["d<b>"] = mine.pop("db") * 2
    table = compare_gradients(mine, {"W": mine["dW"], "<b>": mine["d<b>"] / 2})
    rows = table.table()
    assert [row["name"] for row in rows] == ["dW", "d<b>"]
    assert set(rows[0]) >= {"exact", "approximate", "difference", "relative", "worst"}
    text = table._repr_html_()
    assert text.startswith("<table><tr><th>name</th>")
    assert "<td>d&lt;b&gt;</td>" in text
    assert text.count("<tr>") == 3


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (
            ({"dV": W}, loss, INPUTS),
            ValueError,
            "nothing to compare 'dV' with; there are: 'W', 'b'",
        ),
        (({"W": W}, loss), TypeError, "a function and a dict of its inputs"),
        (({"W": W}, {"W": W}, INPUTS), ValueError, "inputs are for a function"),
        (({"W": W}, lambda W: X @ W, {"W": W}), ValueError, r"returned an array of shape \(4, 2\)"),
        (
            ({"W": W}, lambda W: (1.0, W), {"W": W}),
            ValueError,
            "returned a tuple, expected the loss",
        ),
        (
            ({"W": W}, {"W": mg.tensor(W, requires_grad=True)}),
            ValueError,
            "W is a tensor without a gradient",
        ),
    ],
)
def test_what_is_refused(arguments, error, says):
    with pytest.raises(error, match=says):
        compare_gradients(*arguments)
