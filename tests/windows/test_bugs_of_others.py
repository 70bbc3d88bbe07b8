"""Bugs that kernels of windows have had elsewhere: each check rejects the bug and accepts minigrad.

A kernel here is a function of images, settings and a cotangent, which returns the output and the
gradient. The wrong ones are written from descriptions of the bugs.
"""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad as mg

# By its path: a folder of tests is no package.
loops = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("loops.py"))))


def ours(x, size, stride, padding, g):
    tracked = mg.tensor(x, requires_grad=True)
    out = mg.max_pool2d(tracked, size, stride, padding)
    (dx,) = mg.grad(out, [tracked], g)
    return out.numpy(), dx.numpy()


def pooling(
    gradient_shape=lambda shape: shape,
    out_shape=None,
    border=-np.inf,
    padding_is_cut=True,
    share="first",
    adds_up=True,
):
    """A max pooling by plain loops; the settings are mistakes."""

    def kernel(x, size, stride, padding, g):
        (kh, kw), (s, t), (p, q) = size, stride, padding
        n, c, h, w = x.shape
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)), constant_values=border)
        rows, columns = (h + 2 * p - kh) // s + 1, (w + 2 * q - kw) // t + 1
        if out_shape is not None:
            rows, columns = out_shape(rows, columns)
        out, gradient = np.empty((n, c, rows, columns)), np.zeros(padded.shape)
        for i, j in np.ndindex(rows, columns):
            at = (slice(None), slice(None), slice(i * s, i * s + kh), slice(j * t, j * t + kw))
            window = padded[at]
            out[..., i, j] = window.max((2, 3))
            wins = window == out[..., i, j, None, None]
            if share == "first":
                flat = wins.reshape(n, c, -1)
                flat = flat & (flat.cumsum(-1) == 1)
                wins = flat.reshape(window.shape)
            part = wins * g[..., i, j, None, None]
            if share == "equally":
                part = part / wins.sum((2, 3), keepdims=True)
            gradient[at] = gradient[at] + part if adds_up else part
        if padding_is_cut:
            gradient = gradient[:, :, p : p + h, q : q + w]
        return out, gradient.reshape(gradient_shape(gradient.shape))

    return kernel


def raises_if(condition, kernel):
    """Refuse what a kernel cannot do."""

    def limited(x, size, stride, padding, g):
        if condition(x, size, stride, padding):
            raise ValueError("Invalid dimensions!")
        return kernel(x, size, stride, padding, g)

    return limited


def check_pool(kernel, shape, size, stride=None, padding=(0, 0), values=None):
    """The check: value and gradient, for a cotangent of random numbers, equal those of loops."""
    rng = np.random.default_rng(0)
    stride = size if stride is None else stride
    x = rng.normal(size=shape) if values is None else values.reshape(shape)
    reference = loops.pool("max_pool2d", x, kernel_size=size, stride=stride, padding=padding)
    g = rng.normal(size=reference.value.shape)
    out, gradient = kernel(x, size, stride, padding, g)
    np.testing.assert_array_equal(out, reference.value, strict=True)
    np.testing.assert_allclose(gradient, reference.by_x(g), rtol=1e-12, strict=True)


def swapped(shape):
    return *shape[:2], shape[3], shape[2]


def mirrored(kernel):
    """Height and width are swapped: right for windows over squares that are symmetric."""

    def swapping(x, size, stride, padding, g):
        out, gradient = kernel(x, size[::-1], stride, padding, g)
        return out, gradient

    return swapping


POOLING_BUGS = {
    "names of height and width are swapped in the gradient": (
        pooling(gradient_shape=swapped),
        ((2, 3, 4, 6), (2, 2)),
        {},
    ),
    "the width is checked with the height of the window": (
        raises_if(lambda x, size, stride, _: (x.shape[3] - size[0]) % stride[1], pooling()),
        ((1, 1, 4, 6), (4, 3)),
        {},
    ),
    "the width of the output is that of the window's height": (
        pooling(out_shape=lambda rows, columns: (rows, rows)),
        ((1, 1, 6, 4), (2, 2)),
        {},
    ),
    "padding raises": (
        raises_if(lambda x, size, stride, padding: max(padding) > 0, pooling()),
        ((2, 1, 4, 4), (2, 2), (2, 2), (1, 1)),
        {},
    ),
    "the gradient has the shape of the padded images": (
        pooling(padding_is_cut=False),
        ((2, 1, 4, 4), (2, 2), (2, 2), (1, 1)),
        {},
    ),
    "windows that overlap raise": (
        raises_if(lambda x, size, stride, _: size != stride, pooling()),
        ((1, 2, 5, 5), (3, 3), (2, 2)),
        {},
    ),
    "of windows that overlap the last one counts": (
        pooling(adds_up=False),
        ((1, 2, 5, 5), (3, 3), (1, 1)),
        {},
    ),
    "windows must be square": (
        raises_if(lambda x, size, *_: size[0] != size[1], pooling()),
        ((1, 1, 4, 6), (2, 3)),
        {},
    ),
    "height and width of the window are swapped": (
        mirrored(pooling()),
        ((1, 1, 6, 6), (2, 3), (3, 3)),
        {},
    ),
    "the zeros of the padding win over negative numbers": (
        pooling(border=0.0),
        ((1, 1, 4, 4), (2, 2), (2, 2), (1, 1)),
        {"values": -np.arange(1.0, 17)},
    ),
    "all of equal values get the gradient": (
        pooling(share="all"),
        ((1, 1, 2, 2), (2, 2)),
        {"values": np.ones(4)},
    ),
    "equal values share the gradient": (
        pooling(share="equally"),
        ((1, 1, 3, 3), (2, 2), (1, 1)),
        {"values": np.zeros(9)},
    ),
}


@pytest.mark.parametrize("bug", POOLING_BUGS)
def test_pooling(bug):
    wrong, settings, more = POOLING_BUGS[bug]
    with pytest.raises((AssertionError, ValueError)):
        check_pool(wrong, *settings, **more)
    check_pool(pooling(), *settings, **more)
    check_pool(ours, *settings, **more)


# Convolution


def our_convolution(x, weight, g):
    tracked = mg.tensor(weight, requires_grad=True)
    out = mg.conv2d(x, tracked, stride=(1, 2), padding=(1, 0))
    return out.numpy(), mg.grad(out, [tracked], g)[0].numpy()


def convolution_with(dtype_of, swaps=False):
    """A convolution by im2col; the gradient of the filters is kept in a given dtype."""

    def kernel(x, weight, g):
        if swaps:
            weight = weight.swapaxes(2, 3).reshape(weight.shape)
        geometry = {"stride": (1, 2), "padding": (1, 0)}
        columns = loops.im2col(x, weight.shape[2:], **geometry)
        rows = np.moveaxis(g, 0, -1).reshape(len(weight), -1)
        out = weight.reshape(len(weight), -1) @ columns
        dweight = np.zeros_like(weight, dtype=dtype_of(x, weight))
        dweight += (rows @ columns.T).reshape(weight.shape).astype(dweight.dtype)
        return np.moveaxis(out.reshape(*g.shape[1:], len(x)), -1, 0), dweight

    return kernel


def check_convolution(kernel, dtype):
    rng = np.random.default_rng(0)
    x, weight = rng.integers(-3, 4, (2, 1, 4, 5)).astype(dtype), rng.normal(size=(2, 1, 3, 2)) / 8
    reference = loops.convolution(x.shape, weight.shape, stride=(1, 2), padding=(1, 0))
    g = rng.normal(size=reference.shape) / 8
    out, dweight = kernel(x, weight, g)
    np.testing.assert_allclose(out, reference.value(x, weight), rtol=1e-12, atol=1e-12)
    assert dweight.dtype == weight.dtype
    np.testing.assert_allclose(dweight, reference.by_weight(g, x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("wrong", "dtype"),
    [
        # As zeros_like of the integer images, the gradient is truncated.
        (convolution_with(lambda x, weight: x.dtype), int),
        (convolution_with(lambda x, weight: x.dtype), np.uint8),
        (convolution_with(lambda x, weight: np.float32), float),
        # Filters that are not square, read as if they were.
        (convolution_with(lambda x, weight: weight.dtype, swaps=True), float),
    ],
)
def test_convolution(wrong, dtype):
    with pytest.raises(AssertionError):
        check_convolution(wrong, dtype)
    check_convolution(convolution_with(lambda x, weight: weight.dtype), dtype)
    check_convolution(our_convolution, dtype)


# Pooling integers, whose gradient goes back to floats


def check_gradient_through_integers(scatter):
    """The images are integers; what is scattered to the winners is not."""
    x = np.arange(16).reshape(1, 1, 4, 4)
    dx = scatter(x, np.full((1, 1, 2, 2), 0.5))
    expected = np.zeros((4, 4))
    expected[1::2, 1::2] = 0.5
    np.testing.assert_array_equal(dx[0, 0], expected)


def in_an_array_like_the_images(x, g):
    dx = np.zeros_like(x)
    dx[..., 1::2, 1::2] = g
    return dx


def through_a_conversion(x, g):
    tracked = mg.tensor(x.astype(float), requires_grad=True)
    return mg.grad(mg.max_pool2d(tracked, 2), [tracked], g)[0].numpy()


def through_columns(x, g):
    columns = mg.im2col(x, 2, stride=2)
    wins = mg.argmax(columns, axis=0)
    slots = np.zeros(columns.shape)
    slots[np.asarray(wins), np.arange(4)] = g.ravel()
    return mg.col2im(slots, x.shape, 2, stride=2)


def test_integers_do_not_truncate_gradients():
    with pytest.raises(AssertionError):
        check_gradient_through_integers(in_an_array_like_the_images)
    check_gradient_through_integers(through_a_conversion)
    check_gradient_through_integers(through_columns)


# im2col


def in_doubles(x, size, **settings):
    columns = np.zeros(loops.column_terms(x.shape, size, **settings)[0])
    columns[...] = loops.im2col(x, size, **settings)
    return columns


def check_dtype_of_columns(im2col, dtype):
    x = np.arange(24).reshape(1, 2, 3, 4).astype(dtype)
    for settings in ({}, {"padding": 1}, {"stride": 2, "layout": "rows"}):
        expected = loops.im2col(x, 2, **settings)
        np.testing.assert_array_equal(im2col(x, 2, **settings), expected, strict=True)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64, np.uint8, bool])
def test_columns_keep_the_dtype(dtype):
    with pytest.raises(AssertionError):
        check_dtype_of_columns(in_doubles, dtype)
    check_dtype_of_columns(mg.im2col, dtype)


# ReLU before pooling, and every kernel of windows: the cotangent is not written to


def overwriting_relu(x, g):
    g[x <= 0] = 0
    return g


def our_relu(x, g):
    tracked = mg.tensor(x, requires_grad=True)
    return mg.grad(mg.relu(tracked), [tracked], g)[0].numpy()


def overwriting_pool(x, g):
    g *= 1.0
    g[...] = 0
    return np.zeros_like(x)


def of(op, *more, **settings):
    """The gradient by images of an op, of a cotangent that may be any array."""

    def gradient(x, g):
        tracked = mg.tensor(x, requires_grad=True)
        out = op(tracked, *more, **settings)
        g = mg.tensor(np.resize(g, out.shape), requires_grad=False) if g.shape != out.shape else g
        return mg.grad(out, [tracked], g)[0].numpy()

    return gradient


def check_that_nothing_is_overwritten(gradient, shape=(1, 1, 4, 4)):
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(1, 1, 4, 4)), rng.normal(size=shape)
    x_before, g_before = x.copy(), g.copy()
    gradient(x, g)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(g, g_before)


@pytest.mark.parametrize("wrong", [overwriting_relu, overwriting_pool])
def test_the_upstream_gradient_is_not_overwritten(wrong):
    with pytest.raises(AssertionError):
        check_that_nothing_is_overwritten(wrong)
    check_that_nothing_is_overwritten(our_relu)
    check_that_nothing_is_overwritten(of(mg.conv2d, np.ones((1, 1, 1, 1))))
    check_that_nothing_is_overwritten(of(mg.conv2d, np.ones((1, 1, 3, 3)), padding=1))
    check_that_nothing_is_overwritten(of(mg.conv_transpose2d, np.ones((1, 1, 1, 1))))
    check_that_nothing_is_overwritten(of(mg.im2col, 1), (1, 16))
    check_that_nothing_is_overwritten(of(mg.unfold, 1), (1, 1, 16))
    for name in loops.TESTED:
        if name.endswith("2d"):
            more = {"norm_type": 2} if name.startswith("lp") else {}
            check_that_nothing_is_overwritten(of(getattr(mg, name), kernel_size=1, **more))


def test_what_is_given_is_not_what_comes_back():
    """A 1×1 window is a copy: writing to the result leaves the images alone."""
    x = np.ones((1, 1, 3, 3))
    for result in (
        mg.im2col(x, 1),
        mg.unfold(x, 1),
        mg.max_pool2d(x, 1),
        mg.conv2d(x, np.ones((1, 1, 1, 1))),
        mg.col2im(x.reshape(1, 9), x.shape, 1),
    ):
        assert not np.shares_memory(result, x)
