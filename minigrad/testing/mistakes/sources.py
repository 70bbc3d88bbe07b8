"""Something else is passed on, or too little: the gradient of the output, or another one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from .evidence import Array, Case, Guess, sum_to
from .words import axes_in_words


def no_gradient(case: Case) -> Iterator[Guess]:
    """Nothing comes back at all."""
    if case.is_zero(case.given).all():
        yield Guess("no gradient", "It is zero everywhere: does the gradient not arrive?", None)


def rounded(case: Case) -> Iterator[Guess]:
    """Made integers on the way."""
    if case.is_zero(case.given).all():
        return
    for words, function in (
        ("rounded", np.rint),
        ("truncated", np.trunc),
        ("rounded down", np.floor),
    ):
        text = f"It is the right gradient {words} to integers: is an array of integers filled?"
        yield Guess("rounded", text, function(case.right))


def changed_upstream(case: Case) -> Iterator[Guess]:
    """The gradient of the output is ignored, divided by, squared, averaged, ..."""
    g = case.upstream
    axes = tuple(range(1, g.ndim))
    ways: list[tuple[str, str, Array]] = [
        (
            "ignored",
            "It is what a gradient of ones gives: the gradient of the output is ignored",
            np.ones_like(g),
        ),
        ("divided", "It is divided by the gradient of the output, not multiplied", 1 / g),
        ("squared", "The gradient of the output is used twice, as a factor squared", g * g),
        ("without sign", "The sign of the gradient of the output is lost", np.abs(g)),
    ]
    lost = "so what differs between the elements is lost"
    for some in [axes, *((axis,) for axis in axes if len(axes) > 1)]:
        if math.prod(g.shape[axis] for axis in some) < 2:
            continue
        over = "all axes" if some == axes else f"axis {some[0] - 1}"
        for name, reduced in (
            ("averaged", g.mean(some, keepdims=True)),
            ("summed", g.sum(some, keepdims=True)),
        ):
            text = f"The gradient of the output is {name} over {over} before it is used, {lost}"
            ways.append((name, text, np.broadcast_to(reduced, g.shape)))
    for name, text, upstream in ways:
        for predicted in case.pulls(upstream):
            yield Guess(f"upstream {name}", f"{text}.", predicted)


def unchanged_upstream(case: Case) -> Iterator[Guess]:
    """The local derivative is missing, or is replaced by the value."""
    text = (
        "It is the gradient of the output, unchanged: the derivative of the function itself is "
        "missing."
    )
    if case.value.size == case.output.size:
        yield Guess("passed through", text, case.upstream.reshape(case.right.shape))
    for predicted in case.spread(case.upstream):
        yield Guess("passed through", text, predicted)
    if case.value.shape == case.output.shape and case.wrong.any(axis=0).all():
        for name, array in (("output", case.output), ("input", case.value)):
            text = f"It is the gradient of the output times the {name}: where is the derivative?"
            yield Guess(f"{name} for derivative", text, case.upstream * array)


def another_gradient(case: Case) -> Iterator[Guess]:
    """The gradient of another input comes back."""
    first = case.given[0]
    for name, gradient in case.others.items():
        if gradient.size != case.value.size or not gradient.size:
            continue
        for turned, words in ((gradient, ""), (gradient.T, ", transposed")):
            for sign, minus in ((1, ""), (-1, "minus ")):
                whole = np.array(np.broadcast_to(np.nan, case.right.shape))
                whole[0] = sign * turned.reshape(first.shape)
                if not case.differs(case.given, whole).any() and first.any():
                    text = (
                        f"It is {minus}the gradient of {name!r}{words}: are the gradients of the "
                        "inputs exchanged?"
                    )
                    yield Guess("other input", text, None)


def missing_sum(case: Case) -> Iterator[Guess]:
    """Of an axis of the output that should be summed over, only one index counts."""
    shape, out = case.value.shape, case.output.shape
    if shape == out or len(out) < 1:
        return
    places = [i for i, n in enumerate(out) if n > 1]
    for axes in [(i,) for i in places] + list(itertools.combinations(places, 2)):
        for index in (0, -1):
            there: list[int | slice] = [slice(None)] * (len(out) + 1)
            for axis in axes:
                there[axis + 1] = slice(index, index + 1 or None)
            upstream = np.zeros_like(case.upstream)
            upstream[tuple(there)] = case.upstream[tuple(there)]
            which = "first" if index == 0 else "last"
            text = (
                f"Only the {which} index along {axes_in_words(axes)} of the output counts: is the "
                "sum over that axis missing?"
            )
            linear = _summed(case, upstream)
            for predicted in case.pulls(upstream) if linear is None else [linear]:
                yield Guess("missing sum", text, predicted)


def _summed(case: Case, upstream: Array) -> Array | None:
    """The upstream gradient summed to the input's shape, if that is right without a factor."""
    shape = (len(upstream), *case.value.shape)
    if case.jacobian is not None or case.value.ndim > case.output.ndim:
        return None
    ones = (1,) * (case.output.ndim - case.value.ndim)
    wide = (len(upstream), *ones, *case.value.shape)
    if any(n not in {1, m} for n, m in zip(wide, upstream.shape, strict=True)):
        return None
    is_sum = case.is_right(sum_to(case.upstream, wide).reshape(shape))
    return sum_to(upstream, wide).reshape(shape) if is_sum else None


def part_of_jacobian(case: Case) -> Iterator[Guess]:
    """Each output should depend on several inputs, or on others than its own."""
    if case.jacobian is None or not case.elementwise:
        return
    size = case.value.size
    matrix, g = case.jacobian.reshape(size, size), case.upstream.reshape(-1, size)
    diagonal = np.diag(np.diag(matrix))
    text = (
        "Only the diagonal of the Jacobian is used: how an output depends on the other elements "
        "(as in softmax or a normalisation) is missing."
    )
    yield Guess("diagonal only", text, (g @ diagonal).reshape(case.right.shape))
    text = "The diagonal of the Jacobian is missing: how an output depends on its own element."
    yield Guess("diagonal missing", text, (g @ (matrix - diagonal)).reshape(case.right.shape))
