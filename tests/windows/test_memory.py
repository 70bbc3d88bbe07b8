"""What a convolution and a pool hold in memory, measured."""

import gc
import runpy
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad as mg

# By its path: a folder of tests is no package.
loops = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("loops.py"))))

MIB = 1 << 20


@pytest.fixture(autouse=True)
def without_kept_buffers():
    """What is measured is what a call takes, not what earlier ones have left."""
    budget = mg.get_buffer_budget()
    mg.set_buffer_budget(0)
    yield
    mg.set_buffer_budget(budget)


def peak_of(call):
    """Result of a call, and the bytes held at the most beyond those before it."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        result = call()
        return result, tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def held_by(call):
    """Result of a call, and the bytes that are still held when it is done."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        result = call()
        gc.collect()
        return result, tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def random(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


# Images and filters whose columns would take 256 MiB or more.
LARGE = {
    "conv1d": ((16, 8, 30_000), (4, 8, 18), {"padding": 8}),
    "conv2d": ((8, 8, 190, 190), (4, 8, 6, 6), {"padding": 3}),
    "conv2d of one image": ((1, 8, 500, 520), (4, 8, 6, 6), {"padding": 3}),
    "conv2d in groups": ((8, 8, 190, 190), (4, 2, 6, 6), {"padding": 3, "groups": 4}),
    "conv3d": ((4, 4, 40, 40, 40), (4, 4, 4, 4, 5), {"padding": 2}),
    "conv_transpose2d": ((8, 4, 190, 190), (4, 8, 6, 6), {"padding": 3}),
}


@pytest.mark.parametrize("case", LARGE)
def test_columns_above_the_budget_never_exist(case):
    x_shape, weight_shape, settings = LARGE[case]
    op = getattr(mg, case.split()[0])
    x, weight = (mg.tensor(random(*shape), requires_grad=True) for shape in (x_shape, weight_shape))
    out, peak = peak_of(lambda: op(x, weight, **settings))
    channels = max(x_shape[1], out.shape[1]) if "transpose" in case else x_shape[1]
    windows = x_shape[2:] if "transpose" in case else out.shape[2:]
    columns = 4 * x_shape[0] * channels * np.prod(weight_shape[2:]) * np.prod(windows)
    assert columns >= 256 * MIB
    assert peak - out.nbytes < 64 * MIB
    g = np.ones(out.shape, np.float32)
    for wanted in ([x], [weight], [x, weight]):
        gradients, peak = peak_of(lambda wanted=wanted: mg.grad(out, wanted, g, retain_graph=True))
        assert peak - sum(gradient.nbytes for gradient in gradients) < 64 * MIB


def test_a_smaller_budget_takes_less():
    x_shape, weight_shape, settings = LARGE["conv2d"]
    x, weight = random(*x_shape), random(*weight_shape)
    peaks, before = [], mg.get_column_budget()
    try:
        for budget in (0, 8 * MIB, 64 * MIB):
            mg.set_column_budget(budget)
            out, peak = peak_of(lambda: mg.conv2d(x, weight, **settings))
            peaks.append(peak - out.nbytes)
    finally:
        mg.set_column_budget(before)
    copy = 8 * 8 * 196 * 196 * 4  # with its margin, batch innermost
    assert peaks[0] < copy + 2 * MIB
    assert peaks[1] < copy + 1.3 * 8 * MIB
    assert peaks[2] < copy + 1.3 * 64 * MIB
    assert peaks[0] < peaks[1] < peaks[2]


def small_columns():
    """A convolution whose columns are well below the budget, and their size in bytes."""
    x, weight = random(4, 8, 30, 30), random(4, 8, 3, 3)
    return x, weight, 4 * 4 * 8 * 9 * 28 * 28


def test_columns_are_kept_for_a_weight_that_is_trained():
    x, weight, columns = small_columns()
    assert columns < mg.get_column_budget()
    x, weight = mg.tensor(x), mg.tensor(weight, requires_grad=True)
    out, held = held_by(lambda: mg.conv2d(x, weight))
    assert held > out.nbytes + columns


@pytest.mark.parametrize("tracked", [True, False], ids=["tracked images", "nothing tracked"])
def test_a_frozen_weight_keeps_no_columns(tracked):
    x, weight, columns = small_columns()
    x, weight = mg.tensor(x, requires_grad=tracked), mg.tensor(weight)
    out, held = held_by(lambda: mg.conv2d(x, weight))
    assert held < out.nbytes + columns // 4


def test_no_grad_keeps_no_columns():
    x, weight, columns = small_columns()
    x, weight = mg.tensor(x), mg.tensor(weight, requires_grad=True)
    with mg.no_grad():
        out, held = held_by(lambda: mg.conv2d(x, weight))
    assert held < out.nbytes + columns // 4


def test_columns_above_the_budget_are_not_kept():
    x, weight, columns = small_columns()
    x, weight = mg.tensor(x), mg.tensor(weight, requires_grad=True)
    before = mg.get_column_budget()
    try:
        mg.set_column_budget(columns - 1)
        out, held = held_by(lambda: mg.conv2d(x, weight))
    finally:
        mg.set_column_budget(before)
    assert held < out.nbytes + columns // 4


def test_columns_are_gone_after_the_gradient():
    x, weight, columns = small_columns()
    x, weight = mg.tensor(x), mg.tensor(weight, requires_grad=True)

    def step():
        out = mg.conv2d(x, weight)
        return out, mg.grad(out, [weight], np.ones(out.shape, np.float32))

    (out, _), held = held_by(step)
    assert held < out.nbytes + columns // 4


@pytest.mark.parametrize("name", [n for n in loops.TESTED if n.startswith(("max", "min"))])
def test_winners_are_one_byte_each(name):
    lengths = {1: (65536,), 2: (256, 256), 3: (16, 64, 64)}[int(name[-2])]
    x = mg.tensor(random(4, 4, *lengths).astype(float), requires_grad=True)
    getattr(mg, name)(x, 2)  # what is kept for all calls, such as where the windows are
    out, held = held_by(lambda: getattr(mg, name)(x, 2))
    windows = out.size
    assert out.nbytes + windows <= held < out.nbytes + 1.25 * windows


@pytest.mark.parametrize("name", [n for n in loops.TESTED if n.startswith(("max", "min"))])
def test_pooling_makes_no_columns(name):
    lengths = {1: (65536,), 2: (256, 256), 3: (16, 64, 64)}[int(name[-2])]
    x = mg.tensor(random(4, 4, *lengths), requires_grad=True)
    size = {1: 9, 2: 3, 3: 2}[int(name[-2])]
    out, peak = peak_of(lambda: getattr(mg, name)(x, size, 1))
    # A copy with the batch innermost, and a few parts of images for each thread.
    assert peak < out.nbytes + out.size + x.nbytes + 3 * x.nbytes
