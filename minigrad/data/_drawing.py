"""Where random transforms draw from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from ..random import generator

if TYPE_CHECKING:
    import numpy as np

# Of a thread, so that each worker of a loader has its own.
_current: ContextVar[np.random.Generator | None] = ContextVar("item_generator", default=None)


def item_generator(rng: np.random.Generator | int | None = None) -> np.random.Generator:
    """Return the generator that a random transform draws from at this moment.

    While a `DataLoader` makes a batch, that is a generator of the batch's own, seeded by the
    loader's, so that an epoch is the same with any number of workers. Elsewhere it is what `rng`
    stands for, as in `minigrad.random.generator`. A `Dataset` or transform of your own that draws
    random numbers should draw them from here.

    Examples
    --------
    >>> class Noisy(mg.data.Dataset):
    ...     def __len__(self):
    ...         return 4
    ...
    ...     def __getitem__(self, index):
    ...         return index + mg.data.item_generator().normal(0.0, 0.1)
    >>> loader = mg.data.DataLoader(Noisy(), batch_size=4, rng=0)
    >>> again = mg.data.DataLoader(Noisy(), batch_size=4, rng=0, num_workers=2)
    >>> bool((next(iter(loader)) == next(iter(again))).all())
    True
    """
    current = _current.get()
    return generator(rng) if current is None else current


@contextmanager
def drawing_from(rng: np.random.Generator) -> Iterator[None]:
    """Make `rng` the generator of this thread's transforms."""
    before = _current.set(rng)
    try:
        yield
    finally:
        _current.reset(before)
