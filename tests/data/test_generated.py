import numpy as np
import pytest

import minigrad as mg
from minigrad.data import blobs, circles, moons, spirals

SETS = [
    pytest.param(moons, 2, id="moons"),
    pytest.param(circles, 2, id="circles"),
    pytest.param(spirals, 3, id="spirals"),
    pytest.param(blobs, 3, id="blobs"),
]


@pytest.mark.parametrize(("make", "classes"), SETS)
@pytest.mark.parametrize("n", [1, 2, 7, 300, np.int64(4)])
def test_shapes_dtypes_and_balance(make, classes, n):
    x, y = make(n)
    assert (x.shape, x.dtype) == ((n, 2), np.float32)
    assert (y.shape, y.dtype) == ((n,), np.int64)
    np.testing.assert_array_equal(y, np.arange(n) % classes)
    assert np.isfinite(x).all()


@pytest.mark.parametrize(("make", "classes"), SETS)
def test_seeds(make, classes):
    noisy = {"std" if make is blobs else "noise": 0.3}
    np.testing.assert_array_equal(make(20, rng=1, **noisy)[0], make(20, rng=1, **noisy)[0])
    assert not np.array_equal(make(20, rng=1, **noisy)[0], make(20, rng=2, **noisy)[0])
    mg.manual_seed(3)
    first = make(20, **noisy)[0]
    mg.manual_seed(3)
    np.testing.assert_array_equal(make(20, **noisy)[0], first)


def test_moons_lie_on_half_circles():
    x, y = moons(101)
    upper, lower = x[y == 0], x[y == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1, rtol=1e-6)
    np.testing.assert_allclose(np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5), 1, rtol=1e-6)
    assert upper[:, 1].min() > -1e-6
    assert lower[:, 1].max() < 0.5 + 1e-6
    np.testing.assert_allclose(upper[[0, -1], 0], [1, -1])
    np.testing.assert_allclose(lower[[0, -1], 0], [0, 2], atol=1e-6)


@pytest.mark.parametrize("make", [moons, circles])
def test_noise_has_its_standard_deviation(make):
    error = make(4000, noise=0.25, rng=0)[0] - make(4000)[0]
    assert abs(error.std() - 0.25) < 0.01
    assert abs(error.mean()) < 0.02


def test_circles_are_evenly_spaced():
    x, y = circles(12, factor=0.25)
    for label, radius in enumerate([1, 0.25]):
        points = x[y == label] @ [1, 1j]
        np.testing.assert_allclose(
            points, radius * np.exp(2j * np.pi * np.arange(6) / 6), atol=1e-6
        )


def test_spirals_are_those_of_the_course():
    x, y = spirals(300, noise=0)
    for k in range(3):
        r = np.linspace(0.0, 1, 100)
        t = np.linspace(k * 4, (k + 1) * 4, 100)
        np.testing.assert_allclose(x[y == k], np.c_[r * np.sin(t), r * np.cos(t)], atol=1e-6)
    noisy = spirals(300, rng=0)[0]
    # Noise turns points around the origin: their distances from it stay.
    np.testing.assert_allclose(np.hypot(*noisy.T), np.hypot(*x.T), rtol=1e-6, atol=1e-7)
    assert np.abs(noisy - x).max() > 0.1


def test_blobs_are_around_their_centres():
    centers = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 50.0], [7.0, 7.0]])
    x, y = blobs(8000, centers, std=2.0, rng=0)
    for label, center in enumerate(centers):
        np.testing.assert_allclose(x[y == label].mean(0), center, atol=0.2)
        np.testing.assert_allclose(x[y == label].std(0), 2.0, atol=0.1)
    x, y = blobs(4, centers=4, std=0)
    np.testing.assert_allclose(x, [[5, 0], [0, 5], [-5, 0], [0, -5]], atol=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: moons(0), ValueError, "moons: n must be at least 1, got 0"),
        (lambda: moons(2.5), TypeError, "moons: n must be an integer, got 2.5"),
        (lambda: moons(5, noise=-1), ValueError, "moons: the noise must be at least 0"),
        (lambda: spirals(5, noise=np.nan), ValueError, "spirals: the noise must be at least 0"),
        (lambda: spirals(5, classes=0), ValueError, "spirals: classes must be at least 1"),
        (lambda: circles(5, factor=1), ValueError, "circles: factor lies between 0 and 1"),
        (lambda: blobs(5, 0), ValueError, "blobs: centers must be at least 1"),
        (lambda: blobs(5, [1.0, 2.0]), ValueError, r"shape \(classes, 2\), got \(2,\)"),
        (lambda: blobs(5, np.zeros((0, 2))), ValueError, "classes must be at least 1"),
        (lambda: blobs(5, std=-1), ValueError, "blobs: the noise must be at least 0"),
    ],
)
def test_impossible_sets(call, error, message):
    with pytest.raises(error, match=message):
        call()
