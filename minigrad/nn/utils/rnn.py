"""Sequences of several lengths: padded to one array, or packed without padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from ... import ops
from ...ops.ordering import reordered
from ...registry import Array, constant

Indices = np.ndarray[Any, np.dtype[np.intp]]


class PackedSequence(NamedTuple):
    """Sequences of several lengths in the rows of one array, without padding.

    Made by `pack_padded_sequence` and `pack_sequence`, and taken by `minigrad.nn.RNN`, LSTM and
    GRU, which return another. A layer that works on each step alone is applied to `data`, as in
    ``packed._replace(data=layer(packed.data))``.

    Attributes
    ----------
    data : tensor or array of shape (rows, ...)
        The first step of all sequences, the longest first, then the second step of those that have
        one, and so on.
    batch_sizes : array of int of shape (steps,)
        How many sequences there are at each step.
    sorted_indices : array of int of shape (N,), or None
        The sequences in the order in which they are packed; None if that is their own.
    unsorted_indices : array of int of shape (N,), or None
        The inverse of it: where each sequence is.

    Examples
    --------
    >>> packed = mg.nn.utils.rnn.pack_sequence([np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0])])
    >>> packed.data
    array([1., 4., 2., 5., 3.])
    >>> packed.batch_sizes
    array([2, 2, 1])
    """

    data: Any
    batch_sizes: Indices
    sorted_indices: Indices | None = None
    unsorted_indices: Indices | None = None


def pack_padded_sequence(
    x: Array,
    lengths: Sequence[int] | Array,
    batch_first: bool = False,
    enforce_sorted: bool = True,
) -> PackedSequence:
    """Pack sequences that were padded to one length.

    Gradients go back to what was packed; those of the padding are 0, whatever it holds.

    Parameters
    ----------
    x : array of shape (T, N, ...), or (N, T, ...) with `batch_first`
    lengths : sequence or array of int
        Of the N sequences, each from 1 to T.
    batch_first : bool
    enforce_sorted : bool
        Whether to insist on falling lengths. With False they are sorted here.

    Raises
    ------
    ValueError
        If there is not a length for each sequence, or one is out of range, or they do not fall
        where they must.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0, 0.0], [3.0, 4.0, 5.0]])
    >>> rnn = mg.nn.utils.rnn
    >>> packed = rnn.pack_padded_sequence(x, [2, 3], batch_first=True, enforce_sorted=False)
    >>> packed.data
    array([3., 1., 4., 2., 5.])
    >>> rnn.pad_packed_sequence(packed, batch_first=True)
    (array([[1., 2., 0.],
           [3., 4., 5.]]), array([2, 3]))
    """
    name = "pack_padded_sequence"
    x = _steps_first(name, "x", x, batch_first)
    steps, count = x.shape[:2]
    known = _checked_lengths(name, lengths, count, steps)
    order = inverse = None
    if not enforce_sorted:
        order = np.argsort(-known, kind="stable")
        inverse = np.argsort(order)
        known = known[order]
        x = reordered(x, order, axis=1)
    elif (np.diff(known) > 0).any():
        raise ValueError(
            f"{name}: lengths must fall, got {known.tolist()}; pass enforce_sorted=False to have "
            "the sequences sorted here"
        )
    longest = int(known.max())
    inside = np.arange(longest)[:, None] < known
    return PackedSequence(ops.getitem(x[:longest], inside), inside.sum(1), order, inverse)


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Any, Indices]:
    """Pad packed sequences to one length; the inverse of `pack_padded_sequence`.

    Parameters
    ----------
    sequence : PackedSequence
    batch_first : bool
    padding_value : float
    total_length : int, optional
        To which they are padded, by default that of the longest.

    Returns
    -------
    padded : tensor or array of shape (T, N, ...), or (N, T, ...) with `batch_first`
    lengths : array of int of shape (N,)

    Raises
    ------
    TypeError
        If `sequence` is no `PackedSequence`.
    ValueError
        If `total_length` is less than the longest.
    """
    lengths = _packed_lengths("pad_packed_sequence", sequence)
    steps = len(sequence.batch_sizes) if total_length is None else total_length
    if steps < len(sequence.batch_sizes):
        raise ValueError(
            f"pad_packed_sequence: total_length={total_length} is less than the longest sequence, "
            f"of {len(sequence.batch_sizes)} steps"
        )
    inside = np.arange(steps)[:, None] < lengths
    rest = sequence.data.shape[1:]
    out = ops.scatter(sequence.data, inside, (*inside.shape, *rest))
    if padding_value != 0:
        value = np.asarray(padding_value, sequence.data.dtype)
        out = ops.where(inside.reshape(*inside.shape, *[1] * len(rest)), out, value)
    if sequence.unsorted_indices is not None:
        out = reordered(out, sequence.unsorted_indices, axis=1)
        lengths = lengths[sequence.unsorted_indices]
    return ops.swapaxes(out, 0, 1) if batch_first else out, lengths


def pad_sequence(
    sequences: Sequence[Array],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: Literal["right", "left"] = "right",
) -> Any:
    """Pad sequences to the length of the longest, and stack them.

    Parameters
    ----------
    sequences : sequence of array of shape (length, ...)
        Alike but for their lengths.
    batch_first : bool
    padding_value : float
    padding_side : {"right", "left"}
        Whether padding goes behind a sequence or before it.

    Returns
    -------
    tensor or array of shape (T, N, ...), or (N, T, ...) with `batch_first`

    Raises
    ------
    ValueError
        If there is no sequence, one has no axis, or they differ in more than their lengths.

    Examples
    --------
    >>> mg.nn.utils.rnn.pad_sequence([np.array([1.0, 2.0]), np.array([3.0])], batch_first=True)
    array([[1., 2.],
           [3., 0.]])
    """
    name = "pad_sequence"
    if padding_side not in ("right", "left"):
        raise ValueError(f"{name}: padding_side must be 'right' or 'left', got {padding_side!r}")
    arrays, longest = _sequences(name, sequences)
    padded = []
    for array in arrays:
        missing = longest - array.shape[0]
        width = (0, missing) if padding_side == "right" else (missing, 0)
        widths = [width, *[(0, 0)] * (array.ndim - 1)]
        padded.append(ops.pad(array, widths, constant_values=padding_value))
    return ops.stack(padded, axis=0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Array, lengths: Sequence[int] | Array, batch_first: bool = False
) -> list[Any]:
    """Return the sequences of a padded array; the inverse of `pad_sequence`.

    Parameters
    ----------
    padded_sequences : array of shape (T, N, ...), or (N, T, ...) with `batch_first`
    lengths : sequence or array of int
        Of the N sequences, each from 1 to T.
    batch_first : bool
    """
    name = "unpad_sequence"
    x = _steps_first(name, "padded_sequences", padded_sequences, batch_first)
    known = _checked_lengths(name, lengths, x.shape[1], x.shape[0])
    return [x[:length, number] for number, length in enumerate(known.tolist())]


def pack_sequence(sequences: Sequence[Array], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences of several lengths; see `pack_padded_sequence`.

    Parameters
    ----------
    sequences : sequence of array of shape (length, ...)
        Alike but for their lengths.
    enforce_sorted : bool
        Whether to insist on falling lengths. With False they are sorted here.
    """
    arrays, _ = _sequences("pack_sequence", sequences)
    lengths = [array.shape[0] for array in arrays]
    return pack_padded_sequence(pad_sequence(arrays), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Any]:
    """Return the sequences that were packed, as a list; the inverse of `pack_sequence`."""
    _packed_lengths("unpack_sequence", packed_sequences)
    return unpad_sequence(*pad_packed_sequence(packed_sequences))


def _packed_lengths(name: str, sequence: Any) -> Indices:
    """Return the lengths of packed sequences, in the order in which they are packed."""
    if not isinstance(sequence, PackedSequence):
        raise TypeError(
            f"{name}: expected a PackedSequence, got a {type(sequence).__name__}; make one by "
            "pack_sequence or pack_padded_sequence"
        )
    sizes = np.asarray(sequence.batch_sizes)
    count = sizes[0] if len(sizes) else 0
    return np.asarray((np.arange(count) < sizes[:, None]).sum(0))


def _checked_lengths(name: str, lengths: Any, count: int, steps: int) -> Indices:
    """Return lengths as an array: so many, and none above `steps`."""
    known = np.array(constant(lengths))
    if not count:
        raise ValueError(f"{name}: there is no sequence, the batch is empty")
    if known.shape != (count,) or known.dtype.kind not in "iu":
        raise ValueError(
            f"{name}: lengths must be {count} integers, one for each sequence, got {lengths!r}"
        )
    known = known.astype(np.intp)
    if not 1 <= known.min() <= known.max() <= steps:
        raise ValueError(
            f"{name}: lengths must be from 1 to {steps}, the steps of the padded array, got "
            f"{known.tolist()}"
        )
    return known


def _steps_first(name: str, label: str, x: Array, batch_first: bool) -> Any:
    x = _as_array(x)
    if x.ndim < 2:
        expected = "(N, T, ...)" if batch_first else "(T, N, ...)"
        raise ValueError(f"{name}: {label} has shape {x.shape}, expected {expected}")
    return ops.swapaxes(x, 0, 1) if batch_first else x


def _sequences(name: str, sequences: Sequence[Array]) -> tuple[list[Any], int]:
    arrays = [_as_array(sequence) for sequence in sequences]
    shapes = [array.shape for array in arrays]
    if not arrays or not all(shapes) or len({shape[1:] for shape in shapes}) > 1:
        raise ValueError(
            f"{name}: expected sequences of shape (length, ...), alike but for their lengths, got "
            f"shapes {shapes}"
        )
    return arrays, max(shape[0] for shape in shapes)


def _as_array(x: Array) -> Any:
    return np.asarray(x) if isinstance(x, list | tuple) else x
