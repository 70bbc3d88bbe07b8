"""A step of an optimiser on a million parameters, in minigrad and in PyTorch.

Run it at the root as ``python tests/benchmarks/optimizers.py``, or quickly with ``--rounds 2``. For
each optimiser it first checks that three steps go to the same values, then prints the median
milliseconds of a step and the ratio PyTorch/minigrad, for Adam beside its target: once for one
large parameter, and once for the four small ones of a network of two layers. All is float32, and
PyTorch runs on two threads.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from alternating import compare, report_missing

import minigrad as mg

ROUNDS, TARGET = 15, 0.5
OPTIMIZERS: dict[str, tuple[str, dict[str, float]]] = {
    "Adam": ("Adam", {}),
    "AdamW": ("AdamW", {}),
    "SGD with momentum": ("SGD", {"lr": 0.01, "momentum": 0.9}),
    "RMSprop": ("RMSprop", {}),
}
SIZES = {
    "1,000,000 parameters": [(1000, 1000)],
    "a network of 20-30-10": [(30, 20), (30,), (10, 30), (10,)],
}


def steps(
    library: Any, shapes: list[tuple[int, ...]], name: str, settings: dict[str, float]
) -> tuple[Callable[[], object], list[Any]]:
    """Return a step, and the parameters that it changes."""
    rng = np.random.default_rng(0)
    parameters = []
    for shape in shapes:
        values, gradient = rng.normal(size=(2, *shape)).astype(np.float32)
        parameter = library.tensor(values, requires_grad=True)
        parameter.grad = library.tensor(gradient)
        parameters.append(parameter)
    return getattr(library.optim, name)(parameters, **settings).step, parameters


def main() -> None:
    parser = argparse.ArgumentParser(description="Time steps of optimisers.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    try:
        import torch

        torch.set_num_threads(2)
    except ImportError:
        torch = None
        report_missing("torch")
    for size, shapes in SIZES.items():
        for title, (name, settings) in OPTIMIZERS.items():
            own, parameters = steps(mg, shapes, name, settings)
            peers: dict[str, Callable[[], object]] = {}
            if torch is not None:
                peers["torch"], others = steps(torch, shapes, name, settings)
                for _ in range(3):
                    own()
                    peers["torch"]()
                for one, other in zip(parameters, others, strict=True):
                    np.testing.assert_allclose(
                        one.numpy(), other.detach().numpy(), rtol=1e-5, atol=1e-6
                    )
            targets = {"torch": TARGET} if title == "Adam" else None
            compare(f"a step of {title}, {size}", own, peers, rounds, targets)


if __name__ == "__main__":
    main()
