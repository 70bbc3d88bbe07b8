"""Random convolutions, pools and columns against PyTorch: values and gradients.

A configuration is made from its number alone; ``describe(number)`` gives one that failed, and
``compare(number)`` runs it again.
"""

import collections
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad as mg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional

# By their paths: a folder of tests is no package.
here = Path(__file__)
draws = SimpleNamespace(**runpy.run_path(str(here.with_name("configurations.py"))))
loops = SimpleNamespace(**draws.loops)

# Padding 'same' of an even window pads on one side, of which PyTorch warns.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")

CONFIGURATIONS, BATCH = 2400, 100
KINDS = ["convolution", "transposed", "pool", "pool", "columns"]  # one after another
# Which of equal values is the median is not defined; a norm has a kink at 0.
UNTIED = ("median", "lp")

compared = collections.Counter()  # names of what was compared, and of ties


class Configuration:
    """A call here and there: arrays, and a function of tensors of either library."""

    def __init__(self, number):
        rng = np.random.default_rng([2026, number])
        pick = lambda least, most: int(rng.integers(least, most + 1))
        self.rng, self.number, self.tied = rng, number, False
        getattr(self, KINDS[number % len(KINDS)])(pick)
        self.dtype = draws.one_of(pick, [np.float64, np.float64, np.float32])
        orders = [order for order in draws.ORDERS if self.tied or not order.startswith("one pixel")]
        self.orders = [draws.one_of(pick, orders) for _ in self.arrays]
        self.arrays = [
            draws.in_order(order, array.astype(self.dtype))
            for order, array in zip(self.orders, self.arrays, strict=True)
        ]

    def __str__(self):
        shapes = ", ".join(f"{a.shape} {o}" for a, o in zip(self.arrays, self.orders, strict=True))
        ties = " with ties" if self.tied else ""
        return f"number {self.number}: {self.name}({shapes}, {self.settings}), {self.dtype}{ties}"

    def convolution(self, pick):
        x_shape, weight_shape, self.settings = draws.convolution(pick)
        self.name = f"conv{len(x_shape) - 2}d"
        self.arrays = [draws.real(self.rng, shape) for shape in (x_shape, weight_shape)]
        if pick(0, 1):
            self.arrays.append(draws.real(self.rng, weight_shape[:1]))
        settings, padded = dict(self.settings), []
        if isinstance(settings["padding"], list):  # PyTorch pads sides alike
            padded = [n for pair in reversed(settings["padding"]) for n in pair]
            settings["padding"] = 0

        def there(x, *arrays):
            return getattr(F, self.name)(F.pad(x, padded) if padded else x, *arrays, **settings)

        self.there = there

    def transposed(self, pick):
        x_shape, weight_shape, self.settings = draws.transposed_convolution(pick)
        self.name = f"conv_transpose{len(x_shape) - 2}d"
        self.arrays = [draws.real(self.rng, shape) for shape in (x_shape, weight_shape)]
        if pick(0, 1):
            channels = weight_shape[1] * self.settings["groups"]
            self.arrays.append(draws.real(self.rng, (channels,)))
        self.there = lambda *arrays: getattr(F, self.name)(*arrays, **self.settings)

    def pool(self, pick):
        # Each in turn; two of five configurations are pools.
        turn = self.number // len(KINDS) * 2 + self.number % len(KINDS) - 2
        self.name = loops.TESTED[turn % len(loops.TESTED)]
        shape, self.settings = draws.pool(pick, self.name)
        self.tied = turn // len(loops.TESTED) % 2 == 0 and not self.name.startswith(UNTIED)
        values = draws.one_of(pick, [draws.tied, draws.negative]) if self.tied else draws.separated
        self.arrays = [values(self.rng, shape)]
        self.there = lambda x: pool_there(x, self.name, self.settings)

    def columns(self, pick):
        shape, settings = draws.columns(pick, rank=2)  # PyTorch has no others
        self.name = draws.one_of(pick, ["unfold", "fold", "im2col", "col2im"])
        there, self.settings = dict(settings), dict(settings)
        if self.name in ("im2col", "col2im"):
            self.settings["layout"] = draws.one_of(pick, ["columns", "rows"])
        rows = self.settings.get("layout") == "rows"
        if self.name in ("unfold", "im2col"):
            self.arrays = [draws.real(self.rng, shape)]
            if self.name == "unfold":
                self.there = lambda x: F.unfold(x, **there)
            else:
                self.there = lambda x: as_matrix(F.unfold(x, **there), rows)
            return
        reference = loops.unfold(np.zeros(shape), **settings).shape
        if self.name == "fold":
            self.settings["output_size"] = there["output_size"] = shape[2:]
            self.arrays = [draws.real(self.rng, reference)]
            self.there = lambda x: F.fold(x, **there)
            return
        n, elements, windows = reference
        matrix = (n * windows, elements) if rows else (elements, windows * n)
        self.settings["shape"] = shape
        self.arrays = [draws.real(self.rng, matrix)]
        self.there = lambda x: F.fold(from_matrix(x, reference, rows), shape[2:], **there)

    def here(self, *arrays):
        return getattr(mg, self.name)(*arrays, **self.settings)


def as_matrix(unfolded, rows):
    n, elements, windows = unfolded.shape
    if rows:
        return unfolded.permute(0, 2, 1).reshape(n * windows, elements)
    return unfolded.permute(1, 2, 0).reshape(elements, windows * n)


def from_matrix(matrix, shape, rows):
    n, elements, windows = shape
    if rows:
        return matrix.reshape(n, windows, elements).permute(0, 2, 1)
    return matrix.reshape(elements, windows, n).permute(2, 0, 1)


def pool_there(x, name, settings):
    """Pool with PyTorch; what it has not is made of what it has."""
    kind, rank = name[:-2], name[-2]
    settings = dict(settings)
    if kind == "max_pool":
        return getattr(F, name)(x, **settings)
    if kind == "min_pool":
        return -getattr(F, f"max_pool{rank}d")(-x, **settings)
    size = loops.each(settings["kernel_size"], int(rank))
    # Of images smaller than the window PyTorch averages none in three dimensions.
    if kind == "avg_pool" and all(k <= n for k, n in zip(size, x.shape[2:], strict=True)):
        return getattr(F, name)(x, **settings)
    if kind == "lp_pool":
        settings["kernel_size"] = size if len(size) > 1 else size[0]
        return getattr(F, name)(x, **settings)
    # Every window gathered.
    grid = loops.Grid(
        x.shape[2:],
        settings["kernel_size"],
        settings["stride"] or settings["kernel_size"],
        settings.get("padding", 0),
        ceil_mode=settings.get("ceil_mode", False),
    )
    out = []
    for at, window in grid.windows():
        places = [place for _, place in window if place is not None]
        values = torch.stack([x[:, :, *place] for place in places], -1)
        if kind == "sum_pool":
            out.append(values.sum(-1))
        elif kind == "avg_pool":
            include = settings.get("count_include_pad", True)
            out.append(values.sum(-1) / (grid.covered(at) if include else len(places)))
        else:
            count = values.shape[-1]
            middle = values.sort(-1).values[..., (count - 1) // 2 : count // 2 + 1]
            out.append(middle.mean(-1))
    return torch.stack(out, -1).reshape(*x.shape[:2], *grid.out)


def describe(number):
    return str(Configuration(number))


def compare(number):
    """Compare values and gradients of a configuration."""
    call = Configuration(number)
    inputs = [mg.tensor(array, requires_grad=True) for array in call.arrays]
    # A copy: PyTorch takes neither read-only arrays nor negative strides.
    theirs = [torch.tensor(array.copy(), requires_grad=True) for array in call.arrays]
    out = call.here(*inputs)
    expected = call.there(*theirs)
    g = call.rng.normal(size=expected.shape).astype(call.dtype)
    found = [out, *mg.grad(out, inputs, g)]
    wanted = [expected, *torch.autograd.grad(expected, theirs, torch.tensor(g))]
    near = 1e-10 if call.dtype is np.float64 else 3e-4
    for one, other in zip(found, wanted, strict=True):
        one, other = one.numpy(), other.numpy(force=True)
        assert one.shape == other.shape, call
        assert one.dtype == other.dtype, call
        np.testing.assert_allclose(one, other, rtol=near, atol=near, err_msg=str(call))
    compared[call.name] += 1
    compared["with ties"] += call.tied


@pytest.mark.parametrize("first", range(0, CONFIGURATIONS, BATCH))
def test_random_configurations(first):
    for number in range(first, first + BATCH):
        compare(number)


def test_the_loops_pool_like_torch():
    """Also where the library has no such op yet."""
    rng = np.random.default_rng(0)
    pick = lambda least, most: int(rng.integers(least, most + 1))
    for name in sorted(loops.POOLS) * 8:
        shape, settings = draws.pool(pick, name)
        values = draws.separated if name.startswith(UNTIED) else draws.tied
        x = values(rng, shape)
        reference = loops.pool(name, x, **settings)
        there = torch.tensor(x, requires_grad=True)
        out = pool_there(there, name, settings)
        g = rng.normal(size=reference.value.shape)
        (dx,) = torch.autograd.grad(out, there, torch.tensor(g))
        message = f"{name} {shape} {settings}"
        np.testing.assert_allclose(
            reference.value, out.detach(), rtol=1e-10, atol=1e-10, err_msg=message
        )
        np.testing.assert_allclose(reference.by_x(g), dx, rtol=1e-10, atol=1e-10, err_msg=message)


def test_enough_was_compared(capsys):
    total = sum(compared[name] for name in compared if name != "with ties")
    if total < CONFIGURATIONS:
        pytest.skip("only some of the configurations were compared")
    with capsys.disabled():
        sys.stdout.write(f" {total} configurations of {len(compared) - 1} ops compared ")
    pools = sum(compared[name] for name in loops.TESTED)
    assert total >= 2000
    assert pools >= 800
    untied = sum(compared[name] for name in loops.TESTED if name.startswith(UNTIED))
    assert compared["with ties"] >= 0.45 * (pools - untied)
    assert set(compared) >= {*loops.TESTED, "conv1d", "conv2d", "conv3d"}
    assert set(compared) >= {f"conv_transpose{rank}d" for rank in (1, 2, 3)}
    assert set(compared) >= {"unfold", "fold", "im2col", "col2im"}
