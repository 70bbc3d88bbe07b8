"""Nonlinear functions as layers."""

from __future__ import annotations

from typing import Any

from ..ops import relu
from ..tensor import Tensor
from .module import Module


class ReLU(Module):
    """Rectified linear unit ``max(x, 0)``, elementwise; see `minigrad.relu`.

    Examples
    --------
    >>> mg.nn.ReLU()(mg.tensor([-1.0, 2.0]))
    tensor([0., 2.], dtype=float64)
    """

    def forward(self, x: Any) -> Tensor:
        """Map an input of any shape to the same shape."""
        return relu(x)
