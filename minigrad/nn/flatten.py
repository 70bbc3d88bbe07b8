"""The layers between images and dense layers."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
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


class Unflatten(Module):
    """One axis split into several, the inverse of `Flatten`.

    Parameters
    ----------
    dim : int
        The axis; negative ones count from the end.
    unflattened_size : tuple of int
        Lengths of the axes in its place. One of them may be -1, which is found from the others.

    Raises
    ------
    TypeError
        If `dim` is no integer, or the lengths are none.
    IndexError
        If an input does not have this axis.
    ValueError
        If the lengths do not make up that of the axis.

    Examples
    --------
    >>> mg.nn.Unflatten(1, (16, -1, 2))(np.zeros((32, 64))).shape
    (32, 16, 2, 2)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        try:
            self.dim = operator.index(dim)
            self.unflattened_size = tuple(map(operator.index, unflattened_size))
        except TypeError:
            raise TypeError(
                "Unflatten: takes the number of an axis and a tuple of lengths, got "
                f"{dim!r} and {unflattened_size!r}"
            ) from None
        if min(self.unflattened_size, default=0) < -1 or self.unflattened_size.count(-1) > 1:
            raise ValueError(
                "Unflatten: unflattened_size has lengths of at least 0 and at most one -1, got "
                f"{self.unflattened_size}"
            )

    def forward(self, x: Any) -> Tensor:
        """Map an input of shape (..., length, ...) to (..., lengths..., ...)."""
        shape = np.shape(x)
        axis = self.dim + len(shape) if self.dim < 0 else self.dim
        if not 0 <= axis < len(shape):
            raise IndexError(f"{self}: the input has shape {shape}, which has no such axis")
        known = math.prod(length for length in self.unflattened_size if length != -1)
        missing = shape[axis] // known if known else 0
        lengths = [missing if length == -1 else length for length in self.unflattened_size]
        if math.prod(lengths) != shape[axis]:
            raise ValueError(
                f"{self}: the input has shape {shape}, whose axis {axis} of {shape[axis]} does not "
                f"split into {self.unflattened_size}"
            )
        return reshape(x, (*shape[:axis], *lengths, *shape[axis + 1 :]))

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
