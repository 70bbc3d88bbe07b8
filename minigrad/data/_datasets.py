"""Data sets: what has a length and gives an item for an index."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from ._checks import checked_length

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)


class Items(Protocol[Item_co]):
    """What a loader asks of a data set: lists and arrays have it, too."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: Any, /) -> Item_co: ...


class Dataset(Generic[Item]):
    """A base class for data sets; `__getitem__` is what a derived class defines, and `__len__`.

    Nothing needs to derive from it: whatever has a length and gives an item for an index from 0 is
    a data set. What this class adds is ``a + b``, the one data set after the other.

    Examples
    --------
    >>> class Squares(mg.data.Dataset):
    ...     def __len__(self):
    ...         return 5
    ...
    ...     def __getitem__(self, index):
    ...         return index**2
    >>> [batch.tolist() for batch in mg.data.DataLoader(Squares() + Squares(), batch_size=4)]
    [[0, 1, 4, 9], [16, 0, 1, 4], [9, 16]]
    """

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__")

    def __getitem__(self, index: Any, /) -> Item:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__")

    def __iter__(self) -> Iterator[Item]:
        # Python's own rule would go on until IndexError, which not every `__getitem__` raises.
        return (self[index] for index in range(len(self)))

    def __add__(self, other: Items[Item]) -> ConcatDataset[Item]:
        return ConcatDataset([self, other])


class IterableDataset(Generic[Item]):
    """A base class for data that come one after another, such as the lines of a file.

    A derived class defines `__iter__`. A `DataLoader` takes the items in the order they come: there
    is no `shuffle` and no `sampler`. ``len(loader)`` works if the class has a length.

    Examples
    --------
    >>> class Countdown(mg.data.IterableDataset):
    ...     def __iter__(self):
    ...         return iter(range(5, 0, -1))
    >>> [batch.tolist() for batch in mg.data.DataLoader(Countdown(), batch_size=2)]
    [[5, 4], [3, 2], [1]]
    """

    def __iter__(self) -> Iterator[Item]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__")


class TensorDataset(Dataset[tuple[Any, ...]]):
    """Rows of arrays: item `i` is the tuple of their entries `i` along the first axis.

    A `DataLoader` takes whole batches from it by one index array, which is much faster than item by
    item.

    Parameters
    ----------
    *tensors
        NumPy arrays or tensors of equal length.

    Attributes
    ----------
    tensors : tuple
        These arrays.

    Raises
    ------
    TypeError
        If there is no array, or something else in place of one.
    ValueError
        If lengths differ.

    Examples
    --------
    >>> points = mg.data.TensorDataset(np.eye(3), np.arange(3))
    >>> points[1]
    (array([0., 1., 0.]), np.int64(1))
    """

    def __init__(self, *tensors: Any) -> None:
        checked_length("TensorDataset", tensors)
        self.tensors = tensors

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: Any, /) -> tuple[Any, ...]:
        return tuple(tensor[index] for tensor in self.tensors)


class Subset(Dataset[Item]):
    """The items of a data set at these indices, in their order.

    Raises
    ------
    TypeError
        If the indices are a mask.

    Examples
    --------
    >>> list(mg.data.Subset("minigrad", [0, 4, 2]))
    ['m', 'g', 'n']
    """

    def __init__(self, dataset: Items[Item], indices: Sequence[int]) -> None:
        if len(indices) and isinstance(indices[0], bool | np.bool_):
            raise TypeError(
                "Subset: indices is a mask of booleans, expected integers; pass "
                "np.flatnonzero(mask)"
            )
        self.dataset = dataset
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any, /) -> Item:
        return self.dataset[self.indices[index]]


class ConcatDataset(Dataset[Item]):
    """Data sets one after the other.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> both = mg.data.ConcatDataset(["mini", "grad"])
    >>> len(both), both[3], both[4], both[-1]
    (8, 'i', 'g', 'd')
    """

    def __init__(self, datasets: Iterable[Items[Item]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: at least one data set is needed")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset):
                raise TypeError(
                    f"ConcatDataset: {type(dataset).__name__} gives no item for an index; "
                    "use itertools.chain in an IterableDataset of your own"
                )
        self.cumulative_sizes = list(accumulate(map(len, self.datasets)))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: Any, /) -> Item:
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"ConcatDataset: index {index} is outside of {len(self)} items")
        which = bisect_right(self.cumulative_sizes, place)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][place - before]


class MapDataset(Dataset[Any]):
    """A data set whose items go through a transform each time they are asked for.

    Parameters
    ----------
    dataset
        The data set.
    transform
        A function of an item, or, where items are tuples, of their first part: the input.
    target_transform
        A function of the second part: the target.

    Raises
    ------
    TypeError
        If a transform is not a function, or (when an item is asked for) `target_transform` is
        given and the item has no second part.

    Examples
    --------
    >>> from minigrad.data import transforms
    >>> (x, y), _ = mg.data.digits()
    >>> train = mg.data.MapDataset(mg.data.TensorDataset(x, y), transforms.Pad(2))
    >>> train[0][0].shape
    (1, 12, 12)
    """

    def __init__(
        self,
        dataset: Items[Any],
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        for name, function in (("transform", transform), ("target_transform", target_transform)):
            if function is not None and not callable(function):
                raise TypeError(f"MapDataset: {name} must be a function, got {function!r}")
        self.dataset = dataset
        self.transform = transform
        self.target_transform = target_transform

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: Any, /) -> Any:
        item = self.dataset[index]
        is_tuple = isinstance(item, tuple) and len(item) > 0
        if not is_tuple and self.target_transform is None:
            return item if self.transform is None else self.transform(item)
        parts = list(item) if is_tuple else [item]
        if self.target_transform is not None:
            if len(parts) < 2:
                raise TypeError(
                    "MapDataset: target_transform needs items that are tuples of input and target, "
                    f"got {type(item).__name__}"
                )
            parts[1] = self.target_transform(parts[1])
        if self.transform is not None:
            parts[0] = self.transform(parts[0])
        return tuple(parts)
