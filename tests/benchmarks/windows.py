"""Convolution, max pooling and ReLU, forward and backward, against other libraries.

Run it at the root as ``python tests/benchmarks/windows.py``; for some rows only, with
``--only conv2d``, for some peers, with ``--peers torch,mygrad``, and quickly with ``--rounds 2``.

For each row it first checks that all libraries compute the same, then prints for the forward pass,
and for it with the gradients, the median milliseconds of each library, the ratio peer/minigrad
(above 1 minigrad is ahead) and the target of this ratio. Peers are PyTorch on two threads, MyGrad,
DeZero, and the kernels of tutorials on NumPy (`tutorial_kernels.py`). All is in float32, and lies
in memory as each library's own layers leave it, but the images of a first layer as data comes,
(N, C, H, W). They need no gradient, which all but DeZero make use of.

On two cores set OPENBLAS_THREAD_TIMEOUT=4 in the environment, or the spinning threads of NumPy's
BLAS at times take the core from what comes between two matrix products, and so double its time.
"""

import argparse
from collections.abc import Sequence

import numpy as np
from alternating import compare
from window_peers import Row, Work, find, with_minigrad

ROUNDS = 9
PEERS = ("torch", "mygrad", "dezero", "gathered", "sliced")


def targets(op: str, torch: float | None) -> dict[str, float]:
    """Peer/minigrad to reach: that of PyTorch, and what holds for the others."""
    # MyGrad, DeZero and the tutorials.
    others = {"max_pool2d": 10.0, "conv2d": 3.0}.get(op)
    found = {} if others is None else dict.fromkeys(PEERS[1:], others)
    return found if torch is None else {"torch": torch, **found}


def pooling(image: tuple[int, int, int, int], size: int, torch: float | None) -> Row:
    return Row("max_pool2d", image, size, 2, targets=targets("max_pool2d", torch))


def convolution(
    image: tuple[int, int, int, int], filters: int, size: int, torch: float, first: bool = False
) -> Row:
    return Row("conv2d", image, size, size // 2, filters, first, targets("conv2d", torch))


ROWS = [
    Row("relu", (64, 32, 28, 28), targets=targets("relu", 1.0)),
    pooling((64, 32, 28, 28), 2, torch=1.5),
    pooling((64, 32, 28, 28), 3, torch=1.0),
    pooling((100, 30, 24, 24), 2, torch=None),
    convolution((64, 32, 28, 28), 64, 3, torch=0.55),
    convolution((64, 1, 28, 28), 32, 3, torch=1.2, first=True),
    convolution((64, 1, 28, 28), 32, 3, torch=1.2),
    convolution((128, 3, 32, 32), 32, 5, torch=0.6),
    convolution((64, 16, 14, 14), 32, 5, torch=0.4),
    convolution((32, 64, 56, 56), 64, 3, torch=0.4),
]


def check(name: str, found: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> None:
    """Raise if a peer computes something else than minigrad."""
    for ours, theirs in zip(expected, found, strict=True):
        if theirs.dtype != np.float32:
            raise TypeError(f"{name} computes in {theirs.dtype}")
        # Sums of many terms: an error is small beside the largest.
        scale = float(np.abs(ours).max())
        np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-5 * scale, err_msg=name)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time convolution, pooling and ReLU.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", metavar="SUBSTRING", help="rows with it in the title")
    parser.add_argument("--peers", default=",".join(PEERS), help="names, separated by commas")
    settings = parser.parse_args()

    makers = find([name for name in settings.peers.split(",") if name])
    for row in ROWS:
        if settings.only not in row.title:
            continue
        arrays = row.arrays()
        shape = with_minigrad(row, arrays, np.zeros(row.image)).forward().shape
        g = np.random.default_rng(1).normal(size=shape).astype(np.float32)
        own = with_minigrad(row, arrays, g)
        peers: dict[str, Work] = {}
        for name, make in makers.items():
            work = make(row, arrays, g)
            if isinstance(work, str):
                print(f"({row.title} without {name}: {work})")
                continue
            check(name, [work.forward()], [own.forward()])
            check(name, work.both(), own.both())
            peers[name] = work
        for part, title in (("forward", "forward"), ("both", "forward and backward")):
            compare(
                f"{row.title}, {title}",
                getattr(own, part),
                {name: getattr(work, part) for name, work in peers.items()},
                settings.rounds,
                row.targets,
            )


if __name__ == "__main__":
    main()
