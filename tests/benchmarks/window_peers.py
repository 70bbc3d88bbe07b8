"""Convolution, max pooling and ReLU in minigrad and in other libraries, ready to be timed.

A maker takes a row, arrays and the gradient of the output. It prepares them as tensors of the
library, which lie in memory as the library's own layers leave them. It returns the row's work, or
says why the library cannot do it.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from alternating import report_missing
from tutorial_kernels import Kernels, gathered, sliced

import minigrad as mg


class Row(NamedTuple):
    """What is timed.

    Attributes
    ----------
    op : {"relu", "max_pool2d", "conv2d"}
    image : (N, C, H, W)
    size, setting : int
        Of a window, and the stride of a pooling or the padding of a convolution.
    filters : int
        Of a convolution; it has a bias, too.
    first : bool
        Whether the images are data, as they come, and need no gradient.
    targets : dict of str to float
        Peer/minigrad to reach.
    """

    op: str
    image: tuple[int, int, int, int]
    size: int = 0
    setting: int = 0
    filters: int = 0
    first: bool = False
    targets: dict[str, float] = {}  # noqa: RUF012  # never written to

    @property
    def title(self) -> str:
        parts = [self.op, "x".join(map(str, self.image))]
        if self.op == "conv2d":
            parts.append(f"to {self.filters}, {self.size}x{self.size}, pad {self.setting}")
        if self.op == "max_pool2d":
            parts.append(f"{self.size}x{self.size}, stride {self.setting}")
        if self.first:
            parts.append("(first layer)")
        return " ".join(parts)

    def arrays(self) -> list[np.ndarray]:
        """Return images, and the filters and bias of a convolution, all in float32."""
        rng = np.random.default_rng(0)
        shapes: list[tuple[int, ...]] = [self.image]
        if self.filters:
            shapes += [(self.filters, self.image[1], self.size, self.size), (self.filters,)]
        x, *rest = (rng.normal(size=shape).astype(np.float32) for shape in shapes)
        return [x, *(a / np.float32(self.size) for a in rest)]


class Work(NamedTuple):
    """Functions without parameters, to be timed: they return arrays to be compared.

    Attributes
    ----------
    forward : callable
        Returns the output; nothing is recorded.
    both : callable
        Computes the output and returns the gradients of all that need one.
    """

    forward: Callable[[], np.ndarray]
    both: Callable[[], Sequence[np.ndarray]]


Maker = Callable[[Row, list[np.ndarray], np.ndarray], Work | str]


def batch_innermost(x: np.ndarray) -> np.ndarray:
    """Return (N, C, H, W) that is (C, H, W, N) in memory."""
    return x.transpose(1, 2, 3, 0).copy().transpose(3, 0, 1, 2)


def channels_innermost(x: np.ndarray) -> np.ndarray:
    """Return (N, C, H, W) that is (N, H, W, C) in memory."""
    return x.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2)


def with_minigrad(row: Row, arrays: list[np.ndarray], g: np.ndarray) -> Work:
    def run(x: Any, *rest: Any) -> Any:
        if row.op == "relu":
            return mg.relu(x)
        if row.op == "max_pool2d":
            return mg.max_pool2d(x, row.size, row.setting)
        return mg.conv2d(x, *rest, padding=row.setting)

    x, *rest = arrays
    x = x if row.first else batch_innermost(x)
    plain = [mg.tensor(a) for a in (x, *rest)]
    tracked = [mg.tensor(x, requires_grad=not row.first)]
    tracked += [mg.tensor(a, requires_grad=True) for a in rest]
    wanted, cotangent = tracked[row.first :], mg.tensor(batch_innermost(g))
    return Work(
        lambda: run(*plain).numpy(),
        lambda: [a.numpy() for a in mg.grad(run(*tracked), wanted, cotangent)],
    )


def with_torch(row: Row, arrays: list[np.ndarray], g: np.ndarray) -> Work:
    import torch
    from torch.nn import functional

    def run(x: Any, *rest: Any) -> Any:
        if row.op == "relu":
            return functional.relu(x)
        if row.op == "max_pool2d":
            return functional.max_pool2d(x, row.size, row.setting)
        return functional.conv2d(x, *rest, padding=row.setting)

    torch.set_num_threads(2)
    x, *rest = arrays
    plain = [torch.tensor(a) for a in arrays]
    tracked = [torch.tensor(x, requires_grad=not row.first)]
    tracked += [torch.tensor(a, requires_grad=True) for a in rest]
    wanted, cotangent = tracked[row.first :], torch.tensor(g)
    return Work(
        lambda: run(*plain).numpy(),
        lambda: [a.numpy() for a in torch.autograd.grad(run(*tracked), wanted, cotangent)],
    )


def with_mygrad(row: Row, arrays: list[np.ndarray], g: np.ndarray) -> Work | str:
    import mygrad
    from mygrad.nnet import conv_nd, max_pool
    from mygrad.nnet.activations import relu

    if row.op == "max_pool2d" and any((n - row.size) % row.setting for n in row.image[2:]):
        return "its max_pool needs windows that fill the image"

    def run(x: Any, *rest: Any) -> Any:
        if row.op == "relu":
            return relu(x)
        if row.op == "max_pool2d":
            return max_pool(x, (row.size, row.size), row.setting)
        weight, bias = rest
        out = conv_nd(x, weight, stride=1, padding=row.setting)
        return out + bias.reshape(1, -1, 1, 1)

    x, *rest = arrays
    plain = [mygrad.tensor(a, constant=True) for a in arrays]
    tracked = [mygrad.tensor(x, constant=row.first), *map(mygrad.tensor, rest)]

    def both() -> list[np.ndarray]:
        run(*tracked).backward(g)
        return [a.grad for a in tracked[row.first :]]

    return Work(lambda: run(*plain).data, both)


def with_dezero(row: Row, arrays: list[np.ndarray], g: np.ndarray) -> Work:
    import dezero
    from dezero import functions

    def run(x: Any, *rest: Any) -> Any:
        if row.op == "relu":
            return functions.relu(x)
        if row.op == "max_pool2d":
            return functions.pooling(x, row.size, row.setting)
        return functions.conv2d(x, *rest, 1, row.setting)

    x, *rest = arrays
    x = x if row.first else channels_innermost(x)
    variables = [dezero.Variable(a) for a in (x, *rest)]

    def forward() -> np.ndarray:
        with dezero.no_grad():
            return run(*variables).data

    def both() -> list[np.ndarray]:
        for variable in variables:
            variable.cleargrad()
        out = run(*variables)
        out.grad = dezero.Variable(g)
        out.backward()
        # It computes the gradient of images in any case.
        return [a.grad.data for a in variables[row.first :]]

    return Work(forward, both)


def tutorial(kernels: Kernels, layout: Callable[[np.ndarray], np.ndarray]) -> Maker:
    def with_kernels(row: Row, arrays: list[np.ndarray], g: np.ndarray) -> Work | str:
        if row.op == "relu":
            return "the tutorials are about windows"
        x, *rest = arrays
        x = x if row.first else layout(x)

        def run() -> Any:
            if row.op == "max_pool2d":
                return kernels.max_pool2d(x, row.size, row.setting)
            return kernels.conv2d(x, *rest, row.setting, not row.first)

        def both() -> Sequence[np.ndarray]:
            _, backward = run()
            return backward(g)

        return Work(lambda: run()[0], both)

    return with_kernels


def find(wanted: Sequence[str]) -> dict[str, Maker]:
    """Return the makers of the peers that are wanted and installed, and report the missing."""
    makers: dict[str, Maker] = {
        "torch": with_torch,
        "mygrad": with_mygrad,
        "dezero": with_dezero,
        "gathered": tutorial(gathered, batch_innermost),
        "sliced": tutorial(sliced, channels_innermost),
    }
    unknown = [name for name in wanted if name not in makers]
    if unknown:
        raise SystemExit(f"unknown peers {unknown}; known are {[*makers]}")
    found = {}
    for name in wanted:
        try:
            if name in ("torch", "mygrad"):
                __import__(name)
            elif name == "dezero":
                _import_dezero()
        except ImportError:
            report_missing(name)
        else:
            found[name] = makers[name]
    return found


def _import_dezero() -> None:
    """Import DeZero 0.0.13, which needs names that NumPy no longer has while it is imported."""
    old = {"int": int, "float": float}
    for name, kind in old.items():
        setattr(np, name, kind)
    try:
        import dezero  # noqa: F401
    finally:
        for name in old:
            delattr(np, name)
