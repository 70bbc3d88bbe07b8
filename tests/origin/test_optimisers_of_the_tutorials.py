"""Six optimisers as deepnet, hipsternet, Deep Learning from Scratch and CS231n write them."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim

rng = np.random.default_rng(0)
START, GRADIENTS = rng.normal(size=(3, 4)), rng.normal(size=(12, 3, 4))
LR = 0.01


# Each yields the parameter after each step.


def sgd(p):
    for g in GRADIENTS:
        p = p - LR * g
        yield p


def momentum(p, mu=0.9):
    """With CS231n and DLFS the velocity is negative, ``v = mu * v - lr * g``: it is the same."""
    v = np.zeros_like(p)
    for g in GRADIENTS:
        v = mu * v + LR * g
        p = p - v
        yield p


def nesterov(p, mu=0.9):
    """The form of Bengio, Boulanger-Lewandowski and Pascanu, with the velocity of before."""
    v = np.zeros_like(p)
    for g in GRADIENTS:
        p = p + mu * mu * v - (1 + mu) * LR * g
        v = mu * v - LR * g
        yield p


def adagrad(p, eps=1e-8):
    h = np.zeros_like(p)
    for g in GRADIENTS:
        h = h + g * g
        p = p - LR * g / (np.sqrt(h) + eps)
        yield p


def rmsprop(p, decay=0.9, eps=1e-8):
    h = np.zeros_like(p)
    for g in GRADIENTS:
        h = decay * h + (1 - decay) * g * g
        p = p - LR * g / (np.sqrt(h) + eps)
        yield p


def adam(p, eps=1e-8):
    m = v = np.zeros_like(p)
    for t, g in enumerate(GRADIENTS, start=1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        p = p - LR * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + eps)
        yield p


def adam_of_dlfs(p):
    """The corrections are in the rate, so that eps is beside a root that is not corrected."""
    m = v = np.zeros_like(p)
    for t, g in enumerate(GRADIENTS, start=1):
        rate = LR * math.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        m = m + 0.1 * (g - m)
        v = v + 0.001 * (g * g - v)
        p = p - rate * m / (np.sqrt(v) + 1e-7)
        yield p


def eps_of_dlfs(optimizer, t):
    """Let Adam have that eps."""
    optimizer.param_groups[0]["eps"] = 1e-7 / math.sqrt(1 - 0.999**t)


OPTIMISERS = {
    "SGD of all": (sgd, lambda p: optim.SGD(p, LR)),
    "momentum of all": (momentum, lambda p: optim.SGD(p, LR, momentum=0.9)),
    "Nesterov of DLFS": (nesterov, lambda p: optim.SGD(p, LR, momentum=0.9, nesterov=True)),
    "Adagrad of deepnet and hipsternet": (adagrad, lambda p: optim.Adagrad(p, LR, eps=1e-8)),
    "Adagrad of DLFS": (lambda p: adagrad(p, 1e-7), lambda p: optim.Adagrad(p, LR, eps=1e-7)),
    "RMSprop of deepnet": (
        lambda p: rmsprop(p, eps=1e-4),
        lambda p: optim.RMSprop(p, LR, alpha=0.9, eps=1e-4),
    ),
    "RMSprop of hipsternet": (rmsprop, lambda p: optim.RMSprop(p, LR, alpha=0.9)),
    "RMSprop of DLFS": (
        lambda p: rmsprop(p, 0.99, 1e-7),
        lambda p: optim.RMSprop(p, LR, alpha=0.99, eps=1e-7),
    ),
    "RMSprop of CS231n": (lambda p: rmsprop(p, 0.99), lambda p: optim.RMSprop(p, LR, alpha=0.99)),
    "Adam of deepnet": (lambda p: adam(p, 1e-4), lambda p: optim.Adam(p, LR, eps=1e-4)),
    "Adam of hipsternet and CS231n": (adam, lambda p: optim.Adam(p, LR, eps=1e-8)),
    "Adam of DLFS": (adam_of_dlfs, lambda p: optim.Adam(p, LR), eps_of_dlfs),
}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_an_optimiser_goes_the_way_of_the_tutorial(name):
    formula, make, *before = OPTIMISERS[name]
    p = mg.tensor(START, requires_grad=True)
    optimizer = make([p])
    for t, (g, expected) in enumerate(zip(GRADIENTS, formula(START), strict=True), start=1):
        for prepare in before:
            prepare(optimizer, t)
        p.grad = mg.tensor(g)
        optimizer.step()
        np.testing.assert_allclose(p.numpy(), expected, rtol=1e-10, atol=1e-12)


def test_nesterov_looks_ahead_along_the_velocity():
    """In deepnet and hipsternet the look ahead is ``+ mu * v`` where a step is ``- v``.

    With the sign mended, the point ahead is what SGD with nesterov has as its parameter.
    """

    def points(sign, steps=30, mu=0.9):
        p, v = np.array([-7.0, 2.0]), np.zeros(2)
        for _ in range(steps):
            v = mu * v + 0.1 * slope(p + sign * mu * v)
            p = p - v
            yield p - mu * v

    def slope(p):
        return p * np.array([0.1, 2.0])

    p = mg.tensor([-7.0, 2.0], requires_grad=True)
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9, nesterov=True)
    for ahead in points(-1):
        p.grad = mg.tensor(slope(p.numpy()))
        optimizer.step()
        np.testing.assert_allclose(p.numpy(), ahead)
    *_, wrong = points(+1)
    # In the steep direction it does not come to rest.
    assert abs(wrong[1]) > 1000 * abs(ahead[1])


# The toy surface of DLFS, from a height of 6.45, with the rates of its figure and its 30 steps


@pytest.mark.parametrize(
    ("make", "reached"),
    [
        (lambda p: optim.SGD(p, lr=0.95), 0.02),
        (lambda p: optim.SGD(p, lr=0.1, momentum=0.9), 0.06),
        (lambda p: optim.Adagrad(p, lr=1.5), 0.001),
        (lambda p: optim.Adam(p, lr=0.3), 0.12),
    ],
    ids=["SGD", "Momentum", "AdaGrad", "Adam"],
)
def test_optimisers_compared_on_the_toy_surface(make, reached):
    p = mg.tensor([-7.0, 2.0], requires_grad=True)
    optimizer = make([p])
    for _ in range(30):
        optimizer.zero_grad()
        (p[0] ** 2 / 20 + p[1] ** 2).backward()
        optimizer.step()
    height = p.numpy()[0] ** 2 / 20 + p.numpy()[1] ** 2
    assert height < reached
