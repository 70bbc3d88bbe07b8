"""Nonlinear functions with kinks as layers, and the exponential linear units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..random import generator
from ..tensor import Tensor
from . import functional
from .activations import _Activation, _InplaceActivation
from .inputs import cast_input, checked_size
from .module import Module
from .parameter import Parameter

if TYPE_CHECKING:
    from numpy.random import Generator


class ReLU6(_InplaceActivation):
    """Rectifier that goes no higher than 6; see `minigrad.relu6`."""

    _function = staticmethod(functional.relu6)


class LeakyReLU(_Activation):
    """Rectifier that lets a little through; see `minigrad.leaky_relu`.

    Examples
    --------
    >>> mg.nn.LeakyReLU(0.1)(mg.tensor([-1.0, 2.0]))
    tensor([-0.1,  2. ], dtype=float64)
    """

    _function = staticmethod(functional.leaky_relu)
    _settings = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        self.negative_slope = negative_slope
        self.inplace = inplace


class PReLU(Module):
    """Leaky rectifier that learns its slopes; see `minigrad.prelu`.

    Parameters
    ----------
    num_parameters : int
        1, or the number of channels, which are axis 1.
    init : float
        What the slopes are at first.
    dtype : dtype
        Of the parameter; an input is converted to it.

    Attributes
    ----------
    weight : Parameter of shape (num_parameters,)
        The slopes of negative numbers. Weight decay would draw them to 0, and so to `ReLU`.

    Examples
    --------
    >>> mg.nn.PReLU(2)(np.array([[-1.0, 2.0]])).tolist()
    [[-0.25, 2.0]]
    """

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = np.float32
    ) -> None:
        self.num_parameters = checked_size("PReLU", "num_parameters", num_parameters)
        self.init = init
        self.weight = Parameter(np.full(self.num_parameters, init), dtype)

    def forward(self, x: Any) -> Tensor:
        """Map an input of shape (N, C, ...), or of any shape with one slope, to the same shape."""
        return functional.prelu(cast_input("PReLU", x, self.weight.dtype), self.weight)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"num_parameters={self.num_parameters}"


class RReLU(_Activation):
    """Leaky rectifier whose slopes are drawn in training; see `minigrad.nn.functional.rrelu`.

    In evaluation the slope is the mean of `lower` and `upper`.

    Examples
    --------
    >>> layer = mg.nn.RReLU(0.25, 0.75).eval()
    >>> layer(mg.tensor([-1.0, 2.0]))
    tensor([-0.5,  2. ], dtype=float64)
    """

    _function = staticmethod(functional.rrelu)
    _settings = ("lower", "upper")

    def __init__(
        self,
        lower: float = 1.0 / 8,
        upper: float = 1.0 / 3,
        inplace: bool = False,
        *,
        rng: Generator | int | None = None,
    ) -> None:
        if not lower <= upper:
            raise ValueError(f"RReLU: lower={lower} is above upper={upper}")
        self.lower, self.upper, self.inplace = lower, upper, inplace
        # The shared generator is not kept, for a copy of the module would copy it.
        self.rng = None if rng is None else generator(rng)

    def forward(self, x: Any) -> Tensor:
        """Map an input to one of the same shape."""
        return functional.rrelu(x, self.lower, self.upper, self.training, rng=self.rng)


class Threshold(_Activation):
    """Elements above a threshold, and a value in the place of others; see `minigrad.threshold`."""

    _function = staticmethod(functional.threshold)
    _settings = ("threshold", "value")

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        self.threshold, self.value, self.inplace = threshold, value, inplace


class Hardtanh(_Activation):
    """Array limited to an interval; see `minigrad.hardtanh`.

    Raises
    ------
    ValueError
        If `min_val` is not below `max_val`.
    """

    _function = staticmethod(functional.hardtanh)
    _settings = ("min_val", "max_val")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        if not min_val < max_val:
            raise ValueError(f"Hardtanh: min_val={min_val} must be below max_val={max_val}")
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace


class Hardsigmoid(_InplaceActivation):
    """Logistic function in three straight pieces; see `minigrad.hardsigmoid`."""

    _function = staticmethod(functional.hardsigmoid)

    def extra_repr(self) -> str:
        """Return nothing: PyTorch does not show `inplace` here."""
        return ""


class Hardswish(Hardsigmoid):
    """Product of an array and its `hardsigmoid`; see `minigrad.hardswish`."""

    _function = staticmethod(functional.hardswish)


class _Alpha(_Activation):
    """A function with the setting `alpha`."""

    _settings = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha, self.inplace = alpha, inplace


class ELU(_Alpha):
    """Exponential linear unit; see `minigrad.elu`."""

    _function = staticmethod(functional.elu)


class CELU(_Alpha):
    """Exponential linear unit with slope 1 at 0; see `minigrad.celu`."""

    _function = staticmethod(functional.celu)


class SELU(_InplaceActivation):
    """Scaled exponential linear unit; see `minigrad.selu`."""

    _function = staticmethod(functional.selu)


class Softshrink(_Activation):
    """Elements moved towards 0; see `minigrad.softshrink`."""

    _function = staticmethod(functional.softshrink)
    _settings = ("lambd",)

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def extra_repr(self) -> str:
        """Return the setting without its name, as PyTorch does."""
        return str(self.lambd)


class Hardshrink(Softshrink):
    """Elements far enough from 0, and 0 in the place of others; see `minigrad.hardshrink`."""

    _function = staticmethod(functional.hardshrink)
