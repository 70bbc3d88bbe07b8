"""What is particular to pooling: ties, padding, overlaps, indices, and PyTorch's conventions."""

import functools
import importlib.util

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.registry import lookup

NEEDS_TORCH = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is the reference here"
)
RANKS = (1, 2, 3)


def lin(start, stop, *shape):
    return np.linspace(start, stop, np.prod(shape)).reshape(shape)


def pool(kind, rank):
    return getattr(mg, f"{kind}_pool{rank}d")


def gradient(function, x, upstream=None):
    """Gradient by `x` of a function's output, weighted by `upstream`."""
    x = mg.tensor(x, requires_grad=True)
    y = function(x)
    y.backward(np.ones(y.shape) if upstream is None else upstream)
    return x.grad.numpy()


def cached(call, name):
    """What a closure of an op has captured under a name."""
    _, closure = call
    return dict(zip(closure.__code__.co_freevars, closure.__closure__, strict=True))[
        name
    ].cell_contents


# Published numbers


def test_average_pooling_of_cs231n():
    out = mg.avg_pool2d(lin(-0.3, 0.4, 2, 3, 4, 4), 2)
    expected = [[-0.28157895, -0.26684211], [-0.22263158, -0.20789474]]
    np.testing.assert_allclose(out[0, 0], expected, atol=5e-9)


def test_max_pooling_of_cs231n():
    out = mg.max_pool2d(lin(-0.3, 0.4, 2, 3, 4, 4), 2)
    expected = [[-0.26315789, -0.24842105], [-0.20421053, -0.18947368]]
    np.testing.assert_allclose(out[0, 0], expected, atol=5e-9)
    assert out[-1, -1, -1, -1] == 0.4


def test_winners_of_the_first_tutorial():
    """5 × 10 images of 28 × 28 have 9800 winners, in one byte each."""
    x = np.random.default_rng(0).normal(size=(5, 10, 28, 28))
    out, indices = mg.max_pool2d(x, 2, return_indices=True)
    winners = cached(lookup(mg.max_pool2d).run(x, 2), "winners")
    assert out.shape == indices.shape == (5, 10, 14, 14)
    assert winners.nbytes == winners.size == 9800
    columns = x.reshape(50, 14, 2, 14, 2).transpose(0, 1, 3, 2, 4).reshape(5, 10, 14, 14, 4)
    np.testing.assert_array_equal(np.moveaxis(winners, -1, 0), columns.argmax(-1))


@pytest.mark.parametrize("kind", ["max", "min", "median", "sum", "avg"])
def test_height_and_width_are_not_confused(kind):
    """The gradient of images that are not square, with windows that are not square."""
    x = np.random.default_rng(0).permutation(2 * 3 * 5 * 9).reshape(2, 3, 5, 9) / 4
    assert mg.gradcheck(lambda x: pool(kind, 2)(x, (2, 4), (1, 3)), x)
    assert mg.gradcheck(lambda x: pool(kind, 2)(x, (3, 2), (2, 1), (1, 0)), x)


# Ties


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("kind", ["max", "min"])
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (5, 5), (5, 3)])
def test_of_equal_values_the_first_wins(kind, rank, size, stride):
    """Small windows are gone through at once, large ones one axis after another."""
    x = np.random.default_rng(0).integers(0, 2, (2, 3, *[11, 9, 8][:rank])).astype(float)
    out, indices = pool(kind, rank)(x, size, stride, return_indices=True)
    flat = np.arange(x[0, 0].size).reshape(x.shape[2:])
    choose = np.argmax if kind == "max" else np.argmin
    for at in np.ndindex(out.shape):
        window = tuple(slice(o * stride, o * stride + size) for o in at[2:])
        elements = x[(*at[:2], *window)].ravel()
        assert out[at] == elements[choose(elements)]
        assert indices[at] == flat[window].ravel()[choose(elements)]


def test_the_winner_is_the_first_in_rows_not_in_columns():
    x = [[[[0.0, 1.0], [1.0, 0.0]]]]
    assert gradient(lambda x: mg.max_pool2d(x, 2), x).tolist() == [[[[0, 1], [0, 0]]]]
    assert mg.global_max_pool(x).item() == 1
    tall = np.zeros((1, 1, 7, 7))
    tall[0, 0, [0, 3], [5, 1]] = 1
    (at,) = np.argwhere(gradient(lambda x: mg.max_pool2d(x, 7), tall))
    assert at.tolist() == [0, 0, 0, 5]


def test_gradients_of_windows_that_overlap_add_up():
    x = np.array([[[[1, 3, 2], [4, 9, 1], [0, 5, 6]]]], float)
    found = gradient(lambda x: mg.max_pool2d(x, 2, 1), x, [[[[1, 2], [3, 4]]]])
    assert found.tolist() == [[[[0, 0, 0], [0, 10, 0], [0, 0, 0]]]]
    by_index = gradient(lambda x: mg.max_pool2d(x, 7, 1, 3), x, np.ones((1, 1, 3, 3)))
    assert by_index.tolist() == [[[[0, 0, 0], [0, 9, 0], [0, 0, 0]]]]
    everywhere = gradient(lambda x: mg.sum_pool2d(x, 2, 1), x)
    assert everywhere.tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]


# Padding, and what hangs over


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("value", [-5.0, -np.inf, np.finfo(float).min])
@pytest.mark.parametrize("size", [3, 7])
def test_padding_never_wins(rank, value, size):
    x = np.full((2, 2, *[5, 4, 3][:rank]), value)
    half = size // 2
    for kind, images in {"max": x, "min": -x, "median": x}.items():
        out = pool(kind, rank)(images, size, 1, half)
        np.testing.assert_array_equal(out, images)
        found = gradient(lambda x, kind=kind: pool(kind, rank)(x, size, 1, half), images)
        assert found.sum() == images.size


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64])
def test_padding_never_wins_over_integers(dtype):
    for kind, limit in {"max": np.iinfo(dtype).min, "min": np.iinfo(dtype).max}.items():
        x = np.full((1, 1, 3, 3), limit, dtype)
        out = pool(kind, 2)(x, 3, 1, 1)
        assert out.dtype == dtype
        np.testing.assert_array_equal(out, x)


def test_divisors_in_ceil_mode_are_pytorchs():
    """Padding counts, what hangs over it does not."""
    x = np.ones((1, 1, 4))
    settings = {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}
    np.testing.assert_allclose(mg.avg_pool1d(x, **settings)[0, 0], [2 / 3, 1, 1 / 2])
    without = mg.avg_pool1d(x, **settings, count_include_pad=False)
    np.testing.assert_allclose(without[0, 0], [1, 1, 1])
    over = mg.avg_pool1d(x, **settings, divisor_override=2)
    np.testing.assert_allclose(over[0, 0], [1, 1.5, 0.5])


def test_a_norm_of_what_hangs_over_is_scaled_up():
    assert mg.lp_pool1d(np.ones((1, 1, 3)), 1, 2, ceil_mode=True).tolist() == [[[2, 2]]]


@pytest.mark.parametrize("kind", ["max", "min", "median", "sum", "avg"])
def test_exact_accepts_what_fits(kind):
    x = np.ones((1, 1, 6, 7))
    assert pool(kind, 2)(x, (2, 3), (2, 2), exact=True).shape == (1, 1, 3, 3)
    for size, padding in [(4, 0), (2, (1, 1))]:
        with pytest.raises(ValueError, match=rf"^{kind}_pool2d: .* over of x of shape"):
            pool(kind, 2)(x, size, padding=padding, exact=True)


# Dtypes and special values


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("kind", ["max", "min", "median", "sum", "avg"])
def test_floats_keep_their_dtype(kind, dtype):
    x = mg.tensor(np.ones((2, 1, 4, 4), dtype), requires_grad=True)
    y = pool(kind, 2)(x, 3, 1, 1)
    y.backward(np.ones(y.shape, dtype))
    assert y.dtype == x.grad.dtype == dtype


def test_an_average_of_half_precision_does_not_overflow():
    x = np.full((1, 1, 8, 8), 3000, np.float16)
    for out in (mg.avg_pool2d(x, 8), mg.global_avg_pool(x), mg.adaptive_avg_pool2d(x, 1)):
        assert out.dtype == np.float16
        assert out.item() == 3000


def test_integers_without_gradient():
    x = np.arange(16, dtype=np.int8).reshape(1, 1, 4, 4) + 100
    assert mg.max_pool2d(x, 2).tolist() == [[[[105, 107], [113, 115]]]]
    total, average = mg.sum_pool2d(x, 2), mg.avg_pool2d(x, 2)
    assert total.dtype == np.sum(x).dtype
    assert total.tolist() == [[[[410, 418], [442, 450]]]]
    assert average.tolist() == [[[[102.5, 104.5], [110.5, 112.5]]]]
    assert mg.median_pool2d(x, 2).tolist() == average.tolist()
    assert mg.lp_pool2d(x, 1, 2).tolist() == total.tolist()


@pytest.mark.parametrize("kind", ["max", "min", "median", "sum", "avg"])
@pytest.mark.parametrize("size", [2, 6])
@np.errstate(invalid="ignore")
def test_a_window_with_a_nan_is_nan_and_no_other(kind, size):
    x = np.random.default_rng(0).normal(size=(2, 2, 12, 12))
    x[0, 1, 3, 4] = x[0, 1, 3, 5] = np.nan
    out = pool(kind, 2)(x, size)
    expected = np.zeros(out.shape, bool)
    expected[0, 1, 3 // size, 4 // size] = True
    np.testing.assert_array_equal(np.isnan(out), expected)
    if kind in ("max", "min"):
        _, indices = pool(kind, 2)(x, size, return_indices=True)
        assert indices[expected] == 3 * 12 + 4  # the first


@pytest.mark.parametrize("kind", ["max", "min"])
def test_an_infinite_gradient_stays_in_its_place(kind):
    x = np.arange(4.0).reshape(1, 1, 2, 2)
    found = gradient(lambda x: pool(kind, 2)(x, 2), x, np.full((1, 1, 1, 1), np.inf))
    assert sorted(found.ravel()) == [0, 0, 0, np.inf]


@pytest.mark.parametrize(
    ("size", "number_type"), [(16, np.uint8), ((16, 17), np.uint16), (300, np.uint32)]
)
@pytest.mark.parametrize("kind", ["max", "min"])
def test_winners_are_in_the_smallest_type_that_holds_them(kind, size, number_type):
    lengths = (size, size) if isinstance(size, int) else size
    x = np.zeros((1, 1, *lengths))
    x[0, 0, -1, -1] = 1 if kind == "max" else -1
    call = lookup(pool(kind, 2)).run(x, size)
    assert cached(call, "winners").dtype == number_type
    (at,) = np.argwhere(call[1](np.ones((1, 1, 1, 1))))
    assert at.tolist() == [0, 0, *(n - 1 for n in lengths)]


@pytest.mark.parametrize("name", ["max", "min", "median", "sum", "avg", "lp", "adaptive_max"])
@pytest.mark.parametrize("shape", [(0, 2, 5, 4), (2, 0, 5, 4), (0, 0, 5, 4)])
def test_no_images_and_no_channels(name, shape):
    before = (2,) if name == "lp" else ()
    found = gradient(lambda x: pool(name, 2)(x, *before, 2), np.zeros(shape))
    assert found.shape == shape


# Adaptive and global


@pytest.mark.parametrize("length", [1, 4, 6, 7])
@pytest.mark.parametrize("out", [1, 2, 3, 5, 9])
def test_adaptive_windows_cover_everything_evenly(length, out):
    x = np.eye(length)[None]
    weights = mg.adaptive_avg_pool1d(x, out)[0]  # (pixels, windows)
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    assert np.all(weights.sum(axis=1) > 0)
    counts = np.count_nonzero(weights, axis=0)
    assert counts.max() - counts.min() <= 2


def test_adaptive_pooling_of_a_multiple_is_pooling():
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 6))
    np.testing.assert_array_equal(mg.adaptive_max_pool2d(x, (4, 2)), mg.max_pool2d(x, (2, 3)))
    np.testing.assert_allclose(mg.adaptive_avg_pool2d(x, (None, 3)), mg.avg_pool2d(x, (1, 2)))


@pytest.mark.parametrize("rank", RANKS)
def test_global_pooling_keeps_axes_of_length_1(rank):
    x = np.random.default_rng(0).normal(size=(2, 3, *[7, 6, 5][:rank]))
    axes = tuple(range(2, 2 + rank))
    np.testing.assert_array_equal(mg.global_max_pool(x), x.max(axes, keepdims=True))
    np.testing.assert_allclose(mg.global_avg_pool(x), x.mean(axes, keepdims=True))


# Unpooling


@pytest.mark.parametrize("rank", RANKS)
def test_unpooling_and_pooling_again_gives_the_same(rank):
    x = np.random.default_rng(0).uniform(1, 2, (2, 3, *[9, 8, 7][:rank]))
    y, indices = pool("max", rank)(x, 2, return_indices=True)
    unpool = getattr(mg, f"max_unpool{rank}d")
    back = unpool(y, indices, 2, output_size=x.shape)
    assert back.shape == x.shape
    kept = back != 0
    assert kept.sum() == y.size
    np.testing.assert_array_equal(back[kept], x[kept])
    np.testing.assert_array_equal(pool("max", rank)(back, 2), y)


def test_unpooling_takes_the_indices_of_tensors():
    x = mg.tensor(np.arange(16.0).reshape(1, 1, 4, 4), requires_grad=True)
    y, indices = mg.max_pool2d(x, 2, return_indices=True)
    assert not indices.requires_grad
    assert indices.dtype == np.int64
    mg.max_unpool2d(y, indices, 2).sum().backward()
    assert np.flatnonzero(x.grad).tolist() == [5, 7, 13, 15]


def test_of_several_values_at_one_place_the_last_stays_and_gets_the_gradient():
    x = mg.tensor([[[1.0, 2.0, 3.0]]], requires_grad=True)
    y = mg.max_unpool1d(x, np.array([[[4, 0, 4]]]), 2)
    assert y.tolist() == [[[2, 0, 0, 0, 3, 0]]]
    y.sum().backward()
    assert x.grad.tolist() == [[[0, 1, 1]]]


# PyTorch


@st.composite
def pooled_images(draw, dilated=True):
    """Images, half of them with many ties, and settings that PyTorch takes too."""
    rank = draw(st.sampled_from(RANKS))
    most = 4 if rank < 3 else 3

    def each(low, high):
        return draw(st.tuples(*[st.integers(low, high)] * rank))

    size, stride = each(1, most), each(1, most)
    dilation = each(1, 2) if dilated else (1,) * rank
    padding = tuple(draw(st.integers(0, k // 2)) for k in size)
    reach = [d * (k - 1) + 1 - 2 * p for k, d, p in zip(size, dilation, padding, strict=True)]
    lengths = [draw(st.integers(max(1, r), max(1, r) + 5)) for r in reach]
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 3)), *lengths)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ties = draw(st.booleans())
    x = rng.integers(-1, 2, shape).astype(float) if ties else rng.normal(size=shape)
    settings = {"stride": stride, "padding": padding, "ceil_mode": draw(st.booleans())}
    return x, size, settings | ({"dilation": dilation} if dilated else {}), rng


def assert_same(name, x, rng, *args, **settings):
    """Values, indices and gradients are those of PyTorch."""
    import torch

    ours, theirs = mg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    try:
        found = getattr(mg, name)(ours, *args, **settings)
    except ValueError as error:  # with dilation, PyTorch allows windows without a pixel
        assume("lies outside" not in str(error))
        raise
    expected = getattr(torch.nn.functional, name)(theirs, *args, **settings)
    if settings.get("return_indices"):
        (found, indices), (expected, their_indices) = found, expected
        np.testing.assert_array_equal(indices.numpy(), their_indices.numpy())
    np.testing.assert_allclose(found.numpy(), expected.detach().numpy(), rtol=1e-12, atol=1e-13)
    upstream = rng.normal(size=found.shape)
    found.backward(upstream)
    expected.backward(torch.tensor(upstream))
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12, atol=1e-13)


@NEEDS_TORCH
@given(call=pooled_images(), return_indices=st.booleans())
def test_max_pooling_is_pytorchs(call, return_indices):
    x, size, settings, rng = call
    name = f"max_pool{x.ndim - 2}d"
    assert_same(name, x, rng, size, **settings, return_indices=return_indices)


@NEEDS_TORCH
@given(call=pooled_images(dilated=False), count=st.booleans(), divisor=st.sampled_from([None, 5]))
def test_average_pooling_is_pytorchs(call, count, divisor):
    x, size, settings, rng = call
    if x.ndim > 3:  # in one dimension PyTorch has no such setting
        settings["divisor_override"] = divisor
    if x.ndim > 4:  # and in three it takes no image that is smaller than a window, padded or not
        assume(all(n >= k for n, k in zip(x.shape[2:], size, strict=True)))
    assert_same(f"avg_pool{x.ndim - 2}d", x, rng, size, **settings, count_include_pad=count)


@NEEDS_TORCH
@given(call=pooled_images(dilated=False), p=st.sampled_from([1, 2, 3, 2.5, np.inf, -np.inf]))
def test_the_norm_is_pytorchs_for_positive_values(call, p):
    x, size, settings, rng = call
    if abs(p) != np.inf:
        x = abs(x) + (p < 2) / 2  # at 0 the slope of the absolute value is ours
    assume(all(n >= k for n, k in zip(x.shape[2:], size, strict=True)))
    if x.ndim == 3:
        (size,), (settings["stride"],) = size, settings["stride"]
    del settings["padding"]
    assert_same(f"lp_pool{x.ndim - 2}d", x, rng, p, size, **settings)


@NEEDS_TORCH
@given(call=pooled_images(), out=st.tuples(*[st.none() | st.integers(1, 7)] * 3))
@settings(max_examples=60)
def test_adaptive_pooling_is_pytorchs(call, out):
    x, _, _, rng = call
    rank = x.ndim - 2
    out = [size or length for size, length in zip(out, x.shape[2:], strict=False)]
    assert_same(f"adaptive_avg_pool{rank}d", x, rng, out)
    assert_same(f"adaptive_max_pool{rank}d", x, rng, out, return_indices=True)


@NEEDS_TORCH
@given(call=pooled_images(dilated=False))
def test_unpooling_is_pytorchs(call):
    x, size, settings, rng = call
    rank = x.ndim - 2
    # Windows that do not overlap: PyTorch does not promise which of equal places stays.
    settings = {"stride": size, "padding": settings["padding"]}
    y, indices = pool("max", rank)(x, size, **settings, return_indices=True)
    import torch

    unpool = functools.partial(
        getattr(mg, f"max_unpool{rank}d"), kernel_size=size, **settings, output_size=x.shape
    )
    expected = getattr(torch.nn.functional, f"max_unpool{rank}d")(
        torch.tensor(y), torch.tensor(indices), size, **settings, output_size=x.shape
    )
    np.testing.assert_array_equal(unpool(y, indices), expected.numpy())
    upstream = rng.normal(size=x.shape)
    found = gradient(lambda y: unpool(y, indices), y, upstream)
    flat = upstream.reshape(*x.shape[:2], -1)
    taken = np.take_along_axis(flat, indices.reshape(*x.shape[:2], -1), -1)
    np.testing.assert_array_equal(found, taken.reshape(y.shape))


def test_sums_of_half_precision_are_exact_to_its_digits():
    x = np.ones((1, 1, 200, 200), np.float16)
    assert mg.sum_pool2d(x, 200).tolist() == [[[[40000]]]]
    assert mg.interpolate(x, size=1, mode="area").tolist() == [[[[1]]]]


def test_averages_and_norms_of_integers_do_not_wrap():
    assert mg.avg_pool2d(np.full((1, 1, 2, 2), 2**62), 2).item() == 2.0**62
    assert mg.lp_pool1d(np.array([[[-128, -128]]], np.int8), np.inf, 2).item() == 128.0
    assert mg.lp_pool1d(np.array([[[-128, 0]]], np.int8), 2, 2).item() == 128.0


def test_norms_of_half_precision_do_not_overflow():
    x = np.full((1, 1, 2), 300, np.float16)
    assert mg.lp_pool1d(x, 4, 2).item() == pytest.approx(300 * 2**0.25, rel=1e-3)


def test_an_output_size_of_unpooling_is_a_tuple():
    with pytest.raises(TypeError, match=r"^max_unpool2d: output_size must be a tuple of integers"):
        mg.max_unpool2d(np.ones((1, 1, 2, 2)), np.zeros((1, 1, 2, 2), int), 2, output_size=4)
