"""Margins with PyTorch's parameters: the last axis comes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import ops
from ...registry import Array
from ...tensor import Tensor

# NumPy's names of the modes that copy elements into the margin, and what they leave of an axis.
_COPYING = {"reflect": ("reflect", 1), "replicate": ("edge", None), "circular": ("wrap", 0)}


def pad(x: Array, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Array with a margin around its last axes; `minigrad.pad` with the last axis first.

    Parameters
    ----------
    x : array
    pad : sequence of int
        How many elements before and behind the last axis, then before and behind the one in front
        of it, and so on. In a constant margin negative numbers cut off.
    mode : str
        ``"constant"``; ``"reflect"``, mirrored at the outermost elements, for less than the length
        of the axis; ``"replicate"``, in which these go on; or ``"circular"``, from the opposite
        side, for at most the length.
    value : float, optional
        Of a constant margin, by default 0.

    Raises
    ------
    ValueError
        If `pad` is not two numbers for each of some of the axes, or they are out of range, or the
        mode is another one.

    Examples
    --------
    >>> mg.nn.functional.pad(np.array([[1, 2], [3, 4]]), (1, 0, 0, 1))
    array([[0, 1, 2],
           [0, 3, 4],
           [0, 0, 0]])
    """
    if isinstance(x, (list, tuple)):
        x = np.asarray(x)
    if not isinstance(pad, (tuple, list)):
        raise TypeError(
            f"pad: pad is (before, behind) for the last axis, then for the one in front of it, and "
            f"so on, got {pad!r}"
        )
    shape = np.shape(x)
    rank, given = len(shape), list(zip(pad[::2], pad[1::2], strict=False))
    if len(pad) % 2 or len(given) > rank:
        raise ValueError(
            f"pad: pad has {len(pad)} numbers, {pad}, expected (before, behind) for the last axis, "
            f"then for the one in front of it, and so on, of x of shape {shape}"
        )
    widths = [(0, 0)] * (rank - len(given)) + given[::-1]
    if mode == "constant":
        # What is cut off, and then what is added.
        cut = [(max(0, -before), max(0, -behind)) for before, behind in widths]
        if any(sum(sides) > length for sides, length in zip(cut, shape, strict=True)):
            raise ValueError(f"pad: pad={pad} cuts off more than there is in x of shape {shape}")
        inner = tuple(
            slice(before, length - behind)
            for (before, behind), length in zip(cut, shape, strict=True)
        )
        added = [(max(0, before), max(0, behind)) for before, behind in widths]
        x = x if added == widths else ops.getitem(x, inner)
        settings: dict[str, Any] = {"constant_values": 0 if value is None else value}
    else:
        if mode not in _COPYING:
            raise ValueError(
                "pad: mode must be 'constant', 'reflect', 'replicate' or 'circular', got "
                f"{mode!r}; minigrad.pad has others"
            )
        if value is not None:
            raise ValueError(f"pad: value={value} has no meaning in mode {mode!r}; leave it out")
        added = widths
        name, kept = _COPYING[mode]
        for axis, (width, length) in enumerate(zip(widths, shape, strict=True)):
            most = np.inf if kept is None else length - kept
            if not 0 <= min(width) <= max(width) <= max(0, most):
                raise ValueError(
                    f"pad: pad={pad} adds {width} to axis {axis} of x of shape {shape}; in mode "
                    f"{mode!r} it must be from 0 to {most}"
                )
        settings = {"mode": name}
    if rank < 3:
        return ops.pad(x, added, **settings)
    # The batch stays innermost in memory, as the kernels of networks have it.
    turned = ops.pad(ops.moveaxis(x, 0, -1), [*added[1:], added[0]], **settings)
    return ops.moveaxis(turned, -1, 0)
