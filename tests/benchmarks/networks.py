"""A whole training step of a dense network and of a LeNet, in minigrad and in PyTorch.

Run it at the root as ``python tests/benchmarks/networks.py``, or quickly with ``--rounds 2``. For
each network it first checks that both start with the same parameters and have the same losses for
three steps, then prints the median milliseconds of a step, the ratio PyTorch/minigrad and its
target. Images are grey, of 28×28, all is float32, and PyTorch runs on two threads.
"""

import argparse
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from alternating import compare, report_missing

import minigrad as mg

ROUNDS = 15
CLASSES, RATE = 10, 0.01


def dense(nn: Any) -> Any:
    """Return a network of two dense layers, of `minigrad.nn` or `torch.nn`."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, CLASSES))


def lenet(nn: Any) -> Any:
    """Return a network of two convolutions and two dense layers."""
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


class Work(NamedTuple):
    """A network, how many images it takes a step, and the ratio that is aimed at."""

    network: Callable[[Any], Any]
    batch: int
    target: float


WORK = {"MLP 784-256-10": Work(dense, 128, 0.9), "LeNet": Work(lenet, 64, 0.75)}


def batch(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(size, 1, 28, 28)).astype(np.float32)
    return images, rng.integers(0, CLASSES, size)


def with_minigrad(work: Work, state: dict[str, np.ndarray] | None = None) -> Callable[[], float]:
    """Return a training step, which returns the loss; perhaps from given parameters."""
    network = work.network(mg.nn)
    if state is not None:
        network.load_state_dict(state)
    optimizer = mg.optim.SGD(network.parameters(), lr=RATE)
    images, labels = batch(work.batch)

    def step() -> float:
        optimizer.zero_grad()
        loss = mg.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def with_torch(work: Work) -> tuple[Callable[[], float], dict[str, np.ndarray]]:
    """Return a training step, and copies of the parameters that it starts from."""
    import torch

    torch.set_num_threads(2)
    network = work.network(torch.nn)
    state = {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    images, labels = (torch.tensor(array) for array in batch(work.batch))

    def step() -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, state


def main() -> None:
    parser = argparse.ArgumentParser(description="Time training steps of networks.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    for name, work in WORK.items():
        peers: dict[str, Callable[[], float]] = {}
        state = None
        try:
            peers["torch"], state = with_torch(work)
        except ImportError:
            report_missing("torch")
        own = with_minigrad(work, state)
        for peer in peers.values():
            losses = [[step() for _ in range(3)] for step in (own, peer)]
            np.testing.assert_allclose(*losses, rtol=1e-5)
        title = f"a training step of {name}, batch {work.batch}"
        compare(title, own, peers, rounds, {"torch": work.target})


if __name__ == "__main__":
    main()
