"""Derivatives of derivatives, all from the same definitions."""

import math

import numpy as np
import pytest

import minigrad as mg


def normal(*shape):
    return np.random.default_rng(shape).normal(size=shape)


def smooth(x, y):
    z = mg.sigmoid(x * y) + mg.tanh(x) / (1 + mg.exp(-y))
    return mg.logsumexp(z * z) * mg.sqrt(mg.sum(z * z)) - mg.log(2 + z).mean()


def convnet_loss(images, filters, bias, weight):
    hidden = mg.tanh(mg.conv2d(images, filters, bias, padding=1))
    pooled = mg.max_pool2d(hidden, 2)
    return mg.cross_entropy(pooled.reshape(2, -1) @ weight, [1, 0])


def derivatives(f, at, orders):
    """The values of f and of its derivatives at a number."""
    # A derivative that does not depend on x is untracked, and has no derivative but zero.
    x = mg.tensor(at, requires_grad=True)
    y = f(x)
    found = [y.item()]
    for _ in range(orders):
        y = mg.grad(y, x, create_graph=True)[0] if y.requires_grad else y * 0
        found.append(y.item())
    return found


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_smooth_composite(order):
    assert mg.gradcheck(smooth, [0.3, -0.7, 1.1], [0.5, 0.9, -0.4], order=order)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_smooth_composite_over_broadcast_axes(order):
    assert mg.gradcheck(smooth, [[0.3], [-0.7]], [0.5, -0.4], order=order)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("settings", [{}, {"stride": (2, 1), "padding": (0, 1)}], ids=str)
def test_conv2d_by_all_of_its_inputs(order, settings):
    x, weight, bias = normal(1, 1, 3, 2), normal(1, 1, 2, 2), [0.3]

    # The square has a third derivative; a convolution alone, being bilinear, has none.
    def f(x, weight, bias):
        out = mg.conv2d(x, weight, bias, **settings)
        return out * out

    assert mg.gradcheck(f, x, weight, bias, order=order)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_loss_of_a_convnet(order):
    # Its third derivative has third-order parts in every pair and triple of inputs.
    images = normal(2, 1, 2, 2)
    filters, bias = normal(2, 1, 2, 1), normal(2)
    weight = normal(4, 2)

    assert mg.gradcheck(convnet_loss, images, filters, bias, weight, order=order)


def test_powers_lose_one_at_each_derivative():
    found = derivatives(lambda x: x**5, 2.0, 6)
    assert found == [32, 5 * 16, 20 * 8, 60 * 4, 120 * 2, 120, 0]


@pytest.mark.parametrize(
    ("f", "at", "expected"),
    [
        (mg.exp, 0.5, [math.exp(0.5)] * 5),
        (mg.log, 2.0, [math.log(2), 1 / 2, -1 / 4, 2 / 8, -6 / 16]),
        (mg.sqrt, 4.0, [2, 1 / 4, -1 / 32, 3 / 256, -15 / 2048]),
        (lambda x: 1 / x, 2.0, [1 / 2, -1 / 4, 2 / 8, -6 / 16, 24 / 32]),
        (mg.tanh, 0.0, [0, 1, 0, -2, 0]),
        (mg.sigmoid, 0.0, [1 / 2, 1 / 4, 0, -1 / 8, 0]),
        (lambda x: 2**x, 1.0, [2 * math.log(2) ** n for n in range(5)]),
        (lambda x: x**0, 0.0, [1, 0, 0, 0, 0]),
        (lambda x: x**2, 0.0, [0, 0, 2, 0, 0]),
        (lambda x: mg.relu(x) ** 3, 2.0, [8, 12, 12, 6, 0]),
    ],
)
def test_four_derivatives_of_a_function(f, at, expected):
    assert derivatives(f, at, 4) == pytest.approx(expected, rel=1e-13, abs=1e-15)


def test_a_hessian_row_by_row():
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (gradient,) = mg.grad((x[0] * x[1] * x[2]), x, create_graph=True)
    rows = [mg.grad(part, x, retain_graph=True)[0].tolist() for part in gradient]
    assert rows == [[0, 3, 2], [3, 0, 1], [2, 1, 0]]


def test_a_gradient_penalty_trains_its_weights():
    x = mg.tensor(normal(4, 3), requires_grad=True)
    values = normal(3, 1)

    def penalty(weight):
        score = mg.tanh(x @ weight).sum()
        (by_x,) = mg.grad(score, x, create_graph=True)
        norms = mg.sqrt((by_x * by_x).sum(axis=1))
        return ((norms - 1) ** 2).mean()

    weight = mg.tensor(values, requires_grad=True)
    before = penalty(weight)
    before.backward()
    assert x.grad.shape == x.shape
    with mg.no_grad():
        weight -= 0.1 * weight.grad
    assert penalty(weight).item() < before.item()
    assert mg.gradcheck(penalty, values, order=2)


def test_a_gradient_penalty_on_images():
    images = mg.tensor(normal(2, 1, 4, 4), requires_grad=True)
    weight = normal(8, 2) / 4

    def penalty(filters, bias):
        (by_images,) = mg.grad(
            convnet_loss(images, filters, bias, weight), images, create_graph=True
        )
        return (by_images * by_images).sum()

    assert mg.gradcheck(penalty, normal(2, 1, 3, 3), [0.1, -0.2])


@pytest.mark.parametrize("order", [1, 2])
def test_a_gradient_is_a_function_of_its_seed_too(order):
    def product(x, v):
        (found,) = mg.grad(mg.exp(x) * x, x, v, create_graph=True)
        return found

    assert mg.gradcheck(product, [0.5, -0.5], [1.5, 2.5], order=order)


def test_the_derivative_by_an_interior_tensor_is_differentiated():
    x = mg.tensor(0.5, requires_grad=True)
    inside = x * x
    (by_inside,) = mg.grad(inside**3, inside, create_graph=True)
    assert by_inside.item() == 3 * 0.5**4
    (by_x,) = mg.grad(by_inside, x)
    assert by_x.item() == 12 * 0.5**3


def test_a_linear_function_has_no_second_derivative():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    (slope,) = mg.grad((3 * x).sum(), x, create_graph=True)
    assert not slope.requires_grad


def test_single_precision_stays_single():
    x = mg.tensor([0.5, 1.0], dtype=np.float32, requires_grad=True)
    (first,) = mg.grad(mg.tanh(x * np.array([1.0, 2.0])).sum(), x, create_graph=True)
    (second,) = mg.grad(first.sum(), x, create_graph=True)
    assert (first.dtype, second.dtype) == (np.float32, np.float32)


def test_first_order_runs_each_rule_once_and_second_order_once_more():
    calls = []

    @mg.op
    def square(x, /):
        calls.append(type(x))
        return x * x, lambda g: 2 * g * x

    x = mg.tensor(3.0, requires_grad=True)
    y = square(x)
    mg.grad(y, x, retain_graph=True)
    assert calls == [np.ndarray]
    mg.grad(y, x, create_graph=True)
    assert calls == [np.ndarray, mg.Tensor]


def test_a_piecewise_linear_rule_runs_once_at_any_order():
    calls = []

    @mg.op(piecewise_linear=True)
    def double(x, /):
        calls.append(type(x))
        return x * 2.0, lambda g: g * 2.0

    x = mg.tensor(3.0, requires_grad=True)
    (first,) = mg.grad(double(x) ** 2, x, create_graph=True)
    (second,) = mg.grad(first, x)
    assert (first.item(), second.item()) == (24.0, 8.0)
    assert calls == [np.ndarray]
