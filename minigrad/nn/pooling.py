"""Layers that take one value for each window of each channel."""

from __future__ import annotations

from typing import Any

from ..ops import max_pool2d
from ..ops.windows import Size as Pair
from ..ops.windows import per_axis
from ..tensor import Tensor
from .module import Module


class MaxPool2d(Module):
    """The largest value in each window; see `minigrad.max_pool2d`.

    Parameters
    ----------
    kernel_size : int or (vertical, horizontal)
        Size of the windows.
    stride : int or (vertical, horizontal), optional
        Distance between windows; by default they lie side by side.
    padding : int or (vertical, horizontal)
        Rows and columns added on each side, at most half of the window. They never win.

    Raises
    ------
    ValueError
        If a setting is out of range, or an input is not (N, C, H, W) or smaller than a window.
    TypeError
        If a setting is not an integer or a pair of them.

    Examples
    --------
    >>> mg.nn.MaxPool2d(2)(np.zeros((32, 16, 8, 8))).shape
    (32, 16, 4, 4)
    """

    def __init__(self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> None:
        per_axis("MaxPool2d", "kernel_size", kernel_size, 2, least=1)
        stride = kernel_size if stride is None else stride
        per_axis("MaxPool2d", "stride", stride, 2, least=1)
        per_axis("MaxPool2d", "padding", padding, 2, least=0)
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding

    def forward(self, x: Any) -> Tensor:
        """Map images of shape (N, C, H, W) to (N, C, OH, OW)."""
        return max_pool2d(x, self.kernel_size, self.stride, self.padding)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
