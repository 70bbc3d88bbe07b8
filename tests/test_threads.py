"""Threads build and differentiate graphs at once, and share no mode."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np

import minigrad as mg

THREADS = 8


def in_threads(task):
    """The results of a task that all threads begin together."""
    barrier = Barrier(THREADS)

    def begin(number):
        barrier.wait()
        return task(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def work(number, weight):
    """A gradient, and a gradient of a gradient, through convolution, pooling and matmul."""
    rng = np.random.default_rng(number)
    images = mg.tensor(rng.normal(size=(2, 1, 6, 6)), requires_grad=True)
    found = []
    for _ in range(10):
        hidden = mg.tanh(mg.max_pool2d(mg.conv2d(images, weight, padding=1), 2))
        loss = (mg.reshape(hidden, (2, -1)) @ rng.normal(size=(18, 3))).sum()
        (slope,) = mg.grad(loss, images, create_graph=True)
        found.append(mg.grad((slope * slope).sum(), [images, weight]))
    return [[g.numpy() for g in pair] for pair in found]


def kernel():
    return mg.tensor(np.random.default_rng(9).normal(size=(2, 1, 3, 3)), requires_grad=True)


def test_threads_find_what_one_finds():
    weight = kernel()
    alone = [work(number, weight) for number in range(THREADS)]
    together = in_threads(lambda number: work(number, weight))
    for one, other in zip(alone, together, strict=True):
        for pair, twin in zip(one, other, strict=True):
            for g, h in zip(pair, twin, strict=True):
                np.testing.assert_array_equal(g, h)


def test_threads_accumulate_in_a_shared_leaf():
    weight = mg.tensor(np.ones(3), requires_grad=True)

    def task(number):
        for _ in range(200):
            (weight * (number + 1)).sum().backward()

    in_threads(task)
    assert weight.grad.tolist() == [200.0 * sum(range(1, THREADS + 1))] * 3


def test_threads_differentiate_one_graph():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = mg.exp(x * x).sum()
    (expected,) = mg.grad(y, x, retain_graph=True)

    def task(_):
        (g,) = mg.grad(y, x, retain_graph=True)
        return g.numpy()

    for found in in_threads(task):
        np.testing.assert_array_equal(found, expected.numpy())


def test_no_grad_does_not_leak_into_other_threads():
    x = mg.tensor([1.0], requires_grad=True)
    barrier = Barrier(THREADS)

    def task(number):
        seen = []
        for _ in range(50):
            if number % 2:
                with mg.no_grad():
                    barrier.wait()
                    seen.append((x * 2).requires_grad)
            else:
                barrier.wait()
                seen.append((x * 2).requires_grad)
        return set(seen)

    assert in_threads(task) == [{number % 2 == 0} for number in range(THREADS)]
