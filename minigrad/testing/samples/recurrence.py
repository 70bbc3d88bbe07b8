"""Samples of recurrent layers over sequences of several lengths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .calls import Array, Call, Samples, positive, real, rngs


@st.composite
def _sequences(draw: st.DrawFn, gates: int, states: int = 1, choices: tuple[str, ...] = ()) -> Call:
    """Rows of the steps, first states, weights, perhaps biases, and how many sequences go on."""
    lengths = draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))
    sizes = tuple(sum(length > step for length in lengths) for step in range(max(lengths)))
    features, size, rng = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(rngs())
    shapes = [(sum(sizes), features), *[(len(lengths), size)] * states]
    shapes += [(gates * size, features), (gates * size, size)]
    settings: dict[str, Any] = {"sizes": sizes}
    if choices:
        settings["nonlinearity"] = draw(st.sampled_from(choices))
    is_relu = settings.get("nonlinearity") == "relu"
    # Off the kink of relu: all is positive, but the biases of units that are never reached.
    arrays = [(positive if is_relu else real)(rng, shape) for shape in shapes]
    if draw(st.booleans()):
        arrays += [real(rng, (gates * size,)) for _ in range(2)]
        if is_relu:
            arrays[-1] = rng.choice([-1e5, 5.0], size)
    return Call(tuple(arrays), settings)


def _logistic(a: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-a)))


def _rnn_unit(a: Array, r: Array, h: Array, nonlinearity: str) -> list[Array]:
    return [np.tanh(a + r) if nonlinearity == "tanh" else np.where(a + r > 0, a + r, 0)]


def _lstm_unit(a: Array, r: Array, h: Array, c: Array) -> list[Array]:
    i, f, g, o = np.split(a + r, 4)
    c = _logistic(f) * c + _logistic(i) * np.tanh(g)
    return [_logistic(o) * np.tanh(c), c]


def _gru_unit(a: Array, r: Array, h: Array) -> list[Array]:
    (a_reset, a_update, a_new), (r_reset, r_update, r_new) = np.split(a, 3), np.split(r, 3)
    update = _logistic(a_update + r_update)
    new = np.tanh(a_new + _logistic(a_reset + r_reset) * r_new)
    return [(1 - update) * new + update * h]


def _one_by_one(unit: Callable[..., list[Array]], states: int) -> Callable[..., Any]:
    """The reference that takes one sequence after another over its steps."""

    def reference(x: Array, *rest: Array, sizes: tuple[int, ...], **settings: Any) -> Any:
        firsts, (weight_ih, weight_hh, *biases) = rest[:states], rest[states:]
        bias_ih, bias_hh = biases or (0.0, 0.0)
        outputs = np.zeros((len(x), weight_hh.shape[1]), x.dtype)
        lasts = [np.zeros_like(first) for first in firsts]
        for number in range(sizes[0]):
            held = [first[number] for first in firsts]
            for step in range(sum(size > number for size in sizes)):
                row = sum(sizes[:step]) + number
                a, r = weight_ih @ x[row] + bias_ih, weight_hh @ held[0] + bias_hh
                held = unit(a, r, *held, **settings)
                outputs[row] = held[0]
            for last, state in zip(lasts, held, strict=True):
                last[number] = state
        return (outputs, *lasts)

    return reference


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.rnn_sequence: Samples(
        _sequences(1, choices=("tanh", "relu")), _one_by_one(_rnn_unit, 1), floating=6
    ),
    ops.lstm_sequence: Samples(_sequences(4, states=2), _one_by_one(_lstm_unit, 2), floating=7),
    ops.gru_sequence: Samples(_sequences(3), _one_by_one(_gru_unit, 1), floating=6),
}
