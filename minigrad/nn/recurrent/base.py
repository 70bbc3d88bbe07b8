"""What recurrent layers have in common: layers, directions, states and packed sequences."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import numpy as np

from ... import ops
from ...ops.ordering import reordered
from ...random import generator
from ...registry import Array
from .. import functional
from ..functional.dropouts import probability
from ..init import fan_in_uniform
from ..inputs import cast_input, checked_size
from ..module import Module
from ..parameter import Parameter
from ..utils.rnn import Indices, PackedSequence

if TYPE_CHECKING:
    from numpy.random import Generator


class _Recurrent(Module):
    """The base of `RNN`, `LSTM` and `GRU`, which say how many gates and states there are."""

    weight_hh_l0: Parameter
    _gates: ClassVar[int]
    _states: ClassVar[tuple[str, ...]] = ("h0",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = np.float32,
        rng: Generator | int | None = None,
    ) -> None:
        name = type(self).__name__
        self.input_size = checked_size(name, "input_size", input_size)
        self.hidden_size = checked_size(name, "hidden_size", hidden_size)
        self.num_layers = checked_size(name, "num_layers", num_layers)
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = probability(name, dropout, "dropout")
        self.bidirectional = bidirectional
        if dropout and num_layers == 1:
            warnings.warn(
                f"{name}: dropout={dropout} does nothing with num_layers=1, for it is between "
                "layers; put a Dropout behind it to drop outputs",
                stacklevel=2 + (type(self).__init__ is not _Recurrent.__init__),
            )
        # The shared generator is not kept, for a copy of the module would copy it.
        self.rng = None if rng is None else generator(rng)
        rng = generator(self.rng)
        rows = self._gates * self.hidden_size
        for layer in range(self.num_layers):
            features = self.input_size if layer == 0 else self.hidden_size * len(self._directions)
            shapes: dict[str, tuple[int, ...]] = {
                "weight_ih": (rows, features),
                "weight_hh": (rows, self.hidden_size),
            }
            if bias:
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
            for direction in self._directions:
                for label, shape in shapes.items():
                    parameter = fan_in_uniform(shape, self.hidden_size, dtype, rng)
                    setattr(self, f"{label}_l{layer}{direction}", parameter)

    @property
    def _directions(self) -> tuple[str, ...]:
        """What the names of the parameters end with."""
        return ("", "_reverse") if self.bidirectional else ("",)

    def flatten_parameters(self) -> None:
        """Do nothing; scripts call it for the memory of graphics cards."""

    def forward(self, x: Any, hx: Any = None) -> tuple[Any, Any]:
        """Return the outputs of all steps of the last layer, and the last states of all layers.

        Parameters
        ----------
        x : array of shape (L, N, input_size), or a PackedSequence
            With `batch_first` of shape (N, L, input_size); a single sequence is (L, input_size).
        hx : array of shape (layers, N, hidden_size), or without N for a single sequence
            The first states, by default zeros; for an LSTM a tuple of two. Layers count by
            direction: those of layer 0, forward and reverse, then those of layer 1.

        Returns
        -------
        output : tensor of shape (L, N, directions * hidden_size) and so on; or a PackedSequence
            Forward and reverse side by side.
        states : tensor of the shape of `hx`, or two for an LSTM
        """
        packed = x if isinstance(x, PackedSequence) else None
        if packed is not None:
            rows = self._cast("input", packed.data)
            if rows.ndim != 2 or rows.shape[1] != self.input_size:
                raise ValueError(
                    f"{self}: the packed data have shape {rows.shape}, expected "
                    f"(rows, {self.input_size})"
                )
            shape: tuple[int, ...] = ()
            sizes = tuple(np.asarray(packed.batch_sizes).tolist())
        else:
            x = self._cast("input", x)
            shape = x.shape
            if len(shape) not in (2, 3) or shape[-1] != self.input_size or 0 in shape[:-1]:
                self._refuse_input(shape)
            if self.batch_first and len(shape) == 3:
                x = ops.swapaxes(x, 0, 1)
            steps, count = x.shape[0], 1 if len(shape) == 2 else x.shape[1]
            rows = ops.reshape(x, (steps * count, self.input_size))
            sizes = (count,) * steps

        is_single = len(shape) == 2
        states = self._first_states(hx, sizes[0], is_single)
        if packed is not None and packed.sorted_indices is not None and hx is not None:
            states = [reordered(state, packed.sorted_indices, axis=1) for state in states]
        rows, lasts = self._layers(rows, states, sizes)
        if packed is not None:
            if packed.unsorted_indices is not None:
                lasts = [reordered(last, packed.unsorted_indices, axis=1) for last in lasts]
            output: Any = packed._replace(data=rows)
        elif is_single:
            output, lasts = rows, [last[:, 0] for last in lasts]
        else:
            output = ops.reshape(rows, (len(sizes), sizes[0], rows.shape[1]))
            output = ops.swapaxes(output, 0, 1) if self.batch_first else output
        return output, lasts[0] if len(lasts) == 1 else tuple(lasts)

    def _layers(
        self, rows: Array, states: list[Array], sizes: tuple[int, ...]
    ) -> tuple[Any, list[Any]]:
        """Return the outputs of the last layer, and the last states of all as one array each."""
        lasts: list[list[Array]] = [[] for _ in states]
        backward = _reversal(sizes) if self.bidirectional else None
        for layer in range(self.num_layers):
            outputs = []
            for number, direction in enumerate(self._directions):
                place = layer * len(self._directions) + number
                x = _reversed(rows, backward, sizes) if direction else rows
                parameters = [
                    getattr(self, f"{label}_l{layer}{direction}")
                    for label in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")[
                        : 4 if self.bias else 2
                    ]
                ]
                out, *last = self._sequence(
                    x, *(state[place] for state in states), *parameters, sizes=sizes
                )
                outputs.append(_reversed(out, backward, sizes) if direction else out)
                for found, state in zip(lasts, last, strict=True):
                    found.append(state)
            rows = ops.concatenate(outputs, axis=1) if self.bidirectional else outputs[0]
            if self.dropout and layer < self.num_layers - 1:
                rows = functional.dropout(rows, self.dropout, self.training, rng=self.rng)
        return rows, [ops.stack(found) for found in lasts]

    def _sequence(self, *arrays: Array, sizes: tuple[int, ...]) -> Any:
        """Take one layer over the sequences, in one direction."""
        raise NotImplementedError(f"{type(self).__name__} has no _sequence method")

    def _cast(self, label: str, x: Any) -> Any:
        dtype = self.weight_hh_l0.dtype
        return cast_input(f"{type(self).__name__} ({label})", x, dtype)

    def _refuse_input(self, shape: tuple[int, ...]) -> None:
        axes = f"N, L, {self.input_size}" if self.batch_first else f"L, N, {self.input_size}"
        raise ValueError(
            f"{self}: the input has shape {shape}, expected ({axes}), or (L, {self.input_size}) "
            "for a single sequence, with one step and one sequence at least"
        )

    def _first_states(self, hx: Any, count: int, is_single: bool) -> list[Array]:
        """Return the states before the first step, each (layers, N, hidden_size)."""
        layers = self.num_layers * len(self._directions)
        shape = (layers, count, self.hidden_size)
        if hx is None:
            zeros = np.zeros(shape, self.weight_hh_l0.dtype)
            return [zeros for _ in self._states]
        given = listed(self, self._states, hx)
        states = [self._cast(label, s) for label, s in zip(self._states, given, strict=True)]
        expected = (layers, self.hidden_size) if is_single else shape
        for label, state in zip(self._states, states, strict=True):
            if state.shape != expected:
                raise ValueError(
                    f"{self}: {label} has shape {state.shape}, expected {expected}, which is "
                    "(num_layers * directions, "
                    + ("hidden_size)" if is_single else "N, hidden_size)")
                )
        return [ops.reshape(state, shape) for state in states]

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        shown = [f"{self.input_size}, {self.hidden_size}"]
        if self.num_layers != 1:
            shown.append(f"num_layers={self.num_layers}")
        if self.bias is not True:
            shown.append(f"bias={self.bias}")
        names = ("batch_first", "dropout", "bidirectional")
        shown += [f"{name}={getattr(self, name)}" for name in names if getattr(self, name)]
        return ", ".join(shown)


def listed(layer: Module, labels: tuple[str, ...], hx: Any) -> Sequence[Any]:
    """Return the states that a layer was given: one alone, or several in a tuple."""
    if len(labels) == 1:
        return (hx,)
    if not isinstance(hx, tuple | list) or len(hx) != len(labels):
        raise TypeError(
            f"{layer}: the states are a tuple ({', '.join(labels)}), got a {type(hx).__name__}"
        )
    return hx


def checked_nonlinearity(layer: str, nonlinearity: Any) -> Literal["tanh", "relu"]:
    """Return the name of a nonlinearity, or say that it is none."""
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"{layer}: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
    return cast(Literal["tanh", "relu"], nonlinearity)


def _reversal(sizes: tuple[int, ...]) -> Indices | None:
    """Return the rows of packed sequences with each sequence backward; None if all are alike.

    It is its own inverse.
    """
    if sizes[0] == sizes[-1]:
        return None
    starts = np.cumsum((0, *sizes[:-1]))
    steps = np.repeat(np.arange(len(sizes)), sizes)
    number = np.arange(sum(sizes)) - starts[steps]
    lengths = (np.arange(sizes[0]) < np.array(sizes)[:, None]).sum(0)
    return np.asarray(starts[lengths[number] - 1 - steps] + number)


def _reversed(rows: Array, backward: Indices | None, sizes: tuple[int, ...]) -> Any:
    if backward is not None:
        return reordered(rows, backward, axis=0)
    steps = ops.reshape(rows, (len(sizes), sizes[0], rows.shape[1]))
    return ops.reshape(ops.flip(steps, 0), rows.shape)
