"""Rows of a table by number, and numbers as rows of zeros with a single one."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, composed, constant, nondifferentiable
from .indexing import getitem
from .selection import where

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed()
def embedding(indices: Array, weight: Array, /, padding_idx: int | None = None) -> Tensor:
    """Rows of a table, ``weight[indices]``; the gradients of rows read several times add up.

    Parameters
    ----------
    indices : array of int, of any shape
        Numbers of rows, from 0; not differentiable.
    weight : array of shape (num_embeddings, embedding_dim)
    padding_idx : int, optional
        Number of a row that gets no gradient; a negative one counts from the last.

    Returns
    -------
    array of shape (indices.shape..., embedding_dim)

    Raises
    ------
    TypeError
        If indices are not integers.
    IndexError
        If an index or `padding_idx` is not the number of a row.

    Examples
    --------
    >>> import minigrad as mg
    >>> weight = mg.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], requires_grad=True)
    >>> rows = mg.embedding([2, 0, 2], weight)
    >>> rows.detach()
    tensor([[5., 6.],
            [1., 2.],
            [5., 6.]], dtype=float64)
    >>> rows.sum().backward()
    >>> weight.grad
    tensor([[1., 1.],
            [0., 0.],
            [2., 2.]], dtype=float64)
    """
    shape = np.shape(weight)
    if len(shape) != 2:
        raise ValueError(
            f"embedding: weight has shape {shape}, expected (num_embeddings, embedding_dim); the "
            "indices come first"
        )
    numbers = row_numbers("embedding", indices, shape[0])
    rows = getitem(weight, numbers)
    if padding_idx is None:
        return rows
    trained = np.not_equal(numbers, padding_row("embedding", padding_idx, shape[0]))
    return rows if trained.all() else where(trained[..., None], rows, constant(rows))


def row_numbers(name: str, indices: Array, count: int) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Return a copy of indices from 0 to ``count - 1``, or say what is wrong with them."""
    # A copy: the caller may fill the same array with the next batch before backward.
    numbers = np.array(constant(indices))
    if numbers.size and numbers.dtype.kind not in "iu":  # an empty list is of floats
        raise TypeError(
            f"{name}: the indices are {numbers.dtype}, expected integers; use .astype(int)"
        )
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < count:
        raise IndexError(
            f"{name}: the indices are from {numbers.min()} to {numbers.max()}, but there are "
            f"{count} rows, numbered from 0 to {count - 1}"
        )
    return numbers.astype(np.intp, copy=False)


def padding_row(name: str, padding_idx: int, count: int) -> int:
    """Return the number of the row for padding, counted from the first."""
    number = operator.index(padding_idx)
    if not -count <= number < count:
        raise IndexError(
            f"{name}: padding_idx={padding_idx} is no row; there are {count}, numbered from 0"
        )
    return number % count


@nondifferentiable()
def one_hot(indices: Array, /, num_classes: int = -1) -> Tensor:
    """Rows of zeros with a single 1, at the places that integers say.

    Parameters
    ----------
    indices : array of int, of any shape
        Classes, from 0.
    num_classes : int
        Length of the rows; by default one more than the largest class.

    Returns
    -------
    array of int of shape (indices.shape..., num_classes)

    Raises
    ------
    TypeError
        If the classes are not integers.
    ValueError
        If there are no classes to take the number of them from.
    IndexError
        If one is not a class.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.one_hot([0, 2])
    array([[1, 0, 0],
           [0, 0, 1]])
    """
    if num_classes == -1:
        if not np.size(indices):
            raise ValueError("one_hot: without indices the number of classes is not known; pass it")
        num_classes = int(np.max(indices)) + 1
    numbers = row_numbers("one_hot", indices, operator.index(num_classes))
    out = np.zeros((*numbers.shape, num_classes), np.int64)
    np.put_along_axis(out, numbers[..., None], 1, axis=-1)
    return out  # type: ignore[return-value]  # of a tensor, a tensor
