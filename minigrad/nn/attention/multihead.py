"""Multi-head attention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import ops
from ...random import generator
from ...registry import Array
from ...tensor import Tensor
from ..functional import linear
from ..functional.attention import divided
from ..functional.dropouts import dropout, probability
from ..init import xavier_normal_, xavier_uniform_
from ..inputs import cast_input, checked_size
from ..linear import Linear
from ..module import Module
from ..parameter import Parameter

if TYPE_CHECKING:
    from numpy.random import Generator


class MultiheadAttention(Module):
    """Attention of several heads, each on its own part of what is projected.

    **In a boolean mask True is a key that is left out**, as in PyTorch's module of this name. In
    `functional.scaled_dot_product_attention` it is the opposite.

    Parameters
    ----------
    embed_dim : int
        Length of the last axis of the query and of the output.
    num_heads : int
        Into how many heads it is split.
    dropout : float
        Probability of a weight of attention to become 0, in training.
    bias : bool
        Whether the projections have biases.
    add_bias_kv : bool
        Whether a key and a value that are learned are put behind the others.
    add_zero_attn : bool
        Whether a key and a value of zeros are put behind the others.
    kdim, vdim : int, optional
        Length of the last axis of the key and of the value; by default `embed_dim`.
    batch_first : bool
        Whether inputs are (N, L, E) in place of (L, N, E).
    dtype : dtype
        Of the parameters; inputs are converted to it.
    rng : numpy.random.Generator or int, optional
        What parameters and dropout are drawn from, or a seed; by default what
        `minigrad.manual_seed` sets.

    Attributes
    ----------
    in_proj_weight : Parameter of shape (3 * embed_dim, embed_dim), or None
        For query, key and value, in this order. With other `kdim` or `vdim` it is None, and there
        are ``q_proj_weight``, ``k_proj_weight`` and ``v_proj_weight``. At first uniform, with the
        bound of Glorot and Bengio (2010), ``sqrt(6 / (fan_in + fan_out))``.
    in_proj_bias : Parameter of shape (3 * embed_dim,), or None
        At first 0.
    out_proj : Linear
        Its bias is 0 at first.
    bias_k, bias_v : Parameter of shape (1, 1, embed_dim), or None

    Raises
    ------
    TypeError
        If a mask is integers.
    ValueError
        If `num_heads` does not divide `embed_dim`, or shapes do not match.

    Notes
    -----
    From Vaswani and others, "Attention is all you need" (2017), section 3.2.2. A query whose keys
    are all left out gets weights of 0, as in PyTorch with ``need_weights=False``; with
    ``need_weights=True`` PyTorch returns nan.

    Examples
    --------
    >>> attention = mg.nn.MultiheadAttention(8, 2, batch_first=True)
    >>> x = np.ones((3, 5, 8))
    >>> future = mg.nn.Transformer.generate_square_subsequent_mask(5)
    >>> out, weights = attention(x, x, x, attn_mask=future)
    >>> out.shape, weights.shape
    ((3, 5, 8), (3, 5, 5))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        name = "MultiheadAttention"
        width = self.embed_dim = checked_size(name, "embed_dim", embed_dim)
        self.num_heads = checked_size(name, "num_heads", num_heads)
        if width % self.num_heads:
            raise ValueError(f"{name}: num_heads={num_heads} does not divide embed_dim={embed_dim}")
        self.head_dim = width // self.num_heads
        self.kdim = width if kdim is None else checked_size(name, "kdim", kdim)
        self.vdim = width if vdim is None else checked_size(name, "vdim", vdim)
        self.dropout = probability(name, dropout, "dropout")
        self.batch_first = batch_first
        self.add_zero_attn = add_zero_attn
        # The shared generator is not kept, for a copy of the module would copy it.
        self.rng = None if rng is None else generator(rng)
        rng = generator(self.rng)

        def projection(*shape: int) -> Parameter:
            return xavier_uniform_(Parameter(np.zeros(shape), dtype), rng=rng)

        def behind() -> Parameter | None:
            if not add_bias_kv:
                return None
            return xavier_normal_(Parameter(np.zeros((1, 1, width)), dtype), rng=rng)

        alike = self.kdim == self.vdim == width
        self.in_proj_weight = projection(3 * width, width) if alike else None
        self.q_proj_weight = None if alike else projection(width, width)
        self.k_proj_weight = None if alike else projection(width, self.kdim)
        self.v_proj_weight = None if alike else projection(width, self.vdim)
        self.in_proj_bias = Parameter(np.zeros(3 * width), dtype) if bias else None
        self.out_proj = Linear(width, width, bias, dtype=dtype, rng=rng)
        if self.out_proj.bias is not None:
            self.out_proj.bias.data = np.zeros(width, dtype)
        self.bias_k, self.bias_v = behind(), behind()

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Map a query, and keys with their values, to the output and the weights of attention.

        Parameters
        ----------
        query : array of shape (L, N, embed_dim), or (L, embed_dim)
        key : array of shape (S, N, kdim), or (S, kdim)
        value : array of shape (S, N, vdim), or (S, vdim)
            With ``batch_first`` the batch axis N is the first of all three.
        key_padding_mask : array of bool or float of shape (N, S), or (S,), optional
            Booleans, **True where a key is left out**; or floats that are added to the scores.
        need_weights : bool
            Whether the weights are returned; otherwise they are None.
        attn_mask : array of bool or float of shape (L, S) or (N * num_heads, L, S), optional
            Of the same kinds.
        average_attn_weights : bool
            Whether the weights are the mean over the heads.
        is_causal : bool
            Whether a query sees only the keys up to its own place, also without `attn_mask`.

        Returns
        -------
        out : Tensor of the shape of `query`
        weights : Tensor of shape (N, L, S), or (N, num_heads, L, S), or None
            Without N for a query that has none.
        """
        query, key, value = self._checked(query, key, value)
        batched = query.ndim == 3
        batch_axis = 0 if self.batch_first or not batched else 1
        # From here on (N, heads, length, head_dim), views of what is projected.
        q, k, v = (
            self._by_head(x if batched else ops.reshape(x, (1, *x.shape)), batch_axis)
            for x in self._projected(query, key, value)
        )
        count, _, length, _ = q.shape
        keys = k.shape[2]
        form = (count, keys) if batched else (keys,)
        keep, bias = self._masks(key_padding_mask, form, attn_mask, count, length, keys, q)
        k, v = self._with_more(k, self.bias_k), self._with_more(v, self.bias_v)
        more = k.shape[2] - keys
        if more:  # they always take part
            keep = None if keep is None else _padded(keep, more, value=True)
            bias = None if bias is None else _padded(bias, more, value=0)
            if is_causal:
                seen = _padded(np.tri(length, keys, dtype=bool), more, value=True)
                keep, is_causal = seen if keep is None else keep & seen, False
        weights = ops.attention_weights(q, k, bias, keep=keep, is_causal=is_causal)
        dropped = dropout(weights, self.dropout, self.training, rng=self.rng)
        out = ops.matmul(dropped, v)
        # Back to the axes of the query.
        out = ops.transpose(out, (2, 0, 1, 3) if batch_axis else (0, 2, 1, 3))
        out = self.out_proj(ops.reshape(out, query.shape))
        if not need_weights:
            return out, None
        if average_attn_weights:
            dropped = ops.mean(dropped, axis=1)
        return out, dropped if batched else dropped[0]

    def _checked(self, *inputs: Any) -> list[Any]:
        """The inputs in the dtype of the parameters, the same ones where they were the same."""
        found: dict[int, Any] = {}
        for x in inputs:
            if id(x) not in found:
                found[id(x)] = cast_input("MultiheadAttention", x, self.out_proj.weight.dtype)
        query, key, value = cast = [found[id(x)] for x in inputs]
        form = "(N, {0}, {1})" if self.batch_first else "({0}, N, {1})"
        sides = (("L", self.embed_dim), ("S", self.kdim), ("S", self.vdim))
        batch = 0 if self.batch_first else 1
        if (
            query.ndim not in (2, 3)
            or any(x.ndim != query.ndim for x in cast)
            or any(x.shape[-1] != width for x, (_, width) in zip(cast, sides, strict=True))
            or key.shape[:-1] != value.shape[:-1]
            or (query.ndim == 3 and query.shape[batch] != key.shape[batch])
        ):
            expected = ", ".join(form.format(*side) for side in sides)
            raise ValueError(
                f"MultiheadAttention: query, key and value have shapes {query.shape}, {key.shape} "
                f"and {value.shape}, expected {expected}, or all without N; batch_first is "
                f"{self.batch_first}"
            )
        return cast

    def _projected(self, query: Any, key: Any, value: Any) -> list[Tensor]:
        """Query, key and value after their projections, by as few products as possible."""
        width, bias = self.embed_dim, self.in_proj_bias
        whole = self.in_proj_weight
        if whole is not None and query is key is value:
            return ops.split(linear(query, whole, bias), 3, axis=-1)
        biases: Any = [None] * 3 if bias is None else ops.split(bias, 3)
        if whole is None:
            weights: Any = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        elif key is value:
            first, rest = ops.split(whole, [width])
            b, c = (None, None) if bias is None else ops.split(bias, [width])
            return [linear(query, first, b), *ops.split(linear(key, rest, c), 2, axis=-1)]
        else:
            weights = ops.split(whole, 3)
        inputs = (query, key, value)
        return [linear(x, w, b) for x, w, b in zip(inputs, weights, biases, strict=True)]

    def _by_head(self, x: Tensor, batch_axis: int) -> Tensor:
        """View of (N, L, E) or (L, N, E) as (N, heads, L, head_dim)."""
        heads = ops.reshape(x, (*x.shape[:2], self.num_heads, self.head_dim))
        return ops.transpose(heads, (1, 2, 0, 3) if batch_axis else (0, 2, 1, 3))

    def _with_more(self, x: Tensor, learned: Parameter | None) -> Tensor:
        """Keys or values with those behind that do not come from the input."""
        one = (1, self.num_heads, 1, self.head_dim)
        shape = (x.shape[0], *one[1:])
        parts: list[Array] = [x]
        if learned is not None:
            parts.append(ops.broadcast_to(ops.reshape(learned, one), shape))
        if self.add_zero_attn:
            parts.append(np.zeros(shape, x.dtype))
        return x if len(parts) == 1 else ops.concatenate(parts, axis=2)

    def _masks(
        self,
        padding: Any,
        padding_shape: tuple[int, ...],
        mask: Any,
        count: int,
        length: int,
        keys: int,
        like: Tensor,
    ) -> tuple[Any, Any]:
        """Where keys take part, and what is added to the scores; None without a mask for it."""
        keeps, biases = [], []
        heads = self.num_heads
        # By the shapes that a mask may have, what they become.
        of_padding: dict[tuple[int, ...], Any] = {padding_shape: (count, 1, 1, keys)}
        of_mask: dict[tuple[int, ...], Any] = {
            (length, keys): (1, 1, length, keys),
            (count * heads, length, keys): (count, heads, length, keys),
        }
        for label, given, known in (
            ("key_padding_mask", padding, of_padding),
            ("attn_mask", mask, of_mask),
        ):
            left_out, bias = divided(
                "MultiheadAttention", label, given, "True where a key is left out", like
            )
            held = bias if left_out is None else left_out
            if held is None:
                continue
            if held.shape not in known:
                raise ValueError(
                    f"MultiheadAttention: {label} has shape {held.shape}, expected "
                    f"{' or '.join(map(str, known))} for {count} items, {self.num_heads} heads, "
                    f"{length} queries and {keys} keys"
                )
            if left_out is not None:
                keeps.append(~left_out.reshape(known[held.shape]))
            else:
                biases.append(ops.reshape(bias, known[held.shape]))
        keep = None if not keeps else keeps[0] & keeps[-1]
        bias = None if not biases else biases[0] if len(biases) == 1 else biases[0] + biases[1]
        return keep, bias


def _padded(mask: Any, more: int, value: Any) -> Any:
    """A mask that has so many columns more."""
    column = np.full((*mask.shape[:-1], more), value, mask.dtype)
    return ops.concatenate([mask, column], axis=-1)
