"""Right derivatives of whole programs at random points: none is called wrong."""

import functools
import os

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
SEEDS = 200 if THOROUGH else 20

RIGHT = []


def right(*shapes, order=1, positive=False, dtype=float):
    """Enter a function of random arrays; one that takes `seed` as setting draws more numbers."""

    def enter(function):
        RIGHT.append((function, shapes, order, positive, dtype))
        return function

    return enter


def numbers(rng, shape, positive):
    return rng.uniform(0.2, 2.0, shape) if positive else rng.normal(size=shape)


# Networks


@right((4, 3), (3, 5), (5,), (5, 2))
def perceptron(x, weight, bias, last):
    return mg.tanh(x @ weight + bias) @ last


@right((4, 3), (3, 5), (5,), (5, 2), order=2)
def perceptron_with_relu(x, weight, bias, last):
    return mg.relu(x @ weight + bias) @ last


@right((1, 2, 5, 4), (3, 2, 2, 3), (3,))
def convolutional_network(x, kernel, bias):
    x = mg.relu(mg.conv2d(x, kernel, bias, padding=1))
    return mg.max_pool2d(x, 2).reshape(1, -1).sum(axis=1)


@right((2, 3), (4, 4), (3, 4))
def recurrent_network(x, weight, entry):
    hidden = mg.zeros((2, 4))
    for _ in range(3):
        hidden = mg.tanh(x @ entry + hidden @ weight)
    return hidden


@right((2, 2), (2, 2), (2, 2), (4, 8))
def lstm_cell(x, hidden, cell, weight):
    gates = mg.concatenate([x, hidden], axis=1) @ weight
    keep, forget, output, new = mg.split(gates, 4, axis=1)
    cell = mg.sigmoid(forget) * cell + mg.sigmoid(keep) * mg.tanh(new)
    return mg.sigmoid(output) * mg.tanh(cell), cell


@right((3, 4), (5, 4), (5, 2))
def attention(query, key, value):
    return mg.softmax(query @ key.T / 2.0, axis=-1) @ value


@right((4, 3), (4, 3))
def attention_to_the_past(query, key):
    scores = mg.where(np.tri(4, dtype=bool), query @ key.T, -1e9)
    return mg.softmax(scores, axis=-1) @ key


@right((3, 5), (5,), (5,))
def layer_norm(x, scale, shift):
    return mg.layer_norm(x, (5,), scale, shift)


@right((6, 2), (2,), (2,))
def batch_norm_by_hand(x, scale, shift):
    centred = x - x.mean(axis=0)
    return centred / mg.sqrt(x.var(axis=0) + 1e-5) * scale + shift


batch_norm = nn.BatchNorm1d(3)


@right((5, 3))
def batch_norm_in_training(x):
    return batch_norm(x)


@right((5, 4))
def cross_entropy(x):
    return mg.cross_entropy(x, np.array([0, 3, 1, 1, 2]))


@right((5, 3), (3, 4))
def regularised_cross_entropy(x, weight):
    return mg.cross_entropy(x @ weight, np.arange(5) % 4) + 0.01 * (weight**2).sum()


@right((3, 4))
def dropout(x):
    keep = np.random.default_rng(0).random((3, 4)) < 0.6
    return mg.where(keep, mg.tanh(x) / 0.6, 0.0)


@functools.cache
def network():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


@right((2, 3))
def module_in_single_precision(x):
    return network()(x)


@right((2, 3), dtype=np.float32)
def single_precision(x):
    return mg.tanh(x @ x.T).sum(axis=0)


@right((4,), dtype=np.float32)
def log_of_softmax_in_single_precision(x):
    return mg.log(mg.softmax(x))


# Probabilities


@right((5,), (), ())
def normal_log_likelihood(x, mean, log_deviation):
    return (-0.5 * ((x - mean) / mg.exp(log_deviation)) ** 2 - log_deviation).sum()


@right((4,), (), positive=True)
def gamma_log_likelihood(x, shape):
    return ((shape - 1) * mg.log(x) - x - mg.lgamma(shape)).sum()


@right((4,), (2,), (2,), (2,))
def mixture(x, logits, means, deviations):
    each = -0.5 * ((x[:, None] - means) * mg.exp(deviations)) ** 2 + deviations
    return mg.logsumexp(each + mg.log_softmax(logits), axis=1).sum()


@right((3,), (3, 3))
def multivariate_normal(x, root):
    covariance = root @ root.T + np.eye(3)
    return x @ np.linalg.solve(covariance, x) + np.linalg.slogdet(covariance)[1]


@right((4,))
def binary_log_likelihood(x):
    return (mg.log1p(mg.exp(-mg.absolute(x))) + mg.maximum(x, 0.0) - x * 0.3).sum()


# Matrices


@right((3, 3))
def inverse(x):
    return np.linalg.inv(x + 4 * np.eye(3))


@right((3, 3), order=2)
def log_of_determinant(x):
    return np.linalg.slogdet(x @ x.T + np.eye(3))[1]


@right((3, 3))
def cholesky(x):
    return np.linalg.cholesky(x @ x.T + np.eye(3))


@right((3, 3))
def eigenvalues(x):
    return np.linalg.eigvalsh(x + x.T)


@right((3, 4))
def norms(x):
    return np.linalg.norm(x), np.linalg.norm(x, axis=1), np.linalg.norm(x, ord=1, axis=0)


@right((2, 3), (3, 4), (4, 2))
def einstein_sum(x, y, z):
    return mg.einsum("ij,jk,kl->il", x, y, z)


@right((2, 2))
def matrix_power(x):
    return np.linalg.matrix_power(x, 5)


@right((3, 3), (3,))
def quadratic_form(x, y):
    return y @ (x + x.T) @ y / (y @ y)


# Indices, orders, pieces


@right((3, 4))
def cumulative(x):
    return mg.cumsum(x, axis=1) * mg.cumprod(x, axis=0)


@right((4, 3))
def gather_and_scatter(x):
    rows = x[np.array([0, 2, 2, 1])]
    return mg.scatter_add(mg.zeros((2, 3)), rows**2, np.array([0, 1, 1, 0]))


@right((3, 3))
def diagonals(x):
    return mg.diagonal(x) * mg.tril(x).sum(axis=0)


@right((7,))
def order_statistics(x):
    return mg.median(x), mg.quantile(x, 0.3), mg.sort(x) * np.arange(7), mg.max(x), mg.ptp(x)


@right((3, 4), (3, 4), order=2)
def pieces(x, y):
    chosen = mg.where(x > y, x * y, x - y)
    return chosen + mg.maximum(x, y) ** 2 + mg.absolute(x) * mg.clip(y, -1, 1)


@right((5,), (5,))
def interpolation(x, y):
    return mg.interp(x, np.linspace(-4, 4, 5), y)


@right((1, 1, 3, 4))
def resized(x):
    return mg.interpolate(x, (5, 3), mode="bilinear")


@right((3, 4))
def shapes(x):
    x = mg.pad(x, 1).transpose()[::-1, 1:]
    return mg.stack([x, mg.roll(x, 2, axis=0)], axis=1).reshape(-1, 2) * np.arange(2)


# Analysis


@right((4,), order=3)
def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


@right((3, 2), (2, 2))
def gradient_penalty(x, weight):
    (slope,) = mg.grad(mg.tanh(x @ weight).sum(), x, create_graph=True)
    return (slope**2).sum()


@right((2,), ())
def pendulum(state, damping):
    for _ in range(8):
        speed = mg.stack([state[1], -mg.sin(state[0]) - damping * state[1]])
        state = state + 0.1 * speed
    return state


@right((3,), order=2)
def logistic_map(x):
    x = mg.sigmoid(x)
    for _ in range(4):
        x = 3.2 * x * (1 - x)
    return x


@right((3,), (3,))
def sum_of_logs(x, y):
    return mg.logsumexp(mg.stack([x, y, x * y]), axis=0)


@right((3, 2), positive=True)
def special_functions(x):
    return mg.erf(x), mg.lgamma(x), mg.digamma(x), mg.xlogy(x, x)


@right((3,), positive=True)
def powers(x):
    return x ** x[::-1], x**-0.5, mg.sqrt(x) * mg.cbrt(x)


@right((2, 2), (2,))
def fixed_point(x, start):
    for _ in range(10):
        start = mg.tanh(x @ start) * 0.5 + 0.1
    return start


# Sizes


@right((3,), positive=True)
def tiny_values(x):
    return 1e-20 * mg.exp(x) * x


@right((3,), positive=True)
def huge_values(x):
    return 1e12 * mg.sin(x) + 3e11


@right((3,), (3,), positive=True)
def coulomb_force(charge, distance):
    return 8.98755e9 * (1.602e-19 * charge) ** 2 / (1e-10 * distance) ** 2


@right((4,), positive=True)
def far_inputs(x):
    return mg.log(1e9 * x) + mg.sqrt(1e-15 * x)


@right((3,))
def sizes_side_by_side(x):
    return mg.concatenate([1e-8 * mg.sin(x), 1e8 * mg.cos(x), x])


@right((4,))
def large_offset(x):
    return mg.relu(x) + 1e6


@right((3, 3))
def distances(x):
    gaps = x[:, None] - x[None, :]
    return mg.sqrt((gaps**2).sum(axis=-1) + 1e-3)


def test_there_are_enough():
    assert len(RIGHT) >= 30
    assert len(RIGHT) * SEEDS >= 1000


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case[0].__name__)
def test_a_right_function_is_never_called_wrong(case):
    function, shapes, order, positive, dtype = case
    if function in (gamma_log_likelihood, special_functions):
        pytest.importorskip("scipy", reason="SciPy computes the special functions")
    doubtful = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng([seed, *function.__name__.encode()])
        inputs = [numbers(rng, shape, positive).astype(dtype) for shape in shapes]
        report = mg.gradcheck(function, *inputs, order=order, seed=seed)
        if "single_precision" in function.__name__ and report.verdict == "imprecise":
            doubtful += 1  # seven digits do not always suffice, and that is what it says
            continue
        assert report, f"seed {seed}: {report}"
        assert report.verdict in ("ok", "kink")
    assert doubtful <= SEEDS // 20
