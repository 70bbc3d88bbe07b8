"""Steps as their papers write them, one number at a time, and the mistakes that others made."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim

rng = np.random.default_rng(0)
GRADIENTS = rng.standard_normal((12, 3, 2))
START = rng.standard_normal((3, 2))


def lin(start, stop):
    return np.linspace(start, stop, 20).reshape(4, 5)


def run(optimizer, p, gradients):
    """Values of a parameter after each of the steps with these gradients."""
    for gradient in gradients:
        p.grad = mg.tensor(gradient)
        optimizer.step()
        yield p.numpy().copy()


# Each formula is a generator: it yields the value after each step.


def adagrad(p, gs, lr=0.1, eps=1e-3, decay=0.2):
    squares = 0.0
    for t, g in enumerate(gs):
        squares += g * g
        p -= lr / (1 + t * decay) * g / (math.sqrt(squares) + eps)
        yield p


def adadelta(p, gs, rho=0.9, eps=1e-3):
    squares = steps = 0.0
    for g in gs:
        squares = rho * squares + (1 - rho) * g * g
        d = math.sqrt((steps + eps) / (squares + eps)) * g
        steps = rho * steps + (1 - rho) * d * d
        p -= d
        yield p


def rmsprop(p, gs, lr=0.01, alpha=0.9, eps=1e-3, momentum=0.0, centered=False):
    square = mean = velocity = 0.0
    for g in gs:
        square = alpha * square + (1 - alpha) * g * g
        mean = alpha * mean + (1 - alpha) * g
        variance = square - mean**2 if centered else square
        velocity = momentum * velocity + g / (math.sqrt(variance) + eps)
        p -= lr * velocity
        yield p


def adam(p, gs, lr=0.1, beta1=0.8, beta2=0.95, eps=1e-3, amsgrad=False, decay=0.0):
    m = v = largest = 0.0
    for t, g in enumerate(gs, start=1):
        p -= lr * decay * p
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        largest = max(v, largest) if amsgrad else v
        p -= lr * (m / (1 - beta1**t)) / (math.sqrt(largest / (1 - beta2**t)) + eps)
        yield p


def adamax(p, gs, lr=0.1, beta1=0.8, beta2=0.95, eps=1e-3):
    m = u = 0.0
    for t, g in enumerate(gs, start=1):
        m = beta1 * m + (1 - beta1) * g
        u = max(beta2 * u, abs(g) + eps)
        p -= lr / (1 - beta1**t) * m / u
        yield p


def nadam(p, gs, lr=0.1, beta1=0.8, beta2=0.95, eps=1e-3):
    m = v = 0.0
    product = 1.0
    mu = [beta1 * (1 - 0.5 * 0.96 ** (0.004 * t)) for t in range(len(gs) + 2)]
    for t, g in enumerate(gs, start=1):
        product *= mu[t]
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        ahead = mu[t + 1] * m / (1 - product * mu[t + 1]) + (1 - mu[t]) * g / (1 - product)
        p -= lr * ahead / (math.sqrt(v / (1 - beta2**t)) + eps)
        yield p


def radam(p, gs, lr=0.1, beta1=0.8, beta2=0.9):
    m = v = 0.0
    most = 2 / (1 - beta2) - 1
    for t, g in enumerate(gs, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        rho = most - 2 * t * beta2**t / (1 - beta2**t)
        step = m / (1 - beta1**t)
        if rho > 5:
            r = (rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho)
            step *= math.sqrt(r * (1 - beta2**t) / v)
        p -= lr * step
        yield p


def rprop(p, gs, lr=0.1, less=0.5, more=1.2, least=0.04, largest=0.13):
    size, before = lr, 0.0
    for g in gs:
        if g * before > 0:
            size = min(size * more, largest)
        elif g * before < 0:
            size = max(size * less, least)
            g = 0.0
        p -= math.copysign(size, g) if g else 0.0
        before = g
        yield p


def asgd(p, gs, lr=0.1, lambd=0.1, alpha=0.5):
    eta = lr
    for t, g in enumerate(gs, start=1):
        p -= eta * (g + lambd * p)
        eta = lr / (1 + lambd * lr * t) ** alpha
        yield p


BETAS = {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3}
FORMULAS = [
    (adagrad, {}, "Adagrad", {"lr": 0.1, "eps": 1e-3, "lr_decay": 0.2}),
    (adadelta, {}, "Adadelta", {"eps": 1e-3}),
    (rmsprop, {}, "RMSprop", {"alpha": 0.9, "eps": 1e-3}),
    (
        rmsprop,
        {"momentum": 0.7, "centered": True},
        "RMSprop",
        {"alpha": 0.9, "eps": 1e-3, "momentum": 0.7, "centered": True},
    ),
    (adam, {}, "Adam", BETAS),
    (adam, {"amsgrad": True}, "Adam", {**BETAS, "amsgrad": True}),
    (adam, {"decay": 0.2}, "AdamW", {**BETAS, "weight_decay": 0.2}),
    (adamax, {}, "Adamax", BETAS),
    (nadam, {}, "NAdam", BETAS),
    (radam, {}, "RAdam", {"lr": 0.1, "betas": (0.8, 0.9), "eps": 0.0}),
    (rprop, {}, "Rprop", {"lr": 0.1, "step_sizes": (0.04, 0.13)}),
    (asgd, {}, "ASGD", {"lr": 0.1, "lambd": 0.1, "alpha": 0.5}),
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("formula", "changed", "name", "settings"), FORMULAS)
def test_an_optimiser_is_its_formula(formula, changed, name, settings, dtype):
    p = mg.tensor(START, dtype=dtype, requires_grad=True)
    optimizer = getattr(optim, name)([p], **settings)
    found = list(run(optimizer, p, GRADIENTS.astype(dtype)))
    expected = np.empty_like(GRADIENTS)
    for place in np.ndindex(START.shape):
        gradients = GRADIENTS[:, *place].tolist()
        expected[:, *place] = list(formula(START[place].item(), gradients, **changed))
    tolerance = {"float64": 1e-12, "float32": 1e-5}[dtype]
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def test_the_path_is_averaged():
    p = mg.tensor(START, requires_grad=True)
    optimizer = optim.ASGD([p], lr=0.1, t0=4)
    path = list(run(optimizer, p, GRADIENTS))
    # Of the steps up to t0 + 1, whose mu is 1, only the last one counts.
    np.testing.assert_allclose(optimizer.state[p]["ax"], np.mean(path[5:], axis=0))


def test_an_rmsprop_step_has_the_published_values():
    p = mg.tensor(lin(-0.4, 0.6), requires_grad=True)
    optimizer = optim.RMSprop([p], lr=1e-2, alpha=0.99, eps=1e-8)
    state = optimizer.state_dict()
    state["state"] = {0: {"square_avg": lin(0.6, 0.9)}}
    optimizer.load_state_dict(state)
    [found] = run(optimizer, p, [lin(-0.6, 0.4)])
    np.testing.assert_allclose(
        found[0], [-0.39223849, -0.34037513, -0.28849239, -0.23659121, -0.18467247], atol=5e-9
    )


# What other implementations got wrong


def test_nesterov_does_not_cancel_to_plain_descent():
    ends = []
    for settings in ({}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}):
        p = mg.tensor(START, requires_grad=True)
        *_, end = run(optim.SGD([p], lr=0.1, **settings), p, GRADIENTS)
        ends.append(end)
    plain, heavy, nesterov = ends
    assert np.all(np.abs(nesterov - plain) > 1e-3)
    assert np.all(np.abs(nesterov - heavy) > 1e-3)


@pytest.mark.parametrize("name", ["Adam", "AdamW", "NAdam", "RAdam"])
def test_the_two_moments_are_two_and_last_for_all_epochs(name):
    p, q = (mg.tensor(START, requires_grad=True) for _ in range(2))
    optimizer = getattr(optim, name)([p, q])
    for epoch in range(1, 4):
        p.grad = q.grad = mg.tensor(GRADIENTS[0])
        optimizer.step()
        kept = [optimizer.state[tensor] for tensor in (p, q)]
        arrays = [state[key] for state in kept for key in ("exp_avg", "exp_avg_sq")]
        assert len({array.ctypes.data for array in arrays}) == 4
        assert [state["step"] for state in kept] == [epoch, epoch]
        np.testing.assert_allclose(kept[0]["exp_avg"], GRADIENTS[0] * (1 - 0.9**epoch))
        np.testing.assert_allclose(kept[0]["exp_avg_sq"], GRADIENTS[0] ** 2 * (1 - 0.999**epoch))


@pytest.mark.parametrize("name", [row[2] for row in FORMULAS] + ["SGD"])
def test_a_gradient_of_zeros_makes_no_step_and_no_nan(name):
    p = mg.tensor(START, requires_grad=True)
    settings = {"lambd": 0} if name == "ASGD" else {"weight_decay": 0} if name == "AdamW" else {}
    for found in run(getattr(optim, name)([p], **settings), p, np.zeros((3, 3, 2))):
        np.testing.assert_array_equal(found, START)
