"""Layers that lay the windows of images out as columns, and add them back."""

from __future__ import annotations

from typing import Any

from ..ops import fold, unfold
from ..ops.windows import Size
from ..tensor import Tensor
from .module import Module


class Unfold(Module):
    """The windows of each image as the columns of a matrix; see `minigrad.unfold`.

    Parameters
    ----------
    kernel_size, dilation, padding, stride : int or one for each spatial axis

    Examples
    --------
    >>> mg.nn.Unfold(2, stride=2)(np.zeros((5, 3, 8, 8))).shape
    (5, 12, 16)
    """

    def __init__(
        self, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
    ) -> None:
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, x: Any) -> Tensor:
        """Map (N, C, lengths...) to (N, C * elements, windows)."""
        return unfold(x, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Unfold):
    """Columns of `Unfold` added back into images; see `minigrad.fold`.

    Parameters
    ----------
    output_size : sequence of int
        Lengths of the images.
    kernel_size, dilation, padding, stride : int or one for each spatial axis

    Examples
    --------
    >>> mg.nn.Fold((8, 8), 2, stride=2)(np.zeros((5, 12, 16))).shape
    (5, 3, 8, 8)
    """

    def __init__(
        self,
        output_size: Size,
        kernel_size: Size,
        dilation: Size = 1,
        padding: Size = 0,
        stride: Size = 1,
    ) -> None:
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = output_size

    def forward(self, x: Any) -> Tensor:
        """Map (N, C * elements, windows) to (N, C, lengths...)."""
        return fold(x, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"output_size={self.output_size}, {super().extra_repr()}"
