"""Recurrent networks: one layer over whole sequences, in one direction.

Sequences of several lengths are packed: the rows of an array are those of the first step of all
sequences, then of the second step of those that have one, and so on, the longest sequence first. So
nothing is padded, and ``sizes``, how many sequences there are at each step, never rise.

On arrays these are loops in place (`recurrent_kernels`); to differentiate a derivative they run
again on tensors, step by step (`recurrent_steps`).
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from ..registry import Array, Closure, Forward, op
from .contraction import matmul
from .recurrent_kernels import gru_kernel, lstm_kernel, rnn_kernel
from .recurrent_steps import (
    Course,
    Gradients,
    gru_step,
    lstm_step,
    rnn_step,
    states_before,
    step_by_step,
)
from .reductions import sum
from .shaping import transpose


@op(arrays=6)
def rnn_sequence(
    x: Array,
    h0: Array,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None = None,
    bias_hh: Array | None = None,
    *,
    sizes: Sequence[int],
    nonlinearity: Literal["tanh", "relu"] = "tanh",
) -> Forward:
    """Take a plain recurrent network over sequences.

    ``h = tanh(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh)`` at each step.

    Parameters
    ----------
    x : array of shape (sum(sizes), I)
        The rows of the first step, then those of the second, and so on.
    h0 : array of shape (sizes[0], H)
        The state before the first step.
    weight_ih : array of shape (H, I)
    weight_hh : array of shape (H, H)
    bias_ih, bias_hh : array of shape (H,), optional
    sizes : sequence of int
        How many sequences there are at each step; they do not rise.
    nonlinearity : {"tanh", "relu"}

    Returns
    -------
    outputs : array of shape (sum(sizes), H)
        The state after each step.
    h : array of shape (sizes[0], H)
        The last state of each sequence.

    Notes
    -----
    From Elman, "Finding structure in time" (1990).
    """
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(
            f"rnn_sequence: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}"
        )
    weights, biases = (weight_ih, weight_hh), (bias_ih, bias_hh)
    _check("rnn_sequence", 1, x, (h0,), weights, biases, sizes)
    if _is_plain(x, h0, *weights, *biases):
        course = rnn_kernel(nonlinearity, x, h0, weights, biases, sizes)
    else:
        course = step_by_step(rnn_step(nonlinearity), x, (h0,), weights, biases, sizes)
    return (course.outputs, *course.states), _closures(course, x, (h0,), weights, sizes)


@op(arrays=7)
def lstm_sequence(
    x: Array,
    h0: Array,
    c0: Array,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None = None,
    bias_hh: Array | None = None,
    *,
    sizes: Sequence[int],
) -> Forward:
    """Take a long short-term memory over sequences; see `minigrad.nn.LSTM` for its formulas.

    Parameters
    ----------
    x : array of shape (sum(sizes), I)
        The rows of the first step, then those of the second, and so on.
    h0, c0 : array of shape (sizes[0], H)
        The states before the first step.
    weight_ih : array of shape (4 * H, I)
        Of the gates input, forget, cell and output.
    weight_hh : array of shape (4 * H, H)
    bias_ih, bias_hh : array of shape (4 * H,), optional
    sizes : sequence of int
        How many sequences there are at each step; they do not rise.

    Returns
    -------
    outputs : array of shape (sum(sizes), H)
        The state h after each step.
    h, c : array of shape (sizes[0], H)
        The last states of each sequence.

    Notes
    -----
    From Hochreiter and Schmidhuber, "Long short-term memory" (1997), with the forget gate of Gers,
    Schmidhuber and Cummins, "Learning to forget" (2000).
    """
    states, weights, biases = (h0, c0), (weight_ih, weight_hh), (bias_ih, bias_hh)
    _check("lstm_sequence", 4, x, states, weights, biases, sizes)
    if _is_plain(x, *states, *weights, *biases):
        course = lstm_kernel(x, h0, c0, weights, biases, sizes)
    else:
        course = step_by_step(lstm_step, x, states, weights, biases, sizes)
    return (course.outputs, *course.states), _closures(course, x, states, weights, sizes)


@op(arrays=6)
def gru_sequence(
    x: Array,
    h0: Array,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None = None,
    bias_hh: Array | None = None,
    *,
    sizes: Sequence[int],
) -> Forward:
    """Take a network of gated recurrent units over sequences; see `minigrad.nn.GRU`.

    Parameters
    ----------
    x : array of shape (sum(sizes), I)
        The rows of the first step, then those of the second, and so on.
    h0 : array of shape (sizes[0], H)
        The state before the first step.
    weight_ih : array of shape (3 * H, I)
        Of the gates reset, update and new.
    weight_hh : array of shape (3 * H, H)
    bias_ih, bias_hh : array of shape (3 * H,), optional
    sizes : sequence of int
        How many sequences there are at each step; they do not rise.

    Returns
    -------
    outputs : array of shape (sum(sizes), H)
        The state after each step.
    h : array of shape (sizes[0], H)
        The last state of each sequence.

    Notes
    -----
    From Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014), with the
    reset gate behind the product, as in cuDNN and PyTorch.
    """
    weights, biases = (weight_ih, weight_hh), (bias_ih, bias_hh)
    _check("gru_sequence", 3, x, (h0,), weights, biases, sizes)
    if _is_plain(x, h0, *weights, *biases):
        course = gru_kernel(x, h0, weights, biases, sizes)
    else:
        course = step_by_step(gru_step, x, (h0,), weights, biases, sizes)
    return (course.outputs, *course.states), _closures(course, x, (h0,), weights, sizes)


def _closures(
    course: Course,
    x: Array,
    states: tuple[Array, ...],
    weights: tuple[Array, Array],
    sizes: Sequence[int],
) -> tuple[Closure, ...]:
    """The closures of all arrays: each takes its part of one walk back."""
    outputs = course.outputs
    gradients = _once(course.backward)

    def by_weight_hh(*g: Array) -> Array:
        before = states_before(states[0], outputs, sizes)
        return matmul(transpose(gradients(*g).recurrent), before)

    return (
        lambda *g: matmul(gradients(*g).gates, weights[0]),
        *(_by_state(gradients, number) for number in range(len(states))),
        lambda *g: matmul(transpose(gradients(*g).gates), x),
        by_weight_hh,
        lambda *g: sum(gradients(*g).gates, 0),
        lambda *g: sum(gradients(*g).recurrent, 0),
    )


def _by_state(gradients: Callable[..., Gradients], number: int) -> Closure:
    return lambda *g: gradients(*g).states[number]


def _once(backward: Callable[..., Gradients]) -> Callable[..., Gradients]:
    """Return the function with a memory of its last call.

    The closures of one call of an op are given the same gradients one after another.
    """
    last: tuple[tuple[Array, ...], Gradients | None] = ((), None)

    def remembered(*g: Array) -> Gradients:
        nonlocal last
        given, found = last  # at once: another thread may be here
        if found is None or any(one is not other for one, other in zip(given, g, strict=True)):
            found = backward(*g)
            last = g, found
        return found

    return remembered


def _is_plain(*arrays: Array) -> bool:
    """Whether the kernels take the arrays: NumPy's own, of one floating type."""
    given = [array for array in arrays if array is not None]
    dtype = given[0].dtype
    return dtype.kind == "f" and all(
        type(array) is np.ndarray and array.dtype == dtype for array in given
    )


def _check(
    name: str,
    gates: int,
    x: Array,
    states: tuple[Array, ...],
    weights: tuple[Array, Array],
    biases: tuple[Array | None, Array | None],
    sizes: Sequence[int],
) -> None:
    if not sizes or min(sizes) < 0 or any(size < after for size, after in pairwise(sizes)):
        raise ValueError(
            f"{name}: sizes are how many sequences there are at each step, one step at least, and "
            f"never more than at the step before, got {tuple(sizes)}"
        )
    if np.ndim(x) != 2 or np.ndim(states[0]) != 2:
        raise ValueError(
            f"{name}: x has shape {np.shape(x)} and h0 {np.shape(states[0])}, expected (rows, I) "
            "and (N, H)"
        )
    features, size = x.shape[1], states[0].shape[1]
    expected = {
        "x": (x, (builtins.sum(sizes), features)),
        "h0": (states[0], (sizes[0], size)),
        "c0": (states[-1], (sizes[0], size)),
        "weight_ih": (weights[0], (gates * size, features)),
        "weight_hh": (weights[1], (gates * size, size)),
        "bias_ih": (biases[0], (gates * size,)),
        "bias_hh": (biases[1], (gates * size,)),
    }
    for label, (array, shape) in expected.items():
        if array is not None and np.shape(array) != shape:
            raise ValueError(
                f"{name}: {label} has shape {np.shape(array)}, expected {shape} for x of shape "
                f"{x.shape}, h0 of shape {states[0].shape} and sizes of {len(sizes)} steps"
            )
