"""Sums of products by Einstein's convention."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, Forward, composed, op
from .indexing import scatter
from .shaping import broadcast_to, reshape, sum_to

if TYPE_CHECKING:
    from ..tensor import Tensor

# In an order that letters have too, since an implicit output is sorted.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# From so many products on, looking for a matrix product pays off.
_MANY = 2**14


@composed(np.einsum)
def einsum(*operands: Any, optimize: Any = None) -> Tensor:
    """Sum of products of arrays, whose axes are named by letters.

    Parameters
    ----------
    *operands : str, then arrays
        The subscripts, such as ``"ij,jk->ik"``, and an array for each of their terms. Letters
        behind the arrow are the axes of the result, all others are summed; without an arrow they
        are those that appear once, in alphabetical order. A letter that an operand has twice takes
        the diagonal. An ellipsis stands for axes that broadcast. In place of the subscripts each
        array may be followed by a list of integers, and the last of them by that of the result.
    optimize : bool, str or path, optional
        How the products are ordered, as in `numpy.einsum`; by default as the sizes suggest.

    Raises
    ------
    ValueError
        If the subscripts do not fit the operands.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> mg.einsum("ii", x).backward()
    >>> x.grad
    tensor([[1., 0.],
            [0., 1.]], dtype=float64)
    """
    if not operands:
        raise ValueError("einsum: got no subscripts; write einsum('ij,jk->ik', x, y)")
    arrays: Sequence[Array]
    if isinstance(operands[0], str):
        text, arrays = operands[0].replace(" ", ""), operands[1:]
    else:
        text, arrays = _lettered(operands)
    if not arrays:
        raise ValueError(f"einsum: got the subscripts {text!r}, but no arrays behind them")
    subscripts = _explicit(text, [np.shape(array) for array in arrays])
    return contract(*arrays, subscripts=subscripts, optimize=optimize)


def _lettered(operands: Sequence[Any]) -> tuple[str, Sequence[Array]]:
    """Letters for the lists of integers behind the arrays."""

    def term(labels: Sequence[Any]) -> str:
        return "".join("..." if label is Ellipsis else _LETTERS[int(label)] for label in labels)

    count = len(operands) // 2
    text = ",".join(term(labels) for labels in operands[1 : 2 * count : 2])
    if len(operands) % 2:
        text += f"->{term(operands[-1])}"
    return text, operands[: 2 * count : 2]


def _explicit(text: str, shapes: Sequence[tuple[int, ...]]) -> str:
    """The subscripts with letters in place of ellipses, and with an output."""
    left, arrow, output = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise ValueError(
            f"einsum: the subscripts {text!r} are for {len(terms)} arrays, got {len(shapes)}"
        )
    named = set(text.replace("...", "")) - set(",->")
    if not named <= set(_LETTERS):
        raise ValueError(f"einsum: {text!r}: axes are named by letters, and '...' stands for more")
    spare = [letter for letter in _LETTERS if letter not in named]
    counts = [len(term.replace("...", "")) for term in terms]
    ranks = [len(shape) - count for shape, count in zip(shapes, counts, strict=True)]
    wide = "".join(spare[: max(ranks)] if "..." in left else [])
    lengths: dict[str, int] = {}
    for position, (term, rank, shape) in enumerate(zip(terms, ranks, shapes, strict=True)):
        if rank < 0 or (rank and "..." not in term):
            raise ValueError(
                f"einsum: {text!r}: operand {position} has shape {shape}, so {len(shape)} axes, "
                f"but the subscripts {term!r}"
            )
        terms[position] = term = term.replace("...", wide[len(wide) - rank :])
        for letter, length in zip(term, shape, strict=True):
            known = lengths.setdefault(letter, length)
            # A length of 1 broadcasts, but not along a diagonal.
            own = dict(zip(term, shape, strict=True))[letter]
            if length != own or (known != length and 1 not in (known, length)):
                raise ValueError(
                    f"einsum: {text!r}: the axis {letter!r} has length {length} in operand "
                    f"{position} of shape {shape}, and {known} elsewhere"
                )
            if known == 1:
                lengths[letter] = length
    if not arrow:
        joined = "".join(terms)
        output = "..." + "".join(sorted(x for x in named if joined.count(x) == 1))
    elif wide and "..." not in output:
        raise ValueError(f"einsum: {text!r}: there are axes of '...', so the output must have it")
    output = output.replace("...", wide)
    if len(set(output)) < len(output) or not set(output) <= set(lengths):
        raise ValueError(
            f"einsum: {text!r}: the axes of the output must differ, and be axes of the operands"
        )
    return f"{','.join(terms)}->{output}"


@op(piecewise_linear=False)
def contract(*operands: Array, subscripts: str, optimize: Any = None) -> Forward:
    """Sum of products of arrays by subscripts that are letters alone, with an output.

    The derivative by an operand is such a sum too: of the gradient and the other operands. Along
    axes that only this operand has it is constant, and off a diagonal that was taken it is 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.ops.contract(np.eye(2), [1.0, 2.0], subscripts="ij,j->i")
    array([1., 2.])
    """
    left, _, output = subscripts.partition("->")
    terms = left.split(",")
    shapes = [np.shape(operand) for operand in operands]
    lengths: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for letter, length in zip(term, shape, strict=True):
            if lengths.get(letter, 1) == 1:
                lengths[letter] = length
    if optimize is None:
        optimize = len(terms) > 2 or (len(terms) == 2 and math.prod(lengths.values()) > _MANY)

    def closure(position: int) -> Callable[[Array], Array]:
        term = terms[position]
        own = dict(zip(term, shapes[position], strict=True))
        others = [i for i in range(len(terms)) if i != position]
        known = set(output).union(*(terms[i] for i in others))
        kept = [letter for letter in own if letter in known]

        def by_operand(g: Array) -> Array:
            given = ",".join([output, *(terms[i] for i in others)])
            part = contract(
                g, *(operands[i] for i in others), subscripts=f"{given}->{''.join(kept)}"
            )
            found = dict(zip(kept, part.shape, strict=True))
            if len(kept) < len(own):
                part = reshape(part, tuple(found.get(letter, 1) for letter in own))
            # A length of 1 broadcasts, on either side.
            wide = np.broadcast_shapes(part.shape, tuple(own.values()))
            if wide != part.shape:
                part = broadcast_to(part, wide)
            if wide != tuple(own.values()):
                part = sum_to(part, tuple(own.values()))
            if len(own) < len(term):
                grid = dict(zip(own, np.indices(tuple(own.values()), sparse=True), strict=True))
                part = scatter(part, tuple(grid[letter] for letter in term), shapes[position])
            return part

        return by_operand

    return np.einsum(subscripts, *operands, optimize=optimize), tuple(
        closure(position) for position in range(len(terms))
    )
