"""Polynomials by their coefficients, highest power first, and convolution, their product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..registry import Array, Forward, composed, constant, op
from .arithmetic import add, subtract
from .contraction import column
from .indexing import getitem, scatter
from .joining import concatenate
from .linear_algebra import lstsq
from .padding import pad
from .selection import keep_where
from .shaping import reshape

if TYPE_CHECKING:
    from ..tensor import Tensor

Mode = Literal["full", "same", "valid"]


@op(np.convolve)
def convolve(x: Array, y: Array, /, mode: Mode = "full") -> Forward:
    """Convolution of two vectors, ``out[k] = sum(x[i] * y[k - i])``.

    Parameters
    ----------
    x, y : array of shape (n,) and (m,), neither empty
    mode : {"full", "same", "valid"}
        Whether to keep all n + m - 1 sums, or the max(n, m) in their middle, or only those in
        which every element of the shorter vector has a part.
    """
    if np.ndim(x) != 1 or np.ndim(y) != 1:
        raise ValueError(
            f"convolve: x has shape {np.shape(x)}, y {np.shape(y)}; vectors have one axis"
        )
    out = np.convolve(x, y, mode)
    n, m = x.shape[0], y.shape[0]
    before = {"full": 0, "same": (min(n, m) - 1) // 2, "valid": min(n, m) - 1}[mode]
    kept, full = slice(before, before + out.shape[0]), (n + m - 1,)

    def by(other: Array, g: Array) -> Array:
        # Sums that were left out have the gradient 0.
        whole = g if mode == "full" else scatter(g, kept, full)
        return convolve(whole, _reversed(other), "valid")

    return out, (lambda g: by(y, g), lambda g: by(x, g))


@composed(np.correlate)
def correlate(x: Array, y: Array, /, mode: Mode = "valid") -> Tensor:
    """Cross-correlation of two vectors, ``out[k] = sum(x[k + i] * y[i])``; see `convolve`."""
    if np.shape(x)[:1] < np.shape(y)[:1]:
        return _reversed(convolve(y, _reversed(x), mode))
    return convolve(x, _reversed(y), mode)


@composed(np.polyval)
def polyval(p: Array, x: Array, /) -> Tensor:
    """Values at `x` of the polynomial with coefficients `p`, by Horner's rule.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> mg.polyval([1.0, 0.0, 0.0], x).sum().backward()
    >>> x.grad
    tensor([2., 4.], dtype=float64)
    """
    # With a coefficient 0 in front, the result has the shape of x however few there are.
    out = keep_where(False, x)
    for power in range(np.shape(p)[0]):
        out = getitem(p, power) + (out * x if power else out)
    return out


@composed(np.polyadd)
def polyadd(p: Array, q: Array, /) -> Tensor:
    """Coefficients of the sum of two polynomials."""
    return add(*_aligned(p, q))


@composed(np.polysub)
def polysub(p: Array, q: Array, /) -> Tensor:
    """Coefficients of the difference of two polynomials."""
    return subtract(*_aligned(p, q))


@composed(np.polymul)
def polymul(p: Array, q: Array, /) -> Tensor:
    """Coefficients of the product of two polynomials; unlike NumPy's, leading zeros stay."""
    return convolve(reshape(p, (-1,)), reshape(q, (-1,)))


@composed(np.polydiv)
def polydiv(u: Array, v: Array, /) -> tuple[Array, Array]:
    """Quotient and remainder of two polynomials, by long division.

    As many leading coefficients of the remainder are dropped as are 0 within 1e-8, all but one.

    Parameters
    ----------
    u, v : array of shape (n,) and (m,)
        The first coefficient of `v` is not 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.polydiv(mg.tensor([1.0, 5.0, 7.0]), [1.0, 2.0])
    (tensor([1., 3.], dtype=float64), tensor([1.], dtype=float64))
    """
    rest, n, m = getitem(u, slice(None)), np.shape(u)[0], np.shape(v)[0]
    lead = getitem(v, slice(0, 1))
    digits = [rest * 0.0] if n < m else []
    for _ in range(n - m + 1):
        digit = getitem(rest, slice(0, 1)) / lead
        digits.append(digit)
        changed = getitem(rest, slice(0, m)) - digit * v
        rest = concatenate([getitem(changed, slice(1, None)), getitem(rest, slice(m, None))])
    if m == 1:
        rest = getitem(u, slice(-1, None)) - digits[-1] * v  # exactly 0, but of length 1
    start = 0
    values = constant(rest)
    while start < np.size(values) - 1 and np.allclose(values[start], 0, rtol=1e-14):
        start += 1
    quotient = getitem(digits[0], slice(0, 1)) if n < m else concatenate(digits)
    return quotient, getitem(rest, slice(start, None))


@composed(np.polyder)
def polyder(p: Array, /, m: int = 1) -> Tensor:
    """Coefficients of the m-th derivative of a polynomial."""
    if m < 0:
        raise ValueError(f"polyder: m must not be negative, got {m}; see polyint")
    for _ in range(m):
        p = getitem(p, slice(-1)) * _powers(p)[:-1]
    return p


@composed(np.polyint)
def polyint(p: Array, /, m: int = 1, k: float | Sequence[float] | None = None) -> Tensor:
    """Coefficients of the m-th antiderivative of a polynomial.

    Parameters
    ----------
    p : array of shape (n,)
    m : int
    k : float or m floats, optional
        Constants of integration, that of the first integration first; by default 0. One number
        stands for one integration.
    """
    if m < 0:
        raise ValueError(f"polyint: m must not be negative, got {m}; see polyder")
    constants = [0.0] * m if k is None else list(np.atleast_1d(k))
    if len(constants) == 1:
        constants *= m
    if len(constants) < m:
        raise ValueError(f"polyint: m={m} integrations have as many constants, got k={k}")
    for added in constants[:m]:
        p = p / (_powers(p) + 1)
        p = concatenate([p, np.asarray([added], dtype=p.dtype)])
    return p


@composed(np.poly)
def poly(seq_of_zeros: Array, /) -> Tensor:
    """Coefficients of the polynomial with given zeros, the first of them 1."""
    if np.ndim(seq_of_zeros) != 1:
        raise ValueError(
            f"poly: the zeros have shape {np.shape(seq_of_zeros)}, expected a vector; the "
            "characteristic polynomial of a matrix is not implemented"
        )
    zeros = seq_of_zeros
    out: Any = np.ones(1, dtype=np.result_type(getattr(zeros, "dtype", float), np.float16))
    for i in range(np.shape(zeros)[0]):
        # A factor x - zero: shift, and subtract the rest times the zero.
        out = pad(out, (0, 1)) - pad(out * getitem(zeros, i), (1, 0))
    return out


@composed(np.polyfit)
def polyfit(x: Array, y: Array, /, deg: int, *, w: Any = None) -> Tensor:
    """Coefficients of the polynomial that fits points best by least squares.

    Parameters
    ----------
    x : array of shape (n,)
        At least deg + 1 different numbers.
    y : array of shape (n,) or (n, k)
        For each column a polynomial.
    deg : int
        The degree.
    w : array of shape (n,), optional
        Weights of the errors before they are squared; not differentiable.

    Returns
    -------
    array of shape (deg + 1,) or (deg + 1, k)
    """
    one = keep_where(False, x) + 1
    powers = [one / 1.0]
    for _ in range(deg):
        powers.insert(0, powers[0] * x)
    matrix = concatenate([column(power) for power in powers], axis=1)
    if w is not None:
        weights = np.asarray(w, dtype=matrix.dtype)
        matrix = matrix * weights[:, None]
        y = y * (weights if np.ndim(y) == 1 else weights[:, None])
    # Columns of one length: the powers of large numbers differ by magnitudes.
    values = constant(matrix)
    scale = np.sqrt(np.sum(values * values, axis=0))
    solution = lstsq(matrix / scale, y)[0]
    return solution / (scale if np.ndim(y) == 1 else column(scale))


def _aligned(p: Array, q: Array) -> tuple[Array, Array]:
    """The coefficients of both polynomials with zeros in front of the shorter."""
    n, m = np.size(p), np.size(q)
    p, q = reshape(p, (-1,)), reshape(q, (-1,))
    return (pad(p, (m - n, 0)), q) if n < m else (p, pad(q, (n - m, 0)) if m < n else q)


def _powers(p: Array) -> Array:
    """The power that each coefficient belongs to, in the dtype of a floating polynomial."""
    powers = np.arange(np.shape(p)[0] - 1, -1, -1)
    dtype = getattr(p, "dtype", np.dtype(int))
    return powers.astype(dtype) if dtype.kind == "f" else powers


def _reversed(x: Array) -> Array:
    return getitem(x, slice(None, None, -1))
