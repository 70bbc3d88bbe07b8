"""What recording an op costs: a chain of 200 small ops, forward and backward, and unrecorded.

Run it at the root as ``python tests/benchmarks/chain.py``. The targets are 1.2 against PyTorch and
3 against MyGrad, forward and backward.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from alternating import compare, report_missing

import minigrad as mg

OPS, ROUNDS = 200, 15
START = np.linspace(0.1, 0.9, 8)


def chain(x: Any, tanh: Callable[[Any], Any]) -> Any:
    y = x
    for _ in range(OPS // 4):
        y = y * 1.01
        y = y + x
        y = tanh(y)
        y = y - 0.1
    return y.sum()


def with_minigrad() -> np.ndarray:
    x = mg.tensor(START, requires_grad=True)
    chain(x, mg.tanh).backward()
    return x.grad.numpy()


def without_recording() -> np.ndarray:
    with mg.inference_mode():
        return chain(mg.tensor(START, requires_grad=True), mg.tanh).numpy()


def peers_without_recording() -> dict[str, Callable[[], Any]]:
    found: dict[str, Callable[[], Any]] = {"NumPy": lambda: chain(START, np.tanh)}
    try:
        import torch
    except ImportError:
        report_missing("torch")
    else:

        def with_torch() -> Any:
            with torch.inference_mode():
                return chain(torch.tensor(START), torch.tanh).numpy()

        found["torch"] = with_torch
    return found


def peers() -> dict[str, Callable[[], Any]]:
    found: dict[str, Callable[[], Any]] = {}
    try:
        import torch
    except ImportError:
        report_missing("torch")
    else:

        def with_torch() -> Any:
            x = torch.tensor(START, requires_grad=True)
            chain(x, torch.tanh).backward()
            return x.grad.numpy()

        found["torch"] = with_torch
    try:
        import mygrad
    except ImportError:
        report_missing("mygrad")
    else:

        def with_mygrad() -> Any:
            x = mygrad.tensor(START)
            chain(x, mygrad.tanh).backward()
            return x.grad

        found["mygrad"] = with_mygrad
    try:
        import autograd
    except ImportError:
        report_missing("HIPS autograd")
    else:
        gradient = autograd.grad(lambda x: chain(x, autograd.numpy.tanh))
        found["HIPS autograd"] = lambda: gradient(START)
    return found


if __name__ == "__main__":
    others = peers()
    for peer in others.values():
        np.testing.assert_allclose(peer(), with_minigrad(), rtol=1e-10)
    compare(f"{OPS} ops on 8 elements, forward and backward", with_minigrad, others, ROUNDS)
    compare(
        f"{OPS} ops on 8 elements, without recording",
        without_recording,
        peers_without_recording(),
        ROUNDS,
    )
