"""Batches of a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextlib import nullcontext
from itertools import count
from typing import Any

import numpy as np

from ..autograd import is_grad_enabled, no_grad
from ..random import generator
from ..tensor import Tensor
from ._checks import checked_integer
from ._collate import default_collate
from ._datasets import Items, IterableDataset, Subset, TensorDataset
from ._drawing import drawing_from
from ._samplers import (
    BatchSampler,
    RandomSampler,
    Rng,
    SequentialSampler,
    batch_count,
    in_batches,
)
from ._workers import ahead

Collate = Callable[[Any], Any]
Load = Callable[[Any], Any]


class DataLoader:
    """Batches of a data set: ``for x, y in DataLoader(dataset, batch_size=64, shuffle=True)``.

    Each loop over it is one epoch. Batches are NumPy arrays, or tuples or dicts of them, as the
    items are; see `default_collate`. ``len`` is the number of batches. For arrays in memory
    `batches` is the short form, and a `TensorDataset`, or a `Subset` of one, is as fast.

    An epoch's order is drawn from `rng` when its loop starts, and so is the seed of what random
    transforms draw in it (see `item_generator`). Saving that generator's state between two epochs
    is thus enough to go on with the same batches.

    Parameters
    ----------
    dataset
        Anything with a length that gives an item for an index, or an `IterableDataset`.
    batch_size
        The length of a batch; the last one holds what is left. None gives single items, without a
        batch axis.
    shuffle
        Whether to draw a new order for each epoch.
    drop_last
        Whether to leave out a last batch that is shorter than the others.
    num_workers
        How many threads prepare batches while the loop works on others; with 0 the loop does all
        itself. The batches are the same. Threads gain where items cost time outside of Python's
        lock: NumPy's work on large arrays, reading, and decompressing with zlib release it; a
        transform that is slow in Python itself gains nothing.
    collate_fn
        A function from a list of items to a batch.
    sampler
        Gives the indices of an epoch, in place of `shuffle`.
    batch_sampler
        Gives the lists of indices of an epoch's batches, in place of `batch_size`, `shuffle`,
        `sampler` and `drop_last`.
    prefetch_factor
        How many batches for each worker are prepared ahead.
    rng
        A `numpy.random.Generator` or a seed. By default the generator that
        `minigrad.manual_seed` restarts.

    Raises
    ------
    TypeError
        If an argument is of the wrong type, or (from ``len``) the data have no length.
    ValueError
        If numbers are too small or settings exclude one another.

    Notes
    -----
    An error that an item raises is raised in the loop, with a note that tells the item's index. A
    loop that is left early stops its workers.

    Examples
    --------
    >>> x, y = mg.data.spirals(100, classes=2, rng=0)
    >>> train, valid = mg.data.random_split(mg.data.TensorDataset(x, y), [0.8, 0.2], rng=0)
    >>> loader = mg.data.DataLoader(train, batch_size=32, shuffle=True, rng=0)
    >>> for points, labels in loader:
    ...     print(points.shape, labels.shape)
    (32, 2) (32,)
    (32, 2) (32,)
    (16, 2) (16,)
    """

    def __init__(
        self,
        dataset: Items[Any] | IterableDataset[Any],
        batch_size: int | None = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        num_workers: int = 0,
        collate_fn: Collate | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Sequence[Any]] | None = None,
        prefetch_factor: int = 2,
        rng: Rng = None,
    ) -> None:
        # Two arrays in a tuple are hardly two items: it is how they are given to `evaluate`.
        parts = (*(dataset if type(dataset) is tuple else ()), batch_size)
        if any(isinstance(part, np.ndarray | Tensor) and part.ndim for part in parts):
            raise TypeError(
                "DataLoader: takes one data set, not arrays side by side; wrap them as "
                "TensorDataset(x, y), or pass a list if each is an item"
            )
        self.dataset = dataset
        self.num_workers = checked_integer("DataLoader", "num_workers", num_workers, 0)
        self.prefetch_factor = checked_integer("DataLoader", "prefetch_factor", prefetch_factor)
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self._rng = generator(rng)
        self.batch_size: int | None = None
        self.sampler: Iterable[Any] | None = None
        self.batch_sampler: Iterable[Sequence[Any]] | None = None
        if collate_fn is not None and not callable(collate_fn):
            raise TypeError(f"DataLoader: collate_fn must be a function, got {collate_fn!r}")
        if batch_sampler is not None:
            if shuffle or drop_last or sampler is not None or batch_size != 1:
                raise ValueError(
                    "DataLoader: batch_sampler stands in place of batch_size, shuffle, sampler "
                    "and drop_last"
                )
        elif batch_size is not None:
            self.batch_size = checked_integer("DataLoader", "batch_size", batch_size)
        elif drop_last:
            raise ValueError("DataLoader: with batch_size=None there is no last batch to drop")

        if isinstance(dataset, IterableDataset):
            if shuffle or sampler is not None or batch_sampler is not None:
                raise ValueError(
                    f"DataLoader: {type(dataset).__name__} is an IterableDataset, whose items come "
                    "in its own order: shuffle, sampler and batch_sampler cannot be used"
                )
            return
        given: object = dataset
        if not isinstance(given, Sized) or not hasattr(given, "__getitem__"):
            raise TypeError(
                "DataLoader: a data set has __len__ and __getitem__, or is an IterableDataset, "
                f"which {type(given).__name__} has not; wrap arrays as TensorDataset(x, y)"
            )
        if batch_sampler is not None:
            self.batch_sampler = batch_sampler
            return
        if sampler is None:
            random = RandomSampler(dataset, rng=self._rng)
            self.sampler = random if shuffle else SequentialSampler(dataset)
        elif shuffle:
            raise ValueError("DataLoader: sampler stands in place of shuffle")
        else:
            self.sampler = sampler
        if self.batch_size is not None:
            self.batch_sampler = BatchSampler(self.sampler, self.batch_size, drop_last)

    def __len__(self) -> int:
        sources = (self.batch_sampler, self.sampler, self.dataset)
        source = next(source for source in sources if source is not None)
        if not isinstance(source, Sized):
            raise TypeError(f"DataLoader: {type(source).__name__} has no length")
        if source is self.dataset and self.batch_size is not None:
            return batch_count(len(source), self.batch_size, self.drop_last)
        return len(source)

    def __iter__(self) -> Iterator[Any]:
        if isinstance(self.dataset, IterableDataset):
            load, tasks = self._stream(self.dataset)
        else:
            load, tasks = self._epoch(self.dataset)
        if self.num_workers == 0:
            return (load(task) for task in tasks)
        # A thread starts with recording on; an epoch must not depend on who makes its batches.
        mode = nullcontext if is_grad_enabled() else no_grad

        def work(task: Any) -> Any:
            with mode():
                return load(task)

        return ahead(work, tasks, self.num_workers, self.num_workers * self.prefetch_factor)

    def _epoch(self, dataset: Items[Any]) -> tuple[Load, Iterator[Any]]:
        """Return how to load a task, and the tasks: here the indices of batches, or of items."""
        is_batched = self.batch_sampler is not None
        indices = iter(self.batch_sampler if is_batched else self.sampler)  # type: ignore[arg-type]  # one of them is set
        rows = _rows(dataset) if is_batched and self.collate_fn is None else None
        if rows is not None:
            return lambda index: rows(np.asarray(index)), indices
        collated = self._collated()

        def load(task: tuple[int, Any]) -> Any:
            number, index = task
            if is_batched:
                return collated(number, lambda: [_item(dataset, one) for one in index])
            return collated(number, lambda: _item(dataset, index))

        return load, enumerate(indices)

    def _stream(self, dataset: IterableDataset[Any]) -> tuple[Load, Iterator[Any]]:
        """Return the same for data that come one after another: their order is the loop's work."""
        collated = self._collated()
        drawn = np.random.default_rng(self._seed())

        def tasks() -> Iterator[tuple[int, Any]]:
            with drawing_from(drawn):
                items = iter(dataset)
            if self.batch_size is not None:
                items = in_batches(items, self.batch_size, self.drop_last)
            for number in count():
                with drawing_from(drawn):
                    task = next(items, end)
                if task is end:
                    return
                yield number, task

        end = object()
        return lambda task: collated(task[0], lambda: task[1]), tasks()

    def _collated(self) -> Callable[[int, Callable[[], Any]], Any]:
        """Return what makes batch `number` of an epoch from what a function gives."""
        seed = self._seed()
        is_batched = self.batch_size is not None or self.batch_sampler is not None
        collate = self.collate_fn or (default_collate if is_batched else None)

        def collated(number: int, fetch: Callable[[], Any]) -> Any:
            with drawing_from(np.random.default_rng((seed, number))):
                fetched = fetch()
                return fetched if collate is None else collate(fetched)

        return collated

    def _seed(self) -> int:
        return int(self._rng.integers(2**63))


def _item(dataset: Items[Any], index: Any) -> Any:
    try:
        return dataset[index]
    except Exception as error:  # it goes on, and tells where it was
        error.add_note(f"DataLoader: raised by item {index!r} of the {type(dataset).__name__}")
        raise


def _rows(dataset: Any) -> Callable[[Any], Any] | None:
    """Return a function from an array of indices to a batch, for data that have one."""
    kind = getattr(type(dataset), "__getitem__", None)  # a derived class may have its own
    if kind is TensorDataset.__getitem__ or isinstance(dataset, np.ndarray | Tensor):
        take: Callable[[Any], Any] = dataset.__getitem__
        return take
    if kind is Subset.__getitem__:
        inner = _rows(dataset.dataset)
        if inner is not None:
            chosen = np.asarray(dataset.indices)
            return lambda index: inner(chosen[index])
    return None
