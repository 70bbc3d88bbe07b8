"""Choosing between values: masks, where, select, the larger and the smaller of two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..buffers import empty_like
from ..registry import Array, Forward, composed, constant, op
from .pieces import PIECE, WORTH, in_pieces

if TYPE_CHECKING:
    from ..tensor import Tensor

_BITS: dict[int, Any] = {2: np.int16, 4: np.int32, 8: np.int64}
MANY = 1 << 10  # elements from which on several fast passes over them are better than a slow one


def masked(keep: Array, x: Array) -> Array:
    """Return `x` where `keep` is True and exactly 0 elsewhere, on arrays.

    Multiplying by the mask would turn ``inf * 0`` into nan, and ``np.where`` is slow on a mask that
    no branch predictor can guess. So the bits of the floats are ANDed with the mask widened to all
    ones, which is exact for every value and as fast as a multiplication.
    """
    if type(x) is not np.ndarray or type(keep) is not np.ndarray or keep.dtype != bool:
        return np.where(keep, x, np.zeros_like(x, shape=()))
    bits = _BITS.get(x.itemsize) if x.dtype.kind == "f" else None
    if bits is None:
        return np.where(keep, x, np.zeros((), x.dtype))
    if keep.shape == x.shape and x.size >= WORTH:
        out = empty_like(x)
        if in_pieces(_keep_bits, keep.view(np.int8), x.view(bits), out.view(bits)):
            return out
    wide = np.negative(keep.view(np.int8)) & x.view(bits)
    return wide.view(x.dtype)


def _keep_bits(keep: Array, x: Array, out: Array) -> None:
    np.bitwise_and(np.negative(keep), x, out=out)


def chosen(keep: Array, x: Array, y: Array) -> Array:
    """Return ``np.where(keep, x, y)``, of many floats by their bits, as in `masked`."""
    if (
        type(x) is type(y) is type(keep) is np.ndarray
        and keep.dtype == bool
        and x.dtype == y.dtype
        and x.dtype.kind == "f"
        and x.itemsize in _BITS
        and keep.shape == x.shape == y.shape
        and x.size >= MANY
    ):
        bits, out = _BITS[x.itemsize], empty_like(x)
        arrays = keep.view(np.int8), x.view(bits), y.view(bits), out.view(bits)
        if not in_pieces(_choose_bits, *arrays):
            _choose_bits(*arrays)
        return out
    return np.where(keep, x, y)


def _choose_bits(keep: Array, x: Array, y: Array, out: Array) -> None:
    np.bitwise_xor(x, y, out=out)
    np.bitwise_and(np.negative(keep), out, out=out)
    np.bitwise_xor(out, y, out=out)


def rectified(x: Array) -> Array:
    """Return ``np.maximum(x, 0)``, of large arrays of floats in pieces."""
    if type(x) is np.ndarray and x.dtype.kind == "f" and x.size >= WORTH:
        out = empty_like(x)
        # NumPy is three times as fast with another array as with a number.
        zeros = np.zeros(PIECE, x.dtype)

        def kernel(x: Array, out: Array) -> None:
            np.maximum(x, zeros[: x.size], out=out)

        if in_pieces(kernel, x, out):
            return out
    return np.maximum(x, 0)


@op(piecewise_linear=True)
def keep_where(keep: Array, x: Array, /) -> Forward:
    """Array where a mask is True, and exactly 0 elsewhere, also for inf and nan.

    Parameters
    ----------
    keep : array of bool
        The mask; not differentiable.
    x : array of a shape with which that of `keep` broadcasts
    """
    return masked(keep, x), (None, lambda g: keep_where(keep, g))


@op(np.where, piecewise_linear=True)
def where(condition: Array, x: Array = None, y: Array = None, /) -> Forward:
    """Elements of `x` where a condition holds, and of `y` elsewhere, with broadcasting.

    With the condition alone, a tuple of the indices where it holds, as of `nonzero`.

    Parameters
    ----------
    condition : array of bool
        Not differentiable.
    x, y : array
        No gradient crosses from the branch that was not taken, not even nan.
    """
    if x is None and y is None:
        return np.nonzero(condition), (None, None, None)
    if x is None or y is None:
        raise ValueError("where: takes the condition alone, or with both x and y")
    holds = np.not_equal(condition, 0)
    return chosen(holds, x, y), (
        None,
        lambda g: keep_where(holds, g),
        lambda g: keep_where(np.logical_not(holds), g),
    )


@composed(np.select)
def select(condlist: Sequence[Array], choicelist: Sequence[Array], default: Array = 0, /) -> Tensor:
    """Elements of the first choice whose condition holds, of a default where none does.

    Parameters
    ----------
    condlist : sequence of array of bool
        Not differentiable.
    choicelist : sequence of array
        As many; all broadcast together.
    default : array

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0])
    >>> mg.select([x < 2, x < 3], [-x, 10 * x], 0.0)
    tensor([-1., 20.,  0.], dtype=float64)
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(
            f"select: needs a choice for each condition, got {len(condlist)} conditions and "
            f"{len(choicelist)} choices"
        )
    out = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        kind = getattr(condition, "dtype", np.dtype(bool))
        if kind.kind != "b":
            raise TypeError(f"select: conditions are booleans, got {kind}; compare first, as x > 0")
        out = where(condition, choice, out)
    return out


@composed(np.choose)
def choose(a: Array, choices: Sequence[Array], /, mode: str = "raise") -> Tensor:
    """Elements of the choices whose numbers an array of integers gives, with broadcasting.

    Parameters
    ----------
    a : array of int
        Numbers of choices; not differentiable.
    choices : sequence of array, or an array of which it is the first axis
    mode : {"raise", "wrap", "clip"}
        Whether a number out of range is an error, taken modulo the number of choices, or clipped.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.choose([1, 0, 1], [mg.tensor([1.0, 2.0, 3.0]), -1.0])
    tensor([-1.,  2., -1.], dtype=float64)
    """
    parts = list(choices)
    numbers = bounded("choose", "a", a, len(parts), mode, least=0)
    out = where(np.equal(numbers, 0), parts[0], parts[-1])
    for number, choice in enumerate(parts[1:-1], start=1):
        out = where(np.equal(numbers, number), choice, out)
    return out


def bounded(
    op: str, name: str, indices: Array, length: int, mode: str, least: int | None = None
) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Return integers that index an axis, as an array, after NumPy's `mode` was applied.

    Raises
    ------
    TypeError
        If they are not integers.
    IndexError
        If one is out of range, and the mode is "raise".
    """
    found = np.asarray(constant(indices))
    if found.size and found.dtype.kind not in "iub":  # an empty list is of floats
        raise TypeError(f"{op}: {name} is {found.dtype}, expected integers; use .astype(int)")
    found = found.astype(np.intp, copy=False)
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"{op}: mode is 'raise', 'wrap' or 'clip', got {mode!r}")
    if not found.size:
        return found
    low, high, least = found.min(), found.max(), -length if least is None else least
    if not length or (mode == "raise" and not least <= low <= high < length):
        raise IndexError(
            f"{op}: {name} has numbers from {low} to {high}, which must be from {least} to "
            f"{length - 1}"
        )
    if mode == "wrap":
        return np.asarray(found % length)
    return np.clip(found, 0, length - 1) if mode == "clip" else found


def _extreme(
    extreme: np.ufunc, wins: Callable[[Array, Array], Array], x: Array, y: Array
) -> tuple[Array, tuple[Callable[[Array], Array], ...]]:
    out = extreme(x, y)
    x_wins, y_wins = wins(x, y), wins(y, x)
    tied = np.equal(x, y)
    if np.any(tied):
        # Each of two equal values gets half of the gradient.
        share = np.where(tied, 0.5, 1.0).astype(out.dtype, copy=False)
        x_wins, y_wins = x_wins | tied, y_wins | tied
        return out, (
            lambda g: keep_where(x_wins, g * share),
            lambda g: keep_where(y_wins, g * share),
        )
    return out, (lambda g: keep_where(x_wins, g), lambda g: keep_where(y_wins, g))


@op(np.maximum, piecewise_linear=True)
def maximum(x: Array, y: Array, /) -> Forward:
    """Return the larger of two arrays, elementwise; equal values share the gradient equally."""
    return _extreme(np.maximum, np.greater, x, y)


@op(np.minimum, piecewise_linear=True)
def minimum(x: Array, y: Array, /) -> Forward:
    """Return the smaller of two arrays, elementwise; equal values share the gradient equally."""
    return _extreme(np.minimum, np.less, x, y)


@op(np.fmax, piecewise_linear=True)
def fmax(x: Array, y: Array, /) -> Forward:
    """Return the larger of two arrays, elementwise, or the other one of a nan.

    Equal values share the gradient equally; two nans get none.
    """
    return _extreme(np.fmax, lambda a, b: np.greater(a, b) | _only_nan(b, a), x, y)


@op(np.fmin, piecewise_linear=True)
def fmin(x: Array, y: Array, /) -> Forward:
    """Return the smaller of two arrays, elementwise, or the other one of a nan.

    Equal values share the gradient equally; two nans get none.
    """
    return _extreme(np.fmin, lambda a, b: np.less(a, b) | _only_nan(b, a), x, y)


def _only_nan(x: Array, y: Array) -> Array:
    """Whether an element of `x` is nan, and that of `y` is not."""
    return np.not_equal(x, x) & np.equal(y, y)
