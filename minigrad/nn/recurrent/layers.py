"""Recurrent layers over whole sequences: RNN, LSTM and GRU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ... import ops
from ...registry import Array
from .base import _Recurrent, checked_nonlinearity

if TYPE_CHECKING:
    from numpy.random import Generator


class RNN(_Recurrent):
    """A plain recurrent network: the state is a function of the input and the state before it.

    ``h = tanh(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh)``, or relu in place of tanh.

    Parameters
    ----------
    input_size, hidden_size : int
        Length of the last axis of the input, and of a state.
    num_layers : int
        Each layer is given the outputs of the one before it.
    nonlinearity : {"tanh", "relu"}
    bias : bool
    batch_first : bool
        Whether the input and the output, not the states, have the batch first.
    dropout : float
        Probability with which an output of each layer but the last is dropped in training.
    bidirectional : bool
        Whether each layer has a second network, which goes over the sequence backward. The outputs
        of both stand side by side.
    dtype : dtype
        Of the parameters; an input is converted to it.
    rng : numpy.random.Generator or int, optional
        What parameters and dropout are drawn from, or a seed; by default what
        `minigrad.manual_seed` sets.

    Attributes
    ----------
    weight_ih_l0 : Parameter of shape (hidden_size, input_size)
        Later layers, ``weight_ih_l1`` and so on, have ``directions * hidden_size`` columns.
    weight_hh_l0 : Parameter of shape (hidden_size, hidden_size)
    bias_ih_l0, bias_hh_l0 : Parameter of shape (hidden_size,)
        All drawn from ±1 / sqrt(hidden_size). Those of the reverse direction end with
        ``_reverse``.

    Raises
    ------
    ValueError
        If a size is below 1, `dropout` is no probability, or shapes do not match.
    TypeError
        If a size is not an integer, or an input is not real numbers.

    Warns
    -----
    UserWarning
        If there is a `dropout`, but no layer behind the first.

    Examples
    --------
    >>> rnn = mg.nn.RNN(10, 20, num_layers=2, rng=0)
    >>> output, h = rnn(np.zeros((5, 3, 10)))
    >>> output.shape, h.shape
    ((5, 3, 20), (2, 3, 20))

    Back-propagation through time, truncated: a long sequence is cut into pieces, and a piece goes
    on from the state of the one before, but gradients stop there.

    >>> text = np.random.default_rng(0).normal(size=(100, 1, 10))
    >>> h = None
    >>> for start in range(0, 100, 25):
    ...     output, h = rnn(text[start : start + 25], h)
    ...     rnn.zero_grad()
    ...     (output**2).mean().backward()
    ...     h = h.detach()
    """

    _gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        self.nonlinearity = checked_nonlinearity("RNN", nonlinearity)
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            dtype=dtype,
            rng=rng,
        )

    def _sequence(self, *arrays: Array, sizes: tuple[int, ...]) -> Any:
        return ops.rnn_sequence(*arrays, sizes=sizes, nonlinearity=self.nonlinearity)


class LSTM(_Recurrent):
    """Long short-term memory: gates decide what a cell takes in, forgets and shows.

    With ``i, f, g, o = split(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh)``::

        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype, rng
        As for `RNN`.
    proj_size : int
        Only 0: states are not projected.

    Attributes
    ----------
    weight_ih_l0 : Parameter of shape (4 * hidden_size, input_size)
        Of the gates input, forget, cell and output. For later layers and the reverse direction,
        see `RNN`.
    weight_hh_l0 : Parameter of shape (4 * hidden_size, hidden_size)
    bias_ih_l0, bias_hh_l0 : Parameter of shape (4 * hidden_size,)
        All drawn from ±1 / sqrt(hidden_size).

    Notes
    -----
    From Hochreiter and Schmidhuber, "Long short-term memory" (1997), with the forget gate of Gers,
    Schmidhuber and Cummins, "Learning to forget" (2000).

    Examples
    --------
    >>> lstm = mg.nn.LSTM(10, 20, batch_first=True, bidirectional=True)
    >>> output, (h, c) = lstm(np.zeros((3, 5, 10)))
    >>> output.shape, h.shape, c.shape
    ((3, 5, 40), (2, 3, 20), (2, 3, 20))

    Sequences of several lengths are packed, and a loss is taken over the steps that there are.

    >>> from minigrad.nn.utils.rnn import pack_sequence, pad_packed_sequence
    >>> rng = np.random.default_rng(0)
    >>> packed = pack_sequence([rng.normal(size=(length, 10)) for length in (5, 3, 2)])
    >>> output, _ = lstm(packed)
    >>> loss = (output.data**2).sum(-1).mean()
    >>> padded, lengths = pad_packed_sequence(output, batch_first=True)
    >>> padded.shape, lengths
    ((3, 5, 40), array([5, 3, 2]))
    """

    _gates = 4
    _states = ("h0", "c0")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        if proj_size != 0:
            raise ValueError(
                f"LSTM: proj_size={proj_size} is not supported, states are not projected; leave it "
                "out, and put a Linear behind the outputs to make them smaller"
            )
        self.proj_size = 0
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            dtype=dtype,
            rng=rng,
        )

    def _sequence(self, *arrays: Array, sizes: tuple[int, ...]) -> Any:
        return ops.lstm_sequence(*arrays, sizes=sizes)


class GRU(_Recurrent):
    """Gated recurrent units: gates decide what of the state is reset and what is replaced.

    With ``r, z, n`` the thirds of ``x @ weight_ih.T + bias_ih`` and ``r', z', n'`` those of
    ``h @ weight_hh.T + bias_hh``::

        new = tanh(n + sigmoid(r + r') * n')
        h = (1 - sigmoid(z + z')) * new + sigmoid(z + z') * h

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype, rng
        As for `RNN`.

    Attributes
    ----------
    weight_ih_l0 : Parameter of shape (3 * hidden_size, input_size)
        Of the gates reset, update and new. For later layers and the reverse direction, see `RNN`.
    weight_hh_l0 : Parameter of shape (3 * hidden_size, hidden_size)
    bias_ih_l0, bias_hh_l0 : Parameter of shape (3 * hidden_size,)
        All drawn from ±1 / sqrt(hidden_size).

    Notes
    -----
    From Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014). There the
    reset gate multiplies the state before the product with the weights; here it multiplies the
    product, as in PyTorch.

    Examples
    --------
    >>> gru = mg.nn.GRU(10, 20)
    >>> output, h = gru(np.zeros((5, 10)))
    >>> output.shape, h.shape
    ((5, 20), (1, 20))
    """

    _gates = 3

    def _sequence(self, *arrays: Array, sizes: tuple[int, ...]) -> Any:
        return ops.gru_sequence(*arrays, sizes=sizes)
