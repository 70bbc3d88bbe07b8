import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing.samples.resizing import interpolations

rng = np.random.default_rng(0)
inf, nan = np.inf, np.nan

PAIRS = str(Path(__file__).parents[1] / "oracle" / "pairs.py")


def row(*values):
    """A batch of one image of one axis and one channel."""
    return np.array([[values]], float)


def flat(result):
    return np.asarray(result).ravel().tolist()


# By hand


@pytest.mark.parametrize(
    ("x", "settings", "expected"),
    [
        (row(1, 2), {"size": 4}, [1, 1, 2, 2]),
        (row(1, 2), {"scale_factor": 2}, [1, 1, 2, 2]),
        (row(1, 2, 3), {"size": 2}, [1, 2]),
        (row(1, 2, 3), {"size": 2, "mode": "nearest-exact"}, [1, 3]),
        (row(1, 2, 3, 4), {"size": 2, "mode": "area"}, [1.5, 3.5]),
        (row(1, 2, 4), {"size": 2, "mode": "area"}, [1.5, 3]),
        (row(1, 2), {"size": 3, "mode": "area"}, [1, 1.5, 2]),
        (row(0, 4), {"size": 4, "mode": "linear"}, [0, 1, 3, 4]),
        (row(0, 3), {"size": 4, "mode": "linear", "align_corners": True}, [0, 1, 2, 3]),
        (row(1, 2, 3, 4), {"size": 2, "mode": "linear"}, [1.5, 3.5]),
        (row(1, 2, 3, 4), {"size": 2, "mode": "linear", "align_corners": True}, [1, 4]),
        (row(5, 7), {"size": 1, "mode": "linear"}, [6]),
        (row(5, 7), {"size": 1, "mode": "linear", "align_corners": True}, [5]),
        # Factors give 3 new pixels: at 1.5 and by the ratio of the sizes they are 2 / 3 apart, and
        # at 1.75 they are 4 / 7 apart.
        (row(0, 6), {"scale_factor": 1.5, "mode": "linear"}, [0, 3, 6]),
        (row(0, 7), {"scale_factor": 1.75, "mode": "linear"}, [0, 2.5, 6.5]),
        (
            row(0, 7),
            {"scale_factor": 1.75, "mode": "linear", "recompute_scale_factor": True},
            [0, 3.5, 7],
        ),
    ],
)
def test_one_axis(x, settings, expected):
    np.testing.assert_allclose(flat(mg.interpolate(x, **settings)), expected, atol=1e-15)


def test_two_axes_are_one_after_the_other():
    x = np.array([[[[0.0, 4.0], [8.0, 12.0]]]])
    expected = [[0, 1, 3, 4], [2, 3, 5, 6], [6, 7, 9, 10], [8, 9, 11, 12]]
    assert mg.interpolate(x, 4, mode="bilinear")[0, 0].tolist() == expected
    assert mg.interpolate(x, (1, 2), mode="bilinear")[0, 0].tolist() == [[4, 8]]
    assert mg.interpolate(x, (3, 2))[0, 0].tolist() == [[0, 4], [0, 4], [8, 12]]


def test_three_axes():
    x = np.arange(8.0).reshape(1, 1, 2, 2, 2)
    assert flat(mg.interpolate(x, 1, mode="trilinear")) == [3.5]
    assert flat(mg.interpolate(x, (1, 1, 2), mode="trilinear")) == [3, 4]
    assert flat(mg.interpolate(x, scale_factor=(0.5, 0.5, 1))) == [0, 1]


def test_cubic_weights():
    """Of the kernel with a = -3/4 at the distances 1/4, 3/4, 5/4 and 7/4."""
    x = np.array([[[[0.0, 1.0]]]])
    at = {0.25: 0.87890625, 0.75: 0.26171875, 1.25: -0.10546875, 1.75: -0.03515625}
    assert sum(at.values()) == 1
    expected = [at[1.25], at[0.75] + at[1.75], at[0.25] + at[1.25], 1 - at[1.25]]
    assert flat(mg.interpolate(x, (1, 4), mode="bicubic")) == expected


def test_antialiasing_takes_all_pixels_into_account():
    x = np.zeros((4, 1, 1, 4))
    x[range(4), 0, 0, range(4)] = 7
    smaller = mg.interpolate(x, (1, 2), mode="bilinear", antialias=True)[:, 0, 0]
    np.testing.assert_allclose(smaller, [[3, 0], [3, 1], [1, 3], [0, 3]], rtol=1e-15)
    larger = mg.interpolate(x, (1, 8), mode="bilinear", antialias=True)
    np.testing.assert_allclose(larger, mg.interpolate(x, (1, 8), mode="bilinear"), atol=1e-14)


def test_a_gradient_adds_up_what_was_read():
    x = mg.tensor(row(0, 4), requires_grad=True)
    y = mg.interpolate(x, 4, mode="linear")
    (gradient,) = mg.grad(y, x, row(1, 10, 100, 1000))
    assert flat(gradient) == [1 + 7.5 + 25, 2.5 + 75 + 1000]
    (gradient,) = mg.grad(mg.interpolate(x, 5), x, row(1, 10, 100, 1000, 10000))
    assert flat(gradient) == [111, 11000]


def test_pixels_of_shuffled_channels():
    x = np.array([[[1]], [[2]], [[3]], [[4]]])
    assert mg.pixel_shuffle(x, 2).tolist() == [[[1, 2], [3, 4]]]
    assert mg.pixel_unshuffle([[[1, 2], [3, 4]]], 2).tolist() == x.tolist()
    assert mg.channel_shuffle(x[None], 2).ravel().tolist() == [1, 3, 2, 4]


@pytest.mark.parametrize("batch", [(), (2,), (0,), (2, 3), (1, 0, 2)])
def test_unshuffling_undoes_shuffling(batch):
    x = rng.standard_normal((*batch, 18, 2, 1)).astype(np.float32)
    y = mg.pixel_shuffle(x, 3)
    assert y.shape == (*batch, 2, 6, 3)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(mg.pixel_unshuffle(y, 3), x)


# Properties


def test_what_is_not_finite_stays_where_it_is():
    x = row(1, 2, inf, 4, 5, 6)
    assert flat(mg.interpolate(x, 11, mode="linear", align_corners=True)) == [
        *(1, 1.5, 2, inf, inf, inf, 4, 4.5, 5, 5.5, 6)
    ]
    x = np.zeros((1, 1, 9, 9))
    x[..., 4, 4] = nan
    for mode in ("nearest", "area", "bilinear", "bicubic"):
        y = mg.interpolate(x, 18, mode=mode)[0, 0]
        assert np.isnan(y[8, 8])
        assert not np.isnan(y[:4]).any()
        assert not np.isnan(y[:, 14:]).any()


def test_a_size_that_stays_changes_nothing():
    x = rng.standard_normal((2, 3, 4, 5))
    for mode in ("nearest", "nearest-exact", "area", "bilinear", "bicubic"):
        np.testing.assert_array_equal(mg.interpolate(x, (4, 5), mode=mode), x)


@pytest.mark.parametrize("batch", [0, 1, 7])
@pytest.mark.parametrize("mode", ["nearest", "area", "bilinear", "bicubic"])
def test_the_batch_stays_innermost_in_memory(batch, mode):
    x = np.moveaxis(rng.standard_normal((3, 4, 5, batch)).astype(np.float32), -1, 0)
    y = mg.interpolate(x, (7, 3), mode=mode)
    assert y.shape == (batch, 3, 7, 3)
    assert y.dtype == np.float32
    assert np.moveaxis(y, 0, -1).flags.c_contiguous
    np.testing.assert_allclose(y, mg.interpolate(x.copy(order="C"), (7, 3), mode=mode), rtol=1e-6)
    t = mg.tensor(x, requires_grad=True)
    (gradient,) = mg.grad(mg.interpolate(t, (7, 3), mode=mode), t, np.ones(y.shape, np.float32))
    assert gradient.dtype == np.float32
    assert gradient.shape == x.shape


def test_large_images_are_worked_on_in_groups():
    x = rng.standard_normal((3, 40, 50, 60))
    y = mg.interpolate(x, (70, 45), mode="bilinear")
    for n, c in [(0, 0), (1, 20), (2, 39)]:
        one = mg.interpolate(x[n : n + 1, c : c + 1], (70, 45), mode="bilinear")
        np.testing.assert_allclose(y[n, c], one[0, 0], rtol=1e-13, atol=1e-13)


def test_integers_and_lists():
    assert mg.interpolate([[[1, 2]]], 4).tolist() == [[[1, 1, 2, 2]]]
    assert mg.interpolate(np.array([[[1, 2]]]), 4).dtype == np.array([1]).dtype
    assert mg.interpolate([[[1, 2]]], 3, mode="area").tolist() == [[[1, 1.5, 2]]]


# Compared with PyTorch on larger images than the samples have


@given(data=st.data())
@settings(max_examples=150)
def test_equals_pytorch(data):
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    interpolate = runpy.run_path(PAIRS)["interpolate"]
    call = data.draw(interpolations(longest=20))
    dtype = data.draw(st.sampled_from([np.float64, np.float32]))
    (x,), chosen = call.arrays, call.settings
    if "scale_factor" in chosen:
        rank = x.ndim - 2
        factors = data.draw(st.lists(st.floats(0.3, 4), min_size=rank, max_size=rank))
        least = [max(f, 1 / n) for f, n in zip(factors, x.shape[2:], strict=True)]
        chosen = chosen | {"scale_factor": tuple(least)}
    x = x.astype(dtype)
    near = {"rtol": 1e-10, "atol": 1e-12} if dtype is np.float64 else {"rtol": 1e-3, "atol": 1e-4}

    t, theirs = mg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y = mg.interpolate(t, **chosen)
    assert y.dtype == dtype
    expected = interpolate(theirs, **chosen)
    np.testing.assert_allclose(y.detach().numpy(), expected.detach().numpy(), **near)
    if not x.size:
        return
    g = np.random.default_rng(1).standard_normal(y.shape).astype(dtype)
    (gradient,) = mg.grad(y, t, g)
    (slope,) = torch.autograd.grad(expected, theirs, torch.tensor(g))
    np.testing.assert_allclose(gradient.numpy(), slope.numpy(), **near)


# Errors

images = np.zeros((2, 8, 4, 6))


@pytest.mark.parametrize(
    ("x", "settings", "error", "message"),
    [
        (images, {}, ValueError, r"^interpolate: give one of size and scale_factor, got size=None"),
        (images, {"size": 2, "scale_factor": 2}, ValueError, "got size=2 and scale_factor=2"),
        (images, {"size": (2, 2, 2)}, ValueError, "size has 3 entries.*have 2 axes behind"),
        (images, {"scale_factor": [2]}, ValueError, r"scale_factor has 1 entries, \[2\]"),
        (images, {"size": 0}, ValueError, "size must be at least 1, got 0"),
        (images, {"size": (2, -1)}, ValueError, r"size must be at least 1, got \(2, -1\)"),
        (images, {"size": 2.5}, TypeError, "size is an integer, or one for each axis.*got 2.5"),
        (images, {"scale_factor": "2x"}, TypeError, "scale_factor is a number.*got '2x'"),
        (images, {"scale_factor": -1}, ValueError, "scale_factor must be above 0, got -1"),
        (images, {"scale_factor": nan}, ValueError, "scale_factor must be above 0, got nan"),
        (images, {"scale_factor": 0.2}, ValueError, r"\(4, 6\) would become \(0, 1\); use a large"),
        (images[0, 0], {"size": 2}, ValueError, r"shape \(4, 6\), expected \(N, C, W\)"),
        (images[:, :, :0], {"size": 2}, ValueError, r"shape \(2, 8, 0, 6\).*without pixels"),
        (images, {"size": 2, "mode": "cubic"}, ValueError, "'nearest', .* or 'trilinear', got 'cu"),
        (images, {"size": 2, "mode": "linear"}, ValueError, "images of 2 axes; use 'bilinear', 'b"),
        (images[0], {"size": 2, "mode": "bicubic"}, ValueError, "images of 1 axes; use 'linear'"),
        (images, {"size": 2, "align_corners": False}, ValueError, "no meaning in mode 'nearest'"),
        (images, {"size": 2, "antialias": True}, ValueError, "mode 'bilinear' or 'bicubic', not f"),
        (
            images,
            {"size": 2, "recompute_scale_factor": True},
            ValueError,
            "recompute_scale_factor has no meaning with size",
        ),
    ],
)
def test_a_wrong_call_of_interpolate(x, settings, error, message):
    for value in (x, mg.tensor(x)):
        with pytest.raises(error, match=message):
            mg.interpolate(value, **settings)


@pytest.mark.parametrize(
    ("function", "x", "setting", "error", "message"),
    [
        (
            mg.pixel_shuffle,
            images,
            3,
            ValueError,
            r"\(2, 8, 4, 6\), whose 8 channels.*C \* 9, 4",
        ),
        (mg.pixel_shuffle, images[0, 0], 2, ValueError, r"\(4, 6\), expected \(\.\.\., C, H, W\)"),
        (mg.pixel_shuffle, images, 0, ValueError, "upscale_factor must be at least 1, got 0"),
        (mg.pixel_shuffle, images, 2.0, TypeError, "upscale_factor must be an integer, got 2.0"),
        (mg.pixel_unshuffle, images, 4, ValueError, r"\(2, 8, 4, 6\), whose images of 4 times 6.*"),
        (mg.pixel_unshuffle, images, -1, ValueError, "downscale_factor must be at least 1"),
        (mg.channel_shuffle, images, 3, ValueError, r"\(2, 8, 4, 6\), whose 8 channels"),
        (mg.channel_shuffle, images[0, 0], 2, ValueError, r"\(4, 6\), expected \(N, C, \.\.\.\)"),
        (mg.channel_shuffle, images, 0, ValueError, "groups must be at least 1"),
    ],
)
def test_a_wrong_call_of_a_shuffle(function, x, setting, error, message):
    with pytest.raises(error, match=f"^{function.__name__}: .*{message}"):
        function(x, setting)
