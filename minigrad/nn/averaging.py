"""Layers that take the average or the p-norm of each window of each channel."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..ops.windows import Size
from ..tensor import Tensor
from .pooling import Pooling


class _Average(Pooling):
    """The average of each window."""

    shown = ("kernel_size", "stride", "padding")

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: float | None = None,
        *,
        dilation: Size = 1,
        exact: bool = False,
    ) -> None:
        self.kernel_size = self._checked("kernel_size", kernel_size, 1)
        stride = kernel_size if stride is None else stride
        self.stride = self._checked("stride", stride, 1)
        self.padding = self._checked("padding", padding, 0)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override
        self.dilation = self._checked("dilation", dilation, 1)
        self.exact = exact

    def forward(self, x: Any) -> Tensor:
        """Map images of shape (N, C, lengths...) to (N, C, out...)."""
        settings = (self.kernel_size, self.stride, self.padding, self.ceil_mode)
        counting = (self.count_include_pad, self.divisor_override)
        return self.function(x, *settings, *counting, dilation=self.dilation, exact=self.exact)


class _Norm(Pooling):
    """The p-norm of each window."""

    shown = ("norm_type", "kernel_size", "stride", "ceil_mode")

    def __init__(
        self,
        norm_type: float,
        kernel_size: Size,
        stride: Size | None = None,
        ceil_mode: bool = False,
    ) -> None:
        self.norm_type = norm_type
        self.kernel_size = self._checked("kernel_size", kernel_size, 1)
        self.stride = stride if stride is None else self._checked("stride", stride, 1)
        self.ceil_mode = ceil_mode

    def forward(self, x: Any) -> Tensor:
        """Map images of shape (N, C, lengths...) to (N, C, out...)."""
        return self.function(x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)


class AvgPool1d(_Average):
    """The average of each window; see `minigrad.avg_pool1d`."""

    function = staticmethod(ops.avg_pool1d)
    rank = 1


class AvgPool2d(_Average):
    """The average of each window; see `minigrad.avg_pool2d`.

    Examples
    --------
    >>> mg.nn.AvgPool2d(3, stride=2, padding=1)(np.zeros((32, 16, 8, 8))).shape
    (32, 16, 4, 4)
    """

    function = staticmethod(ops.avg_pool2d)
    rank = 2


class AvgPool3d(_Average):
    """The average of each window; see `minigrad.avg_pool3d`."""

    function = staticmethod(ops.avg_pool3d)
    rank = 3


class LPPool1d(_Norm):
    """The p-norm of each window; see `minigrad.lp_pool1d`."""

    function = staticmethod(ops.lp_pool1d)
    rank = 1


class LPPool2d(_Norm):
    """The p-norm of each window; see `minigrad.lp_pool2d`.

    Examples
    --------
    >>> mg.nn.LPPool2d(2, kernel_size=2)(np.zeros((32, 16, 8, 8))).shape
    (32, 16, 4, 4)
    """

    function = staticmethod(ops.lp_pool2d)
    rank = 2


class LPPool3d(_Norm):
    """The p-norm of each window; see `minigrad.lp_pool3d`."""

    function = staticmethod(ops.lp_pool3d)
    rank = 3
