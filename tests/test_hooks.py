"""Hooks on gradients, and gradients kept in computed tensors."""

import gc
import weakref

import numpy as np
import pytest

import minigrad as mg


def leaf(*values):
    return mg.tensor(values, dtype=float, requires_grad=True)


def test_a_hook_sees_the_complete_gradient_once():
    x = leaf(1, 2)
    y = x * 3
    seen = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    (y * y + y).sum().backward()
    assert seen == [[7.0, 13.0]]
    assert x.grad.tolist() == [21.0, 39.0]


def test_what_a_hook_returns_takes_the_gradients_place():
    x = leaf(1, 2)
    y = x * 3
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: g + 1)
    (y * y).sum().backward()
    assert x.grad.tolist() == [3 * 61.0, 3 * 121.0]


@pytest.mark.parametrize("registered_before_use", [True, False])
def test_a_hook_counts_whenever_it_was_registered(registered_before_use):
    x = leaf(2)
    if registered_before_use:
        x.register_hook(lambda g: -g)
    y = (x * x).sum()
    if not registered_before_use:
        x.register_hook(lambda g: -g)
    y.backward()
    assert x.grad.tolist() == [-4.0]


def test_a_leafs_hook_changes_what_is_accumulated_every_time():
    x = leaf(1, 1)
    x.register_hook(lambda g: g * 2)
    for _ in range(2):
        x.sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_hooks_run_in_grad_too():
    x = leaf(1, 2)
    y = x * 3
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    z = (y * y).sum()
    by_x, by_y = mg.grad(z, [x, y])
    assert by_y.tolist() == [60.0, 120.0]
    assert by_x.tolist() == [181.0, 361.0]


def test_a_hook_can_be_differentiated():
    x = leaf(3)
    x.register_hook(lambda g: g * g)
    (slope,) = mg.grad((x * x).sum(), x, create_graph=True)
    (second,) = mg.grad(slope.sum(), x, allow_unused=True)
    # The slope is (2x)**2, whose derivative 8x the hook squares once more.
    assert slope.tolist() == [36.0]
    assert second.tolist() == [576.0]


def test_a_hook_is_removed_by_its_handle_alone():
    x = leaf(1)
    first, second = [], []
    handle = x.register_hook(lambda g: first.append(g))
    x.register_hook(lambda g: second.append(g))
    handle.remove()
    handle.remove()
    x.sum().backward()
    assert (len(first), len(second)) == (0, 1)


def test_a_hook_on_one_of_several_outputs():
    @mg.op
    def both(x, /):
        return (x * 2, x * 3), lambda g, h: 2 * g + 3 * h

    x = leaf(1)
    double, triple = both(x)
    triple.register_hook(lambda g: g * 100)
    (double + triple).sum().backward()
    assert x.grad.tolist() == [302.0]


@pytest.mark.parametrize(
    ("returned", "error", "message"),
    [
        (1.0, TypeError, "hook returned a float"),
        (np.ones(2), TypeError, "hook returned a ndarray"),
        (mg.tensor([1.0]), ValueError, r"shape \(1,\).*the tensor has \(2,\)"),
        (mg.tensor([1.0, 1.0], dtype="f4"), ValueError, "dtype float32.*float64"),
    ],
)
def test_what_a_hook_returns_is_checked(returned, error, message):
    x = leaf(1, 2)
    x.register_hook(lambda _: returned)
    with pytest.raises(error, match=f"^register_hook: .*{message}"):
        x.sum().backward()


def test_a_hook_is_a_function():
    with pytest.raises(TypeError, match=r"^register_hook: takes a function .*, got a int"):
        mg.tensor(1.0, requires_grad=True).register_hook(3)


@pytest.mark.parametrize("method", ["retain_grad", "register_hook"])
def test_an_untracked_tensor_gets_no_gradient(method):
    x = mg.tensor([1.0])
    with pytest.raises(RuntimeError, match=f"^{method}: this tensor is untracked"):
        getattr(x, method)(*([print] if method == "register_hook" else []))


def test_retain_grad_keeps_and_adds_up():
    x = leaf(1, 2)
    y = x * 3
    y.retain_grad()
    assert y.grad is None
    (y * y).sum().backward(retain_graph=True)
    assert y.grad.tolist() == [6.0, 12.0]
    assert not y.grad.requires_grad
    y.sum().backward()
    assert y.grad.tolist() == [7.0, 13.0]


def test_retain_grad_of_a_leaf_changes_nothing():
    x = leaf(1)
    x.retain_grad()
    (2 * x).sum().backward()
    assert x.grad.tolist() == [2.0]


def test_retain_grad_keeps_what_the_hooks_made():
    x = leaf(1)
    y = x * 1
    y.retain_grad()
    y.register_hook(lambda g: g * 5)
    y.sum().backward()
    assert y.grad.tolist() == [5.0]


def test_grad_keeps_nothing():
    x = leaf(1)
    y = x * 1
    y.retain_grad()
    mg.grad(y.sum(), x)
    assert y.grad is None


def test_without_retain_grad_a_warning_names_it():
    y = leaf(1) * 2
    with pytest.warns(UserWarning, match=r"'multiply' is not kept; call t\.retain_grad\(\)"):
        assert y.grad is None


def test_notes_are_freed_with_their_tensor():
    gc.disable()
    try:
        x = leaf(1, 2)
        y = x * 2
        y.retain_grad()
        y.register_hook(lambda g: g)
        y.sum().backward()
        alive = weakref.ref(y)
        del y
        assert alive() is None
    finally:
        gc.enable()


def test_a_hook_on_what_a_checkpoint_uses_runs_once():
    x = leaf(1, 2)
    x.register_hook(lambda g: g * 10)
    mg.checkpoint(lambda t: mg.exp(t) * x, x * 1).sum().backward()
    expected = 10 * (np.exp([1, 2]) * [1, 2] + np.exp([1, 2]))
    np.testing.assert_allclose(x.grad, expected)
