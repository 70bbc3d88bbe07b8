"""Layers as tutorials write them, in NumPy with a backward by hand: right ones, and known bugs."""

import re

import numpy as np
import pytest

from minigrad.testing import cases
from minigrad.testing.layers import check_value_and_grad, check_vjp

rng = np.random.default_rng(7)


def spread(*shape):
    """Numbers that all differ by 0.1 or more, and from 0."""
    numbers = 0.1 * rng.permutation(np.prod(shape, dtype=int)) + 0.05
    return (numbers - numbers.mean() + 0.02).reshape(shape)


def normal(*shape):
    return rng.normal(size=shape)


LABELS = np.array([2, 0, 1])


# Functions that return an output and a cache


def affine(x, w, b):
    return x.reshape(len(x), -1) @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def relu(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    return np.where(cache > 0, dout, 0)


def overwriting_relu_backward(dout, cache):
    dout[cache <= 0] = 0
    return dout


def columns_of(x, height, width, stride, pad):
    """Windows of an image: shape (N * OH * OW, C * height * width)."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    n, c, h, w = padded.shape
    rows, cols = (h - height) // stride + 1, (w - width) // stride + 1
    columns = np.empty((n, rows, cols, c, height, width))
    for i in range(rows):
        for j in range(cols):
            top, left = i * stride, j * stride
            columns[:, i, j] = padded[:, :, top : top + height, left : left + width]
    return columns.reshape(n * rows * cols, -1), rows, cols


def image_of(columns, shape, height, width, stride, pad, adds=True):
    n, c, h, w = shape
    rows, cols = (h + 2 * pad - height) // stride + 1, (w + 2 * pad - width) // stride + 1
    columns = columns.reshape(n, rows, cols, c, height, width)
    image = np.zeros((n, c, h + 2 * pad, w + 2 * pad))
    for i in range(rows):
        for j in range(cols):
            top, left = i * stride, j * stride
            window = image[:, :, top : top + height, left : left + width]
            window[...] = window * adds + columns[:, i, j]
    return image[:, :, pad : pad + h, pad : pad + w]


def conv(x, w, b, settings):
    columns, rows, cols = columns_of(x, *w.shape[2:], settings["stride"], settings["pad"])
    out = columns @ w.reshape(len(w), -1).T + b
    out = out.reshape(len(x), rows, cols, len(w)).transpose(0, 3, 1, 2)
    return out, (x.shape, w, columns, settings)


def conv_backward(dout, cache, adds=True, flips=False):
    shape, w, columns, settings = cache
    flat = dout.transpose(0, 2, 3, 1).reshape(-1, len(w))
    kernel = w[:, :, ::-1, ::-1] if flips else w
    dx = image_of(
        flat @ kernel.reshape(len(w), -1),
        shape,
        *w.shape[2:],
        settings["stride"],
        settings["pad"],
        adds,
    )
    return dx, (flat.T @ columns).reshape(w.shape), flat.sum(axis=0), None


def batch_norm(x, gamma, beta, settings):
    mean, variance = x.mean(axis=0), x.var(axis=0)
    deviation = np.sqrt(variance + 1e-5)
    normal = (x - mean) / deviation
    # Statistics are kept among the settings, as in some courses.
    settings["running_mean"] = 0.9 * settings.get("running_mean", 0.0) + 0.1 * mean
    return gamma * normal + beta, (normal, gamma, deviation)


def batch_norm_backward(dout, cache, without=()):
    normal, gamma, deviation = cache
    g = dout * gamma
    dx = g.copy()
    if "mean" not in without:
        dx -= g.mean(axis=0)
    if "variance" not in without:
        dx -= normal * (g * normal).mean(axis=0)
    return dx / deviation, (dout * normal).sum(axis=0), dout.sum(axis=0)


def dropout(x, mask, p):
    return x * mask / p, (mask, p)


def dropout_backward(dout, cache):
    mask, p = cache
    return dout * mask / p


def maskless_dropout_backward(dout, cache):
    _, p = cache
    return dout / p


def embedding(words, table):
    return table[words], (words, table.shape)


def embedding_backward(dout, cache):
    words, shape = cache
    dtable = np.zeros(shape)
    np.add.at(dtable, words, dout)
    return None, dtable


def assigning_embedding_backward(dout, cache):
    words, shape = cache
    dtable = np.zeros(shape)
    dtable[words] = dout
    return dtable


def rnn_step(x, h, wx, wh, b):
    new = np.tanh(x @ wx + h @ wh + b)
    return new, (x, h, wx, wh, new)


def rnn_step_backward(dnew, cache):
    x, h, wx, wh, new = cache
    dz = dnew * (1 - new**2)
    return dz @ wx.T, dz @ wh.T, x.T @ dz, h.T @ dz, dz.sum(axis=0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step(x, h, c, wx, wh, b):
    gates = x @ wx + h @ wh + b
    i, f, o = (sigmoid(part) for part in np.split(gates, 4, axis=1)[:3])
    g = np.tanh(np.split(gates, 4, axis=1)[3])
    new_c = f * c + i * g
    new_h = o * np.tanh(new_c)
    return new_h, new_c, (x, h, c, wx, wh, i, f, o, g, new_c)


def lstm_step_backward(dh, dc, cache, mistake=""):
    x, h, c, wx, wh, i, f, o, g, new_c = cache
    squashed = np.tanh(new_c)
    dc = dh * o * (1 - squashed**2) + (0 if mistake == "cell" else dc)
    slope = g * (1 - g) if mistake == "gate" else 1 - g**2
    dgates = np.hstack(
        [
            dc * g * i * (1 - i),
            dc * c * f * (1 - f),
            dh * squashed * o * (1 - o),
            dc * i * slope,
        ]
    )
    return dgates @ wx.T, dgates @ wh.T, dc * f, x.T @ dgates, h.T @ dgates, dgates.sum(axis=0)


N, D, H = 3, 4, 2
IMAGE = spread(2, 2, 5, 4)
CONV = (IMAGE, normal(3, 2, 3, 2), normal(3), {"stride": 1, "pad": 1})
NORM = (normal(5, 3), normal(3), normal(3), {"mode": "train"})
MASK = np.array([[True, False, True], [False, True, True]])
LSTM = (normal(N, D), normal(N, H), normal(N, H), normal(D, 4 * H), normal(H, 4 * H), normal(4 * H))

WITH_CACHE = {
    "affine": (affine, affine_backward, [normal(3, 2, 2), normal(4, 5), normal(5)]),
    "relu": (relu, relu_backward, [spread(3, 4)]),
    "conv": (conv, conv_backward, [*CONV]),
    "conv stride 2": (conv, conv_backward, [*CONV[:3], {"stride": 2, "pad": 0}]),
    "batch norm": (batch_norm, batch_norm_backward, [*NORM]),
    "dropout": (dropout, dropout_backward, [normal(2, 3), MASK, 0.5]),
    "embedding": (embedding, embedding_backward, [LABELS[[0, 1, 0]], normal(3, 2)]),
    "rnn step": (
        rnn_step,
        rnn_step_backward,
        [normal(N, D), normal(N, H), normal(D, H), normal(H, H), normal(H)],
    ),
    "lstm step": (lstm_step, lstm_step_backward, [*LSTM]),
}


@pytest.mark.parametrize("name", WITH_CACHE)
def test_functions_with_a_cache(name):
    forward, backward, inputs = WITH_CACHE[name]
    report = check_vjp(forward, backward, *inputs)
    assert report, report
    assert report.verdict == "ok"


def partial(backward, **settings):
    """A backward with a mistake, in a function whose parameters are still to be seen."""
    if backward is lstm_step_backward:
        return lambda dh, dc, cache: backward(dh, dc, cache, **settings)
    return lambda dout, cache: backward(dout, cache, **settings)


@pytest.mark.parametrize(
    ("forward", "backward", "inputs", "wrong", "kind"),
    [
        (conv, partial(conv_backward, adds=False), CONV, {"x"}, "contribution missing"),
        (conv, partial(conv_backward, flips=True), CONV, {"x"}, "kernel flipped"),
        (
            batch_norm,
            partial(batch_norm_backward, without=["mean"]),
            NORM,
            {"x"},
            "mean not subtracted",
        ),
        (
            batch_norm,
            partial(batch_norm_backward, without=["variance"]),
            NORM,
            {"x"},
            "projection missing",
        ),
        (
            lstm_step,
            partial(lstm_step_backward, mistake="gate"),
            LSTM,
            {"x", "h", "wx", "wh", "b"},
            "wrong in places",
        ),
        (
            lstm_step,
            partial(lstm_step_backward, mistake="cell"),
            LSTM,
            {"x", "h", "c", "wx", "wh", "b"},
            "no gradient",
        ),
        (dropout, maskless_dropout_backward, (normal(2, 3), MASK, 0.5), {"x"}, "mask missing"),
        (
            embedding,
            assigning_embedding_backward,
            (LABELS[[0, 1, 0]], normal(3, 2)),
            {"table"},
            "overwritten",
        ),
    ],
)
def test_functions_with_a_cache_and_a_bug(forward, backward, inputs, wrong, kind):
    report = check_vjp(forward, backward, *inputs)
    assert report.verdict == "wrong"
    assert failing(report) == wrong
    assert report.diagnosis[0].kind == kind


def failing(report):
    return {element.parameter for element in report.elements if not report.passes(element)}


def test_an_overwritten_upstream_gradient():
    x = spread(3, 4)
    report = check_vjp(relu, overwriting_relu_backward, x)
    assert report.verdict == "stateful"
    assert "backward of relu writes to the gradient that it is given" in report.notes[0]


def test_an_overwritten_input():
    def squashed(x):
        x *= 0.5
        return np.tanh(x), x

    x = normal(3)
    kept = x.copy()
    report = check_vjp(squashed, lambda dout, x: dout * (1 - np.tanh(x) ** 2) / 2, x)
    assert (report.verdict, report.notes[0][:19]) == ("stateful", "squashed writes to ")
    np.testing.assert_array_equal(x, kept)


# Functions without a cache


def max_pool(x, height, width):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // height, height, w // width, width).max(axis=(3, 5))


def max_pool_backward(dout, x, height, width):
    dx = np.zeros(x.shape)
    for index in np.ndindex(dout.shape):
        n, c, i, j = index
        window = np.s_[n, c, i * height : (i + 1) * height, j * width : (j + 1) * width]
        dx[window] += dout[index] * (x[window] == x[window].max())
    return dx


def swapped_max_pool_backward(dout, x, height, width):
    """Rows and columns of the windows are taken for each other."""
    dx = np.zeros(x.shape)
    for index in np.ndindex(dout.shape):
        n, c, i, j = index
        window = np.s_[n, c, i * width : i * width + height, j * height : j * height + width]
        if x[window].size:
            dx[window] += dout[index] * (x[window] == x[window].max())
    return dx


def truncated_max_pool_backward(dout, x, height, width):
    winners = max_pool(x, height, width).repeat(height, axis=2).repeat(width, axis=3) == x
    dx = np.zeros_like(winners, dtype=int)
    dx[winners] = dout.repeat(height, axis=2).repeat(width, axis=3)[winners]
    return dx


def average_pool(x, size):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // size, size, w // size, size).mean(axis=(3, 5))


def average_pool_backward(dout, x, size):
    return dout.repeat(size, axis=2).repeat(size, axis=3) / size**2


def summing_average_pool_backward(dout, x, size):
    return dout.repeat(size, axis=2).repeat(size, axis=3)


def sigmoid_backward(dout, out):
    return dout * out * (1 - out)


def sigmoid_backward_from_the_input(dout, x):
    return dout * x * (1 - x)


def tanh(x):
    return np.tanh(x)


def tanh_backward(dout, x):
    return (1 - np.tanh(x) ** 2) * dout


def weighted(x, w, b):
    return x @ w + b


POOLED = spread(1, 2, 4, 6)
AFFINE = [normal(2, 3), normal(3, 4), normal(4)]


@pytest.mark.parametrize(
    ("forward", "backward", "inputs"),
    [
        (max_pool, max_pool_backward, [POOLED, 2, 3]),
        (average_pool, average_pool_backward, [POOLED, 2]),
        (sigmoid, sigmoid_backward, [normal(3, 4)]),
        (tanh, tanh_backward, [normal(3, 4)]),
        (tanh, tanh_backward, [0.5]),
        (weighted, lambda g, x, w: (g @ w.T, x.T @ g, g.sum(0)), AFFINE),
        (weighted, lambda g, x, w, b: [g @ w.T, x.T @ g, g.sum(0)], AFFINE),
        (weighted, lambda g, p, q, r: (g @ q.T, p.T @ g, g.sum(0)), AFFINE),
        (lambda x: (x, x**2), lambda gs, x: gs[0] + 2 * x * gs[1], [normal(3)]),
        (lambda x, y: [x, x * y], lambda g, h, p, q: (g + q * h, p * h), [normal(3), normal(3)]),
        (lambda x, y: x * y, lambda g, a, b: {"dx": g * b, "y": g * a}, [normal(3), normal(3)]),
    ],
)
def test_functions_without_a_cache(forward, backward, inputs):
    report = check_vjp(forward, backward, *inputs)
    assert report, report
    assert report.verdict == "ok"


@pytest.mark.parametrize(
    ("forward", "backward", "inputs", "kind"),
    [
        (max_pool, swapped_max_pool_backward, [POOLED, 2, 3], "wrong in places"),
        (max_pool, truncated_max_pool_backward, [POOLED, 2, 3], "rounded"),
        (average_pool, summing_average_pool_backward, [POOLED, 2], "sum for mean"),
        (sigmoid, sigmoid_backward_from_the_input, [normal(3, 4)], "input for output"),
        (sigmoid, lambda dout, out: out * (1 - out), [normal(3, 4)], "upstream ignored"),
        (lambda x: np.sum(x, axis=0), lambda dout, x: dout, [normal(3, 4)], "not spread"),
    ],
)
def test_functions_without_a_cache_and_a_bug(forward, backward, inputs, kind):
    report = check_vjp(forward, backward, *inputs)
    assert (report.verdict, failing(report)) == ("wrong", {"x"})
    assert report.diagnosis[0].kind == kind


def test_a_gradient_of_integers():
    report = check_vjp(max_pool, truncated_max_pool_backward, POOLED, 2, 3)
    assert report.diagnosis[0].kind == "rounded"
    assert str(report.diagnosis[0]).startswith("Its dtype is int64, which cuts off fractions")
    # Whole numbers that are right are no reason to complain.
    assert not check_vjp(lambda x: 1.0 + 0 * x, lambda dout, x: 0 * x.astype(int), X).diagnosis


# Objects


class Affine:
    """Parameters and their gradients are attributes."""

    def __init__(self, w, b):
        self.W = w
        self.b = b
        self.x = self.dW = self.db = None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class ReturningAffine:
    """Parameters are a list, and their gradients are returned."""

    def __init__(self, w, b):
        self.params = [w, b]

    def forward(self, x):
        self.x = x
        return x @ self.params[0] + self.params[1]

    def backward(self, dout):
        return dout @ self.params[0].T, [self.x.T @ dout, dout.sum(axis=0)]


class DictAffine(ReturningAffine):
    """Parameters are a dict, and so are the gradients that are returned."""

    def __init__(self, w, b):
        self.params = {"w": w, "b": b}

    def forward(self, x):
        self.x = x
        return x @ self.params["w"] + self.params["b"]

    def backward(self, dout):
        return dout @ self.params["w"].T, {"dw": self.x.T @ dout, "db": dout.sum(axis=0)}


class ListAffine:
    """Parameters and gradients are lists of the same order; gradients are added up."""

    def __init__(self, w, b):
        self.params = [w, b]
        self.grads = [np.ones_like(w), np.ones_like(b)]

    def forward(self, x):
        w, b = self.params
        self.x = x
        return x @ w + b

    def backward(self, dout):
        w, _ = self.params
        self.grads[0] += self.x.T @ dout
        self.grads[1] += dout.sum(axis=0)
        return dout @ w.T


class FlatAffine(Affine):
    """Gradients of the parameters are returned after those of the inputs."""

    def backward(self, dout):
        return dout @ self.W.T, self.x.T @ dout, dout.sum(axis=0)


class BatchNorm:
    """Normalises each channel of an image and keeps running statistics."""

    def __init__(self, channels, axes=(0, 2, 3)):
        self.gamma, self.beta = 1 + spread(channels), spread(channels)
        self.running_mean = np.zeros(channels)
        self.axes = axes

    def _along(self, values):
        return values.reshape(1, -1, 1, 1)

    def forward(self, x):
        mean, variance = x.mean(axis=self.axes), x.var(axis=self.axes)
        self.running_mean *= 0.9
        self.running_mean += 0.1 * mean
        self.deviation = np.sqrt(variance + 1e-5)
        self.normal = (x - self._along(mean)) / self._along(self.deviation)
        return self._along(self.gamma) * self.normal + self._along(self.beta)

    def backward(self, dout):
        self.dgamma = (dout * self.normal).sum(axis=self.axes)
        self.dbeta = dout.sum(axis=self.axes)
        g = dout * self._along(self.gamma)
        g = (
            g
            - g.mean(axis=self.axes, keepdims=True)
            - self.normal * (g * self.normal).mean(axis=self.axes, keepdims=True)
        )
        return g / self._along(self.deviation)


class PixelBatchNorm(BatchNorm):
    """Its backward takes means over the pixels of each image, not over the channel."""

    def backward(self, dout):
        super().backward(dout)
        g = dout * self._along(self.gamma)
        g = (
            g
            - g.mean(axis=(2, 3), keepdims=True)
            - self.normal * (g * self.normal).mean(axis=(2, 3), keepdims=True)
        )
        return g / self._along(self.deviation)


class Dropout:
    def __init__(self, p, rng=None):
        self.p, self.rng = p, rng

    def forward(self, x):
        self.mask = (self.rng or np.random.default_rng()).random(x.shape) > self.p
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout):
        return dout * (1 - self.out**2)


class Recurrent:
    """Several inputs and outputs, and the gradients of outputs one by one."""

    def __init__(self, w):
        self.w = w

    def forward(self, x, h):
        self.x = x
        self.h = np.tanh(x @ self.w + h)
        return self.h, self.h.sum(axis=1)

    def backward(self, dh, dsum):
        dz = (dh + dsum[:, None]) * (1 - self.h**2)
        self.dw = self.x.T @ dz
        return dz @ self.w.T, dz


class Embedding:
    """No floating input, and backward returns nothing."""

    def __init__(self, table):
        self.params = [table]
        self.grads = [np.zeros_like(table)]

    def forward(self, words):
        self.words = words
        return self.params[0][words]

    def backward(self, dout):
        self.grads[0][...] = 0
        np.add.at(self.grads[0], self.words, dout)


class Slotted:
    __slots__ = ("dw", "w", "x")

    def __init__(self, w):
        self.w = w

    def forward(self, x):
        self.x = x
        return x * self.w

    def backward(self, dout):
        self.dw = (dout * self.x).sum(axis=0)
        return dout * self.w


X = normal(2, 3)


@pytest.mark.parametrize("kind", [Affine, ReturningAffine, DictAffine, ListAffine])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_objects_and_their_parameters(kind, dtype):
    w, b = normal(3, 4).astype(dtype), normal(4).astype(dtype)
    layer = kind(w, b)
    for report in (check_vjp(layer, X), check_vjp(layer.forward, layer.backward, X)):
        assert report, report
        assert len({element.parameter for element in report.elements}) == 3
        assert not report.notes
    layer.forward(X)
    layer.backward(np.ones((2, 4)))
    assert check_vjp(layer, X + 1), "a layer that was used before"


@pytest.mark.parametrize(
    ("layer", "inputs", "parameters"),
    [
        (BatchNorm(2), [normal(3, 2, 2, 2)], {"x", "gamma", "beta"}),
        (Dropout(0.5, np.random.default_rng(0)), [X], {"x"}),
        (Tanh(), [X], {"x"}),
        (Recurrent(normal(3, 2)), [X, normal(2, 2)], {"x", "h", "w"}),
        (Slotted(normal(3)), [X], {"x"}),
        (Embedding(normal(4, 2)), [LABELS], {"params[0]"}),
    ],
)
def test_objects(layer, inputs, parameters):
    report = check_vjp(layer, *inputs)
    assert report.verdict == "ok", report
    assert {element.parameter for element in report.elements} == parameters


def test_a_layer_stays_as_it_is():
    layer = BatchNorm(2)
    kept = dict(vars(layer))
    values = {name: np.copy(value) for name, value in kept.items()}
    check_vjp(layer, normal(3, 2, 2, 2))
    assert vars(layer) == kept
    for name, value in values.items():
        np.testing.assert_array_equal(kept[name], value)


def test_parameters_without_a_gradient_are_named():
    report = check_vjp(BatchNorm(2), normal(3, 2, 2, 2))
    assert report.notes == ("not checked, as there is no gradient: running_mean",)
    report = check_vjp(BatchNorm(2), normal(3, 2, 2, 2), parameters=["gamma"])
    assert not report.notes
    assert {element.parameter for element in report.elements} == {"x", "gamma"}


def test_named_parameters_tell_the_order_of_gradients():
    layer = FlatAffine(normal(3, 4), normal(4))
    report = check_vjp(layer, X, parameters=["W", "b"])
    assert report, report
    assert {element.parameter for element in report.elements} == {"x", "W", "b"}
    assert not check_vjp(FlatAffine(np.eye(3), normal(3)), X, parameters=["b", "W"])


@pytest.mark.parametrize(
    ("layer", "inputs", "verdict", "wrong"),
    [
        (PixelBatchNorm(2), [normal(3, 2, 2, 2)], "wrong", {"x"}),
        (Relu(), [spread(3, 4)], "stateful", {"x"}),
        (Dropout(0.5), [normal(8)], "nondeterministic", {"x"}),
    ],
)
def test_objects_with_a_bug(layer, inputs, verdict, wrong):
    report = check_vjp(layer, *inputs)
    assert (report.verdict, failing(report)) == (verdict, wrong)


def test_attributes_that_are_slots_are_found_by_name():
    report = check_vjp(Slotted(normal(3)), X, parameters=["w"])
    assert report.verdict == "ok", report
    assert {element.parameter for element in report.elements} == {"x", "w"}


def test_a_wrong_gradient_of_a_parameter():
    class Wrong(Affine):
        def backward(self, dout):
            dx = super().backward(dout)
            self.db = dout.mean(axis=0)
            return dx

    report = check_vjp(Wrong(normal(3, 4), normal(4)), X)
    assert (report.verdict, failing(report)) == ("wrong", {"b"})
    assert report.function == "Wrong"


# Losses that return their gradients


def softmax_loss(x, y):
    z = x - x.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    n = len(y)
    dx = p.copy()
    dx[np.arange(n), y] -= 1
    return -np.mean(np.log(p[np.arange(n), y])), dx / n


def summed_softmax_loss(x, y):
    loss, dx = softmax_loss(x, y)
    return loss, dx * len(y)


def svm_loss(w, x, y, reg, regularised=True):
    scores = x @ w
    n = len(y)
    margins = np.maximum(0, scores - scores[np.arange(n), y][:, None] + 1)
    margins[np.arange(n), y] = 0
    counts = (margins > 0).astype(float)
    counts[np.arange(n), y] = -counts.sum(axis=1)
    dw = x.T @ counts / n + regularised * 2 * reg * w
    return margins.sum() / n + reg * np.sum(w * w), dw


def unregularised_svm_loss(w, x, y, reg):
    return svm_loss(w, x, y, reg, regularised=False)


def regression_loss(prediction, target):
    difference = prediction - target
    return np.mean(difference**2), 2 * difference / difference.size


def broadcast_regression_loss(prediction, target):
    """The prediction is a column, the target a row: all pairs are subtracted."""
    difference = prediction - target
    return np.mean(difference**2), 2 * difference / len(prediction)


class Net:
    """Two layers; the loss comes with a dict of gradients."""

    def __init__(self):
        self.params = {"W1": normal(3, 4), "b1": spread(4), "W2": normal(4, 3)}

    def loss(self, x, y, mistake=0.0):
        w1, b1, w2 = self.params.values()
        hidden = x @ w1 + b1
        kept = np.maximum(hidden, 0)
        loss, dscores = softmax_loss(kept @ w2, y)
        dhidden = dscores @ w2.T * (hidden > 0)
        grads = {"W1": x.T @ dhidden, "b1": dhidden.sum(axis=0), "W2": kept.T @ dscores}
        grads["b1"] += mistake
        return loss, grads


SVM = (normal(4, 3), normal(3, 4), LABELS, 0.1)
SCORES = normal(3, 3)


@pytest.mark.parametrize(
    ("f", "inputs"),
    [
        (softmax_loss, [SCORES, LABELS]),
        (svm_loss, SVM),
        (regression_loss, [normal(4), np.arange(4)]),
        (lambda x, y: (np.sum(x * y), (y, x)), [normal(3), normal(3)]),
        (lambda x, y: (np.sum(x * y), {"y": x, "dx": y}), [normal(3), normal(3)]),
        (lambda x, y: (np.sum(x * y), y, x), [normal(3), normal(3)]),
        (lambda x: (x**2, 2 * x), [3.0]),
    ],
)
def test_losses_with_gradients(f, inputs):
    report = check_value_and_grad(f, *inputs)
    assert report.verdict == "ok", report


@pytest.mark.parametrize(
    ("f", "inputs", "wrong", "kind"),
    [
        (summed_softmax_loss, [SCORES, LABELS], {"x"}, "sum for mean"),
        (unregularised_svm_loss, SVM, {"w"}, "multiple of the input added"),
        (broadcast_regression_loss, [normal(4, 1), np.arange(4)], {"prediction"}, "missing sum"),
        (lambda x: (np.sum(x**2), (2 * x).astype(int)), [normal(3)], {"x"}, "rounded"),
        (lambda x, y: (np.sum(x * y), (y, None)), [normal(3), normal(3)], {"y"}, None),
    ],
)
def test_losses_with_a_wrong_gradient(f, inputs, wrong, kind):
    report = check_value_and_grad(f, *inputs)
    assert report.verdict == ("wrong" if kind else "detached")
    assert failing(report) == wrong
    assert [known.kind for known in report.diagnosis][:1] == ([kind] if kind else [])


def test_a_net_with_a_dict_of_parameters():
    net = Net()
    kept = {name: array.copy() for name, array in net.params.items()}
    report = check_value_and_grad(net.loss, normal(3, 3), LABELS)
    assert report.verdict == "ok", report
    assert {element.parameter for element in report.elements} == {"W1", "b1", "W2"}
    assert report.notes == ("not checked, as there is no gradient: x",)
    for name, array in net.params.items():
        np.testing.assert_array_equal(array, kept[name])
    wrong = check_value_and_grad(net.loss, normal(3, 3), LABELS, 1)
    assert failing(wrong) == {"b1"}


class NetOfLayers:
    """The loss and the gradients of its parameters come from methods of their own."""

    def __init__(self):
        w, b = normal(3, 4), normal(4)
        self.params = {"W1": w, "b1": b}
        self.layers = [Affine(w, b), Tanh()]

    def scores(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def loss(self, x, t):
        return softmax_loss(self.scores(x), t)[0]

    def gradient(self, x, t):
        _, g = softmax_loss(self.scores(x), t)
        for layer in reversed(self.layers):
            g = layer.backward(g)
        affine = self.layers[0]
        return {"W1": affine.dW, "b1": affine.db}


def test_a_loss_and_a_gradient_that_are_methods():
    class Halved(NetOfLayers):
        def gradient(self, x, t):
            found = super().gradient(x, t)
            return {**found, "W1": found["W1"] / 2}

    x = normal(3, 3)
    net = NetOfLayers()
    assert net.params["W1"] is net.layers[0].W
    report = check_value_and_grad(net.loss, net.gradient, x, LABELS)
    assert report.verdict == "ok", report
    assert report.function == "NetOfLayers"
    assert report.notes == ("not checked, as there is no gradient: x",)
    assert {element.parameter for element in report.elements} == {"W1", "b1"}
    net = Halved()
    assert failing(check_value_and_grad(net.loss, net.gradient, x, LABELS)) == {"W1"}
    assert check_value_and_grad(lambda x: np.sum(x**2), lambda x: 2 * x, x)


def test_a_loss_for_each_example_is_no_loss():
    with pytest.raises(ValueError, match=r"returned a loss of shape \(3,\), expected a number"):
        check_value_and_grad(lambda x: (x**2, 2 * x), normal(3))
    with pytest.raises(TypeError, match=r"returned a float64, expected \(loss, gradients\)"):
        check_value_and_grad(np.sum, normal(3))


# How layers are called, and what is refused


def test_whether_the_last_is_a_cache():
    def powers(x):
        return x, x**2

    def powers_backward(gradients, at):
        return gradients[0] + 2 * at * gradients[1]

    x = normal(3)
    assert not check_vjp(powers, powers_backward, x), "at is taken for a cache"
    assert check_vjp(powers, powers_backward, x, cache=False)
    assert check_vjp(lambda x: (np.sin(x), x), lambda dout, x: dout * np.cos(x), x)
    assert check_vjp(lambda x: (x, x**2), lambda gs, x: gs[0] + 2 * x * gs[1], x)
    assert check_vjp(lambda x: ((x, x**2), x), lambda gs, kept: gs[0] + 2 * kept * gs[1], x)


def test_labels_and_settings_are_passed_on():
    def pick(x, rows, scale, mode):
        assert (rows.dtype, scale, mode) == (np.int64, {"by": 2.0}, "up")
        return x[rows] * scale["by"], (x.shape, rows)

    def pick_backward(dout, cache):
        shape, rows = cache
        dx = np.zeros(shape)
        np.add.at(dx, rows, 2 * dout)
        return dx

    report = check_vjp(pick, pick_backward, [1.0, 2.0, 3.0], LABELS[:2], {"by": 2.0}, "up")
    assert report, report
    assert {element.parameter for element in report.elements} == {"x"}


def test_float32_is_checked_in_double_precision():
    seen = set()

    def square(x):
        seen.add(x.dtype)
        return x * x

    assert check_vjp(square, lambda dout, x: 2 * x * dout, np.float32([1, 2]))
    assert np.dtype(np.float64) in seen


def test_gradients_that_are_missing_or_named():
    def product(x, y):
        return x * y

    x, y = normal(3), normal(3)
    report = check_vjp(product, lambda g, x, y: (g * y, None), x, y)
    assert (report.verdict, failing(report)) == ("detached", {"y"})
    report = check_vjp(product, lambda g, x, y: g * x, x, y, wrt=["y"])
    assert report, report
    assert {element.parameter for element in report.elements} == {"y"}
    assert failing(check_vjp(product, lambda g, x, y: (g * y, g * x), x, y, wrt="yx")) == {"x", "y"}


@pytest.mark.parametrize(
    ("gradient", "says"),
    [
        (lambda g: g, r"is \(2, 3\), that of b is \(3,\): is the sum over axis 0 missing\?"),
        (lambda g: g.sum(axis=0, keepdims=True), r"is \(1, 3\), that of b is \(3,\): is a reshape"),
        (lambda g: g.sum(), r"is \(\), that of b is \(3,\): is it summed over an axis too many\?$"),
        (lambda g: np.ones(7), r"is \(7,\), that of b is \(3,\)\.$"),
    ],
)
def test_gradients_of_another_shape(gradient, says):
    def backward(g, x, b):
        return g, gradient(g)

    for fast in (False, True):
        report = check_vjp(lambda x, b: x + b, backward, X, normal(3), fast=fast)
        assert report.verdict == "wrong"
        assert re.search(says, str(report.diagnosis[0]))
    report = check_vjp(lambda x, b: x + b, backward, X, normal(3))
    assert failing(report) == {"b"}
    is_right_apart = "sum over" in says or "reshape" in says
    assert str(report.diagnosis[0]).endswith("Apart from that it is right.") == is_right_apart


def test_a_transposed_gradient():
    report = check_vjp(lambda w: X @ w, lambda g, w: g.T @ X, normal(3, 4))
    assert report.verdict == "wrong"
    assert report.diagnosis[0].kind == "transposed"
    assert str(report.diagnosis[0]).endswith("is it transposed? Apart from that it is right.")


class Uncopyable(Affine):
    def __init__(self):
        super().__init__(np.eye(3), np.zeros(3))
        self.numpy = np


class Short(ReturningAffine):
    def backward(self, dout):
        return dout, [dout]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: check_vjp(Affine, X), TypeError, r"Affine is a class; .*check_vjp\(Affine\(\), x"),
        (lambda: check_vjp(softmax_loss, None, X), TypeError, r"check_value_and_grad\(f, x, y\)"),
        (lambda: check_vjp(3, X), TypeError, "methods forward and backward; got a int"),
        (
            lambda: check_vjp(lambda x: x, lambda g, a, b, c: g, X),
            TypeError,
            r"returned a ndarray, and its backward takes \(g, a, b, c\); that is none of these",
        ),
        (
            lambda: check_vjp(lambda x, y: x * y, lambda g, x, y: g * y, X, X),
            ValueError,
            "returned 1 gradient, expected 2, for x, y; return None for an input without one",
        ),
        (
            lambda: check_vjp(lambda x, y: x * y, lambda g, x, y: (g, g, g), X, X),
            ValueError,
            "returned 3 gradients, expected 2, for x, y",
        ),
        (
            lambda: check_vjp(lambda x: x, lambda g, x: {"dz": g}, X),
            ValueError,
            "a gradient of 'dz', but no input or parameter of this name; it has: x",
        ),
        (
            lambda: check_vjp(lambda x: x > 0, lambda g, x: g, X),
            TypeError,
            "an output of dtype bool, expected floating numbers",
        ),
        (
            lambda: check_vjp(lambda x: x, lambda g, x: g * 1j, X),
            TypeError,
            "gradient of x has dtype complex128, expected real numbers",
        ),
        (
            lambda: check_vjp(lambda x: x, lambda g, x: g, LABELS),
            TypeError,
            "an output of dtype int64",
        ),
        (
            lambda: check_vjp(lambda x: x * 0.5, lambda g, x: g, LABELS),
            ValueError,
            "no gradient of a floating input .*; write 1.0 for 1",
        ),
        (
            lambda: check_vjp(lambda x: x, lambda g, x: g, X, wrt=["y"]),
            ValueError,
            r"wrt=\('y',\), but <lambda> has no input y; it has: x",
        ),
        (
            lambda: check_vjp(Affine(np.eye(3), np.ones(3)), X, parameters=["V"]),
            ValueError,
            r"parameters=\('V',\), but V is nothing, not a floating array; there are: W, b",
        ),
        (
            lambda: check_vjp(BatchNorm(2), normal(2, 2, 1, 1), parameters=["running_mean"]),
            ValueError,
            r"no gradient of running_mean; .* or layer.drunning_mean",
        ),
        (
            lambda: check_vjp(Short(np.eye(3), np.ones(3)), X),
            ValueError,
            r"returned 1 gradients of parameters, but there are 2 in layer.params",
        ),
        (
            lambda: check_vjp(Uncopyable(), X),
            TypeError,
            r"Uncopyable cannot be copied .*lambda x: layer.forward\(x\)",
        ),
        (
            lambda: check_vjp(lambda x: x, lambda g, x: g, X, cache=True),
            TypeError,
            "returned a ndarray, expected a tuple of its output and what backward takes",
        ),
    ],
)
def test_what_is_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_a_layer_that_cannot_be_copied_is_passed_as_functions():
    layer = Uncopyable()
    assert check_vjp(lambda x: layer.forward(x), lambda g: layer.backward(g), X)


def test_whoever_watches_checks_sees_the_whole_report():
    seen = []
    watch = seen.append
    cases.observers.append(watch)
    try:
        report = check_vjp(lambda x, b: x + b, lambda g, x, b: (g, g), X, normal(3))
    finally:
        cases.observers.remove(watch)
    assert seen == [report]
    assert not seen[0]
