"""Memory that is used again: never while somebody can still see it."""

import gc
import os
import subprocess
import sys
import threading
from fractions import Fraction

import numpy as np
import pytest

import minigrad as mg
from minigrad import buffers, nn

FLOAT = np.dtype(np.float32)
SHAPE = (64, 3, 37, 50)


@pytest.fixture(autouse=True)
def as_before():
    budget = mg.get_buffer_budget()
    mg.set_buffer_budget(0)
    mg.set_buffer_budget(64 << 20)
    yield
    mg.set_buffer_budget(budget)


def address(array):
    return array.__array_interface__["data"][0]


def test_free_memory_is_used_again():
    first = buffers.empty(SHAPE, FLOAT)
    place = address(first)
    del first
    second = buffers.empty(SHAPE[::-1], FLOAT)
    assert address(second) == place
    assert second.shape == SHAPE[::-1]
    assert second.flags.c_contiguous
    assert second.flags.writeable


def test_arrays_begin_at_a_line_of_the_cache():
    assert all(address(buffers.empty((n, 1000), FLOAT)) % 64 == 0 for n in range(70, 90))


VIEWS = {
    "slice": lambda a: a[3:, 1],
    "transposed": lambda a: a.T,
    "other type": lambda a: a.view(np.int32),
    "read-only": lambda a: np.broadcast_to(a, (2, *a.shape)),
    "strided": lambda a: np.lib.stride_tricks.as_strided(a, (5,), (64,)),
    "memoryview": memoryview,
    "DLPack": np.from_dlpack,
    "view of a view": lambda a: a.reshape(-1)[5:].view(np.uint8)[::3],
    "tensor": mg.from_dlpack,
    "iterator": lambda a: iter(a[5]),
    "in a cycle": lambda a: [cycle := [a[2]], cycle.append(cycle)][0],
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_not_while_there_is_a_view_of_it(view):
    array = buffers.empty(SHAPE, FLOAT)
    place = address(array)
    kept = view(array)
    del array
    others = [buffers.empty(SHAPE, FLOAT) for _ in range(3)]
    assert place not in map(address, others)
    del kept
    gc.collect()
    assert address(buffers.empty(SHAPE, FLOAT)) == place


def test_small_arrays_are_plain():
    assert buffers.empty((10, 10), FLOAT).flags.owndata


def test_objects_are_not_in_buffers():
    ones = np.ones(SHAPE, object)
    assert np.array_equal(buffers.empty_like(ones, SHAPE), np.empty(SHAPE, object))
    assert mg.im2col(np.ones((1, 1, 200, 200), object), 3).dtype == object


def test_no_more_is_kept_than_the_budget():
    mg.set_buffer_budget(10 << 20)
    size = ((1 << 20,), np.dtype(np.float64))  # 8 MiB
    arrays = [buffers.empty(*size) for _ in range(3)]
    del arrays
    assert kept() == 8 << 20
    other = buffers.empty((5 << 18,), FLOAT)  # 5 MiB
    del other
    assert kept() == 5 << 20, "of the size not seen for long, less is kept"
    mg.set_buffer_budget(0)
    assert kept() == 0
    nothing = buffers.empty(*size)
    del nothing
    assert kept() == 0


def kept():
    return sum(room * len(free) for room, free in buffers._kept.items())


def test_a_budget_is_not_negative():
    with pytest.raises(ValueError, match=r"^set_buffer_budget: size must be at least 0 bytes"):
        mg.set_buffer_budget(-1)


def test_like_another_array():
    x = np.zeros((64, 3, 37, 50), FLOAT).transpose(1, 2, 3, 0)
    assert buffers.empty_like(x).strides == x.strides
    assert buffers.empty_like(x, SHAPE).flags.c_contiguous
    assert buffers.empty_like(x, SHAPE, np.dtype(bool)).dtype == bool
    first = buffers.empty(SHAPE, FLOAT)
    first[...] = 1
    del first
    assert not buffers.zeros_like(x, SHAPE).any()


def trained():
    """Parameters and gradients after some steps, with buffers for everything."""
    rng = np.random.default_rng(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.ConvTranspose2d(4, 4, 2, stride=2, rng=rng),
        nn.BatchNorm2d(4),
        nn.AvgPool2d(2),
        nn.MaxPool2d(2, 1),
        nn.Conv2d(4, 2, 2, groups=2, rng=rng),
        nn.Flatten(),
        nn.Linear(32, 5, rng=rng),
    )
    optimizer = mg.optim.SGD(network.parameters(), lr=0.1)
    results = []
    for _ in range(4):
        images = mg.tensor(rng.normal(size=(8, 3, 14, 14)), requires_grad=True)
        hidden = network(images)
        loss = mg.cross_entropy(hidden, rng.integers(0, 5, 8))
        (slope,) = mg.grad(loss, images, create_graph=True)
        penalty = loss + (slope**2).sum()
        optimizer.zero_grad()
        penalty.backward()
        optimizer.step()
        results += [hidden.detach().numpy(), slope.detach().numpy()]
    return [*results, *network.state_dict().values()]


def test_training_never_sees_the_memory_of_others(monkeypatch):
    mg.set_buffer_budget(0)
    expected = trained()
    mg.set_buffer_budget(64 << 20)
    monkeypatch.setattr(buffers, "LEAST", 1)
    monkeypatch.setattr(buffers, "GRAIN", 16)
    keep, reused = buffers._keep, []

    def spoil(room, buffer):
        np.frombuffer(buffer, np.uint8)[...] = 0xFF  # nan in every type of float
        reused.append(room)
        keep(room, buffer)

    monkeypatch.setattr(buffers, "_keep", spoil)
    for found, right in zip(trained(), expected, strict=True):
        assert np.array_equal(found, right)
    assert len(reused) > 100


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_process_may_fork_while_a_thread_gives_memory_back():
    code = """
import os, signal, threading, warnings
import numpy as np
from minigrad import buffers

def use(times):
    for _ in range(times):
        buffers.empty((100_000,), np.dtype(np.float32))

warnings.simplefilter("ignore")
threads = [threading.Thread(target=use, args=(10_000,)) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(10):
    child = os.fork()
    if not child:
        signal.alarm(10)
        use(3)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_threads_do_not_get_the_same_memory(monkeypatch):
    monkeypatch.setattr(buffers, "LEAST", 1)
    wrong = []

    def work(number):
        for _ in range(300):
            array = buffers.empty((500,), FLOAT)
            array[...] = number
            other = buffers.empty((500,), FLOAT)
            other[...] = -number
            if not (np.all(array == number) and np.all(other == -number)):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_objects_have_memory_of_their_own():
    thirds = np.full((400, 400), Fraction(-1, 3), object)
    assert not mg.relu(thirds).any()
    out = mg.conv2d(thirds[None, None], np.ones((1, 1, 3, 3), object))
    assert out[0, 0, 0, 0] == -3
