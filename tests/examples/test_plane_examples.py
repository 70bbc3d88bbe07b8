"""The examples in the plane: points, surfaces and what is fitted to them."""

import operator
import re

import pytest

pytest.importorskip("matplotlib", reason="the examples draw with Matplotlib")
pytest.importorskip("tqdm", reason="the examples show their progress with tqdm")


# What the last line of an example looks like, options for a run of few seconds, options for
# hardly any training, and the figure of merit that only the former reaches.
EXAMPLES = {
    "moons_mlp": (
        r"validation accuracy: (\S+)",
        ("--data", "spirals", "--epochs", "25"),
        ("--data", "spirals", "--epochs", "1"),
        operator.gt,
        0.9,
    ),
    "optimizers_compared": (
        r"best on the digits: .+, with a loss of (\S+)",
        ("--epochs", "3"),
        ("--epochs", "1", "--steps", "1"),
        operator.lt,
        0.3,
    ),
    "gradient_penalty": (
        r"sliced Wasserstein distance: (\S+) \(.+ at the start\)",
        ("--steps", "100"),
        ("--steps", "1"),
        operator.lt,
        0.6,
    ),
    "newton_and_lbfgs": (
        r"iterations needed: Newton (\S+), L-BFGS \d+, gradient descent \d+",
        ("--steps", "400"),
        (),
        operator.lt,
        8,
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_learns_and_draws(name, tmp_path, run):
    pattern, options, _, better, limit = EXAMPLES[name]
    last = run(name, *options, "--output", "new/folder")[-1]
    assert better(float(re.fullmatch(pattern, last)[1]), limit)
    (picture,) = (tmp_path / "new/folder").glob("*.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", [name for name, row in EXAMPLES.items() if row[2]])
def test_an_example_needs_more_than_a_step(name, run):
    """The limits tell what was learned from the start."""
    pattern, _, options, better, limit = EXAMPLES[name]
    last = run(name, *options)[-1]
    assert not better(float(re.fullmatch(pattern, last)[1]), limit)


def test_the_linear_model_stays_behind_on_spirals(run):
    *_, linear, network = run("moons_mlp", "--data", "spirals", "--epochs", "60")
    assert float(re.fullmatch(r"validation accuracy of the linear model: (\S+)", linear)[1]) < 0.6
    assert float(re.fullmatch(r"validation accuracy: (\S+)", network)[1]) >= 0.97


def test_moons_are_the_default(run):
    *_, linear, network = run("moons_mlp", "--epochs", "20")
    assert 0.8 < float(linear.split()[-1]) < 0.92 < float(network.split()[-1])


def test_optimizers_take_the_paths_of_the_textbook(run):
    lines = run("optimizers_compared", "--epochs", "1")
    ends = {}
    for line in lines:
        if found := re.match(r"(\S+) +\( *(\S+), +(\S+)\) ", line):
            ends[found[1]] = float(found[2]), float(found[3])
    assert len(ends) == 11
    # Each step of plain descent multiplies x by 1 - 0.95/10 and y by 1 - 2 · 0.95.
    assert ends["SGD"] == pytest.approx((-7 * 0.905**30, 2 * 0.9**30), abs=1e-3)
    assert ends["L-BFGS"] == pytest.approx((0, 0), abs=1e-3)


def test_methods_that_know_the_curvature_need_fewer_iterations(run):
    last = run("newton_and_lbfgs", "--steps", "400")[-1]
    newton, lbfgs, descent = map(int, re.findall(r" (\d+)", last))
    assert newton <= lbfgs < descent / 10


def test_too_few_iterations_are_no_number(run):
    last = run("newton_and_lbfgs", "--steps", "2")[-1]
    assert last.endswith(" L-BFGS over 2, gradient descent over 2")
