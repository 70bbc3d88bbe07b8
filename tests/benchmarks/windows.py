"""Convolution, max pooling and ReLU, forward and backward, against PyTorch.

Run it at the root as ``python tests/benchmarks/windows.py``. PyTorch runs on two threads, all in
float32. The inputs of minigrad lie in memory as its own layers leave them, the batch innermost, and
those of PyTorch as PyTorch's do.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from alternating import compare, report_missing

import minigrad as mg

ROUNDS = 9


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def batch_innermost(x: np.ndarray) -> np.ndarray:
    return x.transpose(1, 2, 3, 0).copy().transpose(3, 0, 1, 2)


def benchmark(
    title: str, x: np.ndarray, ours: Callable[..., Any], theirs: Callable[..., Any], *rest: Any
) -> None:
    """Time a function of images and parameters, alone and with its gradients."""
    import torch

    cotangent = images(*ours(x, *rest).shape)

    def arguments(tensor: Callable[..., Any], required: bool) -> list[Any]:
        return [tensor(a, required) for a in (x, *rest)]

    def own(a: np.ndarray, required: bool) -> Any:
        return mg.tensor(batch_innermost(a) if a.ndim == 4 and a is x else a, None, required)

    def other(a: np.ndarray, required: bool) -> Any:
        return torch.tensor(a, requires_grad=required)

    own_g, other_g = mg.tensor(batch_innermost(cotangent)), torch.tensor(cotangent)
    plain, tracked = arguments(own, False), arguments(own, True)
    torch_plain, torch_tracked = arguments(other, False), arguments(other, True)
    np.testing.assert_allclose(
        ours(*plain).numpy(), theirs(*torch_plain).numpy(), rtol=1e-3, atol=1e-3
    )

    compare(
        f"{title}, forward",
        lambda: ours(*plain),
        {"torch": lambda: theirs(*torch_plain)},
        ROUNDS,
    )
    compare(
        f"{title}, forward and backward",
        lambda: mg.grad(ours(*tracked), tracked, own_g),
        {"torch": lambda: torch.autograd.grad(theirs(*torch_tracked), torch_tracked, other_g)},
        ROUNDS,
    )


def main() -> None:
    try:
        import torch
        from torch.nn import functional
    except ImportError:
        report_missing("torch")
        return
    torch.set_num_threads(2)

    x = images(64, 32, 28, 28)
    benchmark("relu 64x32x28x28", x, mg.relu, functional.relu)
    for size in (2, 3):
        benchmark(
            f"max_pool2d 64x32x28x28, {size}x{size}, stride 2",
            x,
            lambda x, size=size: mg.max_pool2d(x, size, 2),
            lambda x, size=size: functional.max_pool2d(x, size, 2),
        )
    for shape, filters, size in [
        ((64, 32, 28, 28), 64, 3),
        ((64, 1, 28, 28), 32, 3),
        ((128, 3, 32, 32), 32, 5),
        ((64, 16, 14, 14), 32, 5),
        ((32, 64, 56, 56), 64, 3),
    ]:
        benchmark(
            f"conv2d {'x'.join(map(str, shape))} to {filters}, {size}x{size}",
            images(*shape),
            lambda x, w, b, size=size: mg.conv2d(x, w, b, padding=size // 2),
            lambda x, w, b, size=size: functional.conv2d(x, w, b, padding=size // 2),
            images(filters, shape[1], size, size),
            images(filters),
        )


if __name__ == "__main__":
    main()
