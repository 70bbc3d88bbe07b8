"""Minibatches of arrays that are in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar, TypeVarTuple, overload

import numpy as np

from ._checks import checked_integer, checked_length
from ._datasets import Items
from ._samplers import BatchSampler, RandomSampler, SequentialSampler

Array = TypeVar("Array", bound=Items[Any])
Arrays = TypeVarTuple("Arrays")
Batch = TypeVar("Batch")


class batches(Generic[Batch]):  # in lower case, as `range` is, for one calls it
    """Minibatches along the first axis: ``for x, y in batches(x_train, y_train, batch_size=64)``.

    Each loop over it is one epoch. With `shuffle` each epoch has a new order. ``len`` is the number
    of batches, so that a progress bar knows its end.

    Parameters
    ----------
    *arrays
        NumPy arrays or tensors of equal length. Several give tuples of batches, one gives the
        batches themselves, as iterating over PyTorch's ``DataLoader(array)`` does.
    batch_size
        The length of a batch. The last one holds what is left.
    shuffle
        Whether to draw a new order for each epoch. If False, batches are slices, which for NumPy
        means views, not copies.
    drop_last
        Whether to leave out a last batch that is shorter than the others.
    rng
        A `numpy.random.Generator` or a seed. By default the generator that
        `minigrad.manual_seed` restarts.

    Raises
    ------
    TypeError
        If there is no array, or something else in place of one, or `batch_size` is no integer.
    ValueError
        If lengths differ or `batch_size` is below 1.

    Examples
    --------
    >>> x, y = np.arange(10).reshape(5, 2), np.arange(5)
    >>> for rows, labels in mg.data.batches(x, y, batch_size=2, shuffle=False):
    ...     print(rows.shape, labels)
    (2, 2) [0 1]
    (2, 2) [2 3]
    (1, 2) [4]
    >>> len(mg.data.batches(x, y, batch_size=2, drop_last=True))
    2
    """

    @overload
    def __init__(
        self: batches[Array],
        array: Array,
        /,
        *,
        batch_size: int,
        shuffle: bool = ...,
        drop_last: bool = ...,
        rng: np.random.Generator | int | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: batches[tuple[*Arrays]],
        *arrays: *Arrays,
        batch_size: int,
        shuffle: bool = ...,
        drop_last: bool = ...,
        rng: np.random.Generator | int | None = ...,
    ) -> None: ...
    def __init__(
        self,
        *arrays: object,
        batch_size: int,
        shuffle: bool = True,
        drop_last: bool = False,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        length = checked_length("batches", arrays)
        batch_size = checked_integer("batches", "batch_size", batch_size)
        rows = range(length)
        order = RandomSampler(rows, rng=rng) if shuffle else SequentialSampler(rows)
        self._arrays: tuple[Any, ...] = arrays
        self._indices = BatchSampler(order, batch_size, drop_last)
        self._shuffle = shuffle

    def __len__(self) -> int:
        return len(self._indices)

    def __iter__(self) -> Iterator[Batch]:
        for indices in self._indices:
            here = np.array(indices) if self._shuffle else slice(indices[0], indices[-1] + 1)
            batch: Any = tuple(array[here] for array in self._arrays)
            yield batch if len(batch) > 1 else batch[0]
