"""Wrong derivatives that a check must find and name, and what a uniform gradient would miss."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad as mg

table = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "planted.py")))
PLANTED = table.PLANTED

each = pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.title)

# What a few elements of many tell: how many belong together, they do not.
FACTORS = {"factor", "sum for mean", "mean for sum", "degrees of freedom"}


def cause(report, parameter):
    """The kind of the first diagnosis of an input; where there is none, the verdict says it all."""
    return next((d.kind for d in report.diagnosis if d.parameter == parameter), report.verdict)


def test_many_functions_and_layers_have_bugs():
    layers = {bug.function for bug in PLANTED if bug.is_layer}
    assert len(PLANTED) >= 100
    assert len({bug.function for bug in PLANTED} - layers) >= 50
    assert len(layers) >= 9
    assert len({bug.kind for bug in PLANTED}) >= 50
    assert len({bug.title for bug in PLANTED}) == len(PLANTED)


@pytest.mark.parametrize("seed", range(5))
@each
def test_a_planted_bug_is_found_and_named(bug, seed):
    report = mg.gradcheck(bug.op, *bug.inputs, order=bug.order, seed=seed)
    assert not report
    assert report.verdict == bug.verdict
    blamed = {e.parameter for e in report.elements if e.verdict not in ("ok", "kink")}
    assert blamed == set(bug.parameters)
    assert report.worst.parameter in blamed
    assert cause(report, bug.parameters[0]) == bug.kind, str(report)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("bug", [bug for bug in PLANTED if bug.generic], ids=lambda bug: bug.title)
def test_a_planted_bug_is_found_among_many_elements(bug, seed):
    inputs = bug.large_inputs
    assert sum(array.size for array in inputs) >= 300
    report = mg.gradcheck(bug.op, *inputs, order=bug.order, seed=seed, fast=True)
    assert not report
    assert report.verdict == bug.verdict
    if bug.verdict in ("wrong", "detached"):
        assert report.worst.parameter in bug.parameters
    said = {d.kind for d in report.diagnosis}
    if bug.kind in FACTORS:
        assert said & FACTORS
    if bug.kind in ("sign", "no gradient"):
        assert bug.kind in said


@pytest.mark.parametrize(
    "bug", [bug for bug in PLANTED if bug.order > 1], ids=lambda bug: bug.title
)
def test_a_bug_of_higher_order_is_right_below(bug):
    assert mg.gradcheck(bug.op, *bug.inputs, order=bug.order - 1)


@pytest.mark.parametrize(
    ("rule", "shapes"),
    [
        (table.linear(), table.LINEAR),
        (table.convolution(), table.CONVOLUTION),
        (table.batch_norm(), table.NORM),
        (table.lstm_cell(), table.LSTM),
        (table.cross_entropy(decay=0.01), [(5, 4)]),
        (table.dropout(), [(4, 5)]),
        (table.max_pooling(lambda w: w == w.max(axis=-1, keepdims=True)), [table.POOLING]),
        (table.attention(), [(4, 3), (5, 3), (5, 2)]),
    ],
    ids=["linear", "convolution", "batch norm", "lstm", "loss", "dropout", "pooling", "attention"],
)
def test_a_layer_without_its_bug_is_right(rule, shapes):
    inputs = [table.numbers(shape, i) for i, shape in enumerate(shapes)]
    assert mg.gradcheck(mg.op(rule), *inputs).verdict == "ok"


def agrees_for_a_gradient_of_ones(f, *inputs):
    """Compare the first derivative of the sum of the outputs only."""
    tensors = [mg.tensor(array, requires_grad=True) for array in inputs]
    output = f(*tensors)
    found = mg.grad(output, tensors, np.ones(output.shape))
    step = 1e-6
    for array, gradient in zip(inputs, found, strict=True):
        numeric = np.empty_like(array)
        for index in np.ndindex(array.shape):
            ends = []
            for sign in (1, -1):
                moved = array.copy()
                moved[index] += sign * step
                ends.append(np.sum(f(*(moved if a is array else a for a in inputs))))
            numeric[index] = (ends[0] - ends[1]) / (2 * step)
        if not np.allclose(gradient.numpy(), numeric, rtol=1e-4, atol=1e-6):
            return False
    return True


@each
def test_what_a_gradient_of_ones_would_have_missed(bug):
    with np.errstate(all="ignore"):
        assert agrees_for_a_gradient_of_ones(bug.op, *bug.inputs) is bug.misses


@pytest.mark.parametrize("peer", ["torch", "autograd"])
def test_other_checkers_find_nothing_more(peer, monkeypatch):
    pytest.importorskip(peer, reason=f"{peer} is not installed, so there is nothing to compare")
    folder = Path(__file__).parents[1] / "benchmarks"
    monkeypatch.syspath_prepend(folder)
    checkers = SimpleNamespace(**runpy.run_path(str(folder / "checkers.py")))
    found = {bug.title: checkers.score(bug, peer) for bug in PLANTED}
    caught = {title for title, said in found.items() if said.caught}
    assert 100 <= len(caught) < len(PLANTED)  # it was given the bugs, and minigrad finds them all
    assert sum(said.named for said in found.values()) < 5


def test_a_detour_through_another_library_is_loud_at_second_order():
    @mg.op
    def detour(x, /):
        out = np.emath.sqrt(x)
        return out, lambda g: g / (2 * out)

    assert mg.gradcheck(detour, [0.5, 2.0])
    with pytest.raises(TypeError, match=r"np\.emath\.sqrt does not take tensors"):
        mg.gradcheck(detour, [0.5, 2.0], order=2)
