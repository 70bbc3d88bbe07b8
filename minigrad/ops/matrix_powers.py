"""Powers and exponentials of matrices, and products of many."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..registry import Array, composed, constant
from .contraction import dot, matmul
from .linear_algebra import inv, solve
from .selection import keep_where

if TYPE_CHECKING:
    from ..tensor import Tensor


@composed(np.linalg.matrix_power)
def matrix_power(x: Array, /, n: int) -> Tensor:
    """Square matrices raised to an integer power, by squaring; for a negative one, the inverses."""
    if np.ndim(x) < 2 or np.shape(x)[-2] != np.shape(x)[-1]:
        raise ValueError(f"matrix_power: x has shape {np.shape(x)}; matrices must be square")
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
        raise TypeError(f"matrix_power: n must be an integer, got {n!r}")
    if n == 0:
        nothing = keep_where(False, x)
        return nothing + np.eye(np.shape(x)[-1], dtype=nothing.dtype)
    square: Tensor = inv(x) if n < 0 else x
    left = abs(int(n))
    while left % 2 == 0:
        square, left = matmul(square, square), left // 2
    result = square
    while left > 1:
        square, left = matmul(square, square), left // 2
        if left % 2:
            result = matmul(result, square)
    return result


@composed(np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Array], /) -> Tensor:
    """Product of several matrices, in the order that takes the fewest multiplications.

    The first and the last may be vectors.

    Raises
    ------
    ValueError
        If there are fewer than two.
    """
    arrays = list(arrays)
    if len(arrays) < 2:
        raise ValueError(f"multi_dot: needs two or more arrays, got {len(arrays)}")
    # A vector in front is a row, and has no rows to count.
    sizes = [1, *np.shape(arrays[0])][-2:][:1]
    sizes += [np.shape(array)[0] for array in arrays[1:]]
    sizes += [*np.shape(arrays[-1]), 1][1:2]

    @functools.cache
    def cheapest(first: int, last: int) -> tuple[int, int]:
        """The count of multiplications for the product of a part, and where to split it."""
        return min(
            (
                (
                    cheapest(first, split)[0]
                    + cheapest(split, last)[0]
                    + sizes[first] * sizes[split] * sizes[last],
                    split,
                )
                for split in range(first + 1, last)
            ),
            default=(0, first),
        )

    def product(first: int, last: int) -> Array:
        if last - first == 1:
            return arrays[first]
        split = cheapest(first, last)[1]
        return dot(product(first, split), product(split, last))

    return product(0, len(arrays))


# Coefficients of the Padé approximant of degree 13, and up to which norm it is exact in float64.
_PADE = [
    *(64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000),
    *(10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1),
]
_PADE_RADIUS = 5.371920351148152


@composed()
def expm(x: Array, /) -> Tensor:
    """Exponential of square matrices, ``I + x + x @ x / 2 + ...``.

    By scaling and squaring with a Padé approximant (Higham, "The scaling and squaring method for
    the matrix exponential revisited", 2005).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.expm(mg.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]], dtype=float64)
    """
    if np.ndim(x) < 2 or np.shape(x)[-2] != np.shape(x)[-1]:
        raise ValueError(f"expm: x has shape {np.shape(x)}; matrices must be square")
    x = np.divide(x, 1.0)  # integers become floats
    eye = np.eye(x.shape[-1], dtype=x.dtype)
    values = np.asarray(constant(x))
    norm = float(np.max(np.sum(np.abs(values), axis=-2), initial=0))
    halvings = math.ceil(math.log2(norm / _PADE_RADIUS)) if _PADE_RADIUS < norm < math.inf else 0
    x = x / 2.0**halvings
    b = [float(coefficient) for coefficient in _PADE]
    x2 = matmul(x, x)
    x4 = matmul(x2, x2)
    x6 = matmul(x4, x2)
    odd = matmul(x6, b[13] * x6 + b[11] * x4 + b[9] * x2)
    odd = matmul(x, odd + b[7] * x6 + b[5] * x4 + b[3] * x2 + b[1] * eye)
    even = matmul(x6, b[12] * x6 + b[10] * x4 + b[8] * x2)
    even = even + b[6] * x6 + b[4] * x4 + b[2] * x2 + b[0] * eye
    result = solve(even - odd, even + odd)
    for _ in range(halvings):
        result = matmul(result, result)
    return result
