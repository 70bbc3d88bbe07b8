"""The layer between images and dense layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..ops import reshape
from ..tensor import Tensor
from .module import Module


class Flatten(Module):
    """A run of axes joined into one, by default all but the first.

    Parameters
    ----------
    start_dim, end_dim : int
        The first and the last of the axes, both joined; negative ones count from the end.

    Raises
    ------
    IndexError
        If an input does not have these axes.

    Examples
    --------
    >>> mg.nn.Flatten()(np.zeros((32, 16, 2, 2))).shape
    (32, 64)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, x: Any) -> Tensor:
        """Map an input of shape (N, ...) to (N, product of the others)."""
        shape = np.shape(x)
        rank = len(shape)
        start, end = (dim + rank if dim < 0 else dim for dim in (self.start_dim, self.end_dim))
        if not 0 <= start <= end < rank:
            raise IndexError(f"{self}: the input has shape {shape}, which has no such run of axes")
        # The product rather than -1, which NumPy cannot tell for an empty batch.
        joined = math.prod(shape[start : end + 1])
        return reshape(x, (*shape[:start], joined, *shape[end + 1 :]))

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
