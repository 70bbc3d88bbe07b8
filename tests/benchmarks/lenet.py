"""A whole training step of a LeNet, in minigrad and in PyTorch.

Run it at the root as ``python tests/benchmarks/lenet.py``, or quickly with ``--rounds 2``. It first
checks that both start with the same parameters and have the same losses for three steps, then
prints the median milliseconds of a step, the ratio PyTorch/minigrad and its target. The batch is 64
grey images of 28×28, all is float32, and PyTorch runs on two threads.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from alternating import compare, report_missing

import minigrad as mg

ROUNDS, TARGET = 15, 0.75
CLASSES, RATE = 10, 0.01


def batch() -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(64, 1, 28, 28)).astype(np.float32)
    return images, rng.integers(0, CLASSES, len(images))


def lenet(nn: Any) -> Any:
    """Return the network, made of the layers of `minigrad.nn` or `torch.nn`."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 128),
        nn.ReLU(),
        nn.Linear(128, CLASSES),
    )


def with_minigrad(state: dict[str, np.ndarray] | None = None) -> Callable[[], float]:
    """Return a training step, which returns the loss; perhaps from given parameters."""
    network = lenet(mg.nn)
    if state is not None:
        network.load_state_dict(state)
    optimizer = mg.optim.SGD(network.parameters(), lr=RATE)
    images, labels = batch()

    def step() -> float:
        optimizer.zero_grad()
        loss = mg.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def with_torch() -> tuple[Callable[[], float], dict[str, np.ndarray]]:
    """Return a training step, and copies of the parameters that it starts from."""
    import torch

    torch.set_num_threads(2)
    network = lenet(torch.nn)
    state = {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    images, labels = (torch.tensor(array) for array in batch())

    def step() -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, state


def main() -> None:
    parser = argparse.ArgumentParser(description="Time a training step of a LeNet.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    peers: dict[str, Callable[[], float]] = {}
    state = None
    try:
        peers["torch"], state = with_torch()
    except ImportError:
        report_missing("torch")
    own = with_minigrad(state)
    for peer in peers.values():
        losses = [[step() for _ in range(3)] for step in (own, peer)]
        np.testing.assert_allclose(*losses, rtol=1e-5)
    compare("a training step of LeNet, batch 64", own, peers, rounds, {"torch": TARGET})


if __name__ == "__main__":
    main()
