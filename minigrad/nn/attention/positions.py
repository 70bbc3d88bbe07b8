"""Layers that tell a sequence its places, which attention alone does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import ops
from ...random import generator
from ...registry import Array
from ...tensor import Tensor
from ..dropout import Dropout
from ..inputs import cast_input, checked_size
from ..module import Module
from ..parameter import Parameter

if TYPE_CHECKING:
    from numpy.random import Generator


class _Positions(Module):
    """A layer that adds a vector to each place of a sequence."""

    def __init__(
        self,
        d_model: int,
        dropout: float,
        max_len: int,
        batch_first: bool,
        rng: Generator | int | None,
    ) -> None:
        name = type(self).__name__
        self.d_model = checked_size(name, "d_model", d_model)
        self.max_len = checked_size(name, "max_len", max_len)
        self.batch_first = batch_first
        self.dropout = Dropout(dropout, rng=rng)

    def _added(self, x: Any, vectors: Array) -> Tensor:
        shape = x.shape
        axis = len(shape) - 2 if self.batch_first else 0
        if len(shape) not in (2, 3) or shape[-1] != self.d_model or shape[axis] > self.max_len:
            form = "(N, L, {0})" if self.batch_first else "(L, N, {0})"
            raise ValueError(
                f"{type(self).__name__}: the input has shape {shape}, expected "
                f"{form.format(self.d_model)} or (L, {self.d_model}) with L at most max_len="
                f"{self.max_len}; batch_first is {self.batch_first}"
            )
        places = vectors[: shape[axis]]
        if places.dtype != x.dtype:
            places = places.astype(x.dtype)
        if len(shape) == 3 and not self.batch_first:
            places = ops.expand_dims(places, 1)
        out: Tensor = self.dropout(ops.add(x, places))
        return out

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"{self.d_model}, max_len={self.max_len}, batch_first={self.batch_first}"


class PositionalEncoding(_Positions):
    """Sines and cosines of the place, added to a sequence.

    Parameters
    ----------
    d_model : int
        Length of the last axis.
    dropout : float
        Probability of an element of the sum to become 0, in training.
    max_len : int
        Length of the longest sequence.
    batch_first : bool
        Whether inputs are (N, L, d_model) in place of (L, N, d_model); (L, d_model) is always one
        sequence.
    rng : numpy.random.Generator or int, optional
        What dropout is drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Raises
    ------
    ValueError
        If an input has another shape, or is longer than `max_len`.

    Notes
    -----
    ``sin(place / 10000**(2 * i / d_model))`` stands at ``2 * i``, the cosine of the same behind it:
    Vaswani and others, "Attention is all you need" (2017), section 3.5. The table follows from the
    settings, so it is not in the `state_dict`.

    Examples
    --------
    >>> layer = mg.nn.PositionalEncoding(4, dropout=0.0)
    >>> layer(np.zeros((2, 1, 4)))[:, 0].round(4)
    array([[0.    , 1.    , 0.    , 1.    ],
           [0.8415, 0.5403, 0.01  , 1.    ]])
    """

    def __init__(
        self,
        d_model: int,
        dropout: float = 0.1,
        max_len: int = 5000,
        batch_first: bool = False,
        *,
        rng: Generator | int | None = None,
    ) -> None:
        super().__init__(d_model, dropout, max_len, batch_first, rng)
        rates = 10000.0 ** (-np.arange(0, self.d_model, 2) / self.d_model)
        angles = np.arange(self.max_len)[:, None] * rates
        self.table = np.empty((self.max_len, self.d_model))
        self.table[:, 0::2] = np.sin(angles)
        self.table[:, 1::2] = np.cos(angles[:, : self.d_model // 2])

    def forward(self, x: Any) -> Tensor:
        """Map a sequence to one of the same shape, and of the same dtype if that is floating."""
        x = x if isinstance(x, Tensor) else np.asarray(x)
        return self._added(x if x.dtype.kind == "f" else x.astype(float), self.table)


class LearnedPositionalEncoding(_Positions):
    """A vector that is learned for each place, added to a sequence.

    Parameters
    ----------
    d_model, dropout, max_len, batch_first, rng
        As of `PositionalEncoding`; the parameter is drawn from `rng`, too.
    dtype : dtype
        Of the parameter; an input is converted to it.

    Attributes
    ----------
    weight : Parameter of shape (max_len, d_model)
        Drawn from the normal distribution with a standard deviation of 0.02, as in Devlin, Chang,
        Lee and Toutanova, "BERT" (2019).

    Examples
    --------
    >>> mg.nn.LearnedPositionalEncoding(4, max_len=16)(np.zeros((10, 2, 4))).shape
    (10, 2, 4)
    """

    def __init__(
        self,
        d_model: int,
        dropout: float = 0.1,
        max_len: int = 512,
        batch_first: bool = False,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        own = None if rng is None else generator(rng)
        super().__init__(d_model, dropout, max_len, batch_first, own)
        drawn = generator(own).normal(0, 0.02, (self.max_len, self.d_model))
        self.weight = Parameter(drawn, dtype)

    def forward(self, x: Any) -> Tensor:
        """Map a sequence to one of the same shape."""
        x = cast_input("LearnedPositionalEncoding", x, self.weight.dtype)
        return self._added(x, self.weight)
