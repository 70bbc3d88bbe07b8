"""Layers that take one value for each window of each channel.

Each kind is one class over any number of spatial axes; the public ones say which function they
apply. Names, parameters and their order are PyTorch's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from .. import ops
from ..ops.windows import Size, per_axis
from ..tensor import Tensor
from .module import Module


class Pooling(Module):
    """What all kinds have: a function, its number of spatial axes, and settings to show."""

    function: ClassVar[Callable[..., Tensor]]
    rank: ClassVar[int]
    shown: ClassVar[tuple[str, ...]]

    def _checked(self, setting: str, value: Any, least: int) -> Any:
        """Return a setting that is one integer for each axis as it is, after a check."""
        per_axis(type(self).__name__, setting, value, self.rank, least)
        return value

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in self.shown)


class _Windowed(Pooling):
    """The median or the sum of each window, or another function of the same settings.

    Parameters
    ----------
    kernel_size : int or one for each axis
        Size of the windows.
    stride : int or one for each axis, optional
        Distance between windows; by default they lie side by side.
    padding : int or one for each axis
        Added on each side.
    dilation : int or one for each axis
        Distance between the elements of a window.
    ceil_mode : bool
        Whether what is left over at the end has windows, too.
    exact : bool
        Whether it is an error that something is left over.
    """

    shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        ceil_mode: bool = False,
        *,
        exact: bool = False,
    ) -> None:
        self.kernel_size = self._checked("kernel_size", kernel_size, 1)
        stride = kernel_size if stride is None else stride
        self.stride = self._checked("stride", stride, 1)
        self.padding = self._checked("padding", padding, 0)
        self.dilation = self._checked("dilation", dilation, 1)
        self.ceil_mode = ceil_mode
        self.exact = exact

    def forward(self, x: Any) -> Tensor:
        """Map images of shape (N, C, lengths...) to (N, C, out...)."""
        settings = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        return self.function(x, *settings, exact=self.exact)


class _Extreme(_Windowed):
    """The largest or the smallest value of each window, and where it is."""

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
        *,
        exact: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding, dilation, ceil_mode, exact=exact)
        self.return_indices = return_indices

    def forward(self, x: Any) -> Tensor:
        """Map images of shape (N, C, lengths...) to (N, C, out...), or to a pair of such."""
        settings = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        return self.function(x, *settings, self.return_indices, exact=self.exact)


class _Unpooling(Pooling):
    """Values back to the places that they were pooled from."""

    shown = ("kernel_size", "stride", "padding")

    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None:
        name, stride = type(self).__name__, kernel_size if stride is None else stride
        self.kernel_size = per_axis(name, "kernel_size", kernel_size, self.rank, 1)
        self.stride = per_axis(name, "stride", stride, self.rank, 1)
        self.padding = per_axis(name, "padding", padding, self.rank, 0)

    def forward(self, x: Any, indices: Any, output_size: Sequence[int] | None = None) -> Tensor:
        """Map values and indices, both of shape (N, C, out...), to images (N, C, lengths...)."""
        settings = (self.kernel_size, self.stride, self.padding, output_size)
        return self.function(x, indices, *settings)


class MaxPool1d(_Extreme):
    """The largest value in each window; see `minigrad.max_pool1d`."""

    function = staticmethod(ops.max_pool1d)
    rank = 1


class MaxPool2d(_Extreme):
    """The largest value in each window; see `minigrad.max_pool2d`.

    Parameters
    ----------
    kernel_size : int or (vertical, horizontal)
        Size of the windows.
    stride : int or (vertical, horizontal), optional
        Distance between windows; by default they lie side by side.
    padding : int or (vertical, horizontal)
        Rows and columns added on each side. They never win.
    dilation : int or (vertical, horizontal)
        Distance between the elements of a window.
    return_indices : bool
        Whether to return also where the winners are, for `MaxUnpool2d`.
    ceil_mode : bool
        Whether what is left over at the end has windows, too.
    exact : bool
        Whether it is an error that something is left over.

    Raises
    ------
    ValueError
        If a setting is out of range, or an input is not (N, C, H, W) or smaller than a window.
    TypeError
        If a setting is not an integer or a pair of them.

    Examples
    --------
    >>> layer = mg.nn.MaxPool2d(2)
    >>> layer
    MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    >>> layer(np.zeros((32, 16, 8, 8))).shape
    (32, 16, 4, 4)
    """

    function = staticmethod(ops.max_pool2d)
    rank = 2


class MaxPool3d(_Extreme):
    """The largest value in each window; see `minigrad.max_pool3d`."""

    function = staticmethod(ops.max_pool3d)
    rank = 3


class MinPool1d(_Extreme):
    """The smallest value in each window; see `minigrad.min_pool1d`."""

    function = staticmethod(ops.min_pool1d)
    rank = 1


class MinPool2d(_Extreme):
    """The smallest value in each window; see `minigrad.min_pool2d`."""

    function = staticmethod(ops.min_pool2d)
    rank = 2


class MinPool3d(_Extreme):
    """The smallest value in each window; see `minigrad.min_pool3d`."""

    function = staticmethod(ops.min_pool3d)
    rank = 3


class MedianPool1d(_Windowed):
    """The middle value in each window; see `minigrad.median_pool1d`."""

    function = staticmethod(ops.median_pool1d)
    rank = 1


class MedianPool2d(_Windowed):
    """The middle value in each window; see `minigrad.median_pool2d`."""

    function = staticmethod(ops.median_pool2d)
    rank = 2


class MedianPool3d(_Windowed):
    """The middle value in each window; see `minigrad.median_pool3d`."""

    function = staticmethod(ops.median_pool3d)
    rank = 3


class SumPool1d(_Windowed):
    """The sum of each window; see `minigrad.sum_pool1d`."""

    function = staticmethod(ops.sum_pool1d)
    rank = 1


class SumPool2d(_Windowed):
    """The sum of each window; see `minigrad.sum_pool2d`."""

    function = staticmethod(ops.sum_pool2d)
    rank = 2


class SumPool3d(_Windowed):
    """The sum of each window; see `minigrad.sum_pool3d`."""

    function = staticmethod(ops.sum_pool3d)
    rank = 3


class MaxUnpool1d(_Unpooling):
    """Values at given places, and 0 elsewhere; see `minigrad.max_unpool1d`."""

    function = staticmethod(ops.max_unpool1d)
    rank = 1


class MaxUnpool2d(_Unpooling):
    """Values at given places, and 0 elsewhere; see `minigrad.max_unpool2d`.

    Examples
    --------
    >>> pool = mg.nn.MaxPool2d(2, return_indices=True)
    >>> mg.nn.MaxUnpool2d(2)(*pool(np.zeros((32, 16, 8, 8)))).shape
    (32, 16, 8, 8)
    """

    function = staticmethod(ops.max_unpool2d)
    rank = 2


class MaxUnpool3d(_Unpooling):
    """Values at given places, and 0 elsewhere; see `minigrad.max_unpool3d`."""

    function = staticmethod(ops.max_unpool3d)
    rank = 3
