import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


class Two(nn.Module):
    """Two tensors in, two out, one of which the first input does not reach."""

    def forward(self, x, y, factor=1.0):
        return factor * x * y, y + 1


def tracked(*values):
    return [mg.tensor(value, requires_grad=True) for value in values]


def doubled(module, args):
    return 2 * args[0]


# Before and after a call


def test_a_pre_hook_replaces_arguments_and_a_forward_hook_the_output():
    layer, seen = nn.Identity(), []
    layer.register_forward_pre_hook(doubled)
    layer.register_forward_hook(lambda module, args, out: seen.append((module, args, out)))
    layer.register_forward_hook(lambda module, args, out: out + 1)
    assert layer(3) == 7
    assert seen == [(layer, (6,), 6)]


def test_a_hook_with_kwargs_sees_and_replaces_them():
    module, seen = Two(), []
    module.register_forward_pre_hook(
        lambda module, args, kwargs: (args, {**kwargs, "factor": 10.0}), with_kwargs=True
    )
    module.register_forward_hook(
        lambda module, args, kwargs, out: seen.append(kwargs), with_kwargs=True
    )
    out, _ = module(np.ones(2), y=np.ones(2), factor=3.0)
    np.testing.assert_array_equal(out, [10, 10])
    assert seen[0]["factor"] == 10


def test_a_hook_with_kwargs_that_returns_something_else_is_an_error():
    layer = nn.Identity()
    layer.register_forward_pre_hook(lambda module, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(TypeError, match=r"Identity: a forward pre-hook with kwargs returned a int"):
        layer(1)


def test_hooks_run_in_order_unless_prepended():
    layer, seen = nn.Identity(), []
    for name in "ab":
        layer.register_forward_hook(lambda module, args, out, name=name: seen.append(name))
    layer.register_forward_hook(lambda module, args, out: seen.append("first"), prepend=True)
    layer(1)
    assert seen == ["first", "a", "b"]


@pytest.mark.parametrize(
    "method",
    [
        "register_forward_pre_hook",
        "register_forward_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
    ],
)
def test_a_hook_is_removed_and_must_be_a_function(method):
    layer, calls = nn.Identity(), []
    x = mg.tensor(1.0, requires_grad=True)
    handle = getattr(layer, method)(lambda *given: calls.append(given))
    layer(x).backward()
    assert len(calls) == 1
    handle.remove()
    handle.remove()
    layer(x).backward()
    assert len(calls) == 1
    with getattr(layer, method)(lambda *given: calls.append(given)):
        layer(x).backward()
    layer(x).backward()
    assert len(calls) == 2
    with pytest.raises(TypeError, match=f"^{method}: takes a function, got a int"):
        getattr(layer, method)(3)


def test_a_hook_that_is_a_module_is_no_child():
    layer = nn.Linear(2, 2)
    layer.register_forward_hook(Two())
    assert [name for name, _ in layer.named_modules()] == [""]


# In the backward


def test_a_backward_hook_sees_the_gradients_of_inputs_and_outputs():
    module, seen = Two(), []
    module.register_full_backward_hook(lambda *given: seen.append(given))
    x, y = tracked(3.0, 5.0)
    out, other = module(x, y)
    (2 * out + 7 * other).backward()
    (found,) = seen
    assert found[0] is module
    assert [g.item() for g in found[1]] == [10, 13]
    assert [g.item() for g in found[2]] == [2, 7]
    assert (x.grad.item(), y.grad.item()) == (10, 13)


def test_an_output_that_is_not_used_has_a_gradient_of_zeros():
    module, seen = Two(), []
    module.register_full_backward_hook(lambda module, inputs, outputs: seen.append(outputs))
    module(*tracked(3.0, 5.0))[0].backward()
    assert [g.item() for g in seen[0]] == [1, 0]


def test_a_backward_hook_replaces_the_gradients_of_inputs():
    module = Two()
    module.register_full_backward_hook(lambda module, inputs, outputs: (inputs[0] * 2, inputs[1]))
    x, y = tracked(3.0, 5.0)
    module(x, y)[0].backward()
    assert (x.grad.item(), y.grad.item()) == (10, 3)


def test_a_backward_pre_hook_replaces_the_gradients_of_outputs():
    layer, seen = nn.Identity(), []
    layer.register_full_backward_pre_hook(lambda module, outputs: 3 * outputs[0])
    layer.register_full_backward_hook(lambda module, inputs, outputs: seen.append(outputs))
    (x,) = tracked(1.0)
    layer(x).backward()
    assert x.grad.item() == 3
    assert seen[0][0].item() == 3


def test_without_a_tracked_input_the_hook_has_none():
    layer, seen = nn.Linear(2, 1), []
    layer.register_full_backward_hook(
        lambda module, inputs, outputs: seen.append((inputs, outputs))
    )
    layer(np.ones((1, 2))).sum().backward()
    inputs, outputs = seen[0]
    assert inputs == (None,)
    assert outputs[0].shape == (1, 1)


def test_arguments_that_are_no_tensors_have_none():
    module, seen = Two(), []
    module.register_full_backward_hook(lambda module, inputs, outputs: seen.append(inputs))
    (x,) = tracked(3.0)
    module(x, 2.0, 1.0)[0].backward()
    assert seen[0][0].item() == 2
    assert seen[0][1:] == (None, None)


@pytest.mark.parametrize(
    ("returned", "error", "message"),
    [
        (lambda g: (g, g), ValueError, "returned 2 gradients in the place of 1"),
        (lambda g: 3.0, TypeError, "returned a float in the place of a gradient"),
        (lambda g: g[None], ValueError, r"shape \(1, 2\) and dtype float64 in the place of \(2,\)"),
    ],
)
def test_what_a_backward_hook_returns_must_fit(returned, error, message):
    layer = nn.ReLU()
    layer.register_full_backward_hook(lambda module, inputs, outputs: returned(inputs[0]))
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(error, match=f"^ReLU: a full backward hook .*{message}"):
        layer(x).sum().backward()


def test_a_hook_may_not_give_a_gradient_to_what_is_not_tracked():
    layer = nn.Linear(2, 1)
    layer.register_full_backward_hook(lambda module, inputs, outputs: outputs)
    with pytest.raises(ValueError, match="a gradient where there was None"):
        layer(np.ones((1, 2))).sum().backward()


def test_a_backward_hook_is_differentiated():
    layer = nn.Identity()
    layer.register_full_backward_hook(lambda module, inputs, outputs: (inputs[0] ** 2,))
    (x,) = tracked(3.0)
    (g,) = mg.grad(layer(x) ** 2, [x], create_graph=True)
    assert g.item() == 36  # (2 x)**2
    assert mg.grad(g, [x])[0].item() == 24**2  # which goes through the hook as well


def test_a_backward_hook_runs_in_each_backward_and_for_each_call():
    layer, seen = nn.Identity(), []
    layer.register_full_backward_hook(lambda module, inputs, outputs: seen.append(inputs[0].item()))
    (x,) = tracked(2.0)
    y = layer(3 * layer(x))
    y.backward(retain_graph=True)
    y.backward()
    assert seen == [1, 3, 1, 3]
    assert x.grad.item() == 6


def test_gradients_of_one_input_at_a_time_are_right():
    module = Two()
    module.register_full_backward_hook(lambda module, inputs, outputs: None)
    x, y = tracked(3.0, 5.0)
    out, other = module(x, y)
    assert mg.grad(out, [x], retain_graph=True)[0].item() == 5
    assert mg.grad(out, [y], retain_graph=True)[0].item() == 3
    assert mg.grad(other, [y])[0].item() == 1


def test_parameters_get_their_gradient_through_a_hooked_module():
    x = np.random.default_rng(0).standard_normal((3, 4))
    plain = nn.Linear(4, 2, dtype=np.float64)
    hooked = copy.deepcopy(plain)
    hooked.register_full_backward_hook(lambda module, inputs, outputs: None)
    for layer in (plain, hooked):
        (layer(mg.tensor(x, requires_grad=True)) ** 2).sum().backward()
    np.testing.assert_array_equal(plain.weight.grad, hooked.weight.grad)


def test_outputs_in_a_dict_are_hooked_too():
    class Named(nn.Module):
        def forward(self, x):
            return {"double": 2 * x, "others": [None, 3 * x]}

    module, seen = Named(), []
    module.register_full_backward_hook(lambda module, inputs, outputs: seen.append(outputs))
    (x,) = tracked(1.0)
    out = module(x)
    (out["double"] + out["others"][1]).backward()
    assert [g.item() for g in seen[0]] == [1, 1]
    assert x.grad.item() == 5


def test_under_no_grad_a_backward_hook_changes_nothing():
    layer = nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda *given: None)
    with mg.no_grad():
        assert not layer(mg.tensor([[1.0, 2.0]])).requires_grad


def test_a_hooked_module_is_freed_without_the_garbage_collector():
    gc.disable()
    try:
        layer = nn.Linear(2, 2)
        layer.register_full_backward_hook(lambda *given: None)
        out = layer(mg.tensor([[1.0, 2.0]], requires_grad=True))
        out.sum().backward()
        dead = weakref.ref(layer)
        del layer, out
        assert dead() is None
    finally:
        gc.enable()


def test_hooks_are_no_gap_in_a_search_for_the_blame():
    layer = nn.Linear(2, 1, dtype=np.float64)
    layer.register_full_backward_hook(lambda *given: None)
    with mg.testing.keep_values():
        out = layer(mg.tensor([[1.0, 2.0]], requires_grad=True)).sum()
    assert "not checked" not in str(mg.testing.blame(out))


# Copies


class Counting(nn.Module):
    def __init__(self):
        self.calls = 0
        self.handle = self.register_forward_pre_hook(self.count)

    def count(self, module, args):
        self.calls += 1

    def forward(self, x):
        return x


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_has_its_own_hooks(copied):
    module = Counting()
    other = copied(module)
    other(1)
    assert (module.calls, other.calls) == (0, 1)
    other.handle.remove()
    other(1)
    module(1)
    assert (module.calls, other.calls) == (1, 1)


def test_a_hook_behind_untracked_inputs_keeps_no_graph_alive():
    layer, kept = nn.Linear(2, 3), []
    layer.register_full_backward_hook(lambda module, _, given: kept.append(weakref.ref(given[0])))
    gc.collect()
    gc.disable()
    try:
        loss = (layer(np.ones((4, 2))) ** 3).sum()
        gradients = mg.grad(loss, list(layer.parameters()), create_graph=True)
        del loss, gradients
        assert len(kept) == 1
        assert kept[0]() is None
    finally:
        gc.enable()
