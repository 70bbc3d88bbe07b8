"""The examples with sequences and with second derivatives of a network, in small settings."""

import operator
import re

import pytest

BY_HEART = ("--length", "600", "--streams", "1")  # a sonnet, for char_rnn

# What the last line of an example looks like, options for a run of few seconds, and the least or
# largest figure of merit that it must then reach.
PER_CHARACTER = r"loss per character: (\S+) nats"
EXAMPLES = {
    "char_rnn": (PER_CHARACTER, (*BY_HEART, "--steps", "500"), operator.lt, 0.12),
    "tiny_transformer": (PER_CHARACTER, ("--steps", "80", "--context", "24"), operator.lt, 2.6),
    "captioning": (r"words read right: (\S+)", ("--steps", "150"), operator.gt, 0.4),
    "physics_informed": (
        r"relative error: (\S+)",
        ("--steps", "10", "--points", "300"),
        operator.lt,
        0.1,
    ),
}


def figure_of_merit(name, lines):
    return float(re.fullmatch(EXAMPLES[name][0], lines[-1])[1])


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_learns_and_draws(name, tmp_path, run):
    _, options, better, limit = EXAMPLES[name]
    lines = run(name, *options)
    assert better(figure_of_merit(name, lines), limit)
    if name == "char_rnn":  # its loss falls as the tutorial's, from 4.21 to 0.12
        assert "Feed'st thy light's flame with self-substantial fuel," in lines
    pytest.importorskip("matplotlib", reason="the example draws only with Matplotlib")
    assert (tmp_path / f"output/{name}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_needs_more_than_a_step(name, run):
    """The limits tell a fit from its start; and a seed gives the same numbers again."""
    _, options, better, limit = EXAMPLES[name]
    first, second = (run(name, *options, "--steps", "1") for _ in range(2))
    assert not better(figure_of_merit(name, first), limit)
    assert first == second


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_char_rnn_learns_with_each_cell(cell, run):
    """The loss of a guess is log(61) = 4.1, that of the characters' frequencies 3.1."""
    options = ("--cell", cell, "--one-hot", "--hidden", "64", "--window", "25", "--steps", "150")
    lines = run("char_rnn", *options, "--seed", "1")
    assert figure_of_merit("char_rnn", lines) < 2.7
