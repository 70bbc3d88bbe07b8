"""Wrong derivatives of which the mistake is known, and what the diagnosis says of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from minigrad.testing.diagnosis import Diagnosis, Evidence, diagnose

STEP = 1e-3


def contracted_differences(f, arrays, by, cotangent):
    """The Jacobian times a cotangent by central differences of three steps, extrapolated."""

    def slope(index, step):
        ends = []
        for sign in (1, -1):
            moved = [array.copy() for array in arrays]
            moved[by][index] += sign * step
            ends.append(f(*moved))
        return (ends[0] - ends[1]) / (2 * step)

    out = np.shape(f(*arrays))
    jacobian = np.zeros(out + arrays[by].shape)
    for index in np.ndindex(arrays[by].shape):
        first, second, third = (slope(index, STEP / 2**i) for i in range(3))
        first, second = (4 * second - first) / 3, (4 * third - second) / 3
        jacobian[(..., *index)] = (16 * second - first) / 15
    return jacobian, np.tensordot(cotangent, jacobian, cotangent.ndim)


def evidence_of(forward, backward, *arrays, by=0, seed=0):
    """What a checker would know of a function and of a gradient that its author wrote."""
    f = lambda *inputs: np.asarray(forward(*inputs), dtype=float)
    rng = np.random.default_rng(seed + 100)
    output = f(*arrays)
    cotangent = np.asarray(rng.uniform(0.5, 1.5, output.shape) * rng.choice([-1, 1], output.shape))
    numeric, expected = contracted_differences(f, arrays, by, cotangent)
    others = {
        f"x{i}": contracted_differences(f, arrays, i, cotangent)[1]
        for i in range(len(arrays))
        if i != by
    }
    with np.errstate(all="ignore"):
        returned = np.asarray(backward(cotangent, *arrays), dtype=float)
    shape = arrays[by].shape
    analytic = None
    if returned.shape == shape:
        one_hot = np.eye(output.size).reshape(output.size, *output.shape)
        with np.errstate(all="ignore"):
            rows = [np.asarray(backward(g, *arrays), dtype=float) for g in one_hot]
        analytic = np.reshape(rows, output.shape + shape)
    return Evidence(
        value=arrays[by],
        output=output,
        cotangent=cotangent,
        returned=returned,
        expected=expected,
        error=np.full(shape, 1e-10) * np.max(np.abs(expected), initial=1e-3),
        analytic=analytic,
        numeric=numeric,
        numeric_error=np.full(numeric.shape, 1e-10),
        others=others,
        parameter=f"x{by}",
    )


@dataclass
class Planted:
    """A mistake: the kind it should be recognised as, and where it is planted."""

    name: str
    kind: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    shapes: list[tuple[tuple[int, ...], ...]]
    by: int = 0
    alone: str | None = "the same"  # the kind without Jacobians; None: it cannot be told
    positive: bool = False

    def arrays(self, shapes, seed):
        rng = np.random.default_rng(seed)
        arrays = []
        for shape in shapes:
            size = int(np.prod(shape))
            # All different, none close to another, so that no kink is near.
            sizes = 0.15 + (np.arange(size) + rng.uniform(0.2, 0.8, size)) * 1.7 / size
            signs = 1 if self.positive else np.where(np.arange(size) % 2, 1, -1)
            arrays.append(rng.permutation(sizes * signs).reshape(shape))
        return arrays


PLANTED: list[Planted] = []


def plant(name, kind, forward, backward, *shapes, **more):
    """Shapes are those of the inputs, or of the only one."""
    full = [s if s and isinstance(s[0], tuple) else (s,) for s in shapes]
    PLANTED.append(Planted(name, kind, forward, backward, full, **more))


VECTORS = (5,), (9,)
MATRICES = (3, 4), (5, 3)
SQUARES = (3, 3), (4, 4)
CUBES = (2, 3, 4), (3, 5, 2)


def scattered(g, shape, index, add=True):
    out = np.zeros(shape)
    if add:
        np.add.at(out, index, g)
    else:
        out[index] = g
    return out


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(x):
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


# Elementwise
plant("exp, no gradient", "no gradient", np.exp, lambda g, x: 0 * x, *VECTORS, *MATRICES)
plant("sin, sign", "sign", np.cos, lambda g, x: g * np.sin(x), *VECTORS, *MATRICES, ())
plant("square, factor", "factor", np.square, lambda g, x: g * x, *VECTORS, *MATRICES)
plant("sqrt, factor", "factor", np.sqrt, lambda g, x: g / np.sqrt(x), *VECTORS, positive=True)
plant(
    "log2 without log(2)", "factor", np.log2, lambda g, x: g / x, *VECTORS, *MATRICES, positive=True
)
plant("log10", "factor", np.log10, lambda g, x: g / x / np.log(10) ** 2, *VECTORS, positive=True)
plant("radians", "factor", np.radians, lambda g, x: g, *VECTORS, alone="factor")
plant("nearly right", "factor", np.tanh, lambda g, x: 1.005 * g / np.cosh(x) ** 2, *VECTORS)
plant("exp ignores", "upstream ignored", np.exp, lambda g, x: np.exp(x), *VECTORS, *MATRICES)
plant("exp divides", "upstream divided", np.exp, lambda g, x: np.exp(x) / g, *VECTORS, *MATRICES)
plant("exp squares", "upstream squared", np.exp, lambda g, x: np.exp(x) * g * g, *VECTORS)
plant("exp abs", "upstream without sign", np.exp, lambda g, x: np.exp(x) * abs(g), *VECTORS)
plant("exp averages", "upstream averaged", np.exp, lambda g, x: np.exp(x) * g.mean(), *VECTORS)
plant("exp sums", "upstream summed", np.exp, lambda g, x: np.exp(x) * g.sum(0), *MATRICES)
plant(
    "exp upstream reversed",
    "upstream rearranged",
    np.exp,
    lambda g, x: np.exp(x) * g[::-1],
    *VECTORS,
    *MATRICES,
)
plant(
    "sigmoid of the input",
    "input for output",
    sigmoid,
    lambda g, x: g * x * (1 - x),
    *VECTORS,
    *MATRICES,
)
plant("tanh of the input", "input for output", np.tanh, lambda g, x: g * (1 - x**2), *VECTORS)
plant(
    "exp of the output", "output for input", np.log, lambda g, x: g / np.log(x), (5,), positive=True
)
plant("sin for cos", "output for derivative", np.sin, lambda g, x: g * np.sin(x), *VECTORS)
plant("sinh passed", "passed through", np.sinh, lambda g, x: g, *VECTORS, *MATRICES)
plant(
    "power, once too often",
    "input as a factor",
    lambda x: x**3,
    lambda g, x: g * 3 * x**3,
    *VECTORS,
)
plant(
    "power, once too rarely", "input as a factor", lambda x: x**3, lambda g, x: 3 * g * x, *VECTORS
)
plant(
    "sqrt, output once more",
    "output as a factor",
    np.tan,
    lambda g, x: g * (1 + np.tan(x) ** 2) * np.tan(x),
    *VECTORS,
)
plant(
    "product rule",
    "term missing",
    lambda x: x * np.sin(x),
    lambda g, x: g * x * np.cos(x),
    *VECTORS,
)
plant("residual", "term missing", lambda x: x + np.sin(x), lambda g, x: g * np.cos(x), *VECTORS)
plant(
    "rounded",
    "rounded",
    lambda x: 4 * x * x,
    lambda g, x: (8 * x * g).astype(int),
    *VECTORS,
    *MATRICES,
)
plant("abs, wrong for negative", "partly sign", np.abs, lambda g, x: g, (6,), (3, 4), (9,))
plant(
    "relu without mask",
    "mask missing",
    lambda x: np.maximum(x, 0),
    lambda g, x: g,
    *VECTORS,
    *MATRICES,
)
plant(
    "relu inverted", "mask inverted", lambda x: np.maximum(x, 0), lambda g, x: g * (x < 0), *VECTORS
)
plant(
    "relu with another boundary",
    "mask moved",
    lambda x: np.maximum(x, 0),
    lambda g, x: g * (x > 0.6),
    (9,),
    (4, 4),
)
plant("clip", "mask missing", lambda x: np.clip(x, -0.8, 0.8), lambda g, x: g, *VECTORS, *MATRICES)
plant(
    "where, the other branch",
    "mask inverted",
    lambda x, y: np.where(y > 0, x * x, y),
    lambda g, x, y: np.where(y > 0, 0, 2 * x * g),
    ((5,), (5,)),
    ((3, 4), (3, 4)),
)
KEEP = np.array([1, 0, 1, 1, 0.0])
plant("dropout", "mask missing", lambda x: x * KEEP * 2, lambda g, x: 2 * g, (5,), (4, 5))
plant("not finite", "not finite", lambda x: x * np.abs(x), lambda g, x: g * x / (x - x), *VECTORS)

# Two inputs
plant(
    "multiply, exchanged",
    "other input",
    np.multiply,
    lambda g, x, y: g * x,
    ((5,), (5,)),
    ((3, 4), (3, 4)),
)
plant(
    "minimum, exchanged",
    "other input",
    np.minimum,
    lambda g, x, y: g * (x > y),
    ((7,), (7,)),
    alone="other input",
)
plant("divide, exchanged", "other input", np.divide, lambda g, x, y: g / y, ((5,), (5,)), by=1)
plant("subtract, sign", "sign", np.subtract, lambda g, x, y: g, ((5,), (5,)), by=1)
plant(
    "bias, shape",
    "missing sum",
    np.add,
    lambda g, x, b: g,
    ((4, 3), (3,)),
    ((2, 4, 3), (4, 1)),
    by=1,
)
plant("bias, first", "missing sum", np.add, lambda g, x, b: g[0], ((4, 3), (3,)), by=1)
plant("bias, last", "missing sum", np.add, lambda g, x, b: g[-1], ((5, 3), (3,)), by=1)
plant(
    "bias, mean",
    "mean for sum",
    np.add,
    lambda g, x, b: g.mean(0),
    ((4, 3), (3,)),
    ((5, 3), (3,)),
    by=1,
)
plant(
    "scale, first",
    "missing sum",
    np.multiply,
    lambda g, x, b: (g * x)[0],
    ((4, 3), (3,)),
    by=1,
    alone=None,
)

# Reductions
plant(
    "sum, mean",
    "mean for sum",
    np.sum,
    lambda g, x: g * np.ones_like(x) / x.size,
    *VECTORS,
    *MATRICES,
)
plant("mean, sum", "sum for mean", np.mean, lambda g, x: g * np.ones_like(x), *VECTORS, *MATRICES)
plant(
    "mean over an axis",
    "sum for mean",
    lambda x: x.mean(axis=1),
    lambda g, x: g[:, None] * np.ones_like(x),
    *MATRICES,
    (3, 5),
)
plant(
    "sum over an axis, not spread",
    "not spread",
    lambda x: x.sum(axis=1),
    lambda g, x: g,
    *MATRICES,
)
plant(
    "sum over an axis, another axis",
    "transposed",
    lambda x: x.sum(axis=1),
    lambda g, x: g * np.ones_like(x),
    *SQUARES,
)
plant("sum ignores", "upstream ignored", np.sum, lambda g, x: np.ones_like(x), *VECTORS, *MATRICES)
plant(
    "sum of squares ignores",
    "upstream ignored",
    lambda x: (x * x).sum(1),
    lambda g, x: 2 * x,
    *MATRICES,
)
plant(
    "max without mask",
    "mask missing",
    np.max,
    lambda g, x: g * np.ones_like(x),
    *VECTORS,
    *MATRICES,
)
plant(
    "max, wrong places",
    "rearranged",
    lambda x: x.max(axis=1),
    lambda g, x: scattered(
        g, x.shape, (np.arange(len(x)), (x.argmax(1) + np.arange(len(x)) % 2) % x.shape[1])
    ),
    (4, 5),
    (5, 3),
)
plant(
    "variance",
    "degrees of freedom",
    lambda x: x.var(ddof=1),
    lambda g, x: 2 * g * (x - x.mean()) / x.size,
    *VECTORS,
)
plant(
    "variance, not centred",
    "mean not subtracted",
    np.var,
    lambda g, x: 2 * g * x / x.size,
    *VECTORS,
    *MATRICES,
)
plant("prod over", "output as a factor", np.prod, lambda g, x: g * np.prod(x) ** 2 / x, *VECTORS)
plant("norm", "factor", lambda x: (x * x).sum() / 2, lambda g, x: 2 * g * x, *VECTORS)

# Contraction
plant(
    "matmul, not transposed",
    "Jacobian transposed",
    np.matmul,
    lambda g, x, w: g @ w,
    ((2, 3), (3, 3)),
    ((3, 4), (4, 4)),
    alone=None,
)
plant(
    "matmul, transposed",
    "transposed",
    np.matmul,
    lambda g, x, w: g.T @ x,
    ((2, 3), (3, 3)),
    ((3, 4), (4, 4)),
    by=1,
)
plant(
    "matmul, wrong shape", "transposed", np.matmul, lambda g, x, w: g.T @ x, ((2, 3), (3, 4)), by=1
)
plant(
    "linear, one sample",
    "missing sum",
    lambda x, w: x @ w,
    lambda g, x, w: np.outer(x[0], g[0]),
    ((4, 3), (3, 2)),
    by=1,
    alone=None,
)
plant(
    "linear, mean",
    "mean for sum",
    lambda x, w: x @ w,
    lambda g, x, w: x.T @ g / len(x),
    ((5, 3), (3, 2)),
    ((7, 3), (3, 4)),
    by=1,
)
plant("outer, exchanged", "other input", np.outer, lambda g, x, y: g.T @ x, ((4,), (4,)))

# Softmax
plant(
    "softmax, diagonal",
    "diagonal only",
    softmax,
    lambda g, x: softmax(x) * (1 - softmax(x)) * g,
    *VECTORS,
    *MATRICES,
    alone=None,
)
plant(
    "softmax, no sum",
    "projection missing",
    softmax,
    lambda g, x: softmax(x) * g,
    *VECTORS,
    *MATRICES,
)
plant("log-softmax, no sum", "projection missing", log_softmax, lambda g, x: g, *VECTORS, *MATRICES)
plant(
    "log-softmax, sum",
    "projection missing",
    log_softmax,
    lambda g, x: g - softmax(x) * 0.5 * g.sum(-1, keepdims=True),
    *VECTORS,
    *MATRICES,
)
plant(
    "log-softmax, mean",
    "projection missing",
    log_softmax,
    lambda g, x: g - softmax(x) * g.mean(-1, keepdims=True),
    *VECTORS,
    *MATRICES,
)

# Cumulative
plant("cumsum", "cumulative direction", np.cumsum, lambda g, x: np.cumsum(g), *VECTORS)
plant(
    "cumsum of an axis",
    "cumulative direction",
    lambda x: np.cumsum(x, 0),
    lambda g, x: np.cumsum(g, 0),
    *MATRICES,
)
plant("cumsum passed", "passed through", np.cumsum, lambda g, x: g, *VECTORS)
plant(
    "cumsum, exclusive", "shifted", np.cumsum, lambda g, x: np.cumsum(g[::-1])[::-1] - g, *VECTORS
)
plant(
    "cumprod",
    "Jacobian transposed",
    lambda x: np.cumsum(x * x),
    lambda g, x: 2 * np.cumsum(g * x),
    *VECTORS,
    alone=None,
)
# Places
plant("sort", "permutation direction", np.sort, lambda g, x: g[np.argsort(x)], (7,), (9,))
plant("sort passed", "passed through", np.sort, lambda g, x: g, *VECTORS, alone="passed through")
plant("reverse", "flipped", lambda x: x[::-1], lambda g, x: g, *VECTORS, *MATRICES)
plant(
    "flip of an axis",
    "flipped",
    lambda x: np.flip(x, 1) ** 2,
    lambda g, x: 2 * g * np.flip(x, 1),
    *MATRICES,
)
plant("roll", "rolled", lambda x: np.roll(x, 1), lambda g, x: np.roll(g, 1), *VECTORS)
plant("roll passed", "rolled", lambda x: np.roll(x, 2, 1), lambda g, x: g, (3, 7), (2, 5))
plant("transpose", "transposed", np.transpose, lambda g, x: g, *SQUARES)
plant(
    "transpose of three",
    "transposed",
    lambda x: x.transpose(1, 2, 0),
    lambda g, x: g.transpose(1, 2, 0),
    (3, 3, 3),
    (4, 4, 4),
)
plant(
    "transpose by reshape", "memory order", np.transpose, lambda g, x: g.reshape(x.shape), *MATRICES
)
plant(
    "height and width",
    "memory order",
    lambda x: x.swapaxes(1, 2),
    lambda g, x: g.reshape(x.shape),
    *CUBES,
)
plant(
    "reshape, order",
    "memory order",
    lambda x: x.reshape(-1, 2),
    lambda g, x: g.reshape(x.shape, order="F"),
    (3, 4),
    (4, 5),
)
plant(
    "reshape, forward in order F",
    "memory order",
    lambda x: x.reshape(-1, order="F"),
    lambda g, x: g.reshape(x.shape),
    *MATRICES,
)
plant(
    "concatenate, exchanged",
    "other input",
    lambda x, y: np.concatenate([x, y]),
    lambda g, x, y: g[len(x) :],
    ((3,), (3,)),
    ((2, 3), (2, 3)),
)
plant(
    "concatenate, offset",
    "wrong slice",
    lambda x, y: np.concatenate([x, y]),
    lambda g, x, y: g[: len(y)],
    ((3,), (4,)),
    ((2, 3), (4, 3)),
    by=1,
)
plant(
    "pad",
    "wrong slice",
    lambda x: np.pad(x, 1),
    lambda g, x: g[tuple(slice(0, n) for n in x.shape)],
    *VECTORS,
    *MATRICES,
)
plant(
    "slice",
    "shifted",
    lambda x: x[1:4] ** 1,
    lambda g, x: scattered(g, x.shape, slice(0, 3)),
    (5,),
    (6, 2),
)
plant(
    "shift",
    "shifted",
    lambda x: x[2:5] ** 2,
    lambda g, x: np.concatenate([2 * g * x[2:5], 0 * x[:2]]),
    (5,),
)
KERNEL = np.array([0.5, -0.8, 1.3])
IDS = np.array([0, 2, 0, 1, 2, 0])
plant(
    "take, overwritten",
    "overwritten",
    lambda x: x[IDS],
    lambda g, x: scattered(g, x.shape, IDS, add=False),
    (4,),
    (3, 2),
    alone=None,
)
plant(
    "repeat, mean",
    "factor",
    lambda x: np.repeat(x, 2),
    lambda g, x: g.reshape(-1, 2).mean(1),
    *VECTORS,
)
plant(
    "getitem with gaps",
    "partly no gradient",
    lambda x: x[::2] ** 2,
    lambda g, x: scattered((2 * g * x[::2])[1:], x.shape, slice(2, None, 2)),
    (5, 2),
    (7,),
)
plant(
    "edge",
    "partly factor",
    lambda x: x * x,
    lambda g, x: np.where((np.arange(x.shape[-1]) == 0), 3, 1) * 2 * x * g,
    (4, 5),
    (3, 3),
)
plant(
    "rows",
    "factor along an axis",
    lambda x: np.exp(x),
    lambda g, x: np.exp(x) * g * (1.3 + np.arange(len(x)))[:, None],
    *MATRICES,
)

# Windows


def convolve(x, w):
    return np.correlate(x, w, mode="valid")


def convolve_2d(x, w):
    (h, v), (a, b) = x.shape, w.shape
    return np.array(
        [[np.sum(x[i : i + a, j : j + b] * w) for j in range(v - b + 1)] for i in range(h - a + 1)]
    )


def gradient_by_image(g, x, w):
    out = np.zeros_like(x)
    for i, j in np.ndindex(g.shape):
        out[i : i + w.shape[0], j : j + w.shape[1]] += g[i, j] * w
    return out


def maxima(x):
    return np.array([x[i : i + 3].max() for i in range(len(x) - 2)])


def maxima_overwritten(g, x):
    out = np.zeros_like(x)
    for i, number in enumerate(g):
        out[i + x[i : i + 3].argmax()] = number
    return out


plant(
    "convolution, kernel flipped",
    "kernel flipped",
    convolve,
    lambda g, x, w: np.convolve(g, w[::-1]),
    ((6,), (3,)),
    ((7,), (4,)),
    alone=None,
)
plant(
    "convolution, weights flipped",
    "flipped",
    convolve,
    lambda g, x, w: np.correlate(x, g)[::-1],
    ((6,), (3,)),
    ((7,), (4,)),
    by=1,
)
plant(
    "image, kernel flipped",
    "kernel flipped",
    convolve_2d,
    lambda g, x, w: gradient_by_image(g, x, w[::-1, ::-1]),
    ((4, 5), (2, 3)),
    ((5, 4), (3, 3)),
    alone=None,
)
plant(
    "image, padding",
    "shifted",
    convolve_2d,
    lambda g, x, w: np.pad(gradient_by_image(g, x, w)[1:, 1:], ((0, 1), (0, 1))),
    ((4, 5), (2, 3)),
)
plant(
    "image, weights transposed",
    "transposed",
    convolve_2d,
    lambda g, x, w: convolve_2d(x, g).T,
    ((5, 5), (3, 3)),
    by=1,
)
plant(
    "max pooling, overwritten", "overwritten", maxima, maxima_overwritten, (8,), (11,), alone=None
)
plant(
    "max pooling, scaled",
    "factor",
    maxima,
    lambda g, x: (
        0.3 * scattered(g, x.shape, [i + x[i : i + 3].argmax() for i in range(len(x) - 2)])
    ),
    (8,),
)

# Layers and losses


def normalised(x):
    return (x - x.mean(0)) / x.std(0)


def normalised_gradient(g, x, mean=True, norm=True):
    out = normalised(x)
    found = g - (g.mean(0) if mean else 0) - (out * (g * out).mean(0) if norm else 0)
    return found / x.std(0)


def cross_entropy(x):
    return -log_softmax(x)[np.arange(len(x)), np.arange(len(x)) % x.shape[1]].mean()


def one_hot(x):
    return np.eye(x.shape[1])[np.arange(len(x)) % x.shape[1]]


plant(
    "batch norm, no mean",
    "mean not subtracted",
    normalised,
    lambda g, x: normalised_gradient(g, x, mean=False),
    (5, 3),
    (6, 2),
)
plant(
    "batch norm, no variance",
    "projection missing",
    normalised,
    lambda g, x: normalised_gradient(g, x, norm=False),
    (5, 3),
    (6, 2),
)
plant(
    "batch norm, constants",
    "projection missing",
    normalised,
    lambda g, x: g / x.std(0),
    (5, 3),
    (6, 2),
    alone="projection missing",
)
plant(
    "unit vectors",
    "projection missing",
    lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True),
    lambda g, x: g / np.linalg.norm(x, axis=-1, keepdims=True),
    *VECTORS,
    *MATRICES,
)
plant(
    "weight decay",
    "multiple of the input added",
    lambda x: np.sin(x).sum() + 0.25 * (x * x).sum(),
    lambda g, x: g * np.cos(x),
    *VECTORS,
    *MATRICES,
)
plant(
    "cross entropy, not averaged",
    "sum for mean",
    cross_entropy,
    lambda g, x: g * (softmax(x) - one_hot(x)),
    (5, 3),
    (4, 3),
)
plant(
    "cross entropy, sign",
    "sign",
    cross_entropy,
    lambda g, x: g * (one_hot(x) - softmax(x)) / len(x),
    (5, 3),
)
plant(
    "cross entropy, no one-hot",
    "constant in places",
    cross_entropy,
    lambda g, x: g * softmax(x) / len(x),
    (5, 3),
    (4, 4),
)
plant(
    "squared error, factor",
    "factor",
    lambda x, y: ((x - y) ** 2).mean(),
    lambda g, x, y: g * (x - y) / x.size,
    ((5,), (5,)),
    ((4, 3), (4, 3)),
)
plant(
    "squared error, exchanged",
    "sign",
    lambda x, y: ((x - y) ** 2).mean(),
    lambda g, x, y: 2 * g * (y - x) / x.size,
    ((5,), (5,)),
)
plant(
    "stray constant",
    "constant added",
    lambda x: np.sin(x),
    lambda g, x: g * np.cos(x) + 0.5,
    *VECTORS,
    *MATRICES,
)
plant(
    "constant from nowhere",
    "single precision",
    np.sin,
    lambda g, x: (g * np.cos(x)).astype(np.float32),
    *VECTORS,
)

# More of the same, where other mistakes are close by


def same(x, w):
    return np.convolve(x, w, mode="same")


def smoothed(x):
    padded = np.pad(x, 1)
    return padded[:-2] + padded[1:-1] + padded[2:]


plant(
    "leaky relu, slope",
    "partly factor",
    lambda x: np.where(x > 0, x, 0.1 * x),
    lambda g, x: np.where(x > 0, g, 0.2 * g),
    (9,),
    (4, 4),
)
plant(
    "leaky relu, as relu",
    "partly no gradient",
    lambda x: np.where(x > 0, x, 0.1 * x),
    lambda g, x: np.where(x > 0, g, 0.0 * g),
    (9,),
    (4, 4),
)
plant(
    "log-sum-exp",
    "output as a factor",
    lambda x: np.log(np.exp(x).sum()),
    lambda g, x: g * np.exp(x),
    *VECTORS,
)
plant("norm", "output as a factor", np.linalg.norm, lambda g, x: g * x, *VECTORS, *MATRICES)
plant("reciprocal", "input as a factor", lambda x: 1 / x, lambda g, x: -g / x, *VECTORS, *MATRICES)
plant(
    "reciprocal of the output",
    "output for input",
    lambda x: np.log(np.abs(x)),
    lambda g, x: g / np.log(np.abs(x)),
    *VECTORS,
)
plant("power and sign", "input as a factor", lambda x: x**3, lambda g, x: -3 * g * x, (7,), (3, 4))
plant("trace", "mask missing", np.trace, lambda g, x: g * np.ones_like(x), *SQUARES)
plant("triu", "partly no gradient", np.triu, lambda g, x: np.triu(g, 1), *SQUARES)
plant(
    "tril",
    "mask inverted",
    lambda x: np.tril(x, -1) ** 2,
    lambda g, x: 2 * x * g.T * np.triu(np.ones_like(x)),
    *SQUARES,
)
plant(
    "three uses",
    "factor",
    lambda x: x + np.roll(x, 0) + x,
    lambda g, x: g,
    (5,),
    (7,),
    alone="factor",
)
plant(
    "stack, exchanged",
    "other input",
    lambda x, y: np.stack([x, y]),
    lambda g, x, y: g[1],
    ((4,), (4,)),
    ((2, 3), (2, 3)),
)
plant(
    "keepdims",
    "shape",
    lambda x: x.sum(axis=0),
    lambda g, x: g * np.ones(x.shape[0]),
    (4, 1),
    (3, 1),
)
plant("any shape", "shape", lambda x: x @ x.T, lambda g, x: g, (3, 4), (4, 2))
plant(
    "a convolution of the same length",
    "Jacobian transposed",
    lambda x: same(x, KERNEL),
    lambda g, x: same(g, KERNEL),
    (6,),
    (8,),
    alone=None,
)
plant(
    "edges",
    "contribution missing",
    smoothed,
    lambda g, x: np.concatenate([[g[0]], smoothed(g)[1:-1], [g[-1]]]),
    (6,),
    (9,),
    alone="wrong in places",
)
plant(
    "neighbour",
    "shifted",
    lambda x: np.exp(x),
    lambda g, x: np.concatenate([[0], (np.exp(x) * g)[:-1]]),
    *VECTORS,
)
plant(
    "neighbour in rows",
    "shifted",
    lambda x: np.exp(x),
    lambda g, x: np.pad((np.exp(x) * g)[:, 1:], ((0, 0), (0, 1))),
    (3, 4),
    (2, 5),
)
plant("two at once", "rolled", lambda x: np.roll(x, 1), lambda g, x: -np.roll(g, 1), (7,), (9,))
plant("transposed and doubled", "transposed", lambda x: x.T**2, lambda g, x: g * x.T, *SQUARES)
plant(
    "mean of rows, averaged",
    "upstream averaged",
    lambda x: np.exp(x),
    lambda g, x: np.exp(x) * g.mean(axis=1, keepdims=True),
    *MATRICES,
)
plant(
    "in a condition",
    "not linear",
    lambda x: np.cumsum(np.exp(x)),
    lambda g, x: np.cumsum((g * (g > 0))[::-1])[::-1] * np.exp(x),
    (5,),
    (8,),
    alone=None,
)
plant(
    "moved boundary below",
    "mask moved",
    lambda x: np.maximum(x, 0),
    lambda g, x: g * (x > -0.8),
    (9,),
    (4, 4),
)
plant("degrees, thrice", "factor", np.degrees, lambda g, x: g, *VECTORS)
plant(
    "first term of a product",
    "term missing",
    lambda x: x * np.cos(x),
    lambda g, x: g * np.cos(x),
    *VECTORS,
)
plant(
    "layer norm, no mean",
    "mean not subtracted",
    lambda x: normalised(x.T).T,
    lambda g, x: normalised_gradient(g.T, x.T, mean=False).T,
    (3, 5),
    (2, 6),
)
plant(
    "standard deviation",
    "mean not subtracted",
    np.std,
    lambda g, x: g * x / x.std() / x.size,
    *VECTORS,
)
plant(
    "swap of axes", "transposed", lambda x: x.swapaxes(1, 2), lambda g, x: g, (2, 3, 3), (3, 4, 4)
)
plant(
    "einsum, the other operand",
    "transposed",
    lambda x, y: np.einsum("ij,jk->ik", x, y),
    lambda g, x, y: y @ g.T,
    ((3, 3), (3, 3)),
    ((4, 4), (4, 4)),
)
plant(
    "repeat, first",
    "overwritten",
    lambda x: np.repeat(x, 3),
    lambda g, x: g[::3],
    (4,),
    (6,),
    alone=None,
)
plant(
    "tile, first",
    "missing sum",
    lambda x: np.tile(x, (3, 1)) * 2,
    lambda g, x: 2 * g[0],
    (4,),
    (5,),
    alone=None,
)
plant(
    "logarithm of the absolute",
    "partly sign",
    lambda x: np.log(np.abs(x)),
    lambda g, x: g / np.abs(x),
    (6,),
    (3, 4),
)
plant(
    "minimum over an axis",
    "mask missing",
    lambda x: x.min(axis=0),
    lambda g, x: g * np.ones_like(x),
    *MATRICES,
)
plant(
    "swish",
    "term missing",
    lambda x: x * sigmoid(x),
    lambda g, x: g * x * sigmoid(x) * (1 - sigmoid(x)),
    *VECTORS,
)

CASES = [
    pytest.param(planted, shapes, seed, id=f"{planted.name}-{shapes}-{seed}")
    for planted in PLANTED
    for shapes in planted.shapes
    for seed in range(3)
]


def evidence_for(planted, shapes, seed):
    arrays = planted.arrays(shapes, seed)
    return evidence_of(planted.forward, planted.backward, *arrays, by=planted.by, seed=seed)


def without_jacobians(evidence):
    return replace(evidence, analytic=None, numeric=None, numeric_error=None)


def kinds(evidence):
    return [diagnosis.kind for diagnosis in diagnose(evidence)]


@pytest.mark.parametrize(("planted", "shapes", "seed"), CASES)
def test_the_first_diagnosis_is_the_mistake_that_was_planted(planted, shapes, seed):
    evidence = evidence_for(planted, shapes, seed)
    assert kinds(evidence)[:1] == [planted.kind], diagnose(evidence)
    alone = planted.kind if planted.alone == "the same" else planted.alone
    if alone is not None:
        evidence = without_jacobians(evidence)
        assert kinds(evidence)[:1] == [alone], diagnose(evidence)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
@pytest.mark.parametrize("error", [1e-8, 1e-6, 1e-5])
def test_a_coarse_measurement_leaves_the_diagnosis_as_it_is(planted, error):
    if planted.kind in {"single precision", "factor"} and error > 1e-6:
        return  # then a factor of 1.005 has no name, and digits are lost
    evidence = evidence_for(planted, planted.shapes[0], seed=1)
    rng = np.random.default_rng(0)
    size = error * np.max(np.abs(evidence.numeric))
    noise = lambda array: array + size * rng.uniform(-0.5, 0.5, array.shape)
    coarse = replace(
        evidence,
        expected=noise(evidence.expected),
        error=np.full(evidence.expected.shape, size),
        numeric=noise(evidence.numeric),
        numeric_error=np.full(evidence.numeric.shape, size),
        others={name: noise(gradient) for name, gradient in evidence.others.items()},
    )
    assert planted.kind in kinds(coarse) or planted.kind == "single precision"


def test_many_mistakes_of_many_functions_are_planted():
    assert len(PLANTED) >= 60
    assert len({planted.forward for planted in PLANTED}) >= 20
    assert len({planted.kind for planted in PLANTED}) >= 25


# What must not be claimed


def random_evidence(rng, shape, out, change):
    """A function with a random Jacobian, and what a change makes of that."""
    right = rng.normal(size=out + shape)
    cotangent = rng.normal(size=out)
    wrong = change(rng, right)
    return Evidence(
        value=rng.normal(size=shape),
        output=rng.normal(size=out),
        cotangent=cotangent,
        returned=np.tensordot(cotangent, wrong, cotangent.ndim),
        expected=np.tensordot(cotangent, right, cotangent.ndim),
        error=np.full(shape, 1e-9),
        analytic=wrong,
        numeric=right,
        numeric_error=np.full(out + shape, 1e-9),
        others={"y": rng.normal(size=shape)},
        parameter="x",
    )


SHAPES = [
    ((), ()),
    ((1,), (1,)),
    ((2,), (2,)),
    ((3,), ()),
    ((2, 2), (2,)),
    ((3, 4), (3, 4)),
    ((4,), (2, 4)),
    ((3, 4), (4,)),
    ((2, 3, 2), (2, 3, 2)),
]


@pytest.mark.parametrize(("shape", "out"), SHAPES)
@pytest.mark.parametrize("seed", range(10))
def test_noise_is_no_known_mistake(shape, out, seed):
    rng = np.random.default_rng(seed)
    change = lambda rng, right: rng.normal(size=right.shape)
    evidence = random_evidence(rng, shape, out, change)
    assert diagnose(evidence) == []
    assert diagnose(without_jacobians(evidence)) == []


@pytest.mark.parametrize("shape", [(3,), (7,), (3, 4)])
@pytest.mark.parametrize("seed", range(10))
def test_noise_in_an_elementwise_derivative_is_no_known_mistake(shape, seed):
    rng = np.random.default_rng(seed)
    x, slope, false = (rng.normal(size=shape) for _ in range(3))
    evidence = evidence_of(lambda x: x * slope, lambda g, x: g * false, x, seed=seed)
    assert diagnose(evidence) == []
    assert diagnose(without_jacobians(evidence)) == []


@pytest.mark.parametrize(("shape", "out"), SHAPES[2:])
@pytest.mark.parametrize("seed", range(10))
def test_noise_in_some_elements_is_placed_but_not_explained(shape, out, seed):
    rng = np.random.default_rng(seed)
    wrong = rng.random(shape) < 0.5
    change = lambda rng, right: np.where(wrong, rng.normal(size=right.shape), right)
    evidence = random_evidence(rng, shape, out, change)
    found = kinds(evidence) + kinds(without_jacobians(evidence))
    assert set(found) <= {"wrong in places"}


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_the_right_derivative_has_no_diagnosis(planted):
    evidence = evidence_for(planted, planted.shapes[0], seed=0)
    right = replace(evidence, returned=evidence.expected, analytic=evidence.numeric)
    assert diagnose(right) == []


# What is hard to read


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2,), (3, 0), (2, 1, 2)])
@pytest.mark.parametrize("out", [(), (1,), (3,), (0,), (2, 2)])
def test_every_shape_is_looked_at_without_an_error(shape, out):
    rng = np.random.default_rng(0)
    for factor in (0.0, -1.0, 2.0, 1.7):
        evidence = random_evidence(rng, shape, out, lambda rng, right, c=factor: c * right)
        for some in (evidence, without_jacobians(evidence), replace(evidence, numeric=None)):
            assert all(isinstance(diagnosis, Diagnosis) for diagnosis in diagnose(some))


@pytest.mark.parametrize(
    "returned", [np.zeros(3), np.zeros((2, 2, 3)), np.ones(()), np.ones((3, 2))]
)
def test_a_wrong_shape_is_said(returned):
    evidence = evidence_of(
        np.exp, lambda g, x: returned, np.array([[0.3, -0.7, 1.1], [1.0, 2.0, 3.0]])
    )
    (diagnosis,) = diagnose(evidence)
    assert diagnosis.kind == "shape"
    assert "(2, 3)" in str(diagnosis)


def test_numbers_that_are_not_finite_are_placed():
    x = np.array([0.5, 0.0, 1.5, 0.0])
    with np.errstate(all="ignore"):
        evidence = evidence_of(lambda x: x * x * x, lambda g, x: 3 * g * x**3 / x, x)
    (diagnosis,) = diagnose(evidence)
    assert diagnosis.kind == "not finite"
    assert "where the input is zero" in str(diagnosis)


def test_what_could_not_be_measured_is_left_out():
    x = np.array([0.5, -0.8, 1.5, 0.9])
    evidence = evidence_of(np.exp, lambda g, x: 2 * g * np.exp(x), x)
    evidence.error[1] = evidence.numeric_error[:, 1] = np.inf
    evidence.numeric[:, 1] = evidence.expected[1] = np.nan
    assert kinds(evidence) == ["factor"]
    assert kinds(without_jacobians(evidence)) == ["factor"]


def test_nothing_is_said_if_little_could_be_measured():
    x = np.array([0.5, -0.8, 1.5, 0.9])
    evidence = evidence_of(np.exp, lambda g, x: 2 * g * np.exp(x), x)
    evidence.error[:] = 10.0
    assert diagnose(without_jacobians(evidence)) == []


def test_arrays_are_only_read():
    x = np.array([0.5, -0.8, 1.5, 0.9])
    evidence = evidence_of(np.exp, lambda g, x: g[::-1], x)
    for name in ("value", "output", "cotangent", "returned", "expected", "error", "analytic"):
        getattr(evidence, name).flags.writeable = False
    diagnose(evidence)


# The sentences

X = np.array([[0.5, -0.8, 1.5], [-0.9, 1.2, 0.3]])

SENTENCES = [
    (
        np.square,
        lambda g, x: g * x,
        (
            "It is 0.5 times the right gradient everywhere: is a factor 2 missing, or one of two "
            "uses of the input (2 is also the length of axis 0 (a batch?) of the input)?"
        ),
    ),
    (np.tanh, lambda g, x: 1.005 * g / np.cosh(x) ** 2, "It is 1.005 times the right gradient"),
    (
        lambda x: x.mean(axis=1),
        lambda g, x: g[:, None] * np.ones_like(x),
        (
            "It is 3 times the right gradient, and 3 is the length of axis 1 of the input: is it "
            "summed where it should be averaged?"
        ),
    ),
    (
        lambda x: np.roll(x, 1, axis=1),
        lambda g, x: g,
        "It is the right gradient rolled by 1 along axis 1: is a roll by 1 missing?",
    ),
    (
        lambda x: np.cumsum(x, axis=1),
        lambda g, x: np.cumsum(g, axis=1),
        (
            "The gradient of a cumulative sum along axis 1 should be summed from the end, but is "
            "summed from the start."
        ),
    ),
    (
        lambda x: np.sin(x).sum() + 0.25 * (x * x).sum(),
        lambda g, x: g * np.cos(x),
        (
            "The difference is -0.5 times the input itself: is a term of regularisation "
            "(weight decay) missing?"
        ),
    ),
    (np.abs, lambda g, x: g, "Its sign is wrong where the input is negative, and it is right"),
    (
        np.exp,
        lambda g, x: g * np.exp(x) * [1, 0, 1],
        "It is zero at index 1 along axis 1, and right elsewhere",
    ),
    (
        np.exp,
        lambda g, x: g * np.exp(x) * [1, 1.3, 1],
        "It is 1.3 times the right gradient at index 1 along axis 1, and right elsewhere.",
    ),
    (
        np.exp,
        lambda g, x: g * (np.exp(x) + [[0, 0, 0], [0.3, 0.7, 0.2]]),
        "It is wrong at index 1 along axis 0.",
    ),
    (
        np.exp,
        lambda g, x: g * (np.exp(x) + [[0, 0, 0.3], [0, 0, 0]]),
        "It is wrong at index (0, 2) only.",
    ),
    (
        np.exp,
        lambda g, x: g * (np.exp(x) + [[0.2, 0, 0.3], [0.4, 0, 0.7]]),
        "It is wrong everywhere but at index 1 along axis 1.",
    ),
]


@pytest.mark.parametrize(("forward", "backward", "sentence"), SENTENCES)
def test_the_first_sentence_says_what_is_wrong(forward, backward, sentence):
    first, *others = diagnose(evidence_of(forward, backward, X))
    assert str(first).startswith(sentence)
    assert len(others) <= 2
    assert all("\n" not in str(diagnosis) for diagnosis in (first, *others))
