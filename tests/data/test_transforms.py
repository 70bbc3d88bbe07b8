import numpy as np
import pytest

import minigrad as mg
from minigrad.data import transforms as T

images = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_bytes_become_values_from_0_to_1(dtype):
    values = T.ToFloat(dtype)(np.arange(256, dtype=np.uint8))
    assert values.dtype == dtype
    np.testing.assert_array_equal(values, np.arange(256).astype(dtype) / dtype(255))


def test_floats_are_cast_and_truth_values_counted():
    assert T.ToFloat()(np.array([300.0])).dtype == np.float32
    assert T.ToFloat()(np.array([300.0])) == 300
    np.testing.assert_array_equal(T.ToFloat()(np.array([True, False])), [1, 0])
    with pytest.raises(TypeError, match="got int64; divide by the largest value yourself"):
        T.ToFloat()(np.arange(3))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normalize_by_channel(dtype):
    x = images.astype(dtype)
    mean, std = x.mean((0, 2, 3)), x.std((0, 2, 3))
    for settings in ((mean, std), (mean.tolist(), std.tolist()), (tuple(mean), std)):
        result = T.Normalize(*settings)(x)
        assert result.dtype == dtype
        np.testing.assert_allclose(result.mean((0, 2, 3)), 0, atol=1e-5)
        np.testing.assert_allclose(result.std((0, 2, 3)), 1, rtol=1e-5)


def test_normalize_by_one_number_takes_any_shape():
    np.testing.assert_array_equal(T.Normalize(1, 2)(np.array([3.0])), [1])
    np.testing.assert_array_equal(T.Normalize([0.0], [1.0])(images), images)


@pytest.mark.parametrize(
    ("mean", "std", "x", "error", "message"),
    [
        (0, 0, None, ValueError, "std must be above 0, got 0"),
        (0, [1, np.nan], None, ValueError, "std must be above 0"),
        ([[0]], 1, None, ValueError, "one for each channel"),
        (0, 1, np.arange(3), TypeError, r"the image is int64; apply ToFloat\(\) before"),
        ([0, 1], 1, images, ValueError, "for 2 channels; .* has 3"),
        ([0, 1], 1, images[0, 0], ValueError, r"x\[None\] adds the axis"),
    ],
)
def test_normalize_errors(mean, std, x, error, message):
    with pytest.raises(error, match=message):
        T.Normalize(mean, std)(x)


def test_compose():
    both = T.Compose([T.Pad(1), T.CenterCrop((4, 5))])
    np.testing.assert_array_equal(both(images), images)
    assert repr(both) == (
        "Compose([Pad(padding=1, fill=0, padding_mode='constant'), CenterCrop(size=(4, 5))])"
    )
    assert T.Compose([])(3) == 3
    with pytest.raises(TypeError, match="Compose: 'flip' is not a function"):
        T.Compose(["flip"])


@pytest.mark.parametrize(
    ("padding", "widths"),
    [
        (2, ((2, 2), (2, 2))),
        ((1, 2), ((2, 2), (1, 1))),
        ([1, 2, 3, 0], ((2, 0), (1, 3))),
    ],
)
@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
def test_pad(padding, widths, mode):
    expected = np.pad(images, ((0, 0), (0, 0), *widths), mode=mode)
    np.testing.assert_array_equal(T.Pad(padding, padding_mode=mode)(images), expected)
    np.testing.assert_array_equal(T.Pad(padding, padding_mode=mode)(images[0]), expected[0])


def test_pad_fills():
    assert T.Pad((1, 0, 0, 0), fill=9)(images)[0, 0, :, 0].tolist() == [9] * 4


@pytest.mark.parametrize("padding", [-1, 1.5, (1, 2, 3), (1, 2, 3, 4, 5), "a"])
def test_wrong_paddings(padding):
    with pytest.raises(ValueError, match="Pad: padding is an integer of at least 0, or"):
        T.Pad(padding)


def test_a_wrong_mode():
    with pytest.raises(ValueError, match=r"padding_mode must be 'constant'.* got 'wrap'"):
        T.RandomCrop(3, padding_mode="wrap")


# Half of an odd rest is rounded to even: the top of 7 - 4 = 3 is at 2, of 5 - 4 = 1 at 0.
@pytest.mark.parametrize(("size", "top"), [(3, 2), (4, 2), (5, 1), (6, 0), (7, 0)])
def test_center_crop(size, top):
    image = np.arange(7.0)[None, :, None] * np.ones((1, 7, 9))
    crop = T.CenterCrop((size, 2))(image)
    assert crop[0, :, 0].tolist() == list(range(top, top + size))
    crop[...] = -1
    assert image.min() == 0


def offsets(crops, width):
    return {divmod(int(place), width) for place in crops[..., 0, 0, 0].reshape(-1)}


def test_random_crop_reaches_every_place_and_keeps_channels_together():
    x = np.arange(20).reshape(1, 4, 5) + np.array([0, 100]).reshape(2, 1, 1)
    crops = T.RandomCrop((3, 2), rng=0)(np.broadcast_to(x, (300, 2, 4, 5)))
    assert crops.shape == (300, 2, 3, 2)
    assert offsets(crops, 5) == {(top, left) for top in range(2) for left in range(4)}
    for crop in crops:
        top, left = divmod(int(crop[0, 0, 0]), 5)
        np.testing.assert_array_equal(crop, x[:, top : top + 3, left : left + 2])


def test_random_crop_pads_first():
    crops = T.RandomCrop((4, 5), padding=1, fill=-1, rng=0)(np.stack([images[0]] * 200))
    assert crops.shape == (200, 3, 4, 5)
    padded = T.Pad(1, fill=-1)(images[0])
    windows = [padded[:, i : i + 4, j : j + 5].tobytes() for i in range(3) for j in range(3)]
    assert {crop.tobytes() for crop in crops} == set(windows)


def test_a_crop_of_the_whole_is_the_whole():
    np.testing.assert_array_equal(T.RandomCrop((4, 5))(images), images)


@pytest.mark.parametrize("crop", [T.CenterCrop, T.RandomCrop])
def test_crop_errors(crop):
    with pytest.raises(ValueError, match=r"\(1, 2, 2\) is smaller than 3 by 3"):
        crop(3)(np.ones((1, 2, 2)))
    with pytest.raises(ValueError, match="has the shape"):
        crop(3)(np.ones((5, 5)))
    for size in (0, 2.5, (1, 2, 3), (1,)):
        with pytest.raises(ValueError, match="size is an integer of at least 1, or"):
            crop(size)


FLIPS = [(T.RandomHorizontalFlip, -1), (T.RandomVerticalFlip, -2)]


@pytest.mark.parametrize(("flip", "axis"), FLIPS)
def test_flips(flip, axis):
    np.testing.assert_array_equal(flip(p=1)(images), np.flip(images, axis))
    np.testing.assert_array_equal(flip(p=0)(images), images)
    np.testing.assert_array_equal(flip(1.0)(images[0]), np.flip(images[0], axis))
    many = flip(rng=0)(np.stack([images[0]] * 1000))
    flipped = (many != images[0]).any((1, 2, 3))
    assert 400 < flipped.sum() < 600
    np.testing.assert_array_equal(many[flipped][0], np.flip(images[0], axis))


def test_erasing():
    x = np.ones((500, 3, 10, 12))
    result = T.RandomErasing(value=7, scale=(0.1, 0.2), rng=0)(x)
    erased = result == 7
    assert (erased | (result == 1)).all()
    assert (erased == erased[:, :1]).all()  # all channels alike
    touched = erased.any((1, 2, 3))
    assert 190 < touched.sum() < 310
    for mask in erased[touched, 0]:
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        assert mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert mask.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        assert 0.05 * 120 < mask.sum() < 0.25 * 120  # sides are rounded


def test_what_cannot_be_erased_stays():
    np.testing.assert_array_equal(T.RandomErasing(1, scale=(1, 1))(images), images)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"p": 1.5}, "p must be from 0 to 1"),
        ({"scale": (0.5, 0.1)}, "scale goes up"),
        ({"scale": (0, 2)}, "scale goes up"),
        ({"ratio": (0, 1)}, "ratio goes up from above 0"),
    ],
)
def test_erasing_errors(settings, message):
    with pytest.raises(ValueError, match=message):
        T.RandomErasing(**settings)


@pytest.mark.parametrize("p", [-0.1, 1.1, np.nan])
def test_a_probability(p):
    with pytest.raises(ValueError, match="RandomVerticalFlip: p must be from 0 to 1"):
        T.RandomVerticalFlip(p)


RANDOM = [
    lambda rng: T.RandomCrop(2, padding=1, rng=rng),
    lambda rng: T.RandomHorizontalFlip(rng=rng),
    lambda rng: T.RandomVerticalFlip(rng=rng),
    lambda rng: T.RandomErasing(rng=rng),
]


@pytest.mark.parametrize("make", RANDOM)
def test_random_ones_follow_their_generator(make):
    x = np.random.default_rng(0).random((6, 2, 3, 3))
    x.flags.writeable = False
    first, again = make(3), make(np.random.default_rng(3))
    for _ in range(3):
        np.testing.assert_array_equal(first(x), again(x))
    assert len({first(x).tobytes() for _ in range(8)}) > 1  # a seed is no constant
    mg.manual_seed(1)
    shared = make(None)(x)
    mg.manual_seed(1)
    np.testing.assert_array_equal(make(None)(x), shared)


@pytest.mark.parametrize("make", [*RANDOM, lambda _: T.Pad(1), lambda _: T.CenterCrop(2)])
@pytest.mark.parametrize("shape", [(1, 3, 3), (4, 2, 3, 3), (2, 3, 1, 4, 4), (0, 1, 3, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_shapes_and_dtypes(make, shape, dtype):
    x = np.ones(shape, dtype)
    result = make(0)(x)
    assert result.dtype == dtype
    assert result.shape[:-2] == shape[:-2]
    assert not np.shares_memory(x, result)


def test_one_hot():
    rows = T.OneHot(3)(np.array([[0, 2], [1, 2]], np.uint8))
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, np.eye(3)[[[0, 2], [1, 2]]])
    assert T.OneHot(4, bool)(1).tolist() == [False, True, False, False]
    assert T.OneHot(3)(np.zeros((0, 2), int)).shape == (0, 2, 3)


@pytest.mark.parametrize(
    ("labels", "classes", "error", "message"),
    [
        ([0.0], 2, TypeError, "labels must be integers, got float64"),
        ([0, 3], 3, ValueError, "from 0 to num_classes - 1 = 2; they go from 0 to 3"),
        ([-1], 3, ValueError, "they go from -1"),
        ([0], 0, ValueError, "num_classes must be at least 1"),
        ([0], 2.0, TypeError, "num_classes must be an integer"),
    ],
)
def test_one_hot_errors(labels, classes, error, message):
    with pytest.raises(error, match=f"OneHot: .*{message}"):
        T.OneHot(classes)(labels)
