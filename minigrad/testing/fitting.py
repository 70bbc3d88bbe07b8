"""Gradients of another shape than their input, and what is likely wrong with them."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]


def fitted(gradient: Array, shape: tuple[int, ...]) -> tuple[Array, str, str]:
    """Bring a gradient into the shape of its input.

    Returns
    -------
    array
        The gradient in this shape; of nan if nothing leads there.
    str
        The kind of mistake, as `diagnose` names it; empty if nothing is wrong.
    str
        What is likely wrong, as a question; empty if nothing leads there.

    Examples
    --------
    >>> from minigrad.testing.fitting import fitted
    >>> fitted(np.array([[1.0, 2.0], [3.0, 4.0]]), (2,))
    (array([4., 6.]), 'missing sum', 'is the sum over axis 0 missing?')
    """
    if gradient.shape == shape:
        return gradient, "", ""
    if _broadcasts(shape, gradient.shape):
        added = gradient.ndim - len(shape)
        axes = tuple(range(added)) + tuple(
            added + i for i, n in enumerate(shape) if gradient.shape[added + i] != n
        )
        if axes and any(gradient.shape[axis] > 1 for axis in axes):
            which = f"axis {axes[0]}" if len(axes) == 1 else f"the axes {axes}"
            summed = gradient.sum(axis=axes).reshape(shape)
            return summed, "missing sum", f"is the sum over {which} missing?"
    if gradient.ndim > 1 and gradient.T.shape == shape:
        return gradient.T, "transposed", "is it transposed?"
    if gradient.size == np.prod(shape):
        return gradient.reshape(shape), "shape", "is a reshape missing?"
    if _broadcasts(gradient.shape, shape):
        return np.broadcast_to(gradient, shape), "not spread", "is it summed over an axis too many?"
    return np.full(shape, np.nan), "shape", ""


def _broadcasts(shape: tuple[int, ...], larger: tuple[int, ...]) -> bool:
    """Whether an array of a shape broadcasts to the larger one."""
    try:
        return np.broadcast_shapes(shape, larger) == larger
    except ValueError:
        return False
