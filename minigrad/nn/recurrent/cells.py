"""Recurrent cells: one step of a recurrent layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from ... import ops
from ...random import generator
from ...registry import Array
from ..init import fan_in_uniform
from ..inputs import cast_input, checked_size
from ..module import Module
from ..parameter import Parameter
from .base import checked_nonlinearity, listed

if TYPE_CHECKING:
    from numpy.random import Generator


class _Cell(Module):
    """What the three have in common."""

    _gates: ClassVar[int]
    _states: ClassVar[tuple[str, ...]] = ("h",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        rng, name = generator(rng), type(self).__name__
        self.input_size = checked_size(name, "input_size", input_size)
        size = self.hidden_size = checked_size(name, "hidden_size", hidden_size)
        self.bias = bias
        rows = self._gates * size
        self.weight_ih = fan_in_uniform((rows, self.input_size), size, dtype, rng)
        self.weight_hh = fan_in_uniform((rows, size), size, dtype, rng)
        self.bias_ih: Parameter | None = None
        self.bias_hh: Parameter | None = None
        if bias:
            self.bias_ih = fan_in_uniform((rows,), size, dtype, rng)
            self.bias_hh = fan_in_uniform((rows,), size, dtype, rng)

    def forward(self, x: Any, hx: Any = None) -> Any:
        """Return the state after a step, or both states of an LSTM.

        Parameters
        ----------
        x : array of shape (N, input_size) or (input_size,)
        hx : array of shape (N, hidden_size) or (hidden_size,), optional
            The state before it, by default zeros; for an LSTM a tuple of two.
        """
        name = type(self).__name__
        x = cast_input(name, x, self.weight_hh.dtype)
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise ValueError(
                f"{self}: the input has shape {x.shape}, expected (N, {self.input_size}) or "
                f"({self.input_size},)"
            )
        shape = (*x.shape[:-1], self.hidden_size)
        states = [ops.reshape(s, (-1, self.hidden_size)) for s in self._before(hx, shape)]
        rows = ops.reshape(x, (-1, self.input_size))
        parameters = [self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh]
        after = self._step(rows, *states, *parameters[: 4 if self.bias else 2])
        found = [ops.reshape(state, shape) for state in after[1:]]
        return found[0] if len(found) == 1 else tuple(found)

    def _before(self, hx: Any, shape: tuple[int, ...]) -> list[Array]:
        dtype = self.weight_hh.dtype
        if hx is None:
            return [np.zeros(shape, dtype) for _ in self._states]
        given = listed(self, self._states, hx)
        states = [cast_input(type(self).__name__, state, dtype) for state in given]
        for label, state in zip(self._states, states, strict=True):
            if state.shape != shape:
                raise ValueError(f"{self}: {label} has shape {state.shape}, expected {shape}")
        return states

    def _step(self, x: Array, *arrays: Array) -> Any:
        """Take one step; return the outputs and the states."""
        raise NotImplementedError(f"{type(self).__name__} has no _step method")

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        shown = f"{self.input_size}, {self.hidden_size}"
        return shown if self.bias is True else f"{shown}, bias={self.bias}"


class RNNCell(_Cell):
    """One step of an `RNN`, ``tanh(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh)``.

    Parameters
    ----------
    input_size, hidden_size : int
        Length of the last axis of the input, and of the state.
    bias : bool
    nonlinearity : {"tanh", "relu"}
    dtype : dtype
        Of the parameters; an input is converted to it.
    rng : numpy.random.Generator or int, optional
        What the parameters are drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Attributes
    ----------
    weight_ih : Parameter of shape (hidden_size, input_size)
    weight_hh : Parameter of shape (hidden_size, hidden_size)
    bias_ih, bias_hh : Parameter of shape (hidden_size,), or None
        All drawn from ±1 / sqrt(hidden_size).

    Raises
    ------
    ValueError
        If a size is below 1, or shapes do not match.
    TypeError
        If a size is not an integer, or an input is not real numbers.

    Examples
    --------
    >>> cell = mg.nn.RNNCell(10, 20)
    >>> h = None
    >>> for x in np.zeros((5, 3, 10)):
    ...     h = cell(x, h)
    >>> h.shape
    (3, 20)
    """

    _gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        self.nonlinearity = checked_nonlinearity("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias, dtype=dtype, rng=rng)

    def _step(self, x: Array, *arrays: Array) -> Any:
        return ops.rnn_sequence(x, *arrays, sizes=(len(x),), nonlinearity=self.nonlinearity)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        shown = super().extra_repr()
        is_default = self.nonlinearity == "tanh"
        return shown if is_default else f"{shown}, nonlinearity={self.nonlinearity}"


class LSTMCell(_Cell):
    """One step of an `LSTM`, from and to a tuple of two states.

    Parameters
    ----------
    input_size, hidden_size, bias, dtype, rng
        As for `RNNCell`.

    Attributes
    ----------
    weight_ih : Parameter of shape (4 * hidden_size, input_size)
        Of the gates input, forget, cell and output.
    weight_hh : Parameter of shape (4 * hidden_size, hidden_size)
    bias_ih, bias_hh : Parameter of shape (4 * hidden_size,), or None
        All drawn from ±1 / sqrt(hidden_size).

    Examples
    --------
    >>> cell = mg.nn.LSTMCell(10, 20)
    >>> h, c = cell(np.zeros((3, 10)))
    >>> h, c = cell(np.zeros((3, 10)), (h, c))
    >>> h.shape, c.shape
    ((3, 20), (3, 20))
    """

    _gates = 4
    _states = ("h", "c")

    def _step(self, x: Array, *arrays: Array) -> Any:
        return ops.lstm_sequence(x, *arrays, sizes=(len(x),))


class GRUCell(_Cell):
    """One step of a `GRU`.

    Parameters
    ----------
    input_size, hidden_size, bias, dtype, rng
        As for `RNNCell`.

    Attributes
    ----------
    weight_ih : Parameter of shape (3 * hidden_size, input_size)
        Of the gates reset, update and new.
    weight_hh : Parameter of shape (3 * hidden_size, hidden_size)
    bias_ih, bias_hh : Parameter of shape (3 * hidden_size,), or None
        All drawn from ±1 / sqrt(hidden_size).

    Examples
    --------
    >>> cell = mg.nn.GRUCell(10, 20)
    >>> cell(np.zeros(10)).shape
    (20,)
    """

    _gates = 3

    def _step(self, x: Array, *arrays: Array) -> Any:
        return ops.gru_sequence(x, *arrays, sizes=(len(x),))
