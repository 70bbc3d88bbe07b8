"""Known mistakes in the closures of ops: what they return in place of the right gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ops import concatenate, flip, keep_where, mean, reshape, roll, sum_to, swapaxes, trunc, where
from ..registry import Array, Closure, Forward, Op, constant

Rule = Callable[..., Forward]


@dataclass(frozen=True, eq=False)
class Derivation:
    """One input of one call of a rule: all that a mistake in its closure may be made of."""

    rule: Rule
    arrays: tuple[Array, ...]
    settings: dict[str, Any]
    closures: Sequence[Closure | None]
    position: int

    def __call__(self, *upstream: Array) -> Array:
        """What the closure returns."""
        closure = self.closures[self.position]
        assert closure is not None
        return closure(*upstream)

    def fitted(self, *upstream: Array) -> Array:
        """What the closure returns, summed to the shape of the input as the engine would."""
        return fit(self(*upstream), np.shape(self.arrays[self.position]))

    def with_arrays(self, change: Callable[[Array], Array]) -> Closure:
        """The closure of the same call of other arrays."""
        _, closures = self.rule(*map(change, self.arrays), **self.settings)
        found = listed_closures(closures)[self.position]
        assert found is not None
        return found


# A mistake takes the derivation and the gradients of the outputs in place of the right closure.
Mistake = Callable[[Derivation, tuple[Array, ...]], Array]


def _of_result(change: Callable[[Array], Array]) -> Mistake:
    return lambda right, upstream: change(right.fitted(*upstream))


def _of_upstream(change: Callable[[Array], Array]) -> Mistake:
    return lambda right, upstream: right(*map(change, upstream))


def _of_both(change: Callable[[Array], Array]) -> Mistake:
    """A change that undoes itself, done before and after."""
    return lambda right, upstream: change(right.fitted(*map(change, upstream)))


def _transposed(x: Array) -> Array:
    return reshape(swapaxes(x, -1, -2), np.shape(x)) if np.ndim(x) > 1 else x


def _exchanged(x: Array) -> Array:
    shape = np.shape(x)
    return swapaxes(x, -1, -2) if len(shape) > 1 and shape[-1] == shape[-2] else x


def _flipped(x: Array) -> Array:
    return flip(x) if np.ndim(x) else x


def _rolled(x: Array) -> Array:
    return reshape(roll(reshape(x, (-1,)), 1), np.shape(x))


def _shifted(x: Array) -> Array:
    row = reshape(x, (-1,))
    return reshape(concatenate([0 * row[:1], row[:-1]]), np.shape(x))


def _without_the_last(x: Array) -> Array:
    keep = np.arange(math.prod(np.shape(x))).reshape(np.shape(x)) < math.prod(np.shape(x)) - 1
    return keep_where(keep, x)


def _mean_for_sum(right: Derivation, upstream: tuple[Array, ...]) -> Array:
    part = right.fitted(*upstream)
    fewer, more = sorted((math.prod(np.shape(part)), max(math.prod(np.shape(g)) for g in upstream)))
    return part * (fewer / more) if fewer else part


def _first_for_sum(right: Derivation, upstream: tuple[Array, ...]) -> Array:
    part = right(*upstream)
    shape, longer = np.shape(right.arrays[right.position]), np.shape(part)
    surplus = len(longer) - len(shape)
    if shape == longer or 0 in longer:
        return part
    kept = zip(shape, longer[surplus:], strict=True)
    return part[(0,) * surplus + tuple(slice(0, 1) if n < m else slice(None) for n, m in kept)]


def _overwritten(right: Derivation, upstream: tuple[Array, ...]) -> Array:
    """Of two halves of the upstream gradient the parts do not add up: the second replaces."""

    def half(parity: int) -> Array:
        odd = (np.arange(math.prod(np.shape(g))).reshape(np.shape(g)) % 2 for g in upstream)
        return right.fitted(
            *(keep_where(o == parity, g) for o, g in zip(odd, upstream, strict=True))
        )

    early, late = half(0), half(1)
    return where(np.equal(late, 0), early, late)


def _of_the_next_input(right: Derivation, upstream: tuple[Array, ...]) -> Array:
    count = len(right.closures)
    for step in range(1, count):
        place = (right.position + step) % count
        closure = right.closures[place]
        # An array that may be left out is None.
        if closure is not None and right.arrays[place] is not None:
            return closure(*upstream)
    return right(*upstream)


def _of_changed_inputs(right: Derivation, upstream: tuple[Array, ...]) -> Array:
    def changed(x: Array) -> Array:
        return x * 0.99 if getattr(x, "dtype", np.dtype(bool)).kind == "f" else x

    return right.with_arrays(changed)(*upstream)


def _without_history(right: Derivation, upstream: tuple[Array, ...]) -> Array:
    return right.with_arrays(constant)(*upstream)


@dataclass(frozen=True)
class Kind:
    """A mistake that can be planted in any op, or in those for which `fits` holds."""

    description: str
    mistake: Mistake
    order: int = 1
    fits: Callable[[Op, int], bool] = lambda op, arrays: True


def is_smooth(op: Op, arrays: int) -> bool:
    """Whether closures of an op may use values of its inputs."""
    # The closures of all others use no values of the inputs.
    return not op.piecewise_linear


KINDS: dict[str, Kind] = {
    "scale": Kind("the gradient is 1 % too large", _of_result(lambda d: 1.01 * d)),
    "half": Kind(
        "the gradient is half as large, as where the 2 of a square is forgotten",
        _of_result(lambda d: 0.5 * d),
    ),
    "sign": Kind("the gradient has the wrong sign", _of_result(lambda d: -d)),
    "zero": Kind("the gradient is 0", _of_result(lambda d: 0 * d)),
    "truncated to integers": Kind(
        "the gradient loses its decimals, as in an array of integers", _of_result(trunc)
    ),
    "dropped element": Kind(
        "the last element gets no gradient, as by a loop that ends too early",
        _of_result(_without_the_last),
    ),
    "rolled": Kind(
        "each element gets the gradient of the one before, the first that of the last",
        _of_result(_rolled),
    ),
    "shifted": Kind(
        "each element gets the gradient of the one before, the first gets none",
        _of_result(_shifted),
    ),
    "flipped": Kind("the gradient has its elements in reverse order", _of_result(_flipped)),
    "transposed": Kind(
        "the gradient has the elements of its last two axes in the other order",
        _of_result(_transposed),
    ),
    "ignored upstream": Kind(
        "the upstream gradient is taken to be 1 everywhere", _of_upstream(lambda g: 0 * g + 1)
    ),
    "averaged upstream": Kind(
        "the upstream gradient is replaced by its mean",
        _of_upstream(lambda g: 0 * g + mean(g) if math.prod(np.shape(g)) else g),
    ),
    "upstream squared": Kind(
        "the upstream gradient is multiplied in twice", _of_upstream(lambda g: g * g)
    ),
    "divided by upstream": Kind(
        "the upstream gradient is divided by where it multiplies", _of_upstream(lambda g: 1 / g)
    ),
    "unreversed": Kind(
        "the closure goes through the elements in the forward direction, as a cumulative sum whose "
        "gradient is another one",
        _of_both(_flipped),
    ),
    "wrong axis": Kind(
        "the closure works along the other one of the last two axes, where these are equally long",
        _of_both(_exchanged),
    ),
    "mean for sum": Kind(
        "the gradient is divided by how often an element was used, or by how many share it",
        _mean_for_sum,
    ),
    "missing un-broadcast": Kind(
        "where the input was broadcast only the first part of the gradient is kept, not the sum",
        _first_for_sum,
    ),
    "overwritten not added": Kind(
        "where an element is used several times one part of its gradient replaces another",
        _overwritten,
    ),
    "swapped arguments": Kind(
        "the input gets the gradient of the next one",
        _of_the_next_input,
        fits=lambda op, arrays: arrays > 1,
    ),
    "stale input": Kind(
        "the closure uses inputs that are 1 % off, as if they had been changed since the call",
        _of_changed_inputs,
        fits=is_smooth,
    ),
    "detached at second order": Kind(
        "the closure uses values without their history, so the second derivative lacks terms",
        _without_history,
        order=2,
        fits=is_smooth,
    ),
}


def fit(part: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient to the shape of what was broadcast."""
    return part if np.shape(part) == shape else sum_to(part, shape)


def listed_closures(
    closures: Closure | Sequence[Closure | None] | None,
) -> Sequence[Closure | None]:
    """The closures that a rule returned, one for each array."""
    if closures is None:
        return ()
    return (closures,) if callable(closures) else closures
