"""Checkpoints: the same values and gradients, for less memory."""

import gc
import tracemalloc

import numpy as np
import pytest

import minigrad as mg


def leaf(*shape):
    return mg.tensor(np.random.default_rng(shape).normal(size=shape), requires_grad=True)


def plain(f, *args, **kwargs):
    return f(*args, **kwargs)


def test_captured_parameters_get_their_gradients():
    layer = mg.nn.Sequential(mg.nn.Linear(3, 4), mg.nn.ReLU(), mg.nn.Linear(4, 2))
    x = leaf(5, 3)
    found = []
    for call in (plain, mg.checkpoint):
        out = call(layer, x)
        found.append(mg.grad((out * out).sum(), [x, *layer.parameters()]))
    for expected, actual in zip(*found, strict=True):
        np.testing.assert_array_equal(expected, actual)


def test_an_input_that_was_computed_from_a_captured_parameter():
    w = leaf(3)
    for call in (plain, mg.checkpoint):
        h = mg.tanh(w)
        (slope,) = mg.grad(call(lambda h: mg.exp(h) * w, h).sum(), w)
        np.testing.assert_allclose(
            slope, np.exp(h.detach()) * (1 + w.detach() * (1 - h.detach() ** 2))
        )


def test_outputs_in_containers_and_one_left_unused():
    x, y = leaf(3), leaf(3)

    def f(pair, scale):
        return {"a": pair[0] * pair[1], "b": [mg.exp(pair[0]), None, 3, scale]}

    out = mg.checkpoint(f, (x, y), scale=y)
    assert out["b"][1:3] == [None, 3]
    assert out["b"][3] is y
    by_x, by_y = mg.grad(out["a"].sum(), [x, y], retain_graph=True)
    np.testing.assert_array_equal(by_x, y.detach())
    np.testing.assert_array_equal(by_y, x.detach())
    np.testing.assert_allclose(mg.grad(out["b"][0].sum(), x)[0], np.exp(x.detach()))


@pytest.mark.parametrize("order", [1, 2, 3])
def test_any_order_also_nested(order):
    def f(x, y):
        inner = lambda x: mg.checkpoint(lambda x: mg.tanh(x) * y, x) ** 2
        return mg.checkpoint(inner, x) * mg.exp(x)

    assert mg.gradcheck(f, [0.3, -0.7], [1.2, 0.4], order=order)


def test_one_recomputation_serves_all_gradients_and_a_second_backward():
    calls = []

    def f(x, y):
        calls.append(1)
        return mg.exp(x * y)

    x, y = leaf(3), leaf(3)
    out = mg.checkpoint(f, x, y).sum()
    first = mg.grad(out, [x, y], retain_graph=True)
    assert len(calls) == 2
    second = mg.grad(out, [x, y])
    assert len(calls) == 3
    np.testing.assert_array_equal(first[0], second[0])
    with pytest.raises(RuntimeError, match="a second time"):
        mg.grad(out, [x, y])


def test_under_no_grad_it_is_a_call():
    with mg.no_grad():
        assert not mg.checkpoint(mg.exp, leaf(3)).requires_grad


@pytest.mark.parametrize("own", [False, True])
def test_the_second_run_draws_the_same_numbers(own):
    rng = np.random.default_rng(3) if own else None

    def dropout(x, rng):
        return x * (mg.random.generator(rng).random(x.shape) < 0.5)

    x = leaf(100)
    out = mg.checkpoint(dropout, x, rng)
    after = mg.random.generator(rng).bit_generator.state
    (slope,) = mg.grad(out.sum(), x)
    np.testing.assert_array_equal(slope.numpy() != 0, out.numpy() != 0)
    assert mg.random.generator(rng).bit_generator.state == after


def test_arguments_changed_in_between_do_not_matter():
    x, array = leaf(3), np.ones(3)
    h = x * 1
    out = mg.checkpoint(lambda h, array: mg.exp(h) * array, h, array).sum()
    h += 5
    array[:] = 9
    np.testing.assert_allclose(mg.grad(out, x)[0], np.exp(x.detach()))


@pytest.mark.parametrize("f", [lambda x, w: x * w, lambda x, w: mg.relu(x + w)])
def test_a_captured_parameter_changed_in_between_is_an_error(f):
    x, w = leaf(3), mg.tensor([5.0, 5.0, 5.0], requires_grad=True)
    out = mg.checkpoint(lambda x: f(x, w), x).sum()
    with mg.no_grad():
        w += 1e-3
    with pytest.raises(RuntimeError, match="change no parameter"):
        out.backward()


def test_another_tensor_in_its_place_is_an_error():
    x, held = leaf(3), [leaf(3)]
    out = mg.checkpoint(lambda x: x * held[0], x).sum()
    held[0] = leaf(3)
    with pytest.raises(RuntimeError, match="other tracked tensors"):
        out.backward()


def test_it_takes_a_function():
    with pytest.raises(TypeError, match=r"mg\.checkpoint\(f, x\)"):
        mg.checkpoint(leaf(3))


def test_inside_and_around_a_transform():
    w = leaf(3)

    def f(x):
        return mg.checkpoint(lambda x: mg.value_and_grad(lambda c: (c * x * w**2).sum())(1.5)[1], x)

    x = np.array([1.0, 2.0, 3.0])
    _, slope = mg.value_and_grad(f)(x)
    np.testing.assert_allclose(slope.detach(), w.detach() ** 2)
    np.testing.assert_allclose(mg.grad(slope.sum(), w)[0], 2 * w.detach())


def test_memory_is_saved_and_freed_without_the_collector():
    def part(x):
        for _ in range(20):
            x = mg.tanh(x)
        return x

    def peak(call):
        x = mg.tensor(np.ones(20_000), requires_grad=True)
        gc.collect()
        gc.disable()
        tracemalloc.start()
        try:
            y = x
            for _ in range(20):
                y = call(part, y)
            y.sum().backward()
            most = tracemalloc.get_traced_memory()[1]
            x.grad = None
            del y
            assert tracemalloc.get_traced_memory()[0] < 400_000
        finally:
            tracemalloc.stop()
            gc.enable()
        return most

    assert peak(plain) > 5 * peak(mg.checkpoint)


@pytest.mark.parametrize("order", [1, 2])
def test_several_outputs_at_any_order(order):
    def f(x, y):
        a, b = mg.checkpoint(lambda x, y: (mg.tanh(x) * y, mg.exp(y)), x, y)
        same = mg.checkpoint(lambda x: (x * x,) * 2, a)
        return a * b + a + same[0] * same[1]

    assert mg.gradcheck(f, [0.3, -0.2], [0.5, 0.1], order=order)
