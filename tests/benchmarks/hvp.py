"""What a Hessian-vector product costs beside a gradient: at most 6 times as much.

Run it at the root as ``python tests/benchmarks/hvp.py``. The ratios printed are gradient/product,
so 0.17 is the target's bound, and 1 / ratio is how many gradients a product costs.
"""

from itertools import pairwise

import numpy as np
from alternating import compare

import minigrad as mg

ROUNDS = 9
rng = np.random.default_rng(0)
SIZES = (64, 128, 128, 10)
IMAGES = rng.standard_normal((128, SIZES[0]))
LABELS = rng.integers(0, SIZES[-1], 128)
LAYERS = [
    {"weight": rng.standard_normal(shape) / np.sqrt(shape[0]), "bias": np.zeros(shape[1])}
    for shape in pairwise(SIZES)
]
POINT = rng.standard_normal(100_000)


def mlp(layers):
    x = IMAGES
    for layer in layers[:-1]:
        x = mg.tanh(x @ layer["weight"] + layer["bias"])
    return mg.cross_entropy(x @ layers[-1]["weight"] + layers[-1]["bias"], LABELS)


def rosenbrock(x):
    return mg.sum((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2)


for title, f, at in [
    (f"an MLP {SIZES}, {len(IMAGES)} rows", mlp, LAYERS),
    (f"Rosenbrock, {POINT.size} numbers", rosenbrock, POINT),
]:
    gradient = mg.value_and_grad(f)
    compare(
        f"{title}: 'minigrad' is the product, 'gradient' the gradient",
        lambda f=f, at=at: mg.hvp(f, (at,), (at,)),
        {"gradient": lambda gradient=gradient, at=at: gradient(at)},
        ROUNDS,
    )
