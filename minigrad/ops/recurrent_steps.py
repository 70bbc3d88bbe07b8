"""Steps of recurrent networks by ops, one after another: what runs on tensors.

A step is a rule: from the projections of the input and of the state before to the state after it,
and a closure that takes the gradient back. The kernels for arrays are in `recurrent_kernels`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..registry import Array
from .activations import relu, sigmoid
from .contraction import matmul
from .joining import concatenate
from .selection import keep_where
from .shaping import transpose


class Gradients(NamedTuple):
    """What a walk back over the steps finds.

    Attributes
    ----------
    gates : array of shape (rows, gates * H)
        The gradient of the inputs' projections.
    recurrent : array of shape (rows, gates * H)
        The gradient of the states' projections: the same array, but in a GRU.
    states : tuple of array of shape (N, H)
        The gradients of the first states.
    """

    gates: Array
    recurrent: Array
    states: tuple[Array, ...]


class Course(NamedTuple):
    """What a walk over the steps finds.

    Attributes
    ----------
    outputs : array of shape (rows, H)
    states : tuple of array of shape (N, H)
        The last states of each sequence.
    backward : callable
        From the gradients of the outputs and of the last states to `Gradients`.
    """

    outputs: Array
    states: tuple[Array, ...]
    backward: Callable[..., Gradients]


# From the projections of input and state, and the states before, to the states after. The closure
# takes their gradients to those of the two projections and of the states before; None for the state
# which only its projection depends on.
Step: TypeAlias = Callable[..., tuple[tuple[Array, ...], Callable[..., Any]]]


def rows_of(sizes: Sequence[int]) -> Iterator[slice]:
    """The rows of each step: so many sequences go on at the first step, so many at the next."""
    start = 0
    for size in sizes:
        yield slice(start, start + size)
        start += size


def states_before(first: Array, outputs: Array, sizes: Sequence[int]) -> Array:
    """Return for each row of the steps the state before it."""
    starts = (rows.start for rows in rows_of(sizes[:-1]))
    parts = [outputs[start : start + size] for start, size in zip(starts, sizes[1:], strict=True)]
    return concatenate([first, *parts])


def projection(x: Array, weight: Array, bias: Array | None) -> Array:
    """Return ``x @ weight.T + bias``."""
    out = matmul(x, transpose(weight))
    return out if bias is None else out + bias


def step_by_step(
    step: Step,
    x: Array,
    states: tuple[Array, ...],
    weights: tuple[Array, Array],
    biases: tuple[Array | None, Array | None],
    sizes: Sequence[int],
) -> Course:
    """Walk over the steps by ops."""
    projected = projection(x, weights[0], biases[0])
    outputs, backs = [], []
    for rows, size in zip(rows_of(sizes), sizes, strict=True):
        before = [state[:size] for state in states]
        recurrent = projection(before[0], weights[1], biases[1])
        after, back = step(projected[rows], recurrent, *before)
        outputs.append(after[0])
        backs.append(back)
        states = tuple(_replaced(old, new) for old, new in zip(states, after, strict=True))

    def backward(by_outputs: Array, *by_states: Array) -> Gradients:
        gates, recurrent = [], []
        places = list(zip(rows_of(sizes), sizes, backs, strict=True))
        for rows, size, back in reversed(places):
            by_after = [g[:size] for g in by_states]
            by_after[0] = by_after[0] + by_outputs[rows]
            by_projected, by_recurrent, by_before = back(*by_after)
            through = matmul(by_recurrent, weights[1])
            by_before[0] = through if by_before[0] is None else by_before[0] + through
            gates.append(by_projected)
            recurrent.append(by_recurrent)
            pairs = zip(by_states, by_before, strict=True)
            by_states = tuple(_replaced(old, new) for old, new in pairs)
        return Gradients(concatenate(gates[::-1]), concatenate(recurrent[::-1]), by_states)

    return Course(concatenate(outputs), states, backward)


def _replaced(old: Array, new: Array) -> Array:
    """Return an array whose first rows are others."""
    size = new.shape[0]
    return new if size == old.shape[0] else concatenate([new, old[size:]])


def rnn_step(nonlinearity: str) -> Step:
    """Return the step of a plain recurrent network."""

    def step(projected: Array, recurrent: Array, h: Array) -> Any:
        a = projected + recurrent
        out = relu(a) if nonlinearity == "relu" else np.tanh(a)

        def back(d: Array) -> Any:
            if nonlinearity == "relu":
                d = keep_where(np.greater(out, 0), d)
            else:
                d = d * (1 - out * out)
            return d, d, [None]

        return (out,), back

    return step


def lstm_step(projected: Array, recurrent: Array, h: Array, c: Array) -> Any:
    """Take the step of an LSTM; gates are in the order input, forget, cell, output."""
    a = projected + recurrent
    i, f, g, o = _parts(a, 4)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    cell = f * c + i * g
    squashed = np.tanh(cell)

    def back(by_h: Array, by_c: Array) -> Any:
        by_c = by_c + by_h * o * (1 - squashed * squashed)
        d = concatenate(
            [
                by_c * g * i * (1 - i),
                by_c * c * f * (1 - f),
                by_c * i * (1 - g * g),
                by_h * squashed * o * (1 - o),
            ],
            axis=1,
        )
        return d, d, [None, by_c * f]

    return (o * squashed, cell), back


def gru_step(projected: Array, recurrent: Array, h: Array) -> Any:
    """Take the step of a GRU; gates are in the order reset, update, new."""
    reset, update, new = _parts(projected, 3)
    by_reset, by_update, inner = _parts(recurrent, 3)
    r, z = sigmoid(reset + by_reset), sigmoid(update + by_update)
    n = np.tanh(new + r * inner)

    def back(d: Array) -> Any:
        d_new = d * (1 - z) * (1 - n * n)
        d_update = d * (h - n) * z * (1 - z)
        d_reset = d_new * inner * r * (1 - r)
        gates = concatenate([d_reset, d_update, d_new], axis=1)
        return gates, concatenate([d_reset, d_update, d_new * r], axis=1), [d * z]

    return (n + z * (h - n),), back


def _parts(a: Array, count: int) -> list[Array]:
    size = a.shape[1] // count
    return [a[:, part * size : (part + 1) * size] for part in range(count)]
