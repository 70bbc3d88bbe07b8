"""Decompositions of matrices: by Cholesky, QR, eigenvalues and singular values.

Matrices are the last two axes. For the derivatives see Giles, "An extended collection of matrix
derivative results for forward and reverse mode algorithmic differentiation", 2008, and Seeger et
al., "Auto-differentiating linear algebra", 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..registry import Array, Forward, composed, op
from .contraction import column, matmul, row, swapped
from .indexing import getitem
from .joining import concatenate
from .selection import keep_where, where

if TYPE_CHECKING:
    from ..tensor import Tensor


@op(np.linalg.cholesky)
def cholesky(x: Array, /, *, upper: bool = False) -> Forward:
    """Triangular matrix L with positive diagonal such that ``x = L @ L.T``.

    Parameters
    ----------
    x : array of shape (..., n, n)
        Symmetric positive definite matrices. Only one triangle is read; the gradient is that along
        symmetric matrices, and symmetric.
    upper : bool
        Whether to return the transpose of L, an upper triangle.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not positive definite.
    """
    out = np.linalg.cholesky(x, upper=upper)

    def by_x(g: Array) -> Array:
        lower, g = (swapped(out), swapped(g)) if upper else (out, g)
        n = g.shape[-1]
        inside = keep_where(np.tri(n, dtype=bool), matmul(swapped(lower), g))
        inside = where(np.eye(n, dtype=bool), inside * 0.5, inside)
        half = np.linalg.solve(swapped(lower), inside)
        return _symmetric(np.linalg.solve(swapped(lower), swapped(half)))

    return out, by_x


@op(np.linalg.qr)
def qr(x: Array, /, mode: Literal["reduced", "complete", "r"] = "reduced") -> Forward:
    """Matrices q with orthonormal columns and upper triangles r such that ``x = q @ r``.

    The columns of `x`, or the first m of them, must be independent for a derivative.

    Parameters
    ----------
    x : array of shape (..., m, n)
    mode : {"reduced", "complete", "r"}
        Whether q has min(m, n) columns, or m of them, or is left out. With ``"complete"`` the
        columns that a tall matrix does not determine have no gradient.

    Raises
    ------
    ValueError
        If the mode is another one, or a gradient comes to columns that are not determined.
    """
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f"qr: mode is 'reduced', 'complete' or 'r', got {mode!r}")
    out = np.linalg.qr(x, mode=mode)
    m, n = x.shape[-2:]
    k = min(m, n)

    def by_x(q: Array, r: Array, by_q: Array, by_r: Array) -> Array:
        if n > m:
            # The columns on the right follow from q: r2 = q.T @ x2.
            left, right = (..., slice(m)), (..., slice(m, None))
            by_right = getitem(by_r, right)
            by_q = by_q + matmul(getitem(x, right), swapped(by_right))
            by_left = _by_full_rank(q, getitem(r, left), by_q, getitem(by_r, left))
            return concatenate([by_left, matmul(q, by_right)], -1)
        return _by_full_rank(q, r, by_q, by_r)

    if mode == "r":

        def by_triangle(by_r: Array) -> Array:
            q, r = np.linalg.qr(x)
            return by_x(q, r, keep_where(False, q), by_r)

        return out, by_triangle

    def by_both(by_q: Array, by_r: Array) -> Array:
        if mode == "complete" and m > n:
            _refuse_undetermined("qr", "mode='reduced'", getitem(by_q, (..., slice(k, None))))
        columns, rows = (..., slice(k)), (..., slice(k), slice(None))
        return by_x(
            getitem(out[0], columns),
            getitem(out[1], rows),
            getitem(by_q, columns),
            getitem(by_r, rows),
        )

    return out, by_both


def _by_full_rank(q: Array, r: Array, by_q: Array, by_r: Array) -> Array:
    inside = matmul(r, swapped(by_r)) - matmul(swapped(by_q), q)
    below = np.tri(r.shape[-1], dtype=bool)
    mirrored = where(below, inside, swapped(inside))
    return swapped(np.linalg.solve(r, swapped(by_q + matmul(q, mirrored))))


@op(np.linalg.eigh)
def eigh(x: Array, /, UPLO: Literal["L", "U"] = "L") -> Forward:
    """Eigenvalues of symmetric matrices, ascending, and eigenvectors as columns.

    Parameters
    ----------
    x : array of shape (..., n, n)
        Only one triangle is read; the gradient is that along symmetric matrices, and symmetric.
    UPLO : {"L", "U"}
        Which triangle: the lower or the upper.

    Notes
    -----
    Eigenvectors have a derivative only where their eigenvalue is not equal to another: where it is,
    a gradient of theirs becomes inf or nan. A gradient of the eigenvalues alone stays finite, that
    of equal ones being one of several; its own derivative is nan there.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True)
    >>> eigenvalues, _ = mg.linalg.eigh(x)
    >>> eigenvalues[1].backward()
    >>> x.grad
    tensor([[1., 0.],
            [0., 0.]], dtype=float64)
    """
    out = np.linalg.eigh(x, UPLO)
    values, vectors = out

    def by_x(by_values: Array, by_vectors: Array) -> Array:
        arrived = matmul(swapped(vectors), by_vectors)
        gaps = _off_diagonal(row(values) - column(values))
        turned = _quotient(_skew(arrived) * 0.5, gaps, arrived)
        inside = matmul(vectors, turned) + vectors * row(by_values)
        return _symmetric(matmul(inside, swapped(vectors)))

    return out, by_x


@composed(np.linalg.eigvalsh)
def eigvalsh(x: Array, /, UPLO: Literal["L", "U"] = "L") -> Tensor:
    """Eigenvalues of symmetric matrices, ascending; see `eigh` for derivatives.

    Parameters
    ----------
    x : array of shape (..., n, n)
    UPLO : {"L", "U"}
        Which triangle is read: the lower or the upper.
    """
    return eigh(x, UPLO)[0]


@op(np.linalg.svd)
def svd(x: Array, /, full_matrices: bool = True, compute_uv: bool = True) -> Forward:
    """Singular values s, descending, with ``x = u @ diag(s) @ vh``.

    Parameters
    ----------
    x : array of shape (..., m, n)
    full_matrices : bool
        Whether u and vh are square, or have only the min(m, n) vectors that `x` determines; the
        others have no gradient.
    compute_uv : bool
        Whether to return u and vh too.

    Raises
    ------
    ValueError
        If a gradient comes to vectors that are not determined.

    Notes
    -----
    Singular vectors have a derivative only where their singular value is neither equal to another
    nor, in a matrix that is not square, 0: elsewhere a gradient of theirs becomes inf or nan. A
    gradient of the singular values alone stays finite, that of equal ones being one of several; a
    value of 0 has the gradient 0, as ``abs'(0)`` is 0.
    """
    if not compute_uv:
        reduced = np.linalg.svd(x, full_matrices=False)
        return reduced[1], lambda g: matmul(
            reduced[0] * row(keep_where(reduced[1] > 0, g)), reduced[2]
        )
    out = np.linalg.svd(x, full_matrices=full_matrices)
    k = min(x.shape[-2:])
    columns, rows = (..., slice(k)), (..., slice(k), slice(None))
    s: Array = out[1]
    u, vh = getitem(out[0], columns), getitem(out[2], rows)
    more = (..., slice(k, None)), (..., slice(k, None), slice(None))

    def by_x(by_u: Array, by_s: Array, by_vh: Array) -> Array:
        if full_matrices:
            for undetermined in (getitem(by_u, more[0]), getitem(by_vh, more[1])):
                _refuse_undetermined("svd", "full_matrices=False", undetermined)
        by_u, by_v = getitem(by_u, columns), swapped(getitem(by_vh, rows))
        v = swapped(vh)
        from_u, from_v = matmul(swapped(u), by_u), matmul(vh, by_v)
        gaps = (row(s) - column(s)) * (row(s) + column(s))
        turned = _quotient(
            _skew(from_u) * row(s) + column(s) * _skew(from_v),
            _off_diagonal(gaps),
            from_u,
            from_v,
        )
        left = matmul(u, turned) + u * row(keep_where(s > 0, by_s))
        if u.shape[-2] > k:
            left = left + _quotient(by_u - matmul(u, from_u), row(s))
        total = matmul(left, vh)
        if v.shape[-2] > k:
            total = total + matmul(u, swapped(_quotient(by_v - matmul(v, from_v), row(s))))
        return total

    return out, by_x


@composed(np.linalg.svdvals)
def svdvals(x: Array, /) -> Tensor:
    """Singular values of matrices, descending; one that is 0 has the gradient 0."""
    return svd(x, full_matrices=False, compute_uv=False)


def _symmetric(x: Array) -> Array:
    return (x + swapped(x)) * 0.5


def _skew(x: Array) -> Array:
    return x - swapped(x)


def _off_diagonal(gaps: Array) -> Array:
    """The gaps between values, with 1 between a value and itself, where the numerator is 0."""
    return where(np.eye(gaps.shape[-1], dtype=bool), 1.0, gaps)


def _quotient(numerator: Array, denominator: Array, *arrived: Array) -> Array:
    """The quotient, but 0 where the denominator is 0 and no gradient arrived in either order."""
    nothing = denominator == 0
    for part in arrived or (numerator,):
        nothing = nothing & (part == 0)
        if arrived:
            nothing = nothing & (swapped(part) == 0)
    return keep_where(~nothing, numerator / where(nothing, 1.0, denominator))


def _refuse_undetermined(name: str, remedy: str, gradient: Array) -> Any:
    if np.any(gradient != 0):
        raise ValueError(
            f"{name}: a gradient comes to vectors that the matrix does not determine; use {remedy}"
        )
