"""Layers that slide filters over images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..ops import conv2d
from ..ops.windows import Size as Pair
from ..ops.windows import per_axis
from ..random import generator
from ..tensor import Tensor
from .init import fan_in_uniform
from .inputs import cast_input, checked_size
from .module import Module
from .parameter import Parameter

if TYPE_CHECKING:
    from numpy.random import Generator


class Conv2d(Module):
    """Convolution of images with filters; see `minigrad.conv2d`.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the input and of the output, which has one for each filter.
    kernel_size : int or (vertical, horizontal)
        Size of the filters.
    stride : int or (vertical, horizontal)
        Distance between windows.
    padding : int or (vertical, horizontal)
        Rows and columns of zeros on each side.
    bias : bool
        Whether there is a bias.
    dtype : dtype
        Of the parameters; an input is converted to it.
    rng : numpy.random.Generator or int, optional
        What the parameters are drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Attributes
    ----------
    weight : Parameter of shape (out_channels, in_channels, KH, KW)
    bias : Parameter of shape (out_channels,), or None
        Both drawn from ±1 / sqrt(in_channels * KH * KW).

    Raises
    ------
    ValueError
        If a setting is out of range, or an input is not (N, in_channels, H, W) or smaller than a
        filter.
    TypeError
        If a setting is not an integer or a pair of them, or an input is not real numbers.

    Examples
    --------
    >>> layer = mg.nn.Conv2d(1, 16, kernel_size=3, padding=1)
    >>> layer
    Conv2d(1, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    >>> layer(np.zeros((32, 1, 8, 8))).shape
    (32, 16, 8, 8)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        *,
        bias: bool = True,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        rng = generator(rng)
        self.in_channels = checked_size("Conv2d", "in_channels", in_channels)
        self.out_channels = checked_size("Conv2d", "out_channels", out_channels)
        self.kernel_size = per_axis("Conv2d", "kernel_size", kernel_size, 2, least=1)
        self.stride = per_axis("Conv2d", "stride", stride, 2, least=1)
        self.padding = per_axis("Conv2d", "padding", padding, 2, least=0)
        window = (self.in_channels, *self.kernel_size)
        fan_in = math.prod(window)
        self.weight = fan_in_uniform((self.out_channels, *window), fan_in, dtype, rng)
        self.bias: Parameter | None = (
            fan_in_uniform((self.out_channels,), fan_in, dtype, rng) if bias else None
        )

    def forward(self, x: Any) -> Tensor:
        """Map images of shape (N, in_channels, H, W) to (N, out_channels, OH, OW)."""
        x = cast_input("Conv2d", x, self.weight.dtype)
        return conv2d(x, self.weight, self.bias, self.stride, self.padding)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        settings = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        settings += f", stride={self.stride}"
        if self.padding != (0, 0):
            settings += f", padding={self.padding}"
        return settings if self.bias is not None else f"{settings}, bias=False"
