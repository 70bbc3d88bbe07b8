"""Rounding, steps and limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, op
from .selection import keep_where

if TYPE_CHECKING:
    from ..tensor import Tensor


def flat(g: Array) -> Array:
    """Gradient through a step: exactly 0, also for inf and nan, and tracked where `g` is."""
    return keep_where(False, g)


def _step(summary: str, *twins: Callable[..., Any]) -> Callable[[Array], Tensor]:
    ufunc = twins[0]

    def rule(x: Array, /) -> Forward:
        return ufunc(x), flat

    rule.__name__ = rule.__qualname__ = ufunc.__name__
    rule.__doc__ = f"{summary}, elementwise; its derivative is 0."
    return op(*twins, piecewise_linear=True)(rule)


floor = _step("Largest integer that is not above", np.floor)
ceil = _step("Smallest integer that is not below", np.ceil)
trunc = _step("Integer part: the next integer towards 0", np.trunc, np.fix)
rint = _step("Nearest integer, of two the even one", np.rint)
sign = _step("Sign: -1, 0 or 1", np.sign)

fix = trunc


@op(np.round, np.around, piecewise_linear=True)
def round(x: Array, /, decimals: int = 0) -> Forward:
    """Nearest number with so many decimals, of two the even one; its derivative is 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.round(mg.tensor([0.5, 1.25, -2.718]), 1)
    tensor([ 0.5,  1.2, -2.7], dtype=float64)
    """
    return np.round(x, decimals), flat


around = round


@op(np.heaviside, piecewise_linear=True)
def heaviside(x: Array, y: Array, /) -> Forward:
    """Step from 0 to 1: 0 where `x` is negative, 1 where it is positive, `y` where it is 0.

    The derivative by `x` is 0, that by `y` is 1 where `x` is 0.
    """
    return np.heaviside(x, y), (flat, lambda g: keep_where(np.equal(x, 0), g))


@composed(np.clip)
def clip(
    x: Array,
    /,
    a_min: Array | None = None,
    a_max: Array | None = None,
    *,
    min: Array | None = None,
    max: Array | None = None,
) -> Tensor:
    """Array with its elements limited to an interval, with broadcasting.

    An element from the lower to the upper limit, both included, has the derivative 1. An element
    beyond one of them sends its gradient to that limit. Where the lower limit is above the upper
    one, the result is the upper one.

    Parameters
    ----------
    x : array
    a_min, a_max : array, optional
        The limits; None for no limit on that side.
    min, max : array, optional
        Other names of them.

    Raises
    ------
    TypeError
        If a limit is given by both of its names.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([-1.0, 0.0, 0.5, 3.0], requires_grad=True)
    >>> mg.clip(x, 0, 1).sum().backward()
    >>> x.grad
    tensor([0., 1., 1., 0.], dtype=float64)
    """
    for name, value, other in (("min", min, a_min), ("max", max, a_max)):
        if value is not None and other is not None:
            raise TypeError(f"clip: {name}= and a_{name} are the same limit; give one of them")
    return limit(x, a_min if min is None else min, a_max if max is None else max)


@op(piecewise_linear=True)
def limit(x: Array, lower: Array, upper: Array, /) -> Forward:
    """Array limited to an interval, each end of which may be None."""
    # A nan is neither above nor below: it sends its gradient nowhere.
    above = True if lower is None else np.greater_equal(x, lower)
    below = True if upper is None else np.less_equal(x, upper)
    crossed = False if lower is None or upper is None else np.greater(lower, upper)
    out = np.positive(x) if lower is None and upper is None else np.clip(x, lower, upper)
    return out, (
        lambda g: keep_where(np.logical_and(above, below), g),
        lambda g: keep_where(np.logical_and(np.less(x, lower), np.logical_not(crossed)), g),
        lambda g: keep_where(np.logical_or(np.greater(x, upper), crossed), g),
    )
