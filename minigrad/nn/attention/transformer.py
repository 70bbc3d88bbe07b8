"""The transformer: stacks of its layers."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from ...random import generator
from ...tensor import Tensor
from ..init import xavier_uniform_
from ..inputs import checked_size
from ..module import Module
from ..normalization import LayerNorm
from .transformer_layers import Activation, TransformerDecoderLayer, TransformerEncoderLayer

if TYPE_CHECKING:
    from numpy.random import Generator


class _Stack(Module):
    """Copies of a layer, applied one after another, and a normalisation at last.

    The copies have their own parameters, all the same at first, but share a generator.
    """

    def __init__(self, layer: Module, num_layers: int, norm: Module | None) -> None:
        self.num_layers = checked_size(type(self).__name__, "num_layers", num_layers)
        # Copied generators would drop the same places in all layers.
        kept = [rng for module in layer.modules() if (rng := vars(module).get("rng")) is not None]
        self.layers = [
            copy.deepcopy(layer, {id(rng): rng for rng in kept}) for _ in range(self.num_layers)
        ]
        self.norm = norm


class TransformerEncoder(_Stack):
    """A stack of copies of a `TransformerEncoderLayer`.

    Parameters
    ----------
    encoder_layer : TransformerEncoderLayer
        The copies start with its parameters.
    num_layers : int
    norm : Module, optional
        Applied at last.
    enable_nested_tensor, mask_check : bool
        Change nothing; they are there for scripts that are ported.

    Examples
    --------
    >>> layer = mg.nn.TransformerEncoderLayer(16, 4, dim_feedforward=32, batch_first=True)
    >>> encoder = mg.nn.TransformerEncoder(layer, 2, mg.nn.LayerNorm(16))
    >>> encoder(np.zeros((3, 5, 16))).shape
    (3, 5, 16)
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__(encoder_layer, num_layers, norm)

    def forward(
        self,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """Apply the layers, each with the masks, to a sequence."""
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal=bool(is_causal))
        out: Tensor = src if self.norm is None else self.norm(src)
        return out


class TransformerDecoder(_Stack):
    """A stack of copies of a `TransformerDecoderLayer`.

    Parameters
    ----------
    decoder_layer : TransformerDecoderLayer
        The copies start with its parameters.
    num_layers : int
    norm : Module, optional
        Applied at last.

    Examples
    --------
    >>> layer = mg.nn.TransformerDecoderLayer(16, 4, dim_feedforward=32, batch_first=True)
    >>> decoder = mg.nn.TransformerDecoder(layer, 2)
    >>> decoder(np.zeros((3, 5, 16)), np.zeros((3, 7, 16)), tgt_is_causal=True).shape
    (3, 5, 16)
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Apply the layers, each with the masks, to a sequence and what an encoder made."""
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask,
                memory_mask,
                tgt_key_padding_mask,
                memory_key_padding_mask,
                bool(tgt_is_causal),
                memory_is_causal,
            )
        out: Tensor = tgt if self.norm is None else self.norm(tgt)
        return out


class Transformer(Module):
    """An encoder of one sequence, and a decoder that makes another one with it.

    Parameters
    ----------
    d_model, nhead : int
        Length of the last axis, and number of heads.
    num_encoder_layers, num_decoder_layers : int
    dim_feedforward, dropout, activation
        Of the layers, as are those behind; see `TransformerEncoderLayer`.
    custom_encoder, custom_decoder : Module, optional
        In the place of a `TransformerEncoder` and of a `TransformerDecoder`.
    layer_norm_eps : float
    batch_first, norm_first, bias : bool
    dtype : dtype
        Of the parameters; inputs are converted to it.
    rng : numpy.random.Generator or int, optional
        What parameters and dropout are drawn from, or a seed; by default what
        `minigrad.manual_seed` sets.

    Attributes
    ----------
    encoder, decoder : Module
        All their matrices are at first uniform, with the bound of Glorot and Bengio (2010).

    Notes
    -----
    From Vaswani and others, "Attention is all you need" (2017). Embeddings, positions and the last
    dense layer are left to the caller.

    Examples
    --------
    >>> model = mg.nn.Transformer(16, 4, 1, 1, dim_feedforward=32, batch_first=True)
    >>> model(np.zeros((2, 7, 16)), np.zeros((2, 5, 16)), tgt_is_causal=True).shape
    (2, 5, 16)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        rng = None if rng is None else generator(rng)
        settings: Any = {
            "dim_feedforward": dim_feedforward,
            "dropout": dropout,
            "activation": activation,
            "layer_norm_eps": layer_norm_eps,
            "batch_first": batch_first,
            "norm_first": norm_first,
            "bias": bias,
            "dtype": dtype,
            "rng": rng,
        }

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)

        if custom_encoder is None:
            first = TransformerEncoderLayer(d_model, nhead, **settings)
            custom_encoder = TransformerEncoder(first, num_encoder_layers, norm())
        if custom_decoder is None:
            last = TransformerDecoderLayer(d_model, nhead, **settings)
            custom_decoder = TransformerDecoder(last, num_decoder_layers, norm())
        self.encoder, self.decoder = custom_encoder, custom_decoder
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        for parameter in self.parameters():
            if parameter.ndim > 1:
                xavier_uniform_(parameter, rng=rng)

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Map a source (S, N, d_model) and a target (L, N, d_model) to (L, N, d_model).

        With ``batch_first`` the batch axis N is the first. The masks are those of
        `MultiheadAttention`: **True is a key that is left out**.
        """
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        out: Tensor = self.decoder(
            tgt,
            memory,
            tgt_mask,
            memory_mask,
            tgt_key_padding_mask,
            memory_key_padding_mask,
            tgt_is_causal,
            memory_is_causal,
        )
        return out

    @staticmethod
    def generate_square_subsequent_mask(
        sz: int, *, dtype: Any = np.float32
    ) -> np.ndarray[Any, Any]:
        """Return a mask that is added to scores: -inf for keys behind a query's place, 0 elsewhere.

        Examples
        --------
        >>> mg.nn.Transformer.generate_square_subsequent_mask(3)
        array([[  0., -inf, -inf],
               [  0.,   0., -inf],
               [  0.,   0.,   0.]], dtype=float32)
        """
        return np.triu(np.full((sz, sz), -np.inf, dtype), 1)
