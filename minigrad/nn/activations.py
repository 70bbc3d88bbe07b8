"""Nonlinear functions as layers: the oldest, the smooth ones, and those along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from ..tensor import Tensor
from . import functional
from .inputs import checked_size
from .linear import Linear
from .module import Module

if TYPE_CHECKING:
    from numpy.random import Generator


class _Activation(Module):
    """A function of one array, applied with the settings that the module keeps."""

    _function: ClassVar[Callable[..., Tensor]]
    _settings: ClassVar[tuple[str, ...]] = ()

    def forward(self, x: Any) -> Tensor:
        """Apply the function."""
        return type(self)._function(x, *(getattr(self, name) for name in self._settings))

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        shown = [f"{name}={getattr(self, name)}" for name in self._settings]
        return ", ".join(shown + ["inplace=True"] * getattr(self, "inplace", False))


class _InplaceActivation(_Activation):
    """A function without settings; `inplace` is accepted and has no effect."""

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace


class ReLU(_InplaceActivation):
    """Rectified linear unit ``max(x, 0)``, elementwise; see `minigrad.relu`.

    Parameters
    ----------
    inplace : bool
        Without effect, here and in all activations: values never change.

    Examples
    --------
    >>> mg.nn.ReLU()(mg.tensor([-1.0, 2.0]))
    tensor([0., 2.], dtype=float64)
    """

    _function = staticmethod(functional.relu)


class SiLU(_InplaceActivation):
    """Sigmoid linear unit, or swish; see `minigrad.silu`."""

    _function = staticmethod(functional.silu)


class Mish(_InplaceActivation):
    """Mish, ``x * tanh(softplus(x))``; see `minigrad.mish`."""

    _function = staticmethod(functional.mish)


class GELU(_Activation):
    """Gaussian error linear unit; see `minigrad.gelu`.

    The exact one, which is the default as in PyTorch, needs SciPy.

    Examples
    --------
    >>> mg.nn.GELU(approximate="tanh")
    GELU(approximate='tanh')
    """

    _function = staticmethod(functional.gelu)
    _settings = ("approximate",)

    def __init__(self, approximate: Literal["none", "tanh"] = "none") -> None:
        self.approximate = approximate

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"approximate={self.approximate!r}"


class Softplus(_Activation):
    """Smooth rectifier ``log(1 + exp(beta * x)) / beta``; see `minigrad.softplus`."""

    _function = staticmethod(functional.softplus)
    _settings = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta, self.threshold = beta, threshold


class Softsign(_Activation):
    """Slow sigmoid ``x / (1 + abs(x))``; see `minigrad.softsign`."""

    _function = staticmethod(functional.softsign)


class Sigmoid(_Activation):
    """Logistic function; see `minigrad.sigmoid`."""

    _function = staticmethod(functional.sigmoid)


class LogSigmoid(_Activation):
    """Logarithm of the logistic function; see `minigrad.logsigmoid`."""

    _function = staticmethod(functional.logsigmoid)


class Tanh(_Activation):
    """Hyperbolic tangent; see `minigrad.tanh`."""

    _function = staticmethod(functional.tanh)


class Tanhshrink(_Activation):
    """What the hyperbolic tangent takes away; see `minigrad.tanhshrink`."""

    _function = staticmethod(functional.tanhshrink)


class _AlongAxis(_Activation):
    """A function along the axis `dim`."""

    _settings = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        self.dim = dim


class Softmax(_AlongAxis):
    """Exponentials scaled to a sum of 1 along the axis `dim`; see `minigrad.softmax`.

    `cross_entropy` takes what goes in here, and not what comes out.

    Raises
    ------
    ValueError
        In a call, if `dim` is None.

    Examples
    --------
    >>> mg.nn.Softmax(dim=1)(mg.tensor([[0.0, 0.0]]))
    tensor([[0.5, 0.5]], dtype=float64)
    """

    _function = staticmethod(functional.softmax)


class LogSoftmax(_AlongAxis):
    """Logarithm of the softmax along the axis `dim`; see `minigrad.log_softmax`."""

    _function = staticmethod(functional.log_softmax)


class Softmin(_AlongAxis):
    """Softmax of ``-x`` along the axis `dim`; see `minigrad.softmin`."""

    _function = staticmethod(functional.softmin)


class GLU(_AlongAxis):
    """Half of the axis `dim`, gated by the other half; see `minigrad.glu`."""

    _function = staticmethod(functional.glu)

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim)


class Softmax2d(Module):
    """Softmax over the channels of each pixel of images (N, C, H, W) or (C, H, W)."""

    def forward(self, x: Any) -> Tensor:
        """Map images to images of the same shape.

        Raises
        ------
        ValueError
            If the input has another number of axes.
        """
        if np.ndim(x) not in (3, 4):
            raise ValueError(
                f"Softmax2d: the input has shape {np.shape(x)}, expected (N, C, H, W) or (C, H, W)"
            )
        return functional.softmax(x, -3)


class Maxout(Module):
    """A dense layer each of whose outputs is the largest of several linear functions.

    With two pieces it can be `ReLU`, or the absolute value; with more, any convex function better
    and better. See `minigrad.maxout`.

    Parameters
    ----------
    in_features, out_features : int
        Length of the last axis of the input and of the output.
    pieces : int
        How many linear functions compete for an output.
    bias : bool
        Whether they have biases.
    dtype : dtype
        Of the parameters; an input is converted to it.
    rng : numpy.random.Generator or int, optional
        What the parameters are drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Attributes
    ----------
    linear : Linear
        The functions: the rows ``pieces * i`` up to ``pieces * (i + 1)`` compete for output `i`.

    Notes
    -----
    From Goodfellow, Warde-Farley, Mirza, Courville and Bengio, "Maxout networks" (2013).

    Examples
    --------
    >>> layer = mg.nn.Maxout(4, 3, pieces=2)
    >>> layer(np.zeros((5, 4))).shape, layer.linear.weight.shape
    ((5, 3), (6, 4))
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        pieces: int,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        self.out_features = checked_size("Maxout", "out_features", out_features)
        self.pieces = checked_size("Maxout", "pieces", pieces)
        rows = self.out_features * self.pieces
        self.linear = Linear(in_features, rows, bias, dtype=dtype, rng=rng)

    def forward(self, x: Any) -> Tensor:
        """Map an input of shape (..., in_features) to (..., out_features)."""
        return functional.maxout(self.linear(x), self.pieces, axis=-1)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"out_features={self.out_features}, pieces={self.pieces}"
