"""NumPy's functions that write to their first argument, here returning the new array.

Values never change. So `minigrad.put(x, ...)` returns a new array and leaves `x` alone, while
``np.put(t, ...)`` on a tensor makes `t` stand for the new values, as ``t[index] = values`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, composed
from .indexing import getitem, setitem
from .selection import bounded
from .selection import where as select
from .shaping import astype, broadcast_to, reshape

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed(np.put, in_place=True)
def put(x: Array, indices: Any, values: Array, /, mode: str = "raise") -> Tensor:
    """Copy of an array in which elements of the flattened array have other values.

    Parameters
    ----------
    x : array
    indices : array_like of int
        Into the flattened array; of equal ones the last counts.
    values : array
        Repeated, or cut off, to as many as there are indices.
    mode : {"raise", "wrap", "clip"}
        What becomes of an index out of bounds.

    Examples
    --------
    >>> import minigrad as mg
    >>> t = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> mg.put(t, [0, -1], [8.0, 9.0])
    tensor([[8., 2.],
            [3., 9.]], dtype=float64)
    """
    chosen = np.ravel(bounded("put", "indices", indices, np.size(x), mode))
    return _written(x, values, chosen, np.arange(chosen.size))


@composed(np.place, in_place=True)
def place(x: Array, mask: Any, values: Array, /) -> Tensor:
    """Copy of an array in which the elements under a mask are taken from `values` in turn.

    Parameters
    ----------
    x : array
    mask : array_like of bool
        As many elements as `x`.
    values : array
        Repeated, or cut off, to as many as are under the mask.

    Raises
    ------
    ValueError
        If there are no values, but elements under the mask, or if the mask has another size.
    """
    chosen = _under("place", mask, x)
    if chosen.size and not np.size(values):
        raise ValueError(f"place: no values for the {chosen.size} elements under the mask")
    return _written(x, values, chosen, np.arange(chosen.size))


@composed(np.putmask, in_place=True)
def putmask(x: Array, mask: Any, values: Array, /) -> Tensor:
    """Copy of an array in which the elements under a mask have the values at the same places.

    Parameters
    ----------
    x : array
    mask : array_like of bool
        As many elements as `x`.
    values : array
        If it has another size than `x` it is repeated or cut off, the flattened array.

    Raises
    ------
    ValueError
        If the mask has another size.
    """
    chosen = _under("putmask", mask, x)
    return _written(x, values, chosen, chosen)


@composed(np.copyto, in_place=True)
def copyto(x: Array, source: Array, /, casting: str = "same_kind", where: Any = True) -> Tensor:
    """Values of `source` broadcast to the shape of `x` in its dtype; those of `x` elsewhere.

    Parameters
    ----------
    x, source : array
    casting : {"no", "equiv", "safe", "same_kind", "unsafe"}
        Which conversions of dtypes are allowed.
    where : array_like of bool
        Which elements are taken from `source`.

    Raises
    ------
    TypeError
        If the conversion is not allowed.
    ValueError
        If `source` does not broadcast to the shape of `x`.
    """
    dtype = np.result_type(_plain(x))
    if type(source) in (bool, int, float):  # yields to a dtype of its kind
        source = np.asarray(source, np.result_type(source, dtype))
    if not np.can_cast(np.result_type(_plain(source)), dtype, casting):  # type: ignore[arg-type]  # NumPy checks it
        raise TypeError(
            f"copyto: {np.result_type(_plain(source))} does not convert to {dtype} by casting="
            f"{casting!r}; convert by t.astype(dtype)"
        )
    try:
        taken = broadcast_to(astype(source, dtype), np.shape(x))
    except ValueError:
        raise ValueError(
            f"copyto: source has shape {np.shape(source)}, which does not broadcast to that of x, "
            f"{np.shape(x)}"
        ) from None
    return select(_plain(where), taken, x)


@composed(np.fill_diagonal, in_place=True)
def fill_diagonal(x: Array, values: Array, /, wrap: bool = False) -> Tensor:
    """Copy of an array with other values on its diagonal.

    Parameters
    ----------
    x : array of at least two axes
        With more than two, all of the same length.
    values : array
        Repeated, or cut off, to the length of the diagonal.
    wrap : bool
        Whether the diagonal of a tall matrix starts again below, a row after its end.

    Raises
    ------
    ValueError
        If `x` has fewer than two axes, or more of different lengths.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.fill_diagonal(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), 0.0)
    tensor([[0., 2.],
            [3., 0.]], dtype=float64)
    """
    shape = np.shape(x)
    if len(shape) < 2 or (len(shape) > 2 and len(set(shape)) > 1):
        raise ValueError(
            f"fill_diagonal: x has shape {shape}; it must have two axes, or several of one length"
        )
    diagonal = np.zeros(shape, dtype=bool)
    np.fill_diagonal(diagonal, True, wrap=wrap)
    chosen = np.flatnonzero(diagonal)
    return _written(x, values, chosen, np.arange(chosen.size))


def _under(op: str, mask: Any, x: Array) -> Array:
    """Which elements of the flattened array are under a mask."""
    mask = _plain(mask)
    if mask.size != np.size(x):
        raise ValueError(
            f"{op}: mask has shape {mask.shape}, x {np.shape(x)}; they must have as many elements"
        )
    return np.flatnonzero(mask)


def _written(x: Array, values: Array, chosen: Array, turns: Array) -> Tensor:
    """A copy in which flat elements have the values whose turn it is, round and round."""
    if not np.size(values):
        return astype(x, np.result_type(_plain(x)))
    if isinstance(values, (int, float, list, tuple)):
        values = np.asarray(values)
    taken = getitem(reshape(values, -1), turns % np.size(values))
    return reshape(setitem(reshape(x, -1), taken, chosen), np.shape(x))


def _plain(values: Any) -> Any:
    """What is used for its value alone, without history."""
    return values.detach().numpy() if hasattr(values, "detach") else np.asarray(values)
