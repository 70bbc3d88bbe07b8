"""Normalising channels, groups of them or features to mean 0 and variance 1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, composed
from .elementary import sqrt
from .shaping import reshape
from .standardization import Standardized, standardized

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed()
def batch_norm(
    x: Array,
    mean: Array | None = None,
    var: Array | None = None,
    weight: Array | None = None,
    bias: Array | None = None,
    /,
    *,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every channel to mean 0 and variance 1, over the batch and all positions.

    Parameters
    ----------
    x : array of shape (N, C), (N, C, L), (N, C, H, W) or (N, C, D, H, W)
    mean, var : array of shape (C,), optional
        Statistics to normalise by, such as running ones; by default those of `x` itself.
    weight, bias : array of shape (C,), optional
        A channel is multiplied by its weight at last, and its bias is added.
    eps : float
        Added to the variances.

    Raises
    ------
    ValueError
        If shapes do not match, a mean is given without a variance, or the batch has a single value
        in each channel, which would always become 0.

    Notes
    -----
    Running statistics are those of `minigrad.nn.BatchNorm2d` and of
    `minigrad.nn.functional.batch_norm`. Means far from 0 cost no digits. A channel of equal values
    becomes 0, and then the bias.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.batch_norm(mg.tensor([[1.0, 10.0], [3.0, 30.0]]), eps=0)
    tensor([[-1., -1.],
            [ 1.,  1.]], dtype=float64)
    """
    if mean is None and var is None:
        return batch_moments("batch_norm", x, weight, bias, eps).out
    return _by_given("batch_norm", x, mean, var, weight, bias, eps)


def batch_moments(
    name: str, x: Array, weight: Array | None, bias: Array | None, eps: float
) -> Standardized:
    """Normalise every channel by its own statistics, and return these too."""
    weight, bias = columns(name, x, weight=weight, bias=bias)
    if math.prod(x.shape) == x.shape[1]:
        raise ValueError(
            f"{name}: x has shape {x.shape}, a single value in each channel, which would always "
            "become 0; training needs a larger batch"
        )
    return standardized(x, weight, bias, (0, *range(2, x.ndim)), eps)


def _by_given(
    name: str,
    x: Array,
    mean: Array | None,
    var: Array | None,
    weight: Array | None,
    bias: Array | None,
    eps: float,
) -> Any:
    if mean is None or var is None:
        raise ValueError(f"{name}: takes a mean and a variance, or neither")
    mean, var, weight, bias = columns(name, x, mean=mean, var=var, weight=weight, bias=bias)
    scale = 1 / sqrt(var + float(eps))  # a NumPy scalar would make float64 of float32
    out = (x - mean) * (scale if weight is None else weight * scale)
    return out if bias is None else out + bias


@composed()
def instance_norm(
    x: Array,
    mean: Array | None = None,
    var: Array | None = None,
    weight: Array | None = None,
    bias: Array | None = None,
    /,
    *,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every channel of every item to mean 0 and variance 1, over all positions.

    Parameters
    ----------
    x : array of shape (N, C, L), (N, C, H, W) or (N, C, D, H, W)
    mean, var : array of shape (C,), optional
        Statistics to normalise by, such as running ones; by default those of each item itself.
    weight, bias : array of shape (C,), optional
        A channel is multiplied by its weight at last, and its bias is added.
    eps : float
        Added to the variances.

    Raises
    ------
    ValueError
        If shapes do not match, a mean is given without a variance, or an item has one position.

    Notes
    -----
    From Ulyanov, Vedaldi and Lempitsky, "Instance normalization" (2016).
    """
    if mean is None and var is None:
        return instance_moments("instance_norm", x, weight, bias, eps).out
    return _by_given("instance_norm", x, mean, var, weight, bias, eps)


def instance_moments(
    name: str, x: Array, weight: Array | None, bias: Array | None, eps: float
) -> Standardized:
    """Normalise every channel of every item by its own statistics, and return these too."""
    weight, bias = columns(name, x, weight=weight, bias=bias)
    if math.prod(x.shape[2:]) == 1:
        raise ValueError(
            f"{name}: x has shape {x.shape}, a single position in each channel, whose value would "
            "always become 0"
        )
    return standardized(x, weight, bias, tuple(range(2, x.ndim)), eps)


@composed()
def group_norm(
    x: Array,
    /,
    num_groups: int,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every item in groups of adjacent channels to mean 0 and variance 1.

    Parameters
    ----------
    x : array of shape (N, C, ...)
    num_groups : int
        Group 0 is channels 0 to ``C / num_groups - 1``, and so on.
    weight, bias : array of shape (C,), optional
        A channel is multiplied by its weight at last, and its bias is added.
    eps : float
        Added to the variances.

    Raises
    ------
    ValueError
        If the groups do not divide the channels, or shapes do not match.

    Notes
    -----
    From Wu and He, "Group normalization" (2018).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.group_norm(mg.tensor([[1.0, 3.0, 10.0, 30.0]]), 2, eps=0)
    tensor([[-1.,  1., -1.,  1.]], dtype=float64)
    """
    weight, bias = columns("group_norm", x, weight=weight, bias=bias)
    channels = x.shape[1]
    if num_groups < 1 or channels % num_groups:
        raise ValueError(
            f"group_norm: x of shape {x.shape} has {channels} channels, which {num_groups} groups "
            "do not divide"
        )
    split = (num_groups, channels // num_groups)
    grouped = reshape(x, (x.shape[0], *split, *x.shape[2:]))
    weight, bias = (
        None if v is None else reshape(v, (*split, *v.shape[1:])) for v in (weight, bias)
    )
    out = standardized(grouped, weight, bias, tuple(range(2, grouped.ndim)), eps).out
    return reshape(out, x.shape)


@composed()
def layer_norm(
    x: Array,
    /,
    normalized_shape: int | tuple[int, ...],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise along the last axes to mean 0 and variance 1.

    Parameters
    ----------
    x : array of shape (..., normalized_shape...)
    normalized_shape : int or tuple of int
        Lengths of the axes, one or more.
    weight, bias : array of shape `normalized_shape`, optional
        Multiplied and added at last, elementwise.
    eps : float
        Added to the variances.

    Raises
    ------
    ValueError
        If shapes do not match.

    Notes
    -----
    From Ba, Kiros and Hinton, "Layer normalization" (2016).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.layer_norm(mg.tensor([[1.0, 3.0], [10.0, 30.0]]), 2, eps=0)
    tensor([[-1.,  1.],
            [-1.,  1.]], dtype=float64)
    """
    axis = last_axes("layer_norm", x, normalized_shape, weight=weight, bias=bias)
    return standardized(x, weight, bias, axis, eps).out


def columns(name: str, x: Array, **vectors: Array | None) -> list[Any]:
    """Check that vectors have an element for each channel of `x`, and turn them to its channels."""
    _check_floats(name, x)
    if x.ndim < 2:
        raise ValueError(f"{name}: x has shape {x.shape}, expected (N, C, ...)")
    for label, vector in vectors.items():
        if vector is not None and np.shape(vector) != x.shape[1:2]:
            raise ValueError(
                f"{name}: {label} has shape {np.shape(vector)}, but x of shape {x.shape} has "
                f"{x.shape[1]} channels, so it must be {x.shape[1:2]}"
            )
    column = (-1,) + (1,) * (x.ndim - 2)
    return [None if vector is None else reshape(vector, column) for vector in vectors.values()]


def _check_floats(name: str, x: Array) -> None:
    if x.dtype.kind != "f":
        raise TypeError(f"{name}: x is {x.dtype}, expected floats; convert it by x.astype(float)")


def last_axes(
    name: str,
    x: Array,
    normalized_shape: int | tuple[int, ...],
    **parameters: Array | None,
) -> tuple[int, ...]:
    """Check that a shape ends with another, which is that of the parameters; return the axes."""
    _check_floats(name, x)
    shape = x.shape
    wanted = tuple(np.atleast_1d(normalized_shape).tolist())
    before = len(shape) - len(wanted)
    if not wanted or before < 0 or shape[before:] != wanted:
        expected = ", ".join(["...", *map(str, wanted)])
        raise ValueError(f"{name}: x has shape {shape}, expected ({expected})")
    for label, value in parameters.items():
        if value is not None and np.shape(value) != wanted:
            raise ValueError(
                f"{name}: {label} has shape {np.shape(value)}, but normalized_shape is {wanted}"
            )
    return tuple(range(before, len(shape)))
