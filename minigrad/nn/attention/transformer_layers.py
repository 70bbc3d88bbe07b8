"""Layers of the transformer, made of attention and dense layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import ops
from ...random import generator
from ...tensor import Tensor
from ..dropout import Dropout
from ..inputs import cast_input, checked_size
from ..linear import Linear
from ..module import Module
from ..normalization import LayerNorm
from .multihead import MultiheadAttention

if TYPE_CHECKING:
    from numpy.random import Generator

Activation = str | Callable[[Any], Any]


class _Layer(Module):
    """What the layers of both stacks share: a dense part, and steps around which inputs go.

    A step is a change that is added to its input. With `norm_first` its input is normalised before
    it, otherwise the sum is normalised.
    """

    norm_first: bool

    def _set_dense(
        self,
        d_model: int,
        dim_feedforward: int,
        dropout: float,
        activation: Activation,
        bias: bool,
        settings: Any,
    ) -> None:
        name = type(self).__name__
        width = checked_size(name, "dim_feedforward", dim_feedforward)
        self.linear1 = Linear(d_model, width, bias, **settings)
        self.dropout = Dropout(dropout, rng=settings["rng"])
        self.linear2 = Linear(width, d_model, bias, **settings)
        self.activation = _activation(name, activation)

    def _dense(self, x: Tensor) -> Any:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))

    def _step(
        self, x: Any, change: Callable[[Any], Any], dropout: Dropout, norm: LayerNorm
    ) -> Tensor:
        if self.norm_first:
            return ops.add(x, dropout(change(norm(x))))
        out: Tensor = norm(ops.add(x, dropout(change(x))))
        return out


def _activation(name: str, activation: Activation) -> Callable[[Any], Any]:
    if callable(activation):
        return activation
    if activation not in ("relu", "gelu"):
        raise ValueError(
            f"{name}: activation must be 'relu', 'gelu' or a function, got {activation!r}"
        )
    found: Callable[[Any], Any] = getattr(ops, activation)
    return found


class TransformerEncoderLayer(_Layer):
    """Attention of a sequence to itself, and then two dense layers at each of its places.

    Parameters
    ----------
    d_model : int
        Length of the last axis of input and output.
    nhead : int
        Number of heads of the attention.
    dim_feedforward : int
        Length of what is between the dense layers.
    dropout : float
        Probability of dropping, in training: weights of attention, what is between the dense
        layers, and what each of the two parts adds.
    activation : {"relu", "gelu"} or callable
        Between the dense layers.
    layer_norm_eps : float
    batch_first : bool
        Whether inputs are (N, L, E) in place of (L, N, E).
    norm_first : bool
        Whether the input of a part is normalised, and not the sum of its input and its output.
    bias : bool
        Whether dense layers, projections and normalisations have biases.
    dtype : dtype
        Of the parameters; inputs are converted to it.
    rng : numpy.random.Generator or int, optional
        What parameters and dropout are drawn from, or a seed; by default what
        `minigrad.manual_seed` sets.

    Notes
    -----
    From Vaswani and others, "Attention is all you need" (2017), section 3.1; with `norm_first` as
    in Xiong and others, "On layer normalization in the transformer architecture" (2020).

    Examples
    --------
    >>> layer = mg.nn.TransformerEncoderLayer(16, 4, dim_feedforward=32, batch_first=True)
    >>> layer(np.zeros((2, 5, 16)), is_causal=True).shape
    (2, 5, 16)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        settings: Any = {"dtype": dtype, "rng": None if rng is None else generator(rng)}
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, **settings
        )
        self._set_dense(d_model, dim_feedforward, dropout, activation, bias, settings)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout, rng=settings["rng"])
        self.dropout2 = Dropout(dropout, rng=settings["rng"])

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Map a sequence (L, N, d_model), or (N, L, d_model), to one of the same shape.

        The masks are those of `MultiheadAttention`: **True is a key that is left out**.
        """

        def attend(x: Any) -> Any:
            return self.self_attn(
                x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal
            )[0]

        x = cast_input("TransformerEncoderLayer", src, self.linear1.weight.dtype)
        x = self._step(x, attend, self.dropout1, self.norm1)
        return self._step(x, self._dense, self.dropout2, self.norm2)


class TransformerDecoderLayer(_Layer):
    """Attention of a sequence to itself and to another one, and then two dense layers.

    Its parameters are those of `TransformerEncoderLayer`.

    Examples
    --------
    >>> layer = mg.nn.TransformerDecoderLayer(16, 4, dim_feedforward=32, batch_first=True)
    >>> layer(np.zeros((2, 5, 16)), np.zeros((2, 7, 16)), tgt_is_causal=True).shape
    (2, 5, 16)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        settings: Any = {"dtype": dtype, "rng": None if rng is None else generator(rng)}
        self.self_attn, self.multihead_attn = (
            MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **settings)
            for _ in range(2)
        )
        self._set_dense(d_model, dim_feedforward, dropout, activation, bias, settings)
        self.norm_first = norm_first
        self.norm1, self.norm2, self.norm3 = (
            LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype) for _ in range(3)
        )
        self.dropout1, self.dropout2, self.dropout3 = (
            Dropout(dropout, rng=settings["rng"]) for _ in range(3)
        )

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Map a sequence, and what an encoder made of another one, to one of the same shape.

        The masks are those of `MultiheadAttention`: **True is a key that is left out**.
        """

        def attend(x: Any) -> Any:
            return self.self_attn(
                x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal
            )[0]

        def look(x: Any) -> Any:
            return self.multihead_attn(
                x,
                memory,
                memory,
                memory_key_padding_mask,
                False,
                memory_mask,
                is_causal=memory_is_causal,
            )[0]

        x = cast_input("TransformerDecoderLayer", tgt, self.linear1.weight.dtype)
        x = self._step(x, attend, self.dropout1, self.norm1)
        x = self._step(x, look, self.dropout2, self.norm2)
        return self._step(x, self._dense, self.dropout3, self.norm3)
