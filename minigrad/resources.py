"""What kernels may use of the machine: threads, and memory for columns.

NumPy runs an elementwise function or a copy on one core, and releases the interpreter meanwhile. So
kernels that go over large images share the channels among threads. Each works on channels of its
own, and results do not depend on their number.
"""

from __future__ import annotations

import contextvars
import operator
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["get_column_budget", "get_num_threads", "set_column_budget", "set_num_threads"]

T = TypeVar("T")


def _cores() -> int:
    """How many cores there are for this process, or what OMP_NUM_THREADS says."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_threads = _cores()
_column_budget = 8 << 20
_pool: ThreadPoolExecutor | None = None


def get_num_threads() -> int:
    """Return how many threads a kernel uses.

    Examples
    --------
    >>> mg.get_num_threads() >= 1
    True
    """
    return _threads


def set_num_threads(threads: int) -> None:
    """Set how many threads a kernel uses; by default one for each core.

    This is about the parts of convolution, pooling and normalisation that go over images. Matrix
    products are shared among threads by NumPy's BLAS, which has a setting of its own: install
    ``threadpoolctl``, or set OMP_NUM_THREADS before the start, which is read here too.

    Raises
    ------
    ValueError
        If it is not at least 1.

    Examples
    --------
    >>> mg.set_num_threads(2)
    >>> mg.get_num_threads()
    2
    """
    global _threads, _pool
    threads = operator.index(threads)
    if threads < 1:
        raise ValueError(f"set_num_threads: threads must be at least 1, got {threads}")
    _threads, _pool = threads, None


def get_column_budget() -> int:
    """Return how many bytes of columns a convolution makes at once; see `set_column_budget`."""
    return _column_budget


def set_column_budget(size: int) -> None:
    """Set how many bytes of columns a convolution makes at once; by default 8 MiB.

    A convolution copies every window of its images into a column of a matrix. Up to this size the
    columns are made once and kept for the gradient. Larger ones are never there as a whole: the
    convolution makes and uses a block of them after another, and makes them again for the gradient.
    So memory is bounded, and a block stays in a core's cache.

    Parameters
    ----------
    size : int
        In bytes. 0 keeps no columns; the smallest block is one row of windows of one image.

    Raises
    ------
    ValueError
        If it is negative.

    Examples
    --------
    >>> mg.get_column_budget()
    8388608
    >>> mg.set_column_budget(1 << 30)  # keep up to a GiB for each convolution
    >>> mg.set_column_budget(8 << 20)
    """
    global _column_budget  # noqa: PLW0603
    size = operator.index(size)
    if size < 0:
        raise ValueError(f"set_column_budget: size must be at least 0 bytes, got {size}")
    _column_budget = size


def in_parallel(work: Callable[[T], object], parts: Sequence[T]) -> None:
    """Call `work` with each of the parts, on several threads.

    The parts must be independent of each other, and worth about 50 µs: a thread costs as much.
    """
    threads = min(_threads, len(parts))
    if threads < 2:
        for part in parts:
            work(part)
        return

    def share(first: int) -> None:
        for part in parts[first::threads]:
            work(part)

    others, own = [], [0]
    for first in range(1, threads):
        # A thread gets what the caller set for NumPy's floating-point errors, which is a context.
        context = contextvars.copy_context()
        try:
            others.append(_executor().submit(context.run, share, first))
        except RuntimeError:  # when the main thread has ended, Python starts no thread any more
            own.append(first)
    try:
        for first in own:
            share(first)
    finally:
        errors = [other.exception() for other in others]  # waits for all of them
    for error in errors:
        if error is not None:
            raise error


def _executor() -> ThreadPoolExecutor:
    global _pool  # noqa: PLW0603
    if _pool is None:
        from concurrent.futures import ThreadPoolExecutor  # most programs need none

        _pool = ThreadPoolExecutor(max(1, _threads - 1), "minigrad")
    return _pool


def _forget_threads() -> None:
    global _pool  # noqa: PLW0603
    _pool = None


if hasattr(os, "register_at_fork"):
    # A child process has none of its parent's threads.
    os.register_at_fork(after_in_child=_forget_threads)
