"""Memory of large arrays, kept and used again.

The system clears every page that it hands out, which costs as much as half of the work on a large
array, and the C library gives large blocks back as soon as they are free. So what the kernels
allocate comes from buffers that are kept when nobody has them any more; on huge pages, where the
system has them.

That nobody has one is known by the array that was made from it: NumPy lets every view of an array
hold on to the array itself where that does not stand on another array. When it dies, so have all
its views.
"""

from __future__ import annotations

import math
import mmap
import operator
import weakref
from typing import Any

import numpy as np

__all__ = ["get_buffer_budget", "set_buffer_budget"]

# Smaller arrays are cheap. Sizes are rounded up, so that nearly equal ones share a buffer.
LEAST = 1 << 18
GRAIN = 1 << 16

_budget = 256 << 20
_kept: dict[int, list[mmap.mmap]] = {}  # by size, the last one seen at the end


def get_buffer_budget() -> int:
    """Return how many bytes of free memory are kept for large arrays; see `set_buffer_budget`."""
    return _budget


def set_buffer_budget(size: int) -> None:
    """Set how many bytes of free memory are kept for large arrays; by default 256 MiB.

    Convolution, pooling and ReLU use the memory of their results again when it is free. What would
    be more than this goes back to the system.

    Parameters
    ----------
    size : int
        In bytes. 0 keeps nothing, and lets go of what is kept.

    Raises
    ------
    ValueError
        If it is negative.

    Examples
    --------
    >>> mg.get_buffer_budget()
    268435456
    >>> mg.set_buffer_budget(0)
    >>> mg.set_buffer_budget(256 << 20)
    """
    global _budget  # noqa: PLW0603
    size = operator.index(size)
    if size < 0:
        raise ValueError(f"set_buffer_budget: size must be at least 0 bytes, got {size}")
    _budget = size
    _let_go()


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Return an array of a shape, as `np.empty`; a large one may be where another was."""
    count = math.prod(shape)
    size = count * dtype.itemsize
    if size < LEAST or not _budget or dtype.hasobject:  # Python counts who has an object
        return np.empty(shape, dtype)
    room = -(-size // GRAIN) * GRAIN
    try:
        buffer = _kept[room].pop()
    except (KeyError, IndexError):
        buffer = _mapped(room)
    array = np.frombuffer(buffer, dtype, count)
    weakref.finalize(array, _keep, room, buffer).atexit = False
    return array.reshape(shape)


def _mapped(room: int) -> mmap.mmap:
    """New memory of the system's; on huge pages, of which the processor knows the places of all."""
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return mmap.mmap(-1, room)
    buffer = mmap.mmap(-1, room, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    buffer.madvise(mmap.MADV_HUGEPAGE)
    return buffer


def empty_like(
    x: Any, shape: tuple[int, ...] | None = None, dtype: np.dtype[Any] | None = None
) -> Any:
    """Return an array of the type of `x`, in C order, or without `shape` in the order of `x`."""
    if type(x) is not np.ndarray:
        return np.empty_like(x, dtype, shape=shape, order="K" if shape is None else "C")
    dtype = x.dtype if dtype is None else dtype
    if shape is not None:
        return empty(shape, dtype)
    if x.size * dtype.itemsize < LEAST:
        return np.empty_like(x, dtype)
    if x.flags.c_contiguous:
        return empty(x.shape, dtype)
    order = np.argsort([-abs(stride) for stride in x.strides], kind="stable")
    return empty(tuple(x.shape[axis] for axis in order), dtype).transpose(np.argsort(order))


def zeros_like(x: Any, shape: tuple[int, ...], dtype: np.dtype[Any] | None = None) -> Any:
    """Return zeros of the type of `x`, in C order."""
    array = empty_like(x, shape, dtype)
    array[...] = 0
    return array


def fresh(ufunc: np.ufunc, x: Any, y: Any, like: Any) -> Any:
    """Return ``ufunc(x, y)``; if it is as `like`, in its order and in memory that is kept."""
    if (
        type(x) is type(y) is type(like) is np.ndarray
        and like.nbytes >= LEAST
        and np.result_type(x.dtype, y.dtype) == like.dtype
        and np.broadcast_shapes(x.shape, y.shape) == like.shape
    ):
        return ufunc(x, y, out=empty_like(like))
    return ufunc(x, y)


# An array may die anywhere: in any thread, while another forks the process, in the middle of these
# functions. So there is no lock to wait for. Each step on a list or a dictionary is whole, and a
# buffer is never in two hands; one that is missed where two calls meet goes back to the system.
def _keep(room: int, buffer: mmap.mmap) -> None:
    buffers = _kept.pop(room, [])
    buffers.append(buffer)
    _kept[room] = buffers
    _let_go()


def _let_go() -> None:
    """Let go of buffers until the rest is within the budget, of sizes long not seen first."""
    # Of the numbers alone: making the pairs of `items` may collect garbage, and so call `_keep`.
    rooms = list(_kept)
    total = sum(room * len(_kept.get(room, ())) for room in rooms)
    for room in rooms:
        buffers = _kept.get(room, [])
        while total > _budget and buffers:
            del buffers[-1:]  # also if it is empty by now
            total -= room
        if not buffers:
            _kept.pop(room, None)
