"""Activations with PyTorch's parameters; `inplace` has no effect, for values never change."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...registry import Array
from ...tensor import Tensor


def relu(x: Array, inplace: bool = False) -> Tensor:
    """Rectified linear unit; `minigrad.relu`."""
    return ops.relu(x)


def relu6(x: Array, inplace: bool = False) -> Tensor:
    """Rectifier that goes no higher than 6; `minigrad.relu6`."""
    return ops.relu6(x)


def leaky_relu(x: Array, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Rectifier that lets a little through; `minigrad.leaky_relu`."""
    return ops.leaky_relu(x, negative_slope)


def threshold(x: Array, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Elements above a threshold, a value elsewhere; `minigrad.threshold`."""
    return ops.threshold(x, threshold, value)


def hardtanh(
    x: Array, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """Array limited to an interval; `minigrad.hardtanh`."""
    return ops.hardtanh(x, min_val, max_val)


def hardsigmoid(x: Array, inplace: bool = False) -> Tensor:
    """Logistic function in three straight pieces; `minigrad.hardsigmoid`."""
    return ops.hardsigmoid(x)


def hardswish(x: Array, inplace: bool = False) -> Tensor:
    """Product of an array and its `hardsigmoid`; `minigrad.hardswish`."""
    return ops.hardswish(x)


def elu(x: Array, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Exponential linear unit; `minigrad.elu`."""
    return ops.elu(x, alpha)


def selu(x: Array, inplace: bool = False) -> Tensor:
    """Scaled exponential linear unit; `minigrad.selu`."""
    return ops.selu(x)


def celu(x: Array, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Exponential linear unit with slope 1 at 0; `minigrad.celu`."""
    return ops.celu(x, alpha)


def silu(x: Array, inplace: bool = False) -> Tensor:
    """Sigmoid linear unit; `minigrad.silu`."""
    return ops.silu(x)


def mish(x: Array, inplace: bool = False) -> Tensor:
    """Mish; `minigrad.mish`."""
    return ops.mish(x)


def identity(x: Tensor) -> Tensor:
    """Return `x` itself, the activation of the last layer of a regression."""
    return x


def softmax(x: Array, dim: int | None = None, dtype: Any = None) -> Tensor:
    """Exponentials scaled to a sum of 1 along an axis; `minigrad.softmax`.

    Parameters
    ----------
    x : array
    dim : int
        The axis, which must be given: PyTorch's choice of one is no longer advised there.
    dtype : dtype, optional
        What `x` is converted to before.

    Raises
    ------
    ValueError
        If `dim` is None.

    Examples
    --------
    >>> mg.nn.functional.softmax(mg.tensor([[0.0, 0.0]]), dim=1)
    tensor([[0.5, 0.5]], dtype=float64)
    """
    return ops.softmax(_converted(x, dtype), _axis("softmax", dim))


def log_softmax(x: Array, dim: int | None = None, dtype: Any = None) -> Tensor:
    """Logarithm of the softmax along an axis; `minigrad.log_softmax`. See `softmax`.

    Examples
    --------
    >>> mg.nn.functional.log_softmax(mg.tensor([[0.0, 0.0]]), dim=1).exp()
    tensor([[0.5, 0.5]], dtype=float64)
    """
    return ops.log_softmax(_converted(x, dtype), _axis("log_softmax", dim))


def softmin(x: Array, dim: int | None = None, dtype: Any = None) -> Tensor:
    """Softmax of ``-x`` along an axis; `minigrad.softmin`. See `softmax`."""
    return ops.softmin(_converted(x, dtype), _axis("softmin", dim))


def glu(x: Array, dim: int = -1) -> Tensor:
    """Half of an axis, gated by the other half; `minigrad.glu`."""
    return ops.glu(x, dim)


def _axis(name: str, dim: int | None) -> int:
    if dim is None:
        raise ValueError(
            f"{name}: dim is missing; pass the axis along which the result sums to 1, such as dim=1"
        )
    return dim


def _converted(x: Array, dtype: Any) -> Array:
    return x if dtype is None else ops.astype(x, dtype)
