"""Margins around arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, constant, op
from .indexing import getitem

if TYPE_CHECKING:
    from ..tensor import Tensor

# Modes that copy elements of the array into the margin.
_COPYING = ("edge", "reflect", "symmetric", "wrap")


@op(np.pad, piecewise_linear=True)
def pad(
    x: Array,
    /,
    pad_width: int | Sequence[Any] | dict[int, Any],
    mode: str = "constant",
    *,
    constant_values: Any = 0,
    reflect_type: str = "even",
) -> Forward:
    """Array with a margin, of a constant or of its own elements.

    Parameters
    ----------
    x : array
    pad_width : int, (before, after), one such pair for each axis, or a dict of them by axis
        Number of elements added before and after each axis, as in `numpy.pad`.
    mode : str
        ``"constant"``; or, with the gradients of an element and its copies added up, ``"edge"``
        (the outermost elements), ``"reflect"`` (mirrored at them), ``"symmetric"`` (mirrored
        behind them) or ``"wrap"`` (from the opposite side).
    constant_values : float, (before, after), or one such pair for each axis
        The values of a constant margin; not differentiable.
    reflect_type : str
        Only ``"even"``.

    Raises
    ------
    ValueError
        If a width is negative, or the mode is another one.

    Examples
    --------
    >>> x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> padded = mg.pad(x, 2, mode="reflect")
    >>> padded.tolist()
    [3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]
    >>> padded.sum().backward()
    >>> x.grad
    tensor([2., 3., 2.], dtype=float64)
    """
    shape = np.shape(x)
    widths = _widths(pad_width, len(shape))
    if mode == "constant":
        out = np.pad(x, widths, mode="constant", constant_values=constant_values)
        inner = tuple(
            slice(before, before + length)
            for (before, _), length in zip(widths, shape, strict=True)
        )
        return out, lambda g: getitem(g, inner)
    if mode not in _COPYING:
        raise ValueError(
            f"pad: mode {mode!r} has no gradient here; only 'constant', 'edge', 'reflect', "
            "'symmetric' and 'wrap' have; mg.concatenate joins other margins on"
        )
    if reflect_type != "even":
        raise ValueError(
            f"pad: reflect_type {reflect_type!r} has no gradient here; only 'even' has"
        )
    return np.pad(x, widths, mode=mode), lambda g: fold_margins(g, widths, mode)  # type: ignore[call-overload]  # a str


@op(piecewise_linear=True)
def fold_margins(x: Array, /, pad_width: Sequence[tuple[int, int]], mode: str) -> Forward:
    """Array without its margin, whose elements are added to those of which they are copies.

    The adjoint of `pad` in a mode that copies.
    """
    out = x
    for axis, (before, after) in enumerate(pad_width):
        if not before and not after:
            continue
        rows = (slice(None),) * axis
        padded, end = out, out.shape[axis] - after
        out = np.copy(padded[(*rows, slice(before, end))])
        # Of which element each is a copy, as NumPy itself says.
        origin = np.pad(np.arange(end - before), (before, after), mode=mode).tolist()  # type: ignore[call-overload]  # a str
        for i in (*range(before), *range(end, end + after)):
            out[(*rows, origin[i])] += padded[(*rows, i)]
    return out, lambda g: pad(g, pad_width, mode)


def _widths(pad_width: Any, rank: int) -> Any:
    """Return a pair of widths for each axis."""
    if isinstance(pad_width, dict):
        pairs: list[Any] = [(0, 0)] * rank
        for axis, width in pad_width.items():
            pairs[axis] = (width, width) if np.ndim(width) == 0 else tuple(width)
        pad_width = pairs
    return tuple(map(tuple, np.broadcast_to(pad_width, (rank, 2)).tolist()))


@composed(np.trim_zeros)
def trim_zeros(x: Array, /, trim: str = "fb", axis: int | tuple[int, ...] | None = None) -> Tensor:
    """Array without the zeros at its front and back: rows and columns that are all zero.

    What is cut off depends on the values, and gets the gradient 0.

    Parameters
    ----------
    x : array
    trim : str
        ``"f"`` cuts in front, ``"b"`` at the back, ``"fb"`` both.
    axis : int or tuple of int, optional
        Along which axes; by default all.

    Examples
    --------
    >>> mg.trim_zeros(mg.tensor([0.0, 1.0, 0.0, 2.0, 0.0]))
    tensor([1., 0., 2.], dtype=float64)
    """
    sides = trim.lower()
    if sides not in {"f", "b", "fb", "bf"}:
        raise ValueError(f"trim_zeros: trim must be 'f', 'b' or 'fb', got {trim!r}")
    filled = np.not_equal(np.asarray(constant(x)), 0)
    rank = filled.ndim
    along = range(rank) if axis is None else axis
    index = [slice(None)] * rank
    for i in np.lib.array_utils.normalize_axis_tuple(along, rank, "trim_zeros"):
        others = tuple(other for other in range(rank) if other != i)
        places = np.flatnonzero(np.any(filled, axis=others))
        if not places.size:
            index[i] = slice(0)
        else:
            start, stop = int(places[0]), int(places[-1]) + 1
            index[i] = slice(start if "f" in sides else None, stop if "b" in sides else None)
    return getitem(x, tuple(index))
