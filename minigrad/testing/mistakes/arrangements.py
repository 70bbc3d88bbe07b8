"""Mistakes of arrangement: the right numbers at the wrong places."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from .evidence import Array, Case, Guess
from .words import axes_in_words

# How far a shift is looked for, and how many numbers a search for a slice may compare.
FARTHEST = 16
COMPARISONS = 10_000_000


class Rearrangement(NamedTuple):
    """A way to put the elements of an array elsewhere; it is applied to each row of several."""

    kind: str
    words: str  # "It is the right gradient ..."
    hint: str
    apply: Callable[[Array], Array]


def rearranged_gradient(case: Case) -> Iterator[Guess]:
    """The gradient itself is transposed, flipped, rolled, shifted or reshaped wrongly."""
    for kind, words, hint, apply in rearrangements(case.value.shape):
        if case.is_plausible(apply(case.right[:1])):
            yield Guess(kind, f"It is the right gradient {words}: {hint}", apply(case.right))


def rearranged_upstream(case: Case) -> Iterator[Guess]:
    """The gradient of the output is rearranged before it is used."""
    for _, words, hint, apply in rearrangements(case.output.shape):
        if not any(case.is_plausible(row) for row in case.pulls(apply(case.upstream[:1]))):
            continue
        text = f"The gradient of the output is used {words}: {hint}"
        for predicted in case.pulls(apply(case.upstream)):
            yield Guess("upstream rearranged", text, predicted)


def rearrangements(shape: tuple[int, ...]) -> Iterator[Rearrangement]:
    """All rearrangements of arrays of one shape that are known as mistakes, simple ones first."""
    if math.prod(shape) < 2:
        return
    yield from _transposed(shape)
    yield from _flipped(shape)
    yield from _shifted(shape)
    yield from _rolled(shape)


def _transposed(shape: tuple[int, ...]) -> Iterator[Rearrangement]:
    """Axes exchanged, where the shape allows it, or with the numbers read in the wrong order."""
    count = len(shape)
    if not 2 <= count <= 4:
        return
    for order in itertools.permutations(range(count)):
        moved = [i for i in range(count) if order[i] != i and shape[i] > 1]
        if len(moved) < 2:
            continue
        words = f"with its axes in the order {order}"
        if len(moved) == 2:
            words = f"with axes {moved[0]} and {moved[1]} exchanged"
        if count == 2:
            words = "transposed"
        if tuple(shape[i] for i in order) == shape:
            hint = "is a transposition missing, or made in the wrong direction?"
            apply = functools.partial(_with_axes, order=order)
            yield Rearrangement("transposed", words, hint, apply)
            continue
        # To reverse all axes is to read in the other order of memory.
        if order == tuple(reversed(range(count))):
            words = 'with the numbers in another order of memory ("F" for "C")'
        hint = "is it reshaped where its axes should be exchanged, or in the wrong order?"
        for change in (_with_axes, _with_axes_back):
            yield Rearrangement("memory order", words, hint, functools.partial(change, order=order))


def _flipped(shape: tuple[int, ...]) -> Iterator[Rearrangement]:
    """The order along one or several axes is reversed."""
    hint = "is a reversal missing, or one too many?"
    for axes in _subsets([i for i, n in enumerate(shape) if n > 1]):
        words = f"flipped along {axes_in_words(axes)}"
        yield Rearrangement("flipped", words, hint, functools.partial(_flip, axes=axes))


def _shifted(shape: tuple[int, ...]) -> Iterator[Rearrangement]:
    """Moved along one axis, or along the last two, with zeros for what is not there."""
    choices: list[tuple[int, ...]] = [(i,) for i in range(len(shape))]
    if len(shape) > 1:
        choices.append((len(shape) - 2, len(shape) - 1))
    for axes in choices:
        for step in range(1, min(*(shape[i] - 1 for i in axes), FARTHEST + 1)):
            hint = f"is {step} an offset that is missing, a padding or a stride?"
            if step == 1:
                hint = "is an index off by one?"
            for by in (step, -step):
                words = f"shifted by {by} along {axes_in_words(axes)}"
                apply = functools.partial(_shift, by=by, axes=axes)
                yield Rearrangement("shifted", words, hint, apply)


def _rolled(shape: tuple[int, ...]) -> Iterator[Rearrangement]:
    """Rolled along one axis; by the fewest places that explain it."""
    for axis, length in enumerate(shape):
        for step in range(1, min(length // 2, FARTHEST) + 1 if length > 2 else 1):
            hint = f"is a roll by {step} missing?"
            if step % 2 == 0:
                hint = f"{hint[:-1]}, or is one by {step // 2} made in the wrong direction?"
            for by in (step, -step):
                words = f"rolled by {by} along axis {axis}"
                apply = functools.partial(np.roll, shift=by, axis=axis + 1)
                yield Rearrangement("rolled", words, hint, apply)


def wrong_memory_order(case: Case) -> Iterator[Guess]:
    """A reshape reads the gradient in one order of memory and writes it in the other."""
    shape, out, rows = case.value.shape, case.output.shape, len(case.right)
    if shape == out or case.value.size != case.output.size:
        return
    text = (
        "It is the right gradient with the numbers in another order of memory: is it reshaped "
        'in order "F" where the function reshapes in order "C", or the other way round?'
    )
    for read, write in itertools.product("CF", "CF"):
        if (read, write) != ("C", "C"):
            predicted = [_reorder(_reorder(row, out, read), shape, write) for row in case.upstream]
            yield Guess("memory order", text, np.reshape(predicted, (rows, *shape)))
        for between in ("CF", "FC"):
            predicted = [
                _reorder(_reorder(row, out, between[0]), shape, between[1]) for row in case.right
            ]
            yield Guess("memory order", text, np.reshape(predicted, (rows, *shape)))


def both_flipped(case: Case) -> Iterator[Guess]:
    """A convolution's gradient made with the kernel in the wrong orientation."""
    shape, out = case.value.shape, case.output.shape
    if case.jacobian is None or len(shape) != len(out):
        return
    for axes in _subsets([i for i, n in enumerate(shape) if n > 1]):
        text = (
            f"It is what a kernel flipped along {axes_in_words(axes)} would give: is the kernel of "
            "a convolution flipped once too often, or not at all?"
        )
        for pulled in case.pulls(_flip(case.upstream, axes)):
            yield Guess("kernel flipped", text, _flip(pulled, axes))


def wrong_grouping(case: Case) -> Iterator[Guess]:
    """What is repeated element by element is summed as if it were tiled, or the other way."""
    shape, out, rows = case.value.shape, case.output.shape, len(case.upstream)
    if case.jacobian is None or len(shape) != len(out):
        return
    for axis, (n, m) in enumerate(zip(shape, out, strict=True)):
        if (
            n < 2
            or m % n
            or m == n
            or shape[:axis] + shape[axis + 1 :] != (out[:axis] + out[axis + 1 :])
        ):
            continue
        parts = (rows, *out[:axis]), out[axis + 1 :]
        repeated = case.upstream.reshape(*parts[0], n, m // n, *parts[1]).sum(axis + 2)
        tiled = case.upstream.reshape(*parts[0], m // n, n, *parts[1]).sum(axis + 1)
        for kind, right, wrong in (
            ("tiled for repeated", repeated, tiled),
            ("repeated for tiled", tiled, repeated),
        ):
            if case.is_right(right):
                was, should = kind.split(" for ")
                text = (
                    f"The gradient of the output is summed along axis {axis} as if the input were "
                    f"{was}, but it is {should}: are two axes of a reshape exchanged?"
                )
                yield Guess(kind, text, wrong)


def one_use(case: Case) -> Iterator[Guess]:
    """Of a product with its own transpose only one factor is differentiated."""
    out, count = case.output.shape, case.output.size
    if len(case.given) != count + 1 or len(out) < 2 or out[-1] != out[-2] or out[-1] < 2:
        return
    turned = np.arange(count).reshape(out).swapaxes(-1, -2).ravel()
    given, right = case.given[1:], case.right[1:]
    whole = np.concatenate([case.right[:1], given + given[turned]])
    if not (given != given[turned]).any() or not case.is_right(whole):
        return
    text = (
        "It is right together with what it gives for the transposed gradient of the output: is "
        "only one of two uses of the input differentiated, as in x @ x.T?"
    )
    yield Guess("one use", text, np.concatenate([case.given[:1], right - given[turned]]))


def wrong_direction(case: Case) -> Iterator[Guess]:
    """A cumulative sum runs forward where it should run back, or the other way round."""
    if not case.elementwise:
        return
    for axis in range(1, case.upstream.ndim):
        forward = np.cumsum(case.upstream, axis)
        back = np.flip(np.cumsum(np.flip(case.upstream, axis), axis), axis)
        for right, wrong, true, false in (
            (back, forward, "end", "start"),
            (forward, back, "start", "end"),
        ):
            if case.is_right(right):
                text = (
                    f"The gradient of a cumulative sum along axis {axis - 1} should be summed from "
                    f"the {true}, but is summed from the {false}."
                )
                yield Guess("cumulative direction", text, wrong)
                for other in range(1, case.upstream.ndim):
                    if other == axis:
                        continue
                    along = np.cumsum(case.upstream, other)
                    turned = np.flip(np.cumsum(np.flip(case.upstream, other), other), other)
                    text = (
                        f"The gradient of a cumulative sum along axis {axis - 1} is summed along "
                        f"axis {other - 1}."
                    )
                    for predicted in (turned, along):
                        yield Guess("cumulative direction", text, predicted)
                text = (
                    f"The cumulative sum along axis {axis - 1} has a gradient that is not summed."
                )
                yield Guess("passed through", text, case.upstream)


def wrong_permutation(case: Case) -> Iterator[Guess]:
    """The permutation of a sort or of an index is applied in the wrong direction."""
    if not case.elementwise or case.value.size < 3:
        return
    # All elements of the cotangent differ, so the permutation can be read off.
    flat, right = case.upstream[0].ravel(), case.right[0].ravel()
    places = np.argsort(flat)[np.argsort(np.argsort(right))]
    if case.is_right(
        case.upstream.reshape(len(case.right), -1)[:, places].reshape(case.right.shape)
    ):
        text = (
            "It is the gradient of the output permuted in the wrong direction: is it indexed with "
            "the order of a sort where it should be scattered to it (the inverse permutation)?"
        )
        back = case.upstream.reshape(len(case.right), -1)[:, np.argsort(places)]
        yield Guess("permutation direction", text, back.reshape(case.right.shape))


def jacobian_transposed(case: Case) -> Iterator[Guess]:
    """The matrix of a linear map is not transposed."""
    size = case.value.size
    if case.jacobian is None or size != case.output.size:
        return
    matrix = case.jacobian.reshape(size, size)
    predicted = case.upstream.reshape(-1, size) @ matrix.T
    text = (
        "It is what the transposed Jacobian gives: is a matrix not transposed, a kernel not "
        "flipped, or a sum run from the start that should run from the end?"
    )
    yield Guess("Jacobian transposed", text, predicted.reshape(case.right.shape))


def another_slice(case: Case) -> Iterator[Guess]:
    """Of the gradient of the output, the wrong part is cut out (concatenate, pad)."""
    shape, out = case.value.shape, case.output.shape
    if len(shape) != len(out) or shape == out or case.value.size < 2:
        return
    if any(n > m for n, m in zip(shape, out, strict=True)):
        return
    windows = np.lib.stride_tricks.sliding_window_view(case.upstream[0], shape)
    if windows.size > COMPARISONS:
        return
    inner = tuple(range(len(shape), 2 * len(shape)))
    tolerance = case.tolerance(case.right)[0].item()
    starts = [
        np.argwhere((np.abs(rows[0] - windows) <= tolerance).all(axis=inner))
        for rows in (case.right, case.given)
    ]
    if len(starts[0]) == len(starts[1]) == 1:
        right, given = (tuple(int(i) for i in start[0]) for start in starts)
        text = (
            f"It is the part of the gradient of the output that starts at {given}, but the input's "
            f"own part starts at {right}: is an offset, or the padding, not taken into account?"
        )
        yield Guess("wrong slice", text, None)


def right_numbers_elsewhere(case: Case) -> Iterator[Guess]:
    """The numbers are right but not their places."""
    right, given = np.sort(case.right[0].ravel()), np.sort(case.given[0].ravel())
    values = np.unique(right[np.abs(right) > 0])
    if case.value.size < 3 or len(values) < 2:
        return
    if np.all(np.abs(right - given) <= case.tolerance(case.right)[0].item()):
        text = (
            "It holds the right numbers at the wrong places: is an index (of a sort, a maximum, a "
            "window) counted from another start, or along another axis?"
        )
        yield Guess("rearranged", text, None)


def _subsets(axes: list[int]) -> Iterator[tuple[int, ...]]:
    for count in range(1, len(axes) + 1):
        yield from itertools.combinations(axes, count)


def _with_axes(rows: Array, order: tuple[int, ...]) -> Array:
    """Transpose, and read the result as an array of the same shape as before."""
    return rows.transpose(0, *(i + 1 for i in order)).reshape(rows.shape)


def _with_axes_back(rows: Array, order: tuple[int, ...]) -> Array:
    """Read the array in the transposed shape, and transpose that to the shape it had."""
    shape = rows.shape[1:]
    turned = rows.reshape(-1, *(shape[i] for i in order))
    return turned.transpose(0, *(order.index(i) + 1 for i in range(len(order))))


def _flip(rows: Array, axes: tuple[int, ...]) -> Array:
    return np.flip(rows, tuple(i + 1 for i in axes))


def _shift(rows: Array, by: int, axes: tuple[int, ...]) -> Array:
    shifted = np.roll(rows, (by,) * len(axes), tuple(i + 1 for i in axes))
    for axis in axes:
        gone = slice(None, by) if by > 0 else slice(by, None)
        shifted[(slice(None),) * (axis + 1) + (gone,)] = 0.0
    return shifted


def _reorder(array: Array, shape: tuple[int, ...], order: str) -> Array:
    return array.reshape(shape, order="F" if order == "F" else "C")
