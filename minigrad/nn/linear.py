"""The dense layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..random import generator
from ..tensor import Tensor
from .functional import linear
from .init import fan_in_uniform
from .inputs import cast_input, checked_size
from .module import Module
from .parameter import Parameter

if TYPE_CHECKING:
    from numpy.random import Generator


class Linear(Module):
    """A dense layer, ``x @ weight.T + bias``.

    Parameters
    ----------
    in_features, out_features : int
        Length of the last axis of the input and of the output.
    bias : bool
        Whether there is a bias.
    dtype : dtype
        Of the parameters; an input is converted to it.
    rng : numpy.random.Generator or int, optional
        What the parameters are drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Attributes
    ----------
    weight : Parameter of shape (out_features, in_features)
    bias : Parameter of shape (out_features,), or None
        Both drawn from ±1 / sqrt(in_features).

    Raises
    ------
    ValueError
        If a size is below 1, or an input's last axis is not `in_features` long.
    TypeError
        If a size is not an integer, or an input is not real numbers.

    Examples
    --------
    >>> layer = mg.nn.Linear(64, 10)
    >>> layer
    Linear(in_features=64, out_features=10, bias=True)
    >>> layer(np.zeros((32, 64))).shape
    (32, 10)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        rng = generator(rng)
        fan_in = self.in_features = checked_size("Linear", "in_features", in_features)
        fan_out = self.out_features = checked_size("Linear", "out_features", out_features)
        self.weight = fan_in_uniform((fan_out, fan_in), fan_in, dtype, rng)
        self.bias: Parameter | None = (
            fan_in_uniform((fan_out,), fan_in, dtype, rng) if bias else None
        )

    def forward(self, x: Any) -> Tensor:
        """Map an input of shape (..., in_features) to (..., out_features)."""
        x = cast_input("Linear", x, self.weight.dtype)
        if x.shape[-1:] != (self.in_features,):
            raise ValueError(
                f"{self}: the input has shape {x.shape}, expected (..., {self.in_features})"
            )
        return linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )
