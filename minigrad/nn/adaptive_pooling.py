"""Layers that take one value for each of a number of windows, whatever the images' size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ops
from ..tensor import Tensor
from .pooling import Pooling


class _AdaptiveAverage(Pooling):
    """The averages of as many windows as are asked for, whatever the size of the images is."""

    shown = ("output_size",)

    def __init__(self, output_size: int | Sequence[int | None]) -> None:
        self.output_size = output_size

    def forward(self, x: Any) -> Tensor:
        """Map images of shape (N, C, lengths...) to (N, C, output_size...)."""
        return self.function(x, self.output_size)


class _AdaptiveMaximum(Pooling):
    """The largest values of as many windows as are asked for, and where they are."""

    shown = ("output_size",)

    def __init__(
        self, output_size: int | Sequence[int | None], return_indices: bool = False
    ) -> None:
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, x: Any) -> Tensor:
        """Map images of shape (N, C, lengths...) to (N, C, output_size...), or to a pair."""
        return self.function(x, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaximum):
    """The largest values in a number of windows; see `minigrad.adaptive_max_pool1d`."""

    function = staticmethod(ops.adaptive_max_pool1d)
    rank = 1


class AdaptiveMaxPool2d(_AdaptiveMaximum):
    """The largest values in a number of windows; see `minigrad.adaptive_max_pool2d`."""

    function = staticmethod(ops.adaptive_max_pool2d)
    rank = 2


class AdaptiveMaxPool3d(_AdaptiveMaximum):
    """The largest values in a number of windows; see `minigrad.adaptive_max_pool3d`."""

    function = staticmethod(ops.adaptive_max_pool3d)
    rank = 3


class AdaptiveAvgPool1d(_AdaptiveAverage):
    """The averages of a number of windows; see `minigrad.adaptive_avg_pool1d`."""

    function = staticmethod(ops.adaptive_avg_pool1d)
    rank = 1


class AdaptiveAvgPool2d(_AdaptiveAverage):
    """The averages of a number of windows; see `minigrad.adaptive_avg_pool2d`.

    Examples
    --------
    >>> mg.nn.AdaptiveAvgPool2d((None, 1))(np.zeros((32, 16, 8, 8))).shape
    (32, 16, 8, 1)
    """

    function = staticmethod(ops.adaptive_avg_pool2d)
    rank = 2


class AdaptiveAvgPool3d(_AdaptiveAverage):
    """The averages of a number of windows; see `minigrad.adaptive_avg_pool3d`."""

    function = staticmethod(ops.adaptive_avg_pool3d)
    rank = 3
