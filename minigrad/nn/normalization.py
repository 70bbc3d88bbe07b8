"""Layers that normalise groups of channels, or features."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from .. import ops
from ..tensor import Tensor
from .inputs import cast_input, checked_size
from .module import Module
from .parameter import Parameter


class Normalization(Module):
    """What the layers share: weights of ones and biases of zeros, or none."""

    weight: Parameter | None
    bias: Parameter | None

    def _set_parameters(self, shape: tuple[int, ...], affine: bool, bias: bool, dtype: Any) -> None:
        self.weight = Parameter(np.ones(shape), dtype) if affine else None
        self.bias = Parameter(np.zeros(shape), dtype) if affine and bias else None

    def _cast(self, x: Any) -> Any:
        """The input in the dtype of the parameters or of the buffers, where there are any."""
        held: Tensor | None = next(itertools.chain(self.parameters(), self.buffers()), None)
        if held is None:
            return x if isinstance(x, Tensor) else np.asarray(x)
        return cast_input(type(self).__name__, x, held.dtype)


class GroupNorm(Normalization):
    """Groups of channels of every item at mean 0 and variance 1; see `minigrad.group_norm`.

    Parameters
    ----------
    num_groups, num_channels : int
        Number of groups, each of ``num_channels / num_groups`` adjacent channels.
    eps : float
        Added to the variances.
    affine : bool
        Whether there are weights and biases.
    bias : bool
        Whether there are biases, where there are weights.
    dtype : dtype
        Of the parameters; an input is converted to it.

    Attributes
    ----------
    weight, bias : Parameter of shape (num_channels,), or None
        At first 1 and 0.

    Raises
    ------
    ValueError
        If the groups do not divide the channels, or an input is not (N, num_channels, ...).

    Examples
    --------
    >>> mg.nn.GroupNorm(2, 6)(np.zeros((8, 6, 4, 4))).shape
    (8, 6, 4, 4)
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        bias: bool = True,
        dtype: Any = np.float32,
    ) -> None:
        self.num_groups = checked_size("GroupNorm", "num_groups", num_groups)
        self.num_channels = checked_size("GroupNorm", "num_channels", num_channels)
        if num_channels % num_groups:
            raise ValueError(
                f"GroupNorm: num_groups={num_groups} does not divide num_channels={num_channels}"
            )
        self.eps = eps
        self.affine = affine
        self._set_parameters((num_channels,), affine, bias, dtype)

    def forward(self, x: Any) -> Tensor:
        """Map an input of shape (N, num_channels, ...) to the same shape."""
        x = self._cast(x)
        if x.shape[1:2] != (self.num_channels,):
            raise ValueError(
                f"{self}: the input has shape {x.shape}, expected (N, {self.num_channels}, ...)"
            )
        return ops.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class _ByFeature(Normalization):
    """A layer that normalises along the last axes."""

    def _set_shape(self, normalized_shape: int | tuple[int, ...]) -> tuple[int, ...]:
        name = type(self).__name__
        lengths = np.atleast_1d(normalized_shape).tolist()
        if not lengths:
            raise ValueError(f"{name}: normalized_shape must have at least one length, got ()")
        self.normalized_shape = tuple(
            checked_size(name, "normalized_shape", length) for length in lengths
        )
        return self.normalized_shape

    def _checked(self, x: Any) -> Any:
        x, wanted = self._cast(x), self.normalized_shape
        if x.shape[max(0, x.ndim - len(wanted)) :] != wanted:
            expected = ", ".join(["...", *map(str, wanted)])
            raise ValueError(f"{self}: the input has shape {x.shape}, expected ({expected})")
        return x


class LayerNorm(_ByFeature):
    """The last axes at mean 0 and variance 1; see `minigrad.layer_norm`.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        Lengths of the axes.
    eps : float
        Added to the variances.
    elementwise_affine : bool
        Whether there are weights and biases.
    bias : bool
        Whether there are biases, where there are weights.
    dtype : dtype
        Of the parameters; an input is converted to it.

    Attributes
    ----------
    weight, bias : Parameter of shape `normalized_shape`, or None
        At first 1 and 0.

    Raises
    ------
    ValueError
        If an input does not end with `normalized_shape`.

    Examples
    --------
    >>> mg.nn.LayerNorm(4)(np.zeros((8, 10, 4))).shape
    (8, 10, 4)
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
    ) -> None:
        shape = self._set_shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._set_parameters(shape, elementwise_affine, bias, dtype)

    def forward(self, x: Any) -> Tensor:
        """Map an input of shape (..., normalized_shape...) to the same shape."""
        x = self._checked(x)
        return ops.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class RMSNorm(_ByFeature):
    """The last axes divided by the root of their mean square; see `minigrad.rms_norm`.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        Lengths of the axes.
    eps : float, optional
        Added to the mean square; by default the spacing of the dtype at 1.
    elementwise_affine : bool
        Whether there are weights.
    dtype : dtype
        Of the weights; an input is converted to it.

    Attributes
    ----------
    weight : Parameter of shape `normalized_shape`, or None
        At first 1.

    Raises
    ------
    ValueError
        If an input does not end with `normalized_shape`.

    Examples
    --------
    >>> mg.nn.RMSNorm(2, eps=0, dtype=float)(mg.tensor([1.0, 7.0])).detach()
    tensor([0.2, 1.4], dtype=float64)
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: Any = np.float32,
    ) -> None:
        shape = self._set_shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._set_parameters(shape, elementwise_affine, False, dtype)

    def forward(self, x: Any) -> Tensor:
        """Map an input of shape (..., normalized_shape...) to the same shape."""
        return ops.rms_norm(self._checked(x), self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class LocalResponseNorm(Module):
    """Channels divided by a power of their neighbours' mean square.

    See `minigrad.local_response_norm`.

    Parameters
    ----------
    size : int
        How many channels are neighbours.
    alpha, beta, k : float

    Examples
    --------
    >>> mg.nn.LocalResponseNorm(2)(np.zeros((8, 3, 5, 5))).shape
    (8, 3, 5, 5)
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self.size = checked_size("LocalResponseNorm", "size", size)
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, x: Any) -> Tensor:
        """Map an input of shape (N, C, ...) to the same shape."""
        return ops.local_response_norm(x, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
