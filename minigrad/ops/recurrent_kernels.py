"""Steps of recurrent networks as loops over arrays, in place: the kernels of `recurrence`.

All gates of all steps are one array, to which the projections of all inputs are written by one
product; a step then works in its rows. What a step needs beside is small and stays in cache.

A logistic function is ``0.5 * tanh(0.5 * x) + 0.5``. The halves in it are multiplied into the
weights, which is exact, so that neighbouring gates are one call of tanh.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..buffers import empty_like
from .recurrent_steps import Course, Gradients, rows_of
from .selection import masked

# A small product has so many multiplications, one that is worth cutting has so many rows in a piece
# and so many pieces.
SMALL, FEWEST, PIECES = 100**3, 4, 8

Floats = np.ndarray[Any, np.dtype[Any]]
Weights = tuple[Floats, Floats]
Biases = tuple[Floats | None, Floats | None]


def rnn_kernel(
    nonlinearity: str, x: Floats, h0: Floats, weights: Weights, biases: Biases, sizes: Sequence[int]
) -> Course:
    """Walk over the steps of a plain recurrent network."""
    is_relu = nonlinearity == "relu"
    size = h0.shape[1]
    recurrent = weights[1].T.copy()
    # The projections of the inputs turn into the outputs.
    outputs = _projected(x, weights[0], _total(biases))
    product = np.empty_like(x, shape=(len(h0), size))
    h = h0
    for rows, count in zip(rows_of(sizes), sizes, strict=True):
        out, through = outputs[rows], product[:count]
        _multiply(h[:count], recurrent, through)
        out += through
        if is_relu:
            np.maximum(out, 0, out=out)
        else:
            np.tanh(out, out=out)
        h = out

    def backward(by_outputs: Floats, by_h: Floats) -> Gradients:
        gates = empty_like(outputs)
        by_h = by_h.copy("C")
        for rows, count in reversed(list(zip(rows_of(sizes), sizes, strict=True))):
            dh, d, out = by_h[:count], gates[rows], outputs[rows]
            dh += by_outputs[rows]
            if is_relu:
                d[...] = masked(np.greater(out, 0), dh)
            else:
                np.multiply(out, out, out=d)
                np.subtract(1, d, out=d)
                d *= dh
            _multiply(d, weights[1], dh)
        return Gradients(gates, gates, (by_h,))

    return Course(outputs, (_last(outputs, sizes),), backward)


def lstm_kernel(
    x: Floats, h0: Floats, c0: Floats, weights: Weights, biases: Biases, sizes: Sequence[int]
) -> Course:
    """Walk over the steps of an LSTM."""
    n, size = h0.shape
    # The gates of a step lie one behind the other, and the three that are logistic come first.
    order = [0, 1, 3, 2]
    scale = np.array([0.5, 0.5, 0.5, 1], x.dtype)[:, None, None]
    from_input, recurrent = (
        (np.reshape(weight, (4, size, -1))[order] * scale).transpose(0, 2, 1).copy()
        for weight in weights
    )
    total = _total(biases)
    bias = None if total is None else (np.reshape(total, (4, size))[order] * scale[..., 0]).ravel()
    gates = _projected(x, from_input.transpose(0, 2, 1).reshape(4 * size, -1), bias)
    outputs, cells, squashed = (empty_like(x, (len(x), size)) for _ in range(3))
    product, added = (np.empty_like(x, shape=shape) for shape in ((4 * n * size), (n, size)))
    h, c = h0, c0
    for rows, count in zip(rows_of(sizes), sizes, strict=True):
        through = product[: 4 * count * size].reshape(4, count, size)
        np.matmul(h[:count], recurrent, out=through)
        through += gates[rows].reshape(count, 4, size).transpose(1, 0, 2)
        a = gates[rows].reshape(4, count, size)
        np.tanh(through, out=a)
        a[:3] *= 0.5
        a[:3] += 0.5
        i, f, o, g = a
        cell, s, out, t = cells[rows], squashed[rows], outputs[rows], added[:count]
        np.multiply(f, c[:count], out=cell)
        np.multiply(i, g, out=t)
        cell += t
        np.tanh(cell, out=s)
        np.multiply(o, s, out=out)
        h, c = out, cell

    def backward(by_outputs: Floats, by_h: Floats, by_c: Floats) -> Gradients:
        by_gates = empty_like(gates)
        by_h, by_c = by_h.copy("C"), by_c.copy("C")
        parts, slopes, squares = (np.empty_like(v) for v in (product, product, added))
        places = list(zip(rows_of(sizes), sizes, strict=True))
        for step in reversed(range(len(places))):
            rows, count = places[step]
            before = cells[places[step - 1][0]] if step else c0
            shape = (4, count, size)
            a = gates[rows].reshape(shape)
            i, f, o, g = a
            d, slope = (v[: 4 * count * size].reshape(shape) for v in (parts, slopes))
            dh, dc, s, t = by_h[:count], by_c[:count], squashed[rows], squares[:count]
            dh += by_outputs[rows]
            np.multiply(s, s, out=t)
            np.subtract(1, t, out=t)
            t *= o
            t *= dh
            dc += t
            # The slope of a logistic function is y - y², that of tanh 1 - y².
            np.multiply(a, a, out=slope)
            np.subtract(a[:3], slope[:3], out=slope[:3])
            np.subtract(1, slope[3], out=slope[3])
            np.multiply(dc, g, out=d[0])
            np.multiply(dc, before[:count], out=d[1])
            np.multiply(dh, s, out=d[2])
            np.multiply(dc, i, out=d[3])
            by_rows = by_gates[rows].reshape(count, 4, size)
            np.multiply(d[:2], slope[:2], out=by_rows[:, :2].transpose(1, 0, 2))
            np.multiply(d[2], slope[2], out=by_rows[:, 3])
            np.multiply(d[3], slope[3], out=by_rows[:, 2])
            dc *= f
            _multiply(by_gates[rows], weights[1], dh)
        return Gradients(by_gates, by_gates, (by_h, by_c))

    return Course(outputs, (_last(outputs, sizes), _last(cells, sizes)), backward)


def gru_kernel(
    x: Floats, h0: Floats, weights: Weights, biases: Biases, sizes: Sequence[int]
) -> Course:
    """Walk over the steps of a GRU."""
    n, size = h0.shape
    both = slice(0, 2 * size)
    scale = np.repeat(np.array([0.5, 0.5, 1], x.dtype), size)
    recurrent = (weights[1] * scale[:, None]).T.copy()
    offset = None if biases[1] is None else biases[1] * scale
    gates = _projected(x, weights[0], biases[0], scale)
    # The state's part of the new gate, before the reset gate multiplies it.
    outputs, inner = (empty_like(x, (len(x), size)) for _ in range(2))
    product = np.empty_like(x, shape=gates[:n].shape)
    added = np.empty_like(x, shape=(n, size))
    h = h0
    for rows, count in zip(rows_of(sizes), sizes, strict=True):
        a, through, t = gates[rows], product[:count], added[:count]
        _multiply(h[:count], recurrent, through)
        if offset is not None:
            through += offset
        rz, new = a[:, both], a[:, 2 * size :]
        rz += through[:, both]
        np.tanh(rz, out=rz)
        rz *= 0.5
        rz += 0.5
        inner[rows] = through[:, 2 * size :]
        np.multiply(a[:, :size], inner[rows], out=t)
        new += t
        np.tanh(new, out=new)
        out = outputs[rows]
        np.subtract(h[:count], new, out=out)
        out *= a[:, size : 2 * size]
        out += new
        h = out

    def backward(by_outputs: Floats, by_h: Floats) -> Gradients:
        by_gates, by_recurrent = empty_like(gates), empty_like(gates)
        by_h = by_h.copy("C")
        slopes, rests = np.empty_like(product), np.empty_like(added)
        places = list(zip(rows_of(sizes), sizes, strict=True))
        for step in reversed(range(len(places))):
            rows, count = places[step]
            before = outputs[places[step - 1][0]] if step else h0
            dh, d, a, t = by_h[:count], by_gates[rows], gates[rows], rests[:count]
            slope = slopes[:count, both]
            reset, update, new = (a[:, k * size : (k + 1) * size] for k in range(3))
            by_reset, by_update, by_new = (d[:, k * size : (k + 1) * size] for k in range(3))
            dh += by_outputs[rows]
            np.subtract(1, update, out=by_new)
            by_new *= dh
            np.multiply(new, new, out=t)
            np.subtract(1, t, out=t)
            by_new *= t
            np.subtract(before[:count], new, out=by_update)
            by_update *= dh
            np.multiply(by_new, inner[rows], out=by_reset)
            rz = a[:, both]
            np.multiply(rz, rz, out=slope)
            np.subtract(rz, slope, out=slope)
            d[:, both] *= slope
            through = by_recurrent[rows]
            through[:, both] = d[:, both]
            np.multiply(by_new, reset, out=through[:, 2 * size :])
            np.multiply(dh, update, out=t)
            _multiply(through, weights[1], dh)
            dh += t
        return Gradients(by_gates, by_recurrent, (by_h,))

    return Course(outputs, (_last(outputs, sizes),), backward)


def _multiply(x: Floats, y: Floats, out: Floats) -> None:
    """Write ``x @ y`` to `out`, a product of middling size in pieces.

    For small products OpenBLAS has kernels that copy nothing and wake no threads. In pieces of that
    size a product that takes less than 0.1 ms is about as fast as on two cores, and is not held up
    where these are busy.
    """
    piece = SMALL // max(1, y.size)
    if not FEWEST <= piece < len(x) <= PIECES * piece:
        np.matmul(x, y, out=out)
        return
    for start in range(0, len(x), piece):
        part = slice(start, start + piece)
        np.matmul(x[part], y, out=out[part])


def _total(biases: Biases) -> Floats | None:
    first, second = biases
    if first is None or second is None:
        return second if first is None else first
    return first + second


def _projected(
    x: Floats, weight: Floats, bias: Floats | None, scale: Floats | None = None
) -> Floats:
    """Return ``(x @ weight.T + bias) * scale``."""
    if scale is not None:
        weight = weight * scale[:, None]
        bias = None if bias is None else bias * scale
    out: Floats = empty_like(x, (len(x), len(weight)))
    np.matmul(x, weight.T, out=out)
    if bias is not None:
        out += bias
    return out


def _last(values: Floats, sizes: Sequence[int]) -> Floats:
    """Return the rows in which the sequences end, in the order of the sequences."""
    out = np.empty_like(values, shape=(sizes[0], *values.shape[1:]))
    for rows, count, going_on in zip(rows_of(sizes), sizes, [*sizes[1:], 0], strict=True):
        out[going_on:count] = values[rows][going_on:]
    return out
