"""Layers that leave out random values, or whole channels, while they are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..random import generator
from ..tensor import Tensor
from . import functional
from .functional.dropouts import probability
from .module import Module

if TYPE_CHECKING:
    from numpy.random import Generator


class Dropout(Module):
    """Zeros for random elements and larger values for the others, in training.

    In evaluation it is the identity. See `minigrad.nn.functional.dropout`.

    Parameters
    ----------
    p : float
        Probability of an element to become 0. The others are divided by ``1 - p``.
    inplace : bool
        Without effect: values never change.
    rng : numpy.random.Generator or int, optional
        What is drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Raises
    ------
    ValueError
        If `p` is not from 0 to 1.

    Examples
    --------
    >>> layer = mg.nn.Dropout(0.5, rng=0)
    >>> x = mg.tensor([1.0, 2.0, 3.0, 4.0])
    >>> layer(x)
    tensor([2., 4., 6., 0.], dtype=float64)
    >>> layer.eval()(x)
    tensor([1., 2., 3., 4.], dtype=float64)
    """

    _function = staticmethod(functional.dropout)

    def __init__(
        self, p: float = 0.5, inplace: bool = False, *, rng: Generator | int | None = None
    ) -> None:
        self.p = probability(type(self).__name__, p)
        self.inplace = inplace
        # The shared generator is not kept, for a copy of the module would copy it.
        self.rng = None if rng is None else generator(rng)

    def forward(self, x: Any) -> Tensor:
        """Map an input to one of the same shape."""
        return self._function(x, self.p, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout1d(Dropout):
    """Zeros for random channels of sequences (N, C, L) or (C, L), in training; see `Dropout`."""

    _function = staticmethod(functional.dropout1d)


class Dropout2d(Dropout):
    """Zeros for random channels of images (N, C, H, W), in training; see `Dropout`.

    Neighbours in an image are alike, so leaving out single ones would change little: Tompson,
    Goroshin, Jain, LeCun and Bregler, "Efficient object localization using convolutional networks"
    (2015).
    """

    _function = staticmethod(functional.dropout2d)


class Dropout3d(Dropout):
    """Zeros for random channels of volumes (N, C, D, H, W), in training; see `Dropout`."""

    _function = staticmethod(functional.dropout3d)


class AlphaDropout(Dropout):
    """Dropout that keeps mean 0 and variance 1, for SELU; see `functional.alpha_dropout`."""

    _function = staticmethod(functional.alpha_dropout)


class FeatureAlphaDropout(Dropout):
    """`AlphaDropout` of whole channels (N, C, ...); see `functional.feature_alpha_dropout`."""

    _function = staticmethod(functional.feature_alpha_dropout)
