"""Published numbers, and small results that other libraries have got wrong.

The figures are those of the CS231n assignments, of "Deep Learning from Scratch" (Saito, 2016), and
of the tutorials on max pooling with im2col; ``lin`` is how CS231n fills its arrays.
"""

import math

import numpy as np
import pytest

import minigrad as mg


def lin(start, stop, *shape):
    return np.linspace(start, stop, math.prod(shape)).reshape(shape)


def relative_error(x, y):
    return np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)))


def images(*rows):
    return np.array(rows, dtype=float).reshape(1, 1, len(rows), -1)


# Convolution and pooling of CS231n

CONVOLVED = [
    [
        [[-0.08759809, -0.10987781], [-0.18387192, -0.2109216]],
        [[0.21027089, 0.21661097], [0.22847626, 0.23004637]],
        [[0.50813986, 0.54309974], [0.64082444, 0.67101435]],
    ],
    [
        [[-0.98053589, -1.03143541], [-1.19128892, -1.24695841]],
        [[0.69108355, 0.66880383], [0.59480972, 0.56776003]],
        [[2.36270298, 2.36904306], [2.38090835, 2.38247847]],
    ],
]


def test_convolution():
    x, weight = lin(-0.1, 0.5, 2, 3, 4, 4), lin(-0.2, 0.3, 3, 3, 4, 4)
    out = mg.conv2d(x, weight, np.linspace(-0.1, 0.2, 3), stride=2, padding=1)
    np.testing.assert_allclose(out, CONVOLVED, rtol=0, atol=5e-9)


def test_max_pooling():
    out = mg.max_pool2d(lin(-0.3, 0.4, 2, 3, 4, 4), 2)
    expected = [
        [[-0.26315789, -0.24842105], [-0.20421053, -0.18947368]],
        [[-0.14526316, -0.13052632], [-0.08631579, -0.07157895]],
        [[-0.02736842, -0.01263158], [0.03157895, 0.04631579]],
    ]
    np.testing.assert_allclose(out[0], expected, rtol=0, atol=5e-9)
    assert out[1, -1, -1, -1] == 0.4


def test_average_pooling_of_columns():
    columns = mg.im2col(lin(-0.3, 0.4, 2, 3, 4, 4).reshape(6, 1, 4, 4), 2, stride=2)
    first_channel = mg.mean(columns, axis=0).reshape(2, 2, 6)[..., 0]
    expected = [[-0.28157895, -0.26684211], [-0.22263158, -0.20789474]]
    np.testing.assert_allclose(first_channel, expected, rtol=0, atol=5e-9)


@pytest.mark.parametrize(
    ("f", "shapes", "bound"),
    [
        (
            lambda x, w, b: mg.conv2d(x, w, b, stride=1, padding=1),
            [(4, 3, 5, 5), (2, 3, 3, 3), (2,)],
            1e-7,
        ),
        (lambda x: mg.max_pool2d(x, 2), [(3, 2, 8, 8)], 1e-9),
        (mg.relu, [(10, 10)], 1e-9),
        (lambda x, w, b: x.reshape(10, 6) @ w + b, [(10, 2, 3), (6, 5), (5,)], 1e-8),
    ],
    ids=["convolution", "max pooling", "relu", "dense"],
)
def test_relative_error_of_gradients(f, shapes, bound):
    rng = np.random.default_rng(231)
    # Neighbours differ by more than the step, so that no window changes its winner.
    values = [rng.permutation(math.prod(s)).reshape(s) * 0.02 - 0.501 for s in shapes]
    tensors = [mg.tensor(value, requires_grad=True) for value in values]
    out = f(*tensors)
    cotangent = rng.normal(size=out.shape)
    found = mg.grad(out, tensors, cotangent)
    step = 1e-5
    for value, gradient in zip(values, found, strict=True):
        numeric = np.empty_like(value)
        for index in np.ndindex(value.shape):
            kept = value[index]
            ends = []
            for moved in (kept + step, kept - step):
                value[index] = moved
                ends.append(f(*values).copy())
            value[index] = kept
            numeric[index] = np.sum((ends[0] - ends[1]) * cotangent) / (2 * step)
        assert relative_error(gradient.numpy(), numeric) < bound


# Pooling by hand


def test_pooling_with_overlap():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    assert mg.max_pool2d(x, 2, stride=1)[0, 0].tolist() == [[5, 6, 7], [9, 10, 11], [13, 14, 15]]


@pytest.mark.parametrize(
    ("rows", "stride", "upstream", "out", "expected"),
    [
        (
            ([1, 3, 2], [4, 9, 1], [0, 5, 6]),
            1,
            ([1, 2], [3, 4]),
            [[9, 9], [9, 9]],
            [[0, 0, 0], [0, 10, 0], [0, 0, 0]],
        ),
        (
            ([0, 0, 0], [0, 0, 0], [0, 0, 0]),
            1,
            ([1, 1], [1, 1]),
            [[0, 0], [0, 0]],
            [[1, 1, 0], [1, 1, 0], [0, 0, 0]],
        ),
        (([1, 1], [1, 1]), 2, ([4],), [[1]], [[4, 0], [0, 0]]),
    ],
    ids=["overlapping windows add up", "the first winner takes all", "a single window"],
)
def test_gradient_of_pooling(rows, stride, upstream, out, expected):
    x = mg.tensor(images(*rows), requires_grad=True)
    pooled = mg.max_pool2d(x, 2, stride=stride)
    pooled.backward(images(*upstream))
    assert pooled.tolist() == [[out]]
    assert x.grad.tolist() == [[expected]]


@pytest.mark.parametrize(
    ("size", "padding", "expected"),
    [
        (2, 0, [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]),
        (3, 1, [[4, 6, 6, 4], [6, 9, 9, 6], [6, 9, 9, 6], [4, 6, 6, 4]]),
    ],
)
def test_columns_added_back_count_the_windows_of_a_pixel(size, padding, expected):
    shape = (1, 1, 4, 4)
    columns = mg.im2col(np.ones(shape), size, padding=padding)
    assert mg.col2im(columns, shape, size, padding=padding)[0, 0].tolist() == expected


def test_columns_have_the_image_fastest():
    columns = mg.im2col(np.arange(32).reshape(2, 1, 4, 4), 2, stride=2)
    assert columns[0].tolist() == [0, 16, 2, 18, 8, 24, 10, 26]


@pytest.mark.parametrize(
    ("shape", "size", "stride", "padding", "columns"),
    [
        ((50, 1, 28, 28), 2, 2, 0, (4, 9800)),
        ((5, 10, 28, 28), 2, 2, 0, (40, 980)),
        ((5, 1, 10, 10), 3, 1, 1, (9, 500)),
    ],
)
def test_shapes_of_columns(shape, size, stride, padding, columns):
    assert mg.im2col(np.zeros(shape), size, stride, padding).shape == columns


# Networks and graphs


def test_dense_layer():
    x, weight = lin(-0.1, 0.5, 2, 4, 5, 6).reshape(2, 120), lin(-0.2, 0.3, 120, 3)
    expected = [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]]
    out = x @ mg.tensor(weight) + np.linspace(-0.3, 0.1, 3)
    np.testing.assert_allclose(out.numpy(), expected, rtol=0, atol=5e-9)


@pytest.mark.parametrize(("penalty", "expected"), [(0.0, 3.4702243556), (1.0, 26.5948426952)])
def test_loss_of_a_two_layer_net(penalty, expected):
    w1, b1 = mg.tensor(lin(-0.7, 0.3, 5, 50)), np.linspace(-0.1, 0.9, 50)
    w2, b2 = mg.tensor(lin(-0.3, 0.4, 50, 7)), np.linspace(-0.9, 0.1, 7)
    x = np.linspace(-5.5, 4.5, 15).reshape(5, 3).T
    scores = mg.relu(x @ w1 + b1) @ w2 + b2
    loss = mg.cross_entropy(scores, [0, 5, 1])
    loss += 0.5 * penalty * ((w1 * w1).sum() + (w2 * w2).sum())
    assert loss.item() == pytest.approx(expected, abs=5e-11)


def test_apples_and_oranges():
    prices = [mg.tensor(v, requires_grad=True) for v in (100.0, 2.0, 150.0, 3.0, 1.1)]
    apple, apples, orange, oranges, tax = prices
    total = (apple * apples + orange * oranges) * tax
    total.backward()
    assert total.item() == pytest.approx(715)
    assert [p.grad.item() for p in prices] == pytest.approx([2.2, 110, 3.3, 165, 650])


def test_a_sum_times_a_number():
    x, y, z = (mg.tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    f = (x + y) * z
    f.backward()
    assert f.item() == -12
    assert [x.grad.item(), y.grad.item(), z.grad.item()] == [-4, -4, 3]


# What others got wrong


def gradient(f, *values):
    tensors = [mg.tensor(value, dtype=float, requires_grad=True) for value in values]
    return [g.tolist() for g in mg.grad(f(*tensors).sum(), tensors)]


def test_the_largest_of_equal_elements_share_the_gradient():
    assert gradient(mg.max, [1, 1, 0]) == [[0.5, 0.5, 0]]


def test_the_larger_of_two_equal_values_share_the_gradient():
    assert gradient(mg.maximum, 1, 1) == [0.5, 0.5]


def test_relu_of_infinity_is_no_nan():
    out = mg.relu(np.array([-np.inf, np.inf]))
    assert out.tolist() == [0, np.inf]
    assert gradient(mg.relu, [-np.inf, np.inf]) == [[0, 1]]


def test_relu_of_nan_is_nan():
    assert np.isnan(mg.relu(np.array(np.nan)))


def test_relu_has_no_slope_at_zero():
    assert gradient(mg.relu, [0.0, -0.0]) == [[0, 0]]


def test_relu_does_not_overwrite_the_gradient_it_gets():
    upstream = np.array([1.0, 2.0])
    x = mg.tensor([-1.0, 1.0], requires_grad=True)
    mg.relu(x).backward(upstream)
    assert upstream.tolist() == [1, 2]
    assert x.grad.tolist() == [0, 2]


def test_relu_drops_an_infinite_gradient():
    x = mg.tensor([-1.0, 1.0], requires_grad=True)
    mg.relu(x).backward(np.array([np.inf, np.inf]))
    assert x.grad.tolist() == [0, np.inf]


def test_where_lets_no_nan_cross_from_the_other_branch():
    with np.errstate(invalid="ignore"):
        (found,) = gradient(lambda x: mg.where(x > 0, mg.log(x), 0.0), [-1.0, 2.0])
    assert found == [0, 0.5]


def test_pooling_is_right_where_height_and_width_differ():
    x = lin(-1, 1, 2, 2, 4, 6)
    assert mg.gradcheck(lambda x: mg.max_pool2d(x, (2, 3), stride=(1, 2)), x)


def test_pooling_ignores_its_padding():
    assert mg.max_pool2d(-np.ones((1, 1, 2, 2)), 2, padding=1).tolist() == [[[[-1, -1]] * 2]]


@pytest.mark.parametrize(
    "f", [lambda x: mg.im2col(x, 2), lambda x: mg.max_pool2d(x, 2), lambda x: mg.conv2d(x, x)]
)
def test_single_precision_stays_single(f):
    assert f(np.ones((1, 1, 4, 4), np.float32)).dtype == np.float32


def test_sigmoid_does_not_overflow():
    assert mg.sigmoid(np.array([-1e4, 0, 1e4])).tolist() == [0, 0.5, 1]
    assert gradient(mg.sigmoid, [-1e4, 0, 1e4]) == [[0, 0.25, 0]]


def test_cross_entropy_does_not_overflow():
    assert mg.cross_entropy(np.array([[1e4, -1e4]]), [0]) == 0
    assert mg.cross_entropy(np.array([[1e4, -1e4]]), [1]) == 2e4
