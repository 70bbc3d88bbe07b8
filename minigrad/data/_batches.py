"""Minibatches of arrays that are in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from typing import Any, Generic, Protocol, TypeVar, TypeVarTuple, overload

import numpy as np

from ..random import generator


class Indexable(Protocol):
    """What `batches` asks of an array: NumPy's have it, and tensors."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: Any, /) -> Any: ...


Array = TypeVar("Array", bound=Indexable)
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
        if not arrays:
            raise TypeError("batches: at least one array is needed")
        lengths = []
        for position, array in enumerate(arrays):
            if isinstance(array, list | tuple) or not isinstance(array, Sized):
                raise TypeError(
                    f"batches: argument {position} is a {type(array).__name__}; "
                    "make an array of it, or pass several arrays as batches(x, y)"
                )
            lengths.append(len(array))
        if len(set(lengths)) > 1:
            raise ValueError(f"batches: arrays must have equal lengths, not {lengths}")
        if not isinstance(batch_size, int | np.integer):
            raise TypeError(f"batches: batch_size must be an integer, not {batch_size!r}")
        if batch_size < 1:
            raise ValueError(f"batches: batch_size must be at least 1, not {batch_size}")
        self._arrays: tuple[Any, ...] = arrays
        self._length = lengths[0]
        self._batch_size = int(batch_size)
        self._shuffle = shuffle
        self._drop_last = drop_last
        self._rng = generator(rng)

    def __len__(self) -> int:
        whole, rest = divmod(self._length, self._batch_size)
        return whole + (rest > 0 and not self._drop_last)

    def __iter__(self) -> Iterator[Batch]:
        order = self._rng.permutation(self._length) if self._shuffle else None
        for start in range(0, len(self) * self._batch_size, self._batch_size):
            here = slice(start, start + self._batch_size)
            index = here if order is None else order[here]
            batch: Any = tuple(array[index] for array in self._arrays)
            yield batch if len(batch) > 1 else batch[0]
