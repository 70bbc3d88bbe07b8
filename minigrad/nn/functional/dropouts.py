"""Dropout as functions: a random mask decides which values are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import ops
from ...ops.rectifiers import SELU_ALPHA, SELU_SCALE
from ...ops.shaping import inverse
from ...random import generator
from ...registry import Array, constant
from ...tensor import Tensor

if TYPE_CHECKING:
    from numpy.random import Generator

# The limit of SELU at minus infinity.
_SELU_LIMIT = -SELU_SCALE * SELU_ALPHA


def dropout(
    x: Array,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    rng: Generator | int | None = None,
) -> Tensor:
    """Zeros for random elements; the others are divided by ``1 - p``, so that means remain.

    Parameters
    ----------
    x : array
    p : float
        Probability of an element to become 0; it counts in steps of 2**-24.
    training : bool
        Whether to do so. Otherwise the result is `x`.
    inplace : bool
        Without effect: values never change.
    rng : numpy.random.Generator or int, optional
        What is drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Raises
    ------
    ValueError
        If `p` is not from 0 to 1.

    Notes
    -----
    From Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to
    prevent neural networks from overfitting" (2014). What is dropped becomes 0 also where it is inf
    or nan, and so does its gradient. Numbers are drawn in the order in which elements lie in
    memory.

    Examples
    --------
    >>> mg.nn.functional.dropout(mg.tensor([1.0, 2.0, 3.0, 4.0]), rng=0)
    tensor([2., 4., 6., 0.], dtype=float64)
    """
    p = probability("dropout", p)
    return _dropped(x, np.shape(x), p, rng) if training and p > 0 else x


def dropout1d(
    x: Array,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    rng: Generator | int | None = None,
) -> Tensor:
    """Zeros for random channels of sequences of shape (N, C, L) or (C, L); see `dropout`."""
    return _channels("dropout1d", x, (2, 3), "(N, C, L) or (C, L)", p, training, rng)


def dropout2d(
    x: Array,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    rng: Generator | int | None = None,
) -> Tensor:
    """Zeros for random channels of images of shape (N, C, H, W); see `dropout`."""
    expected = "(N, C, H, W); use dropout1d for (N, C, L), and x[None] for one image"
    return _channels("dropout2d", x, (4,), expected, p, training, rng)


def dropout3d(
    x: Array,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    rng: Generator | int | None = None,
) -> Tensor:
    """Zeros for random channels of volumes, (N, C, D, H, W) or (C, D, H, W); see `dropout`."""
    expected = "(N, C, D, H, W) or (C, D, H, W)"
    return _channels("dropout3d", x, (4, 5), expected, p, training, rng)


def alpha_dropout(
    x: Array,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    rng: Generator | int | None = None,
) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for networks with SELU.

    Random elements become the limit of SELU at minus infinity; then all are shifted and scaled.

    Parameters
    ----------
    x : array
    p : float
        Probability of an element to become the limit.
    training : bool
        Whether to do so. Otherwise the result is `x`.
    inplace : bool
        Without effect: values never change.
    rng : numpy.random.Generator or int, optional

    Examples
    --------
    >>> x = mg.random.normal(size=10_000, rng=0)
    >>> y = mg.nn.functional.alpha_dropout(x, 0.3, training=True, rng=1)
    >>> bool(abs(y.mean()) < 0.05), bool(abs(y.std() - 1) < 0.05)
    (True, True)
    """
    p = probability("alpha_dropout", p)
    return _alpha_dropped(x, np.shape(x), p, rng) if training and p > 0 else x


def feature_alpha_dropout(
    x: Array,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    rng: Generator | int | None = None,
) -> Tensor:
    """`alpha_dropout` of whole channels of an array of shape (N, C, ...)."""
    p, shape = probability("feature_alpha_dropout", p), np.shape(x)
    if len(shape) < 2:
        raise ValueError(f"feature_alpha_dropout: x has shape {shape}, expected (N, C, ...)")
    mask = shape[:2] + (1,) * (len(shape) - 2)
    return _alpha_dropped(x, mask, p, rng) if training and p > 0 else x


def probability(name: str, p: float, setting: str = "p") -> float:
    """Return a setting that is a probability of dropping, or say that it is none."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: {setting} is a probability, from 0 to 1, got {p!r}")
    return float(p)  # a NumPy scalar would make float64 of float32


def _channels(
    name: str,
    x: Array,
    ranks: tuple[int, ...],
    expected: str,
    p: float,
    training: bool,
    rng: Generator | int | None,
) -> Tensor:
    p, shape = probability(name, p), np.shape(x)
    if len(shape) not in ranks:
        raise ValueError(f"{name}: x has shape {shape}, expected {expected}")
    # The highest rank has an axis for the batch.
    outer = 2 if len(shape) == max(ranks) else 1
    mask = shape[:outer] + (1,) * (len(shape) - outer)
    return _dropped(x, mask, p, rng) if training and p > 0 else x


def _dropped(x: Array, shape: tuple[int, ...], p: float, rng: Generator | int | None) -> Tensor:
    kept: Tensor = ops.keep_where(_mask(x, shape, p, rng), x)
    return kept if p == 1 else kept * (1 / (1 - p))


def _alpha_dropped(
    x: Array, shape: tuple[int, ...], p: float, rng: Generator | int | None
) -> Tensor:
    if p == 1:
        return _dropped(x, shape, p, rng)
    scale = ((1 - p) * (1 + p * _SELU_LIMIT**2)) ** -0.5
    dropped = ops.where(_mask(x, shape, p, rng), x, _SELU_LIMIT)
    out: Tensor = dropped * scale - scale * p * _SELU_LIMIT
    return out


def _mask(x: Array, shape: tuple[int, ...], p: float, rng: Generator | int | None) -> Any:
    """Which elements are kept, drawn in the memory order of `x`: another order would be slow."""
    strides = np.asarray(constant(x)).strides
    order = tuple(sorted(range(len(shape)), key=lambda i: -abs(strides[i])))
    drawn = generator(rng).random([shape[i] for i in order], dtype=np.float32)
    return (drawn >= p).transpose(inverse(order))
