"""Large parameters are changed in blocks, on several threads, and come out the same."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim import optimizer as module

rng = np.random.default_rng(0)
SHAPE = (7, 5, 3)
GRADIENTS = rng.standard_normal((4, *SHAPE))
START = rng.standard_normal(SHAPE)
NAMES = [
    *("SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "Adamax", "NAdam", "RAdam"),
    *("Rprop", "ASGD"),
]
SETTINGS = {
    "SGD": {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "maximize": True},
    "RMSprop": {"momentum": 0.9, "centered": True, "weight_decay": 0.1},
    "Adam": {"amsgrad": True},
}


def laid_out(array, order):
    """A copy with its axes in an order in memory."""
    return np.ascontiguousarray(array.transpose(order)).transpose(np.argsort(order))


def run(name, value_order, gradient_order, threads=None):
    mg.set_num_threads(threads or 1)
    p = mg.tensor(laid_out(START, value_order), requires_grad=True)
    assert p.numpy().transpose(value_order).flags.c_contiguous
    optimizer = getattr(optim, name)([p], **SETTINGS.get(name, {}))
    for gradient in GRADIENTS:
        p.grad = mg.tensor(laid_out(gradient, gradient_order))
        optimizer.step()
    return p.numpy().copy(), optimizer


@pytest.fixture(autouse=True)
def _threads():
    threads = mg.get_num_threads()
    yield
    mg.set_num_threads(threads)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("gradient_order", [(0, 1, 2), (2, 0, 1)])
@pytest.mark.parametrize("value_order", [(0, 1, 2), (1, 2, 0)])
def test_blocks_make_no_difference(name, value_order, gradient_order, monkeypatch):
    expected, whole = run(name, value_order, gradient_order)
    monkeypatch.setattr(module, "BLOCK", 16)  # 105 is no multiple
    for threads in (1, 3):
        found, optimizer = run(name, value_order, gradient_order, threads)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_equal(
            optimizer.state_dict()["state"], whole.state_dict()["state"], strict=True
        )


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_may_get_another_order_in_memory(name, monkeypatch):
    ends = []
    for block in (1 << 18, 16):
        monkeypatch.setattr(module, "BLOCK", block)
        p = mg.tensor(START, requires_grad=True)
        optimizer = getattr(optim, name)([p], **SETTINGS.get(name, {}))
        for gradient in GRADIENTS:
            p.grad = mg.tensor(gradient)
            optimizer.step()
            p.data = laid_out(p.numpy(), (2, 1, 0))
        ends.append(p.numpy())
    np.testing.assert_array_equal(*ends)


def test_what_is_not_elementwise_gets_the_whole_parameter(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 16)

    class Normalized(optim.Optimizer):
        def change(self, gradient, value, state, settings):
            return settings["lr"] * gradient / np.linalg.norm(gradient)

    p = mg.tensor(START, requires_grad=True)
    p.grad = mg.tensor(GRADIENTS[0])
    Normalized([p], lr=0.5).step()
    np.testing.assert_allclose(np.linalg.norm(p.numpy() - START), 0.5)


def test_a_large_parameter_is_changed_in_blocks():
    sizes = []

    class Recorded(optim.SGD):
        def change(self, gradient, value, state, settings):
            sizes.append(gradient.size)
            return super().change(gradient, value, state, settings)

    p = mg.tensor(np.zeros(1_000_000, np.float32), requires_grad=True)
    p.grad = mg.tensor(np.ones(1_000_000, np.float32))
    Recorded([p], lr=0.5).step()
    assert len(sizes) > 1
    assert sum(sizes) == 1_000_000
    assert np.all(p.numpy() == -0.5)
