"""Layers that slide filters over sequences, images and volumes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .. import ops
from ..ops.windows import Padding, Size, padding_of, paddings, per_axis
from ..random import generator
from ..tensor import Tensor
from .init import fan_in_uniform
from .inputs import cast_input, checked_size
from .module import Module
from .parameter import Parameter

if TYPE_CHECKING:
    from numpy.random import Generator

# NumPy's name of each manner of padding.
PADDING_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class _Convolution(Module):
    """What convolutions and their transposes have in common: the settings and the parameters."""

    rank: ClassVar[int]
    function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size,
        padding: Padding,
        dilation: Size,
        groups: int,
        bias: bool,
        dtype: Any,
        rng: Generator | int | None,
        *,
        transposed: bool,
    ) -> None:
        name, rank = type(self).__name__, self.rank
        self.in_channels = checked_size(name, "in_channels", in_channels)
        self.out_channels = checked_size(name, "out_channels", out_channels)
        self.groups = checked_size(name, "groups", groups)
        for setting in ("in_channels", "out_channels"):
            if getattr(self, setting) % self.groups:
                raise ValueError(
                    f"{name}: {setting}={getattr(self, setting)} cannot be divided into "
                    f"groups={groups}"
                )
        self.kernel_size = per_axis(name, "kernel_size", kernel_size, rank, least=1)
        self.stride = per_axis(name, "stride", stride, rank, least=1)
        self.dilation = per_axis(name, "dilation", dilation, rank, least=1)
        self._sides = paddings(name, padding, self.kernel_size, self.stride, self.dilation)
        self.padding = padding if isinstance(padding, str) else padding_of(self._sides)
        first, second = self.in_channels, self.out_channels
        if not transposed:
            first, second = second, first
        shape = (first, second // self.groups, *self.kernel_size)
        rng, fan_in = generator(rng), math.prod(shape[1:])
        self.weight = fan_in_uniform(shape, fan_in, dtype, rng)
        self.bias: Parameter | None = (
            fan_in_uniform((self.out_channels,), fan_in, dtype, rng) if bias else None
        )

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        settings = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        settings += f", stride={self.stride}"
        usual: dict[str, Any] = {
            "padding": (0,) * self.rank,
            "dilation": (1,) * self.rank,
            "output_padding": (0,) * self.rank,
            "groups": 1,
        }
        for name, value in usual.items():
            if getattr(self, name, value) != value:
                settings += f", {name}={getattr(self, name)}"
        if self.bias is None:
            settings += ", bias=False"
        mode = getattr(self, "padding_mode", "zeros")
        return settings if mode == "zeros" else f"{settings}, padding_mode={mode}"


class _Conv(_Convolution):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Padding = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        if padding_mode not in PADDING_MODES:
            raise ValueError(
                f"{type(self).__name__}: padding_mode is one of {', '.join(PADDING_MODES)}, got "
                f"{padding_mode!r}"
            )
        self.padding_mode = padding_mode
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            dtype,
            rng,
            transposed=False,
        )

    def forward(self, x: Any) -> Tensor:
        """Map (N, in_channels, lengths...) to (N, out_channels, out...)."""
        x = cast_input(type(self).__name__, x, self.weight.dtype)
        sides: Any = self._sides
        if self.padding_mode != "zeros" and x.ndim == self.rank + 2:
            x = ops.pad(x, [(0, 0), (0, 0), *sides], mode=PADDING_MODES[self.padding_mode])
            sides = 0
        return type(self).function(
            x, self.weight, self.bias, self.stride, sides, self.dilation, self.groups
        )


class Conv1d(_Conv):
    """Convolution of sequences with filters; see `minigrad.conv1d`.

    Parameters, attributes and errors are those of `Conv2d`, for one spatial axis.

    Examples
    --------
    >>> mg.nn.Conv1d(4, 8, kernel_size=3, padding="same")(np.zeros((32, 4, 100))).shape
    (32, 8, 100)
    """

    rank = 1
    function = staticmethod(ops.conv1d)


class Conv2d(_Conv):
    """Convolution of images with filters; see `minigrad.conv2d`.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the input and of the output, which has one for each filter.
    kernel_size : int or (vertical, horizontal)
        Size of the filters.
    stride : int or (vertical, horizontal)
        Distance between windows.
    padding : int, (vertical, horizontal), ((top, bottom), (left, right)), "same" or "valid"
        Rows and columns on each side.
    dilation : int or (vertical, horizontal)
        Distance between the elements of a window.
    groups : int
        The filters of each group see only the channels of their group.
    bias : bool
        Whether there is a bias.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the padding repeats.
    dtype : dtype
        Of the parameters; an input is converted to it.
    rng : numpy.random.Generator or int, optional
        What the parameters are drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Attributes
    ----------
    weight : Parameter of shape (out_channels, in_channels // groups, KH, KW)
    bias : Parameter of shape (out_channels,), or None
        Both drawn from ±1 / sqrt(in_channels // groups * KH * KW).

    Raises
    ------
    ValueError
        If a setting is out of range, the channels do not divide into the groups, or an input is not
        (N, in_channels, H, W) or smaller than a filter.
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

    rank = 2
    function = staticmethod(ops.conv2d)


class Conv3d(_Conv):
    """Convolution of volumes with filters; see `minigrad.conv3d`.

    Parameters, attributes and errors are those of `Conv2d`, for three spatial axes.

    Examples
    --------
    >>> mg.nn.Conv3d(1, 4, kernel_size=3)(np.zeros((2, 1, 8, 8, 8))).shape
    (2, 4, 6, 6, 6)
    """

    rank = 3
    function = staticmethod(ops.conv3d)


class _ConvTranspose(_Convolution):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            dtype,
            rng,
            transposed=True,
        )
        name = type(self).__name__
        self.output_padding = per_axis(name, "output_padding", output_padding, self.rank, least=0)

    def forward(self, x: Any, output_size: Sequence[int] | None = None) -> Tensor:
        """Map (N, in_channels, lengths...) to (N, out_channels, out...).

        Parameters
        ----------
        x : array
        output_size : sequence of int, optional
            Which lengths the output shall have, of those that a convolution maps to the lengths of
            `x`; in place of `output_padding`.
        """
        x = cast_input(type(self).__name__, x, self.weight.dtype)
        extra = self.output_padding if output_size is None else self._needed(x, output_size)
        return type(self).function(
            x,
            self.weight,
            self.bias,
            self.stride,
            self._sides,
            extra,
            self.groups,
            self.dilation,
        )

    def _needed(self, x: Any, output_size: Sequence[int]) -> tuple[int, ...]:
        """The output padding that gives an output size."""
        least = [
            (length - 1) * s - before - after + d * (k - 1) + 1
            for length, s, (before, after), d, k in zip(
                x.shape[2:], self.stride, self._sides, self.dilation, self.kernel_size, strict=True
            )
        ]
        wanted = tuple(output_size)[-self.rank :]
        spare = [max(s, d) for s, d in zip(self.stride, self.dilation, strict=True)]
        if len(wanted) != self.rank or not all(
            0 <= size - low < more for size, low, more in zip(wanted, least, spare, strict=True)
        ):
            most = [low + more - 1 for low, more in zip(least, spare, strict=True)]
            raise ValueError(
                f"{type(self).__name__}: output_size {tuple(output_size)} must be between "
                f"{tuple(least)} and {tuple(most)} for an input of shape {x.shape}"
            )
        return tuple(size - low for size, low in zip(wanted, least, strict=True))


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution of sequences; see `minigrad.conv_transpose1d`.

    Parameters, attributes and errors are those of `ConvTranspose2d`, for one spatial axis.

    Examples
    --------
    >>> mg.nn.ConvTranspose1d(8, 4, kernel_size=2, stride=2)(np.zeros((32, 8, 50))).shape
    (32, 4, 100)
    """

    rank = 1
    function = staticmethod(ops.conv_transpose1d)


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution of images; see `minigrad.conv_transpose2d`.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the input and of the output.
    kernel_size : int or (vertical, horizontal)
        Size of the filters.
    stride : int or (vertical, horizontal)
        Distance between the painted filters.
    padding : int or (vertical, horizontal)
        Rows and columns that are cut off on each side.
    output_padding : int or (vertical, horizontal)
        Rows and columns that are added at the end.
    groups : int
        The filters of each group see only the channels of their group.
    bias : bool
        Whether there is a bias.
    dilation : int or (vertical, horizontal)
        Distance between the elements of a filter.
    dtype : dtype
        Of the parameters; an input is converted to it.
    rng : numpy.random.Generator or int, optional
        What the parameters are drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Attributes
    ----------
    weight : Parameter of shape (in_channels, out_channels // groups, KH, KW)
    bias : Parameter of shape (out_channels,), or None
        Both drawn from ±1 / sqrt(out_channels // groups * KH * KW), as PyTorch does.

    Raises
    ------
    ValueError
        If a setting is out of range, the channels do not divide into the groups, or an input is not
        (N, in_channels, H, W).
    TypeError
        If a setting is not an integer or a pair of them, or an input is not real numbers.

    Examples
    --------
    >>> layer = mg.nn.ConvTranspose2d(16, 3, kernel_size=3, stride=2, padding=1)
    >>> layer(np.zeros((32, 16, 4, 4))).shape
    (32, 3, 7, 7)
    >>> layer(np.zeros((32, 16, 4, 4)), output_size=(8, 8)).shape
    (32, 3, 8, 8)
    """

    rank = 2
    function = staticmethod(ops.conv_transpose2d)


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution of volumes; see `minigrad.conv_transpose3d`.

    Parameters, attributes and errors are those of `ConvTranspose2d`, for three spatial axes.

    Examples
    --------
    >>> mg.nn.ConvTranspose3d(4, 1, kernel_size=2, stride=2)(np.zeros((2, 4, 3, 3, 3))).shape
    (2, 1, 6, 6, 6)
    """

    rank = 3
    function = staticmethod(ops.conv_transpose3d)
