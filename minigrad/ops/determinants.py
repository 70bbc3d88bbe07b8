"""Determinants, diagonals and traces of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..registry import Array, Dispatched, Forward, composed, constant, op
from .contraction import column, matmul, row, swapped
from .decompositions import svd
from .indexing import getitem
from .joining import concatenate
from .linear_algebra import inv
from .reductions import sum
from .selection import keep_where, where

if TYPE_CHECKING:
    from ..tensor import Tensor


@op(np.linalg.det, piecewise_linear=False)
def det(x: Array, /) -> Forward:
    """Determinant of square matrices.

    Its derivative is the matrix of cofactors, which is not 0 for a singular matrix of rank n - 1.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([[1.0, 0.0], [0.0, 0.0]], requires_grad=True)
    >>> mg.linalg.det(x).backward()
    >>> x.grad
    tensor([[0., 0.],
            [0., 1.]], dtype=float64)
    """
    return np.linalg.det(x), lambda g: column(column(g)) * _cofactors(x)


def _cofactors(x: Array) -> Array:
    """``det(x) * inv(x).T``, without a division by singular values where some are about 0."""
    if _well_conditioned(constant(x)):
        return column(column(det(x))) * swapped(inv(x))
    finite = np.all(np.isfinite(x), axis=(-2, -1), keepdims=True)
    cofactors = _finite_cofactors(where(finite, x, 0.0))
    return where(finite, cofactors, np.nan)


def _well_conditioned(x: Array) -> bool:
    """Whether an inverse and the inverse of its determinant lose only few digits, for all."""
    dtype = np.finfo(x.dtype if x.dtype.kind == "f" else np.float64)
    determinant = np.abs(np.linalg.det(x))
    if not np.all((determinant > dtype.tiny) & (determinant < dtype.max)):
        return False
    # A determinant other than 0 comes from pivots other than 0, so there is an inverse.
    condition = np.linalg.norm(x, axis=(-2, -1)) * np.linalg.norm(np.linalg.inv(x), axis=(-2, -1))
    return bool(np.all(condition < float(dtype.eps) ** (-1 / 3)))


def _finite_cofactors(x: Array) -> Array:
    u, s, vh = svd(constant(x))
    n = x.shape[-1]
    sign = column(column(np.linalg.det(u) * np.linalg.det(vh)))
    if not isinstance(x, Dispatched):
        # The cofactors of a diagonal matrix are the products of all other elements.
        others = np.prod(np.where(np.eye(n, dtype=bool), 1, row(s)), axis=-1, dtype=x.dtype)
        return sign * matmul(u * row(others), vh)
    # To be differentiated: with constant u and v, the matrix u.T @ x @ v is diagonal here, and no
    # singular value of its upper left block [[p, q], [r, t]] is 0.
    small = s.numpy() <= 2 * n * np.finfo(s.dtype).eps * s.numpy()[..., :1]
    k = int(np.max(np.sum(small, axis=-1), initial=0))
    turned = matmul(matmul(swapped(u), x), swapped(vh))
    p, q = turned[..., : n - k, : n - k], turned[..., : n - k, n - k :]
    r, t = turned[..., n - k :, : n - k], turned[..., n - k :, n - k :]
    w = inv(p)
    adjugate, determinant = _by_powers(t - matmul(matmul(r, w), q))
    right, below = matmul(matmul(w, q), adjugate), matmul(adjugate, matmul(r, w))
    corner = column(column(determinant)) * w + matmul(right, matmul(r, w))
    whole = concatenate(
        [concatenate([corner, -right], -1), concatenate([-below, adjugate], -1)], -2
    )
    return sign * column(column(det(p))) * matmul(matmul(u, swapped(whole)), vh)


def _by_powers(x: Array) -> tuple[Array, Array]:
    """Adjugate and determinant by the method of Faddeev and Le Verrier, without a division.

    It loses digits where x is large, but here it is about 0.
    """
    n = x.shape[-1]
    if not n:
        return x, sum(x, (-2, -1)) + 1.0
    eye = np.eye(n, dtype=x.dtype)
    adjugate = keep_where(False, x) + eye
    for step in range(1, n):
        product = matmul(x, adjugate)
        adjugate = product - column(column(matrix_trace(product) / step)) * eye
    sign = (-1.0) ** (n - 1)
    return sign * adjugate, sign * matrix_trace(matmul(x, adjugate)) / n


@op(np.linalg.slogdet, piecewise_linear=False)
def slogdet(x: Array, /) -> Forward:
    """Sign of the determinant of square matrices, and the logarithm of its absolute value.

    The sign has the derivative 0. A singular matrix has the logarithm -inf; its backward raises
    `numpy.linalg.LinAlgError`.
    """
    out = np.linalg.slogdet(x)
    return out, lambda by_sign, by_log: column(column(by_log)) * swapped(inv(x))


@composed(np.linalg.diagonal)
def matrix_diagonal(x: Array, /, *, offset: int = 0) -> Tensor:
    """Diagonal of the last two axes; with a positive offset one above the main one."""
    n, m = np.shape(x)[-2:]
    i = np.arange(max(0, -offset), max(min(n, m - offset), 0, -offset))
    return getitem(x, (..., i, i + offset))


@composed(np.linalg.trace)
def matrix_trace(x: Array, /, *, offset: int = 0) -> Tensor:
    """Sum along a diagonal of the last two axes."""
    return sum(matrix_diagonal(x, offset=offset), -1)
