"""Inverses of matrices, and linear equations.

Matrices are the last two axes; the axes before them broadcast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..registry import Array, Forward, composed, nondifferentiable, op
from .contraction import column, matmul, row, swapped, vector
from .decompositions import svdvals
from .indexing import getitem
from .reductions import sum
from .selection import keep_where, where
from .shaping import moveaxis, reshape

if TYPE_CHECKING:
    from ..tensor import Tensor


@op(np.linalg.inv, piecewise_linear=False)
def inv(x: Array, /) -> Forward:
    """Inverse of square matrices.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is singular.
    """
    out = np.linalg.inv(x)
    return out, lambda g: -matmul(matmul(swapped(out), g), swapped(out))


@op(np.linalg.solve, piecewise_linear=False)
def solve(x: Array, y: Array, /) -> Forward:
    """Solutions z of linear equations ``x @ z = y``.

    Parameters
    ----------
    x : array of shape (..., n, n)
    y : array of shape (n,) or (..., n, k)
        A vector only if it has one axis; any other is matrices, as in NumPy 2.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is singular.
    """
    out = np.linalg.solve(x, y)
    is_vector = np.ndim(y) == 1

    def by_y(g: Array) -> Array:
        # The gradient of a vector has the axes in front of the matrices.
        return vector(solve(swapped(x), column(g))) if is_vector else solve(swapped(x), g)

    def by_x(g: Array) -> Array:
        if is_vector:
            return -column(by_y(g)) * row(out)
        return -matmul(by_y(g), swapped(out))

    return out, (by_x, by_y)


@composed()
def solve_triangular(
    x: Array, y: Array, /, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """Solutions z of linear equations ``x @ z = y`` whose matrix is triangular.

    Parameters
    ----------
    x : array of shape (..., n, n)
        Only the triangle is read, and only it has a gradient.
    y : array of shape (n,) or (..., n, k)
    upper : bool
        Whether the triangle is the upper one.
    left : bool
        Whether the matrix stands on the left; False solves ``z @ x = y`` for `y` of shape
        (..., k, n).
    unitriangular : bool
        Whether to take the diagonal for ones without reading it.
    """
    n = np.shape(x)[-1]
    below = np.tri(n, k=-1 if unitriangular else 0, dtype=bool)
    triangle = keep_where(below.T if upper else below, x)
    if unitriangular:
        triangle = where(np.eye(n, dtype=bool), 1.0, triangle)
    if left:
        return solve(triangle, y)
    return swapped(solve(swapped(triangle), swapped(y)))


@op(np.linalg.pinv)
def pinv(x: Array, /, rcond: float | None = None) -> Forward:
    """Pseudo-inverse (Moore and Penrose) of matrices of any shape.

    It has a derivative where the rank does not change (Golub and Pereyra, "The differentiation of
    pseudo-inverses and nonlinear least squares problems whose variables separate", 1973); that one
    is taken also where the rank is not full.

    Parameters
    ----------
    x : array of shape (..., m, n)
    rcond : float, optional
        Singular values at most so large, relative to the largest, count as 0.

    Returns
    -------
    array of shape (..., n, m)
    """
    out = np.linalg.pinv(x) if rcond is None else np.linalg.pinv(x, rcond)

    def by_x(g: Array) -> Array:
        p, pt = out, swapped(out)
        tall = x.shape[-2] >= x.shape[-1]

        def product(a: Array, b: Array, c: Array) -> Array:
            # Of shapes (m, n), (n, m), (m, n): by way of the smaller square.
            return matmul(a, matmul(b, c)) if tall else matmul(matmul(a, b), c)

        inside = -product(pt, g, pt)
        # What changes the spaces of the rows and of the columns.
        rows, columns = product(swapped(g), p, pt), product(pt, p, swapped(g))
        rows = rows - product(x, p, rows)
        columns = columns - product(columns, p, x)
        return inside + rows + columns

    return out, by_x


@composed(np.linalg.lstsq)
def lstsq(x: Array, y: Array, /, rcond: float | None = None) -> tuple[Array, Array, Array, Array]:
    """Least-squares solution z of ``x @ z = y``, the smallest one where there are several.

    Parameters
    ----------
    x : array of shape (m, n)
    y : array of shape (m,) or (m, k)
    rcond : float, optional
        Singular values at most so large, relative to the largest, count as 0; by default
        ``eps * max(m, n)``.

    Returns
    -------
    solution : array of shape (n,) or (n, k)
        ``pinv(x) @ y``, with its derivative.
    residuals : array of shape (1,), (k,) or (0,)
        Sums of the squares of ``y - x @ z``; empty if the rank is less than n, or m at most n.
    rank : int
        Not differentiable.
    singular_values : array of shape (min(m, n),)
    """
    if np.ndim(x) != 2 or np.ndim(y) not in (1, 2):
        raise ValueError(
            f"lstsq: x has shape {np.shape(x)}, y {np.shape(y)}; expected one matrix, and a vector "
            "or a matrix"
        )
    m, n = np.shape(x)
    s = svdvals(x)
    if rcond is None:
        rcond = float(np.finfo(s.dtype).eps) * max(m, n)
    solution = matmul(pinv(x, rcond), y)
    errors = y - matmul(x, solution)
    residuals = reshape(sum(errors * errors, 0), (-1,))
    rank = matrix_rank(x, rtol=rcond)
    if rank < n or m <= n:
        residuals = getitem(residuals, slice(0))
    return solution, residuals, rank, s


@nondifferentiable(np.linalg.matrix_rank)
def matrix_rank(
    x: Array,
    /,
    tol: float | Array | None = None,
    hermitian: bool = False,
    *,
    rtol: float | Array | None = None,
) -> Array:
    """Number of singular values above a tolerance, absolute or relative to the largest."""
    return np.linalg.matrix_rank(x, tol=tol, hermitian=hermitian, rtol=rtol)


@composed(np.linalg.tensorinv)
def tensorinv(x: Array, /, ind: int = 2) -> Tensor:
    """Inverse of an array for `tensordot`, its first `ind` axes taken for rows.

    Parameters
    ----------
    x : array of a shape whose first `ind` lengths have the product of the others
    ind : int
        How many axes are rows.

    Returns
    -------
    array of shape ``x.shape[ind:] + x.shape[:ind]``
    """
    if ind <= 0:
        raise ValueError(f"tensorinv: ind must be positive, got {ind}")
    shape = np.shape(x)
    rows, columns = shape[:ind], shape[ind:]
    if math.prod(rows) != math.prod(columns):
        raise ValueError(f"tensorinv: {rows} rows and {columns} columns are no square matrix")
    return reshape(inv(reshape(x, (math.prod(rows), -1))), (*columns, *rows))


@composed(np.linalg.tensorsolve)
def tensorsolve(x: Array, y: Array, /, axes: Sequence[int] | None = None) -> Tensor:
    """Solution z of ``tensordot(x, z, z.ndim) = y``.

    Parameters
    ----------
    x : array of shape ``y.shape + z.shape``
    y : array
    axes : sequence of int, optional
        Axes of `x` to move to its end first.
    """
    if axes is not None:
        x = moveaxis(x, tuple(axes), tuple(range(-len(axes), 0)))
    shape = np.shape(x)[np.ndim(y) :]
    size = math.prod(shape)
    if math.prod(np.shape(x)) != size**2 or math.prod(np.shape(y)) != size:
        raise ValueError(
            f"tensorsolve: x has shape {np.shape(x)}, y {np.shape(y)}; the axes of x behind those "
            "of y must have as many elements as y"
        )
    return reshape(solve(reshape(x, (size, size)), reshape(y, (size,))), shape)
