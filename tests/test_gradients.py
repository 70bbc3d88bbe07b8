"""stop_gradient and zero_grad."""

from typing import NamedTuple

import numpy as np
import pytest

import minigrad as mg


def leaf(*values):
    return mg.tensor(values, dtype=float, requires_grad=True)


class Pair(NamedTuple):
    one: mg.Tensor
    other: float


def test_what_is_stopped_is_a_constant():
    x = leaf(2, 3)
    (x * mg.stop_gradient(x * x)).sum().backward()
    assert x.grad.tolist() == [4.0, 9.0]


def test_containers_keep_their_kind():
    x = leaf(1)
    array = np.ones(2)
    stopped = mg.stop_gradient({"a": [x, 2.0], "b": Pair(x * 2, 1.0), "c": array, "d": None})
    assert not stopped["a"][0].requires_grad
    assert stopped["a"][1] == 2.0
    assert isinstance(stopped["b"], Pair)
    assert not stopped["b"].one.requires_grad
    assert stopped["c"] is array
    assert stopped["d"] is None
    assert x.requires_grad


class Owner:
    def __init__(self, *tensors):
        self.tensors = tensors

    def parameters(self):
        return iter(self.tensors)


@pytest.mark.parametrize(
    "owned_by",
    [
        lambda x: [x],
        lambda x: [[x, leaf(1)]],
        lambda x: [leaf(1), {"weights": (x,)}],
        lambda x: [iter([x])],
        lambda x: [Owner(x)],
        lambda x: [{"model": Owner(x)}],
        lambda x: [mg.optim.SGD([x], lr=0.1)],
    ],
)
def test_whatever_has_parameters_forgets_their_gradients(owned_by):
    x = leaf(1, 2)
    x.sum().backward()
    mg.zero_grad(*owned_by(x))
    assert x.grad is None


def test_a_module_forgets():
    model = mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.Linear(3, 1))
    model(np.ones((4, 2))).sum().backward()
    mg.zero_grad(model)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_what_has_no_parameters_is_named():
    with pytest.raises(TypeError, match=r"^zero_grad: a ndarray has no parameters; pass tensors"):
        mg.zero_grad([np.ones(2)])
