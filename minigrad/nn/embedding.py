"""Layers that look up rows of a table: embeddings, and bags of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .. import ops
from ..ops.embedding import padding_row, row_numbers
from ..random import generator
from ..tensor import Tensor
from .functional.bags import embedding_bag
from .inputs import checked_size
from .module import Module
from .parameter import Parameter

if TYPE_CHECKING:
    from numpy.random import Generator


class _Table(Module):
    """A layer with a table whose rows are looked up by number."""

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None
    max_norm: float | None
    norm_type: float
    weight: Parameter

    def _set_table(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None,
        max_norm: float | None,
        norm_type: float,
        dtype: Any,
        rng: Generator | int | None,
        weight: Any,
    ) -> None:
        name = type(self).__name__
        self.num_embeddings = checked_size(name, "num_embeddings", num_embeddings)
        self.embedding_dim = checked_size(name, "embedding_dim", embedding_dim)
        self.padding_idx = (
            None if padding_idx is None else padding_row(name, padding_idx, self.num_embeddings)
        )
        self.max_norm = None if max_norm is None else float(max_norm)
        self.norm_type = norm_type
        shape = (self.num_embeddings, self.embedding_dim)
        if weight is None:
            table = generator(rng).standard_normal(shape)
            if self.padding_idx is not None:
                table[self.padding_idx] = 0
            self.weight = Parameter(table, dtype)
            return
        if np.shape(weight) != shape:
            raise ValueError(f"{name}: _weight has shape {np.shape(weight)}, expected {shape}")
        self.weight = Parameter(weight)

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True, **settings: Any) -> Self:
        """Return a layer with a copy of a table (num_embeddings, embedding_dim).

        Parameters
        ----------
        embeddings : array of float
        freeze : bool
            Whether the table shall not be trained.
        **settings
            Those of the layer itself.
        """
        if np.ndim(embeddings) != 2:
            raise ValueError(
                f"{cls.__name__}.from_pretrained: embeddings have shape {np.shape(embeddings)}, "
                "expected (num_embeddings, embedding_dim)"
            )
        make: Any = cls
        layer: Self = make(*np.shape(embeddings), _weight=embeddings, **settings)
        return layer.requires_grad_(not freeze)

    def _shorten(self, indices: Any) -> None:
        """Scale rows that are looked up to a norm of at most `max_norm`."""
        if self.max_norm is None:
            return
        numbers = np.unique(row_numbers(type(self).__name__, indices, self.num_embeddings))
        table = self.weight.numpy()
        norms = np.linalg.norm(table[numbers], self.norm_type, axis=1)
        long = norms > self.max_norm
        if long.any():
            table = table.copy()
            factors = self.max_norm / (norms[long] + 1e-7)
            table[numbers[long]] *= factors[:, None].astype(table.dtype)
            self.weight.data = table

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        shown = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.max_norm is not None:
            shown += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            shown += f", norm_type={self.norm_type}"
        return shown


class Embedding(_Table):
    """A vector for each of a number of things, looked up by number; see `minigrad.embedding`.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        How many vectors, and their length.
    padding_idx : int, optional
        Number of a vector that is 0 at first and never trained; a negative one counts from the
        last.
    max_norm : float, optional
        Vectors that are looked up are scaled to a norm of at most this; it changes `weight`.
    norm_type : float
        The exponent of that norm.
    dtype : dtype
        Of the vectors.
    rng : numpy.random.Generator or int, optional
        What the vectors are drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Attributes
    ----------
    weight : Parameter of shape (num_embeddings, embedding_dim)
        Drawn from the normal distribution of mean 0 and variance 1.

    Raises
    ------
    TypeError
        If an input is not integers.
    IndexError
        If an index is not from 0 to ``num_embeddings - 1``, or `padding_idx` is no vector's.

    Examples
    --------
    >>> layer = mg.nn.Embedding(10, 3, padding_idx=0)
    >>> layer
    Embedding(10, 3, padding_idx=0)
    >>> layer(np.array([[1, 2, 0], [4, 0, 0]])).shape
    (2, 3, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
        _weight: Any = None,
    ) -> None:
        self._set_table(
            num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, dtype, rng, _weight
        )

    def forward(self, indices: Any) -> Tensor:
        """Map integers of any shape to (shape..., embedding_dim)."""
        self._shorten(indices)
        return ops.embedding(indices, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        shown = super().extra_repr()
        if self.padding_idx is None:
            return shown
        first, second, *rest = shown.split(", ")
        return ", ".join([first, second, f"padding_idx={self.padding_idx}", *rest])


class EmbeddingBag(_Table):
    """Sum, mean or maximum of the vectors of bags of numbers; see `functional.embedding_bag`.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        How many vectors, and their length.
    max_norm : float, optional
        Vectors that are looked up are scaled to a norm of at most this; it changes `weight`.
    norm_type : float
        The exponent of that norm.
    mode : {"mean", "sum", "max"}
    include_last_offset : bool
        Whether offsets end with the end of the last bag.
    padding_idx : int, optional
        A number that is left out of its bags.
    dtype : dtype
        Of the vectors.
    rng : numpy.random.Generator or int, optional
        What the vectors are drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Attributes
    ----------
    weight : Parameter of shape (num_embeddings, embedding_dim)
        Drawn from the normal distribution of mean 0 and variance 1.

    Examples
    --------
    >>> layer = mg.nn.EmbeddingBag(10, 3, mode="sum")
    >>> layer(np.array([1, 2, 4, 5, 4]), np.array([0, 3])).shape
    (2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        mode: str = "mean",
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
        _weight: Any = None,
    ) -> None:
        self._set_table(
            num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, dtype, rng, _weight
        )
        self.mode = mode
        self.include_last_offset = include_last_offset

    def forward(self, indices: Any, offsets: Any = None, per_sample_weights: Any = None) -> Tensor:
        """Map bags of integers, (B, n) or (n,) with offsets (B,), to (B, embedding_dim)."""
        self._shorten(indices)
        return embedding_bag(
            indices,
            self.weight,
            offsets,
            self.mode,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        shown = f"{super().extra_repr()}, mode={self.mode!r}"
        return shown if self.padding_idx is None else f"{shown}, padding_idx={self.padding_idx}"
