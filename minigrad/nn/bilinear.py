"""The layer that is linear in each of two inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..random import generator
from ..tensor import Tensor
from .functional import bilinear
from .init import fan_in_uniform
from .inputs import cast_input, checked_size
from .module import Module
from .parameter import Parameter

if TYPE_CHECKING:
    from numpy.random import Generator


class Bilinear(Module):
    """A layer that is linear in each of two inputs, ``x1 @ weight[k] @ x2 + bias[k]``.

    Parameters
    ----------
    in1_features, in2_features, out_features : int
        Length of the last axis of the inputs and of the output.
    bias : bool
        Whether there is a bias.
    dtype : dtype
        Of the parameters; inputs are converted to it.
    rng : numpy.random.Generator or int, optional
        What the parameters are drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Attributes
    ----------
    weight : Parameter of shape (out_features, in1_features, in2_features)
    bias : Parameter of shape (out_features,), or None
        Both drawn from ±1 / sqrt(in1_features).

    Raises
    ------
    ValueError
        If a size is below 1, or shapes do not match.

    Examples
    --------
    >>> mg.nn.Bilinear(4, 5, 3)(np.zeros((8, 4)), np.zeros((8, 5))).shape
    (8, 3)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        rng = generator(rng)
        one = self.in1_features = checked_size("Bilinear", "in1_features", in1_features)
        two = self.in2_features = checked_size("Bilinear", "in2_features", in2_features)
        out = self.out_features = checked_size("Bilinear", "out_features", out_features)
        self.weight = fan_in_uniform((out, one, two), one, dtype, rng)
        self.bias: Parameter | None = fan_in_uniform((out,), one, dtype, rng) if bias else None

    def forward(self, input1: Any, input2: Any) -> Tensor:
        """Map (..., in1_features) and (..., in2_features) to (..., out_features)."""
        x, y = (cast_input("Bilinear", value, self.weight.dtype) for value in (input1, input2))
        return bilinear(x, y, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
