"""Points in the plane, to see what a network learns.

All sets are float32 points of shape (n, 2) and int64 labels of shape (n,). Classes take turns, so
that the first points of a set hold all of them alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..random import generator
from ._checks import checked_integer
from ._samplers import Rng

Points = tuple[NDArray[np.float32], NDArray[np.int64]]


def moons(n: int, noise: float = 0.0, *, rng: Rng = None) -> Points:
    """Two half circles, each around an end of the other.

    For angles `t` evenly spaced from 0 to π the points are ``(cos t, sin t)`` for label 0 and
    ``(1 - cos t, 1/2 - sin t)`` for label 1, as in scikit-learn.

    Parameters
    ----------
    n
        How many points there are.
    noise
        The standard deviation of what is added to both coordinates.
    rng
        A `numpy.random.Generator` or a seed. By default the generator that
        `minigrad.manual_seed` restarts.

    Raises
    ------
    ValueError
        If `n` is below 1 or `noise` below 0.

    Examples
    --------
    >>> x, y = mg.data.moons(4)
    >>> x.round(2) + 0.0, y
    (array([[ 1. ,  0. ],
           [ 0. ,  0.5],
           [-1. ,  0. ],
           [ 2. ,  0.5]], dtype=float32), array([0, 1, 0, 1]))
    """
    label, place = _in_turns("moons", n, 2)
    t = np.pi * place
    lower = label == 1
    x = np.where(lower, 1 - np.cos(t), np.cos(t))
    y = np.where(lower, 0.5 - np.sin(t), np.sin(t))
    return _noisy("moons", x, y, noise, rng), label


def circles(n: int, noise: float = 0.0, factor: float = 0.5, *, rng: Rng = None) -> Points:
    """A circle of radius 1, label 0, and one of radius `factor` inside it, label 1.

    Points are evenly spaced. Parameters and errors are those of `moons`.

    Examples
    --------
    >>> x, y = mg.data.circles(100)
    >>> np.unique(np.hypot(*x.T).round(3)).tolist()
    [0.5, 1.0]
    """
    if not 0 < factor < 1:
        raise ValueError(f"circles: factor lies between 0 and 1, not at {factor}")
    label, place = _in_turns("circles", n, 2, closed=True)
    radius = np.where(label == 0, 1.0, factor)
    t = 2 * np.pi * place
    return _noisy("circles", radius * np.cos(t), radius * np.sin(t), noise, rng), label


def spirals(n: int, classes: int = 3, noise: float = 0.2, *, rng: Rng = None) -> Points:
    """The spiral arms of the course notes CS231n, one for each class.

    Along arm `k` the radius `r` grows evenly from 0 to 1 and the angle `t` from ``4 k`` to
    ``4 (k + 1)``, to which normal noise is added; the points are ``(r sin t, r cos t)``.

    Parameters
    ----------
    n
        How many points there are, of all classes together; in the notes 300.
    classes
        How many arms there are.
    noise
        The standard deviation of what is added to the angle.
    rng
        A `numpy.random.Generator` or a seed. By default the generator that
        `minigrad.manual_seed` restarts.

    Raises
    ------
    ValueError
        If `n` or `classes` is below 1 or `noise` below 0.

    References
    ----------
    A. Karpathy, "Putting it together: minimal neural network case study",
    https://cs231n.github.io/neural-networks-case-study/

    Examples
    --------
    >>> x, y = mg.data.spirals(300, rng=0)
    >>> x.shape, x.dtype, np.bincount(y).tolist()
    ((300, 2), dtype('float32'), [100, 100, 100])
    """
    _check_noise("spirals", noise)
    label, r = _in_turns("spirals", n, classes)
    t = 4 * (label + r) + noise * generator(rng).standard_normal(n)
    return np.stack([r * np.sin(t), r * np.cos(t)], axis=1).astype(np.float32), label


def blobs(n: int, centers: int | ArrayLike = 3, std: float = 1.0, *, rng: Rng = None) -> Points:
    """Normally distributed points around centres, one centre for each class.

    Parameters
    ----------
    n
        How many points there are, of all classes together.
    centers
        The centres, of shape (classes, 2); or how many, which then are evenly spaced on a circle of
        radius 5, the first at (5, 0).
    std
        The standard deviation of both coordinates.
    rng
        A `numpy.random.Generator` or a seed. By default the generator that
        `minigrad.manual_seed` restarts.

    Raises
    ------
    ValueError
        If `n` or `centers` is below 1, `centers` has another shape, or `std` is below 0.

    Examples
    --------
    >>> x, y = mg.data.blobs(6, centers=[[0, 0], [9, 9]], std=0)
    >>> x.tolist()[:2], y
    ([[0.0, 0.0], [9.0, 9.0]], array([0, 1, 0, 1, 0, 1]))
    """
    if isinstance(centers, int | np.integer):
        count = checked_integer("blobs", "centers", centers)
        angle = 2 * np.pi * np.arange(count) / count
        middles = 5 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    else:
        middles = np.asarray(centers, np.float64)
        if middles.ndim != 2 or middles.shape[1] != 2:
            raise ValueError(
                f"blobs: centers must have the shape (classes, 2), got {middles.shape}"
            )
    label, _ = _in_turns("blobs", n, len(middles))
    x, y = middles[label].T
    return _noisy("blobs", x, y, std, rng), label


def _in_turns(
    name: str, n: int, classes: int, closed: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return labels, and for each point its place from 0 to 1 in its class."""
    n = checked_integer(name, "n", n)
    classes = checked_integer(name, "classes", classes)
    rank, label = np.divmod(np.arange(n, dtype=np.int64), classes)
    size = n // classes + (label < n % classes)  # of each point's class
    return label, rank / np.maximum(size if closed else size - 1, 1)


def _check_noise(name: str, noise: float) -> None:
    if not noise >= 0:
        raise ValueError(f"{name}: the noise must be at least 0, got {noise}")


def _noisy(
    name: str, x: NDArray[Any], y: NDArray[Any], noise: float, rng: Rng
) -> NDArray[np.float32]:
    _check_noise(name, noise)
    points = np.stack([x, y], axis=1)
    if noise:
        points += noise * generator(rng).standard_normal(points.shape)
    return points.astype(np.float32)
