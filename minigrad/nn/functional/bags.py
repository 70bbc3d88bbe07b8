"""Bags of embeddings: the rows of several numbers, reduced to one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import ops
from ...ops.embedding import padding_row, row_numbers
from ...registry import Array, constant
from ...tensor import Tensor


def embedding_bag(
    indices: Array,
    weight: Array,
    offsets: Array | None = None,
    mode: str = "mean",
    per_sample_weights: Array | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Sum, mean or maximum of the rows of each bag of numbers.

    Parameters
    ----------
    indices : array of int of shape (B, n), or (n,) with `offsets`
        Numbers of rows, from 0. In two dimensions each row is a bag.
    weight : array of shape (num_embeddings, embedding_dim)
    offsets : array of int of shape (B,), optional
        Where bags start in `indices` of one axis; the first is 0.
    mode : {"mean", "sum", "max"}
    per_sample_weights : array of float of the shape of `indices`, optional
        What rows are multiplied by before they are summed; for ``mode="sum"`` alone.
    include_last_offset : bool
        Whether `offsets` ends with the end of the last bag.
    padding_idx : int, optional
        A number that is left out of its bags, and whose row gets no gradient.

    Returns
    -------
    array of shape (B, embedding_dim)
        0 for a bag in which there is nothing. Equal elements share the gradient of a maximum.

    Raises
    ------
    TypeError
        If indices or offsets are not integers.
    ValueError
        If shapes do not match, or offsets are missing, superfluous or not in order.
    IndexError
        If an index is not the number of a row.

    Examples
    --------
    >>> weight = mg.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> mg.nn.functional.embedding_bag([0, 1, 2], weight, [0, 2], mode="sum")
    tensor([[4., 6.],
            [5., 6.]], dtype=float64)
    """
    if mode not in ("mean", "sum", "max"):
        raise ValueError(f"embedding_bag: mode must be 'mean', 'sum' or 'max', got {mode!r}")
    if per_sample_weights is not None and mode != "sum":
        raise ValueError(f"embedding_bag: per_sample_weights are for mode='sum', not {mode!r}")
    count = np.shape(weight)[0]
    numbers = row_numbers("embedding_bag", indices, count)
    if per_sample_weights is not None and np.shape(per_sample_weights) != numbers.shape:
        raise ValueError(
            f"embedding_bag: per_sample_weights have shape {np.shape(per_sample_weights)}, the "
            f"indices {numbers.shape}"
        )
    # The places of each bag in the flat indices, and which of them are there at all.
    places, keep = _bags(numbers, offsets, include_last_offset)
    bags = numbers.reshape(-1)[places] if numbers.size else places
    if padding_idx is not None:
        keep = keep & np.not_equal(bags, padding_row("embedding_bag", padding_idx, count))
    rows = ops.embedding(bags, weight) if numbers.size else np.zeros((*bags.shape, weight.shape[1]))
    if mode == "max":
        hidden = ops.where(keep[..., None], rows, -np.inf)
        largest = ops.max(hidden, axis=1) if keep.shape[1] else ops.sum(rows, axis=1)
        return ops.keep_where(keep.any(axis=1)[:, None], largest)
    if per_sample_weights is not None:
        factors = ops.getitem(ops.reshape(per_sample_weights, (-1,)), places)
        rows = rows * ops.expand_dims(factors, -1)
    total = ops.sum(ops.keep_where(keep[..., None], rows), axis=1)
    if mode == "sum":
        return total
    counts = np.maximum(keep.sum(axis=1), 1).astype(total.dtype)
    return ops.divide(total, counts[:, None])


def _bags(numbers: Any, offsets: Array | None, include_last_offset: bool) -> tuple[Any, Any]:
    if numbers.ndim == 2:
        if offsets is not None:
            raise ValueError(
                f"embedding_bag: indices of shape {numbers.shape} are bags row by row, so there "
                "must be no offsets"
            )
        places = np.arange(numbers.size).reshape(numbers.shape)
        return places, np.ones(numbers.shape, bool)
    if numbers.ndim != 1 or offsets is None:
        raise ValueError(
            f"embedding_bag: the indices have shape {numbers.shape}, expected (B, n), or (n,) with "
            "offsets, the places at which bags start"
        )
    starts = np.asarray(constant(offsets))
    if starts.ndim != 1 or starts.dtype.kind not in "iu":
        raise TypeError(
            f"embedding_bag: offsets are {starts.dtype} of shape {starts.shape}, expected integers "
            "of shape (B,)"
        )
    bounds = starts if include_last_offset else np.append(starts, numbers.size)
    lengths = np.diff(bounds)
    if not bounds.size or bounds[0] != 0 or bounds[-1] > numbers.size or np.any(lengths < 0):
        raise ValueError(
            f"embedding_bag: offsets must start with 0, never fall and end within the "
            f"{numbers.size} indices, got {starts.tolist()}"
        )
    step = np.arange(lengths.max(initial=0))
    keep = step < lengths[:, None]
    return np.where(keep, bounds[:-1, None] + step, 0), keep
