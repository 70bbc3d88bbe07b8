"""Forward and backward of an LSTM, a GRU and an RNN over sequences, in minigrad and in PyTorch.

Run it at the root as ``python tests/benchmarks/recurrent.py``, or quickly with ``--rounds 2``. It
first checks that both have the same loss and the same gradients, then prints the median
milliseconds, the ratio PyTorch/minigrad and its target. Sequences are 50 steps of a batch of 32,
input and hidden size are 128, all is float32, and PyTorch runs on two threads.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from alternating import compare, report_missing

import minigrad as mg

ROUNDS, TARGET = 15, 0.5
STEPS, BATCH, SIZE = 50, 32, 128
LAYERS = ("LSTM", "GRU", "RNN")
State = dict[str, np.ndarray]


def sequences() -> np.ndarray:
    """Return the input."""
    return np.random.default_rng(0).normal(size=(STEPS, BATCH, SIZE)).astype(np.float32)


def with_minigrad(layer: str, state: State | None) -> Callable[[], tuple[float, State]]:
    """Return a step, which returns the loss and the gradients; perhaps from given parameters."""
    network = getattr(mg.nn, layer)(SIZE, SIZE)
    if state is not None:
        network.load_state_dict(state)
    x = sequences()

    def step() -> tuple[float, Any]:
        network.zero_grad()
        outputs, _ = network(x)
        loss = mg.mean(outputs * outputs)
        loss.backward()
        return loss.item(), {name: p.grad for name, p in network.named_parameters()}

    return step


def with_torch(layer: str) -> tuple[Callable[[], tuple[float, State]], State]:
    """Return a step, and copies of the parameters that it starts from."""
    import torch

    torch.set_num_threads(2)
    network = getattr(torch.nn, layer)(SIZE, SIZE)
    state = {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}
    x = torch.tensor(sequences())

    def step() -> tuple[float, Any]:
        network.zero_grad()
        outputs, _ = network(x)
        loss = (outputs * outputs).mean()
        loss.backward()
        return loss.item(), {name: p.grad for name, p in network.named_parameters()}

    return step, state


def main() -> None:
    parser = argparse.ArgumentParser(description="Time recurrent layers, forward and backward.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    for layer in LAYERS:
        peers: dict[str, Callable[[], tuple[float, State]]] = {}
        state = None
        try:
            peers["torch"], state = with_torch(layer)
        except ImportError:
            report_missing("torch")
        own = with_minigrad(layer, state)
        for peer in peers.values():
            (loss, gradients), (expected, others) = own(), peer()
            np.testing.assert_allclose(loss, expected, rtol=1e-5)
            for name, gradient in gradients.items():
                np.testing.assert_allclose(gradient, others[name], rtol=1e-3, atol=1e-7)
        compare(
            f"{layer} of {SIZE}, {STEPS} steps, batch {BATCH}",
            own,
            peers,
            rounds,
            {"torch": TARGET},
        )


if __name__ == "__main__":
    main()
