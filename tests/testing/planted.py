"""Wrong derivatives of many kinds, each with what a check must find and name.

A rule is what `mg.op` takes: from arrays to the output and a closure for each. These here run on
NumPy arrays alone as well, so that other checkers can be given the same closures.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.registry import Dispatched

# Beyond this many elements a check goes along random directions.
LARGE = 300


def numbers(shape, seed=0, positive=False):
    """Return numbers of both signs, none near another, 0 or 1: no kink is near."""
    rng = np.random.default_rng([seed, *shape])
    count = math.prod(shape)
    sizes = 0.15 + (np.arange(count) + rng.uniform(0.2, 0.8, count)) * 1.7 / count
    signs = 1.0 if positive else np.where(np.arange(count) % 2, -1.0, 1.0)
    return rng.permutation(sizes * signs).reshape(shape)


@dataclass
class Planted:
    """A bug: where to check it, and what must be said of it.

    Attributes
    ----------
    title : str
        What is wrong, in words.
    function : str
        The op or the layer whose derivative it is.
    rule : callable
        Returns the output and the closures, one of them wrong.
    shapes : sequence of tuple of int
        Of its inputs.
    kind : str
        Of the first diagnosis, or the verdict where that says it all.
    wrong : str
        The inputs whose derivatives are wrong; the diagnosis is that of the first.
    order : int
        The order of the derivative that is wrong; all below are right.
    misses : bool
        Whether a check with a gradient of ones does not see it.
    generic : bool
        Whether it takes larger inputs too.
    """

    title: str
    function: str
    rule: Callable[..., Any]
    shapes: Sequence[tuple[int, ...]]
    kind: str
    wrong: str = "x"
    verdict: str = "wrong"
    order: int = 1
    misses: bool = False
    positive: bool = False
    generic: bool = True
    is_layer: bool = False
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def parameters(self):
        """The inputs whose derivatives are wrong."""
        return self.wrong.split()

    @property
    def op(self):
        return mg.op(**self.settings)(self.rule)

    @property
    def inputs(self):
        return self._inputs(1)

    @property
    def large_inputs(self):
        """Inputs of all lengths but 1 times the same number, to have many elements."""
        times = 2
        while sum(array.size for array in self._inputs(times)) < LARGE:
            times += 1
        return self._inputs(times)

    def _inputs(self, times):
        return [
            numbers([n * times if n > 1 else 1 for n in shape], i, self.positive)
            for i, shape in enumerate(self.shapes)
        ]


PLANTED: list[Planted] = []


def plant(title, function, rule, *shapes, kind, **more):
    """Enter a bug of a function."""
    rule.__name__ = title.replace(" ", "_")
    PLANTED.append(Planted(title, function, rule, shapes, kind, **more))


def plant_in_layer(title, function, rule, *shapes, kind, **more):
    """Enter a bug of a whole layer or loss."""
    plant(title, function, rule, *shapes, kind=kind, is_layer=True, **more)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis=-1):
    e = np.exp(x)
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax_gradient(g, out):
    return out * (g - np.sum(g * out, axis=-1, keepdims=True))


# The gradient of the output is not used as it should be


def a_softmax_without_gradient(x, /):
    return softmax(x), lambda g: 0 * g


def an_exp_that_ignores(x, /):
    out = np.exp(x)
    return out, lambda g: out


def an_exp_that_divides(x, /):
    out = np.exp(x)
    return out, lambda g: out / g


plant(
    "a softmax whose gradient is zero",
    "softmax",
    a_softmax_without_gradient,
    (3, 5),
    kind="no gradient",
    misses=True,
)
plant(
    "the upstream gradient is ignored",
    "exp",
    an_exp_that_ignores,
    (3, 4),
    kind="upstream ignored",
    misses=True,
)
plant(
    "divided by the upstream gradient",
    "exp",
    an_exp_that_divides,
    (7,),
    kind="upstream divided",
    misses=True,
)
plant(
    "the upstream gradient is squared",
    "multiply",
    lambda x, /: (3 * x, lambda g: 3 * g * g),
    (2, 5),
    kind="upstream squared",
    misses=True,
)
plant(
    "the upstream gradient is averaged",
    "multiply",
    lambda x, /: (3 * x, lambda g: 3 * np.mean(g) * np.ones_like(g)),
    (6,),
    kind="upstream averaged",
    misses=True,
)
plant(
    "the upstream gradient is summed over the batch",
    "sin",
    lambda x, /: (np.sin(x), lambda g: np.cos(x) * np.sum(g, axis=0)),
    (4, 3),
    kind="upstream summed",
)
plant(
    "the sign of the upstream gradient is lost",
    "cosh",
    lambda x, /: (np.cosh(x), lambda g: np.abs(g) * np.sinh(x)),
    (5, 2),
    kind="upstream without sign",
    misses=True,
)
plant(
    "the upstream gradient of a scalar loss is ignored",
    "sum of squares",
    lambda x, /: (np.sum(x * x), lambda g: 2 * x),
    (3, 4),
    kind="upstream ignored",
    misses=True,
)

# Formulas of elementwise functions


def half_a_percent(x, /):
    out = np.exp(x)
    return out, lambda g: 1.005 * g * out


def a_tangent_without_square(x, /):
    out = np.tan(x)
    return out, lambda g: g * (1 + out)


def one_element(x, /):
    out = np.exp(x)
    wrong = np.arange(out.size).reshape(out.shape) == out.size * 2 // 3
    return out, lambda g: g * out * np.where(wrong, 1.01, 1.0)


plant("half a percent off", "exp", half_a_percent, (4, 3), kind="factor")
plant(
    "a wrong sign of a cosine",
    "cos",
    lambda x, /: (np.cos(x), lambda g: g * np.sin(x)),
    (3, 4),
    kind="sign",
)
plant(
    "a wrong sign of the subtrahend",
    "subtract",
    lambda x, y, /: (x - y, (lambda g: g, lambda g: g)),
    (4, 3),
    (4, 3),
    kind="sign",
    wrong="y",
)
plant(
    "the factor 2 of a square is missing",
    "square",
    lambda x, /: (x * x, lambda g: g * x),
    (2, 3, 4),
    kind="factor",
)
plant(
    "the factor 2 of a square root is missing",
    "sqrt",
    lambda x, /: (np.sqrt(x), lambda g: g / np.sqrt(x)),
    (9,),
    kind="factor",
    positive=True,
)
plant(
    "a binary logarithm without log 2",
    "log2",
    lambda x, /: (np.log2(x), lambda g: g / x),
    (3, 5),
    kind="factor",
    positive=True,
)
plant(
    "degrees taken for radians",
    "deg2rad",
    lambda x, /: (np.deg2rad(x), lambda g: g),
    (7,),
    kind="factor",
)
plant(
    "the product rule without its first term",
    "x * exp(x)",
    lambda x, /: (x * np.exp(x), lambda g: g * x * np.exp(x)),
    (5, 3),
    kind="term missing",
)
plant(
    "a residual connection without its direct path",
    "x + sin(x)",
    lambda x, /: (x + np.sin(x), lambda g: g * np.cos(x)),
    (8,),
    kind="term missing",
)
plant(
    "tanh's derivative of the input",
    "tanh",
    lambda x, /: (np.tanh(x), lambda g: g * (1 - x * x)),
    (4, 3),
    kind="input for output",
)
plant(
    "sigmoid's derivative without its first factor",
    "sigmoid",
    lambda x, /: (sigmoid(x), lambda g: g * (1 - sigmoid(x))),
    (3, 4),
    kind="output as a factor",
)
plant(
    "a reciprocal's derivative of the input",
    "reciprocal",
    lambda x, /: (1 / x, lambda g: -g * x * x),
    (7,),
    kind="input for output",
)
plant(
    "the output of sinh in place of its derivative",
    "sinh",
    lambda x, /: (np.sinh(x), lambda g: g * np.sinh(x)),
    (6,),
    kind="output for derivative",
)
plant(
    "one power too many",
    "power",
    lambda x, /: (x**3, lambda g: 3 * g * x**3),
    (5, 2),
    kind="input as a factor",
)
plant("tan without a square", "tan", a_tangent_without_square, (7,), kind="another formula")
plant(
    "an absolute value without sign",
    "absolute",
    lambda x, /: (np.abs(x), lambda g: g),
    (3, 4),
    kind="partly sign",
)
plant(
    "a derivative that is not there",
    "arctan",
    lambda x, /: (np.arctan(x), lambda g: g),
    (4, 2),
    kind="passed through",
)
plant(
    "a straight-through estimator",
    "round",
    lambda x, /: (np.round(x), lambda g: g),
    (7,),
    kind="passed through",
)
plant(
    "a gradient rounded to integers",
    "multiply",
    lambda x, /: (4 * x * x, lambda g: (8 * x * g).astype(int).astype(float)),
    (3, 4),
    kind="rounded",
)
plant(
    "an arcsine without its square root",
    "arcsin",
    lambda x, /: (np.arcsin(x / 2), lambda g: g / (2 - x * x / 2)),
    (3, 3),
    kind="power of the derivative",
)
plant(
    "a huber loss that is never linear",
    "huber loss",
    lambda x, /: (np.where(np.abs(x) < 1, x * x / 2, np.abs(x) - 0.5), lambda g: g * x),
    (3, 4),
    kind="another formula",
)
plant("one element of many", "exp", one_element, (4, 5), kind="wrong in places")
plant(
    "a divisor whose square is missing",
    "divide",
    lambda x, y, /: (x / y, (lambda g: g / y, lambda g: -g * x / y)),
    (5, 3),
    (5, 3),
    kind="input as a factor",
    wrong="y",
)
plant(
    "zero divided by zero",
    "x * exp(x)",
    lambda x, /: (np.abs(x) * x, lambda g: 2 * g * x * x / (np.abs(x) * (x > 0))),
    (7,),
    kind="not finite",
    verdict="not finite",
)

# Masks


plant(
    "a relu without its mask",
    "relu",
    lambda x, /: (np.maximum(x, 0.0), lambda g: g),
    (3, 5),
    kind="mask missing",
)
plant(
    "a relu with its mask inverted",
    "relu",
    lambda x, /: (np.maximum(x, 0.0), lambda g: np.where(x < 0, g, 0.0)),
    (4, 3),
    kind="mask inverted",
)
plant(
    "a relu with its boundary elsewhere",
    "relu",
    lambda x, /: (np.maximum(x, 0.0), lambda g: np.where(x > 0.6, g, 0.0)),
    (4, 4),
    kind="mask moved",
)
plant(
    "a leaky relu that does not leak",
    "leaky relu",
    lambda x, /: (np.where(x > 0, x, 0.1 * x), lambda g: np.where(x > 0, g, 0.0)),
    (2, 7),
    kind="partly no gradient",
)
plant(
    "a leaky relu of another slope",
    "leaky relu",
    lambda x, /: (np.where(x > 0, x, 0.1 * x), lambda g: np.where(x > 0, g, 0.2 * g)),
    (2, 7),
    kind="partly factor",
)
plant(
    "a clip without its mask",
    "clip",
    lambda x, /: (np.clip(x, -0.8, 0.8), lambda g: g),
    (4, 3),
    kind="mask missing",
)
plant(
    "a maximum whose gradient goes to the loser",
    "maximum",
    lambda x, y, /: (
        np.maximum(x, y),
        (lambda g: np.where(x > y, 0.0, g), lambda g: np.where(x > y, g, 0.0)),
    ),
    (4, 3),
    (4, 3),
    kind="other input",
    wrong="x y",
)
plant(
    "both branches of a where get a gradient",
    "where",
    lambda x, y, /: (np.where(x > y, x, y), (lambda g: g, lambda g: np.where(x > y, 0.0, g))),
    (3, 4),
    (3, 4),
    kind="mask missing",
)
plant(
    "an upper triangle for a lower one",
    "tril",
    lambda x, /: (np.tril(x), lambda g: np.triu(g)),
    (4, 4),
    kind="another mask",
)

# Several inputs, and broadcasting


plant(
    "gradients of the inputs exchanged",
    "multiply",
    lambda x, y, /: (x * y, (lambda g: g * x, lambda g: g * y)),
    (3, 4),
    (3, 4),
    kind="other input",
    wrong="x y",
)
plant(
    "an input without a gradient",
    "multiply",
    lambda x, y, /: (x * y, (lambda g: g * y, lambda g: 0 * g)),
    (3, 4),
    (4,),
    kind="no gradient",
    wrong="y",
)
plant(
    "an average over a broadcast axis",
    "add",
    lambda x, y, /: (x + y, (lambda g: g, lambda g: np.mean(g, axis=0))),
    (5, 3),
    (3,),
    kind="mean for sum",
    wrong="y",
)
plant(
    "the first of a broadcast axis",
    "add",
    lambda x, y, /: (x + y, (lambda g: g, lambda g: g[0])),
    (4, 3),
    (3,),
    kind="missing sum",
    wrong="y",
)
plant(
    "the last of a broadcast axis",
    "multiply",
    lambda x, y, /: (x * y, (lambda g: g * y, lambda g: (g * x)[:, -1:])),
    (3, 5),
    (3, 1),
    kind="missing sum",
    wrong="y",
)
plant(
    "an angle whose coordinates are exchanged",
    "arctan2",
    lambda x, y, /: (
        np.arctan2(x, y),
        (lambda g: -g * x / (x * x + y * y), lambda g: g * y / (x * x + y * y)),
    ),
    (3, 4),
    (3, 4),
    kind="other input",
    wrong="x y",
)

# Reductions


def a_variance(x, /):
    centred = x - np.mean(x, axis=0)
    return np.var(x, axis=0, ddof=1), lambda g: 2 * g * centred / len(x)


def a_norm(x, /):
    out = np.sqrt(np.sum(x * x, axis=-1, keepdims=True))
    return out, lambda g: g * x


def a_maximum_of_all(x, /):
    return np.max(x, axis=1), lambda g: g[:, None] * np.ones_like(x)


def a_logsumexp(x, /):
    return np.log(np.sum(np.exp(x), axis=1)), lambda g: g[:, None] * softmax(x, axis=0)


def a_product(x, /):
    out = np.prod(x, axis=0)
    return out, lambda g: g * out * np.ones_like(x)


plant(
    "a mean that is not divided",
    "mean",
    lambda x, /: (np.mean(x, axis=0), lambda g: g * np.ones_like(x)),
    (5, 3),
    kind="sum for mean",
)
plant(
    "a sum that is divided",
    "sum",
    lambda x, /: (np.sum(x), lambda g: g * np.ones_like(x) / x.size),
    (3, 5),
    kind="mean for sum",
)
plant("a variance divided by n", "var", a_variance, (5, 3), kind="degrees of freedom")
plant("a norm that is not divided by", "norm", a_norm, (4, 3), kind="output as a factor")
plant("a maximum without its mask", "max", a_maximum_of_all, (4, 5), kind="mask missing")
plant(
    "a softmax along the wrong axis",
    "logsumexp",
    a_logsumexp,
    (4, 3),
    kind="normalised along another axis",
)
plant("a product that is not divided", "prod", a_product, (4, 3), kind="input as a factor")
plant(
    "a cumulative sum in the same direction",
    "cumsum",
    lambda x, /: (np.cumsum(x, axis=1), lambda g: np.cumsum(g, axis=1)),
    (3, 5),
    kind="cumulative direction",
)
plant(
    "a cumulative sum whose gradient is not summed",
    "cumsum",
    lambda x, /: (np.cumsum(x, axis=0), lambda g: g),
    (6, 2),
    kind="passed through",
)
plant(
    "a cumulative sum along another axis",
    "cumsum",
    lambda x, /: (np.cumsum(x, axis=0), lambda g: np.cumsum(g[:, ::-1], axis=1)[:, ::-1]),
    (3, 4),
    kind="cumulative direction",
)
plant(
    "a standard deviation without its square root",
    "std",
    lambda x, /: (np.std(x, axis=0), lambda g: 2 * g * (x - np.mean(x, axis=0)) / len(x)),
    (5, 3),
    kind="outer derivative",
)
plant(
    "a softmax with its diagonal only",
    "softmax",
    lambda x, /: (softmax(x), lambda g: g * softmax(x) * (1 - softmax(x))),
    (3, 4),
    kind="diagonal only",
)
plant(
    "a softmax without the sum of gradient times output",
    "softmax",
    lambda x, /: (softmax(x), lambda g: g * softmax(x)),
    (3, 4),
    kind="projection missing",
)
plant(
    "a log-softmax without the sum of the gradients",
    "log_softmax",
    lambda x, /: (x - np.log(np.sum(np.exp(x), axis=-1, keepdims=True)), lambda g: g),
    (3, 4),
    kind="projection missing",
)
plant(
    "a mean that is not subtracted",
    "x - mean(x)",
    lambda x, /: (x - np.mean(x, axis=1, keepdims=True), lambda g: g),
    (3, 5),
    kind="mean not subtracted",
)

# Arrangement


def a_sort(x, /):
    order = np.argsort(x)
    return x[order], lambda g: g[order]


def a_concatenation(x, y, /):
    return np.concatenate([x, y]), (lambda g: g[len(y) :], lambda g: g[: len(y)])


def a_reading_twice(x, /):
    places = np.array([0, 0, 1, len(x) - 1, 1])

    def closure(g):
        out = np.zeros_like(x)
        out[places] = g
        return out

    return x[places], closure


def a_repetition(x, /):
    return np.repeat(x, 2), lambda g: g.reshape(2, -1).sum(axis=0)


plant(
    "a reversal that is not reversed",
    "flip",
    lambda x, /: (x[::-1], lambda g: g),
    (4, 3),
    kind="flipped",
    misses=True,
)
plant(
    "a transpose that is not transposed",
    "transpose",
    lambda x, /: (np.transpose(x), lambda g: g),
    (4, 4),
    kind="transposed",
    misses=True,
)
plant(
    "a transpose that is reshaped",
    "transpose",
    lambda x, /: (np.transpose(x), lambda g: np.reshape(g, x.shape)),
    (4, 3),
    kind="memory order",
    misses=True,
)
plant(
    "a reshape in the other order of memory",
    "reshape",
    lambda x, /: (np.reshape(x, -1), lambda g: np.reshape(g, x.shape, order="F")),
    (3, 4),
    kind="memory order",
    misses=True,
)
plant(
    "a sort in the wrong direction", "sort", a_sort, (7,), kind="permutation direction", misses=True
)
plant(
    "a roll in the wrong direction",
    "roll",
    lambda x, /: (np.roll(x, 1, axis=0), lambda g: np.roll(g, 1, axis=0)),
    (5, 3),
    kind="rolled",
    misses=True,
)
plant(
    "a concatenation with its parts exchanged",
    "concatenate",
    a_concatenation,
    (3, 2),
    (3, 2),
    kind="other input",
    misses=True,
    wrong="x y",
)
plant(
    "a padding that is not taken into account",
    "pad",
    lambda x, /: (np.pad(x, 1), lambda g: g[: len(x), : x.shape[1]]),
    (3, 4),
    kind="wrong slice",
    misses=True,
)
plant(
    "an element read twice whose gradients do not add up",
    "take",
    a_reading_twice,
    (6,),
    kind="overwritten",
)
plant(
    "a repetition taken for a tiling",
    "repeat",
    a_repetition,
    (6,),
    kind="tiled for repeated",
    misses=True,
)
plant(
    "a difference shifted by one",
    "diff",
    lambda x, /: (np.diff(x), lambda g: np.concatenate([-g, np.zeros(1)])),
    (7,),
    kind="contribution missing",
)

# Matrices


def a_matrix_times_vector(x, y, /):
    return x @ y, (lambda g: np.outer(g, y), lambda g: x @ g)


def an_inverse(x, /):
    out = np.linalg.inv(x)
    return out, lambda g: -out @ g @ out


def a_determinant(x, /):
    out = np.linalg.det(x)
    return out, lambda g: g * out * np.linalg.inv(x)


plant(
    "a matrix that is not transposed",
    "matmul",
    a_matrix_times_vector,
    (4, 4),
    (4,),
    kind="Jacobian transposed",
    wrong="y",
)
plant("an inverse without transposes", "inv", an_inverse, (3, 3), kind="Jacobian transposed")
plant(
    "a determinant whose inverse is not transposed",
    "det",
    a_determinant,
    (3, 3),
    kind="transposed",
    generic=False,
)
plant(
    "the gradient of a trace everywhere",
    "trace",
    lambda x, /: (np.trace(x), lambda g: g * np.ones_like(x)),
    (4, 4),
    kind="mask missing",
)
plant(
    "a symmetric part taken once",
    "x @ x.T",
    lambda x, /: (x @ x.T, lambda g: g @ x),
    (4, 3),
    kind="one use",
)
plant(
    "the vectors of an outer product exchanged",
    "outer",
    lambda x, y, /: (np.outer(x, y), (lambda g: g.T @ y, lambda g: g @ x)),
    (4,),
    (4,),
    kind="upstream rearranged",
    wrong="x y",
    misses=True,
)

# Whole layers


def linear(weight_of=None, bias_of=None, inputs_of=None):
    def rule(x, weight, bias, /):
        return x @ weight.T + bias, (
            inputs_of or (lambda g: g @ weight),
            (lambda g: weight_of(g, x)) if weight_of else (lambda g: g.T @ x),
            bias_of or (lambda g: np.sum(g, axis=0)),
        )

    return rule


LINEAR = (5, 4), (3, 4), (3,)

plant_in_layer(
    "a linear layer that averages over the batch",
    "linear layer",
    linear(weight_of=lambda g, x: g.T @ x / len(x)),
    *LINEAR,
    kind="mean for sum",
    wrong="weight",
)
plant_in_layer(
    "a linear layer whose weight is transposed by reshaping",
    "linear layer",
    linear(weight_of=lambda g, x: np.reshape(x.T @ g, (g.shape[1], x.shape[1]))),
    *LINEAR,
    kind="memory order",
    wrong="weight",
)
plant_in_layer(
    "a linear layer with the bias of one sample",
    "linear layer",
    linear(bias_of=lambda g: g[0]),
    *LINEAR,
    kind="missing sum",
    wrong="bias",
)


def convolved(x, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,fcij->nfhw", windows, kernel)


def convolution(flip=True, bias_axes=(0, 2, 3), shift=0, batch=sum):
    def rule(x, kernel, bias, /):
        rows, columns = kernel.shape[2:]

        def to_input(g):
            wide = np.pad(g, [(0, 0), (0, 0), (rows - 1,) * 2, (columns - 1,) * 2])
            turned = kernel[:, :, ::-1, ::-1] if flip else kernel
            return convolved(wide, np.swapaxes(turned, 0, 1))

        def to_kernel(g):
            windows = np.lib.stride_tricks.sliding_window_view(x, (rows, columns), axis=(2, 3))
            found = batch(
                np.einsum("chwij,fhw->fcij", w, h) for w, h in zip(windows, g, strict=True)
            )
            return np.roll(found, shift, axis=3)

        def to_bias(g):
            summed = np.sum(g, axis=bias_axes)
            return summed[0] if summed.ndim > 1 else summed

        return convolved(x, kernel) + bias[:, None, None], (to_input, to_kernel, to_bias)

    return rule


CONVOLUTION = (2, 2, 4, 5), (3, 2, 2, 3), (3,)

plant_in_layer(
    "a convolution whose kernel is not flipped",
    "convolution layer",
    convolution(flip=False),
    *CONVOLUTION,
    kind="kernel flipped",
)
plant_in_layer(
    "a convolution whose kernel is rolled",
    "convolution layer",
    convolution(shift=1),
    *CONVOLUTION,
    kind="rolled",
    wrong="kernel",
)
plant_in_layer(
    "a convolution with the bias of one image",
    "convolution layer",
    convolution(bias_axes=(2, 3)),
    *CONVOLUTION,
    kind="missing sum",
    wrong="bias",
)
plant_in_layer(
    "a convolution with the kernel of the first image",
    "convolution layer",
    convolution(batch=next),
    *CONVOLUTION,
    kind="missing sum",
    wrong="kernel",
)


def batch_norm(to_input=None, to_scale=None):
    def rule(x, scale, shift, /):
        deviation = np.sqrt(np.var(x, axis=0) + 1e-5)
        normed = (x - np.mean(x, axis=0)) / deviation

        def right(g):
            g = g * scale / deviation
            return g - np.mean(g, axis=0) - normed * np.mean(g * normed, axis=0)

        return normed * scale + shift, (
            right if to_input is None else lambda g: to_input(g * scale / deviation, normed),
            lambda g: np.sum(g * normed if to_scale is None else to_scale(g, x), axis=0),
            lambda g: np.sum(g, axis=0),
        )

    return rule


NORM = (7, 3), (3,), (3,)

plant_in_layer(
    "a batch norm whose statistics are constants",
    "batch norm",
    batch_norm(lambda g, normed: g),
    *NORM,
    kind="projection missing",
)
plant_in_layer(
    "a batch norm whose variance is a constant",
    "batch norm",
    batch_norm(lambda g, normed: g - np.mean(g, axis=0)),
    *NORM,
    kind="projection missing",
    misses=True,
)
plant_in_layer(
    "a batch norm whose mean is a constant",
    "batch norm",
    batch_norm(lambda g, normed: g - normed * np.mean(g * normed, axis=0)),
    *NORM,
    kind="mean not subtracted",
)
plant_in_layer(
    "a batch norm that scales its input in place of its normed input",
    "batch norm",
    batch_norm(to_scale=lambda g, x: g * x),
    *NORM,
    kind="not normalised",
    wrong="scale",
)


def lstm_cell(bug=""):
    """A cell whose output is the new hidden state beside the new cell state."""

    def rule(x, hidden, cell, weight, bias, /):
        both = np.concatenate([x, hidden], axis=1)
        pre = both @ weight + bias
        first, forget, output, new = np.split(pre, 4, axis=1)
        first, forget, output, new = sigmoid(first), sigmoid(forget), sigmoid(output), np.tanh(new)
        after = forget * cell + first * new
        size = cell.shape[1]

        def backward(g):
            to_hidden, to_cell = g[:, :size], g[:, size:]
            bent = np.tanh(after)
            slope = 1 - (after if bug == "tanh of the state" else bent) ** 2
            to_cell = (0 if bug == "no cell" else to_cell) + to_hidden * output * slope
            to_gates = np.concatenate(
                [
                    to_cell * new * first * (1 - first),
                    to_cell * cell * forget * (1 - forget),
                    to_hidden * bent * output * (1 - output),
                    to_cell * first * (1 if bug == "no tanh" else 1 - new**2),
                ],
                axis=1,
            )
            to_both = to_gates @ weight.T
            start = 0 if bug == "hidden slice" else x.shape[1]
            return (
                to_both[:, : x.shape[1]],
                to_both[:, start : start + size],
                to_cell * (1 if bug == "no forget" else forget),
                both.T @ to_gates,
                to_gates[0] if bug == "one sample" else np.sum(to_gates, axis=0),
            )

        return np.concatenate([output * np.tanh(after), after], axis=1), tuple(
            lambda g, i=i: backward(g)[i] for i in range(5)
        )

    return rule


LSTM = (3, 2), (3, 2), (3, 2), (4, 8), (8,)

plant_in_layer(
    "an lstm cell that forgets its forget gate",
    "LSTM cell",
    lstm_cell("no forget"),
    *LSTM,
    kind="factor by element",
    wrong="cell",
)
plant_in_layer(
    "an lstm cell that takes the input's part for the hidden state",
    "LSTM cell",
    lstm_cell("hidden slice"),
    *LSTM,
    kind="other input",
    wrong="hidden",
)
plant_in_layer(
    "an lstm cell with the bias of one sample",
    "LSTM cell",
    lstm_cell("one sample"),
    *LSTM,
    kind="missing sum",
    wrong="bias",
)
plant_in_layer(
    "an lstm cell without the gradient of its cell state",
    "LSTM cell",
    lstm_cell("no cell"),
    *LSTM,
    kind="output without gradient",
    wrong="x hidden cell weight bias",
)
plant_in_layer(
    "an lstm cell without the derivative of the candidate's tanh",
    "LSTM cell",
    lstm_cell("no tanh"),
    *LSTM,
    kind="wrong in places",
    wrong="bias x hidden weight",
)


def rnn_cell(x, hidden, weight, bias, /):
    """The derivative of tanh is missing in one of four closures."""
    out = np.tanh(x + hidden @ weight + bias)
    slope = 1 - out * out
    return out, (
        lambda g: g * slope,
        lambda g: (g * slope) @ weight.T,
        lambda g: hidden.T @ g,
        lambda g: np.sum(g * slope, axis=0),
    )


plant_in_layer(
    "an rnn cell whose weight misses the derivative of tanh",
    "RNN cell",
    rnn_cell,
    (4, 3),
    (4, 3),
    (3, 3),
    (3,),
    kind="outer derivative",
    wrong="weight",
)


def cross_entropy(bug="", decay=0.0):
    """The mean over the batch, with some regularisation; the labels follow from the shape."""

    def rule(x, /):
        count, classes = x.shape
        labels = np.arange(count) % classes
        one_hot = np.eye(classes)[labels]
        loss = np.mean(np.log(np.sum(np.exp(x), axis=1)) - np.sum(x * one_hot, axis=1))

        def closure(g):
            found = softmax(x)
            if bug != "one-hot":
                found = found - one_hot
            found = found / (1 if bug == "mean" else count)
            return g * (found if bug == "decay" else found + decay * x)

        return loss + decay / 2 * np.sum(x * x), closure

    return rule


plant_in_layer(
    "a cross-entropy that is not averaged",
    "softmax cross-entropy",
    cross_entropy("mean"),
    (5, 4),
    kind="sum for mean",
)
plant_in_layer(
    "a cross-entropy without its one-hot code",
    "softmax cross-entropy",
    cross_entropy("one-hot"),
    (6, 4),
    kind="constant in places",
)
plant_in_layer(
    "a cross-entropy without its regularisation",
    "softmax cross-entropy",
    cross_entropy("decay", decay=0.01),
    (5, 3),
    kind="multiple of the input added",
)


def dropout(keep_mask=True, scaled=True, anew=False):
    generator = np.random.default_rng(5)

    def rule(x, /):
        keep = np.random.default_rng(0).random(x.shape) < 0.7

        def closure(g):
            mask = generator.random(x.shape) < 0.7 if anew else keep
            found = np.where(mask, g, 0.0) if keep_mask else g
            return found / 0.7 if scaled else found

        return np.where(keep, x / 0.7, 0.0), closure

    return rule


plant_in_layer(
    "a dropout that is not scaled", "dropout", dropout(scaled=False), (4, 5), kind="factor"
)
plant_in_layer(
    "a dropout without its mask", "dropout", dropout(keep_mask=False), (4, 5), kind="mask missing"
)
plant_in_layer(
    "a dropout that draws its mask anew",
    "dropout",
    dropout(anew=True),
    (4, 5),
    kind="nondeterministic",
    verdict="nondeterministic",
)


def max_pooling(to_window):
    """Windows of two by two; `to_window` tells which of their elements get the gradient."""

    def rule(x, /):
        rows, columns = x.shape[2] // 2, x.shape[3] // 2

        def windows(a):
            parted = a.reshape(*x.shape[:2], rows, 2, columns, 2)
            return parted.swapaxes(3, 4).reshape(*x.shape[:2], rows, columns, 4)

        def closure(g):
            found = to_window(windows(x)) * g[..., None]
            return found.reshape(*x.shape[:2], rows, columns, 2, 2).swapaxes(3, 4).reshape(x.shape)

        return windows(x).max(axis=-1), closure

    return rule


POOLING = (2, 2, 4, 6)

plant_in_layer(
    "a max-pooling that gives all the gradient",
    "max-pool layer",
    max_pooling(np.ones_like),
    POOLING,
    kind="mask missing",
)
plant_in_layer(
    "a max-pooling that gives the gradient to the smallest",
    "max-pool layer",
    max_pooling(lambda w: w == w.min(axis=-1, keepdims=True)),
    POOLING,
    kind="rearranged",
)
plant_in_layer(
    "a max-pooling that spreads its gradient as an average",
    "max-pool layer",
    max_pooling(lambda w: np.full_like(w, 0.25)),
    POOLING,
    kind="spread evenly",
)


def attention(bug=""):
    def rule(query, key, value, /):
        scale = 1 / np.sqrt(query.shape[1])
        weights = softmax(scale * query @ key.T)

        def to_scores(g):
            g = g @ value.T
            if bug == "softmax":
                return scale * weights * g
            return softmax_gradient(g, weights) * (1 if bug == "scale" else scale)

        return weights @ value, (
            lambda g: to_scores(g) @ key,
            lambda g: to_scores(g).T @ query,
            lambda g: (weights if bug == "value" else weights.T) @ g,
        )

    return rule


plant_in_layer(
    "an attention whose scores are not scaled",
    "attention",
    attention("scale"),
    (4, 3),
    (5, 3),
    (5, 2),
    kind="factor",
    wrong="query key",
)
plant_in_layer(
    "an attention whose weights are not transposed",
    "attention",
    attention("value"),
    (4, 3),
    (4, 3),
    (4, 2),
    kind="Jacobian transposed",
    wrong="value",
)
plant_in_layer(
    "an attention whose softmax forgets its sum",
    "attention",
    attention("softmax"),
    (4, 3),
    (5, 3),
    (5, 2),
    kind="projection missing",
    wrong="query key",
)

# Rules that write to what they are given


def a_rule_that_writes(x, /):
    x *= 2
    return x, lambda g: 2 * g


def a_closure_that_writes(x, /):
    def closure(g):
        x[...] = 0
        return 2 * g

    return 2 * x, closure


def a_closure_that_writes_to_its_gradient(x, /):
    drop = x < 0

    def closure(g):
        g[drop] = 0
        return g

    return np.where(drop, 0.0, x), closure


STATEFUL = {"kind": "stateful", "verdict": "stateful", "misses": True}

plant("a rule that writes to its input", "multiply", a_rule_that_writes, (3, 2), **STATEFUL)
plant("a closure that writes to its input", "multiply", a_closure_that_writes, (5,), **STATEFUL)
plant(
    "a closure that writes to its gradient",
    "relu",
    a_closure_that_writes_to_its_gradient,
    (3, 4),
    **STATEFUL,
)

# Derivatives of derivatives


def without_history(x, /):
    out = np.exp(x)
    cache = out.detach() if isinstance(out, mg.Tensor) else out
    return out, lambda g: g * cache


def another_form_for_tensors(x, /):
    scale = 2.02 if isinstance(x, Dispatched) else 2.0
    return x * x, lambda g: scale * g * x


def a_mask_of_a_gradient(x, y, /):
    held = getattr(y, "data", y)
    return x * y, (lambda g: g * held, lambda g: g * x)


def a_third_derivative(x, /):
    slope = 3 * x * x
    curvature = mg.op(lambda x, /: (3 * x * x, lambda g: 6 * g * getattr(x, "data", x)))
    return x * x * x, lambda g: g * (curvature(x) if isinstance(x, mg.Tensor) else slope)


plant(
    "a false promise of piecewise linearity",
    "square",
    lambda x, /: (x * x, lambda g: 2 * g * x),
    (2, 3),
    kind="history lost",
    verdict="detached",
    order=2,
    misses=True,
    settings={"piecewise_linear": True},
)
plant(
    "a value captured without its history",
    "exp",
    without_history,
    (5,),
    kind="history lost",
    verdict="detached",
    order=2,
    misses=True,
)
plant(
    "an operand captured without its history",
    "multiply",
    a_mask_of_a_gradient,
    (2, 3),
    (3,),
    kind="history lost",
    wrong="y",
    verdict="detached",
    order=2,
    misses=True,
)
plant(
    "a form for tensors that differs",
    "square",
    another_form_for_tensors,
    (2, 3),
    kind="another path",
    order=2,
    misses=True,
)
plant(
    "a third derivative without history",
    "power",
    a_third_derivative,
    (4,),
    verdict="detached",
    kind="history lost",
    order=3,
    generic=False,
    misses=True,
)
