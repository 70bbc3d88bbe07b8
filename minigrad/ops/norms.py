"""Norms of vectors and matrices.

A norm of 0 has the gradient 0, as ``abs'(0)`` is 0, and so have all its derivatives.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, composed, constant
from .arithmetic import absolute
from .decompositions import svdvals
from .linear_algebra import inv
from .reductions import Axis, kept_shape, max, min, split_axes, sum
from .selection import keep_where, where
from .shaping import moveaxis, reshape

if TYPE_CHECKING:
    from ..tensor import Tensor

Order = float | str | None


@composed(np.linalg.norm)
def norm(x: Array, /, ord: Order = None, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Norm of vectors along one axis, or of matrices along two.

    Parameters
    ----------
    x : array
    ord : float, {"fro", "nuc"} or None
        Which norm; see `vector_norm` and `matrix_norm`. None is the root of the sum of squares.
    axis : int, pair of int, or None
        None takes all axes: one or two of them, or, where `ord` is None, any number.
    keepdims : bool

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
    >>> mg.linalg.norm(x, axis=1).sum().backward()
    >>> x.grad
    tensor([[0.6, 0.8],
            [0. , 0. ]], dtype=float64)
    """
    rank = np.ndim(x)
    if axis is None and ord is None:
        return vector_norm(x, axis=None, keepdims=keepdims)
    axes, _ = split_axes(rank, axis)
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ValueError(f"norm: ord={ord!r} is for matrices; vectors have a number or None")
        return vector_norm(x, axis=axes, keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2:
        raise ValueError(
            f"norm: along {len(axes)} axes, of an array of shape {np.shape(x)}; vectors have one "
            "axis and matrices two: pass axis="
        )
    out = matrix_norm(moveaxis(x, axes, (-2, -1)), ord="fro" if ord is None else ord)
    return reshape(out, kept_shape(np.shape(x), axes)) if keepdims else out


@composed(np.linalg.vector_norm)
def vector_norm(
    x: Array, /, *, axis: Axis = None, keepdims: bool = False, ord: float = 2
) -> Tensor:
    """Norm of vectors: the root ``sum(abs(x) ** ord) ** (1 / ord)``.

    Parameters
    ----------
    x : array
    axis : int, tuple of int, or None
        The axes whose elements make a vector; None takes all.
    keepdims : bool
    ord : float
        For inf it is the largest absolute value, for -inf the smallest, equal ones sharing the
        gradient equally; for 0 the number of elements other than 0, with the derivative 0. With
        ``0 < ord <= 1`` there is a kink where an element is 0, and the gradient 0. With a negative
        one an element that is 0 makes the norm 0, with the gradient 0.
    """
    x, (axes, _) = _floating(x), split_axes(np.ndim(x), axis)
    if ord == 2:
        out = _positive_root(sum(x * x, axes, keepdims=keepdims), 2.0)
    elif ord == math.inf:
        out = max(absolute(x), axes, keepdims=keepdims)
    elif ord == -math.inf:
        out = min(absolute(x), axes, keepdims=keepdims)
    elif ord == 1:
        out = sum(absolute(x), axes, keepdims=keepdims)
    elif ord == 0:
        none = keep_where(False, x)
        out = sum(none + (x != 0), axes, keepdims=keepdims)
    elif ord > 0:
        nonzero = x != 0
        powers = keep_where(nonzero, where(nonzero, absolute(x), 1.0) ** float(ord))
        out = _positive_root(sum(powers, axes, keepdims=keepdims), float(ord))
    else:
        # A zero makes the norm 0, whatever the others are.
        none_zero = np.all(constant(x) != 0, axis=axes, keepdims=True)
        total = sum(where(none_zero, absolute(x), 1.0) ** float(ord), axes, keepdims=keepdims)
        none_zero = reshape(none_zero, np.shape(total))
        out = keep_where(none_zero, total ** (1 / float(ord)))
    return out


@composed(np.linalg.matrix_norm)
def matrix_norm(x: Array, /, *, keepdims: bool = False, ord: Order = "fro") -> Tensor:
    """Norm of matrices.

    Parameters
    ----------
    x : array of shape (..., m, n)
    keepdims : bool
    ord : {"fro", "nuc", 1, -1, 2, -2, inf, -inf}
        ``"fro"``: the root of the sum of squares; ``"nuc"``: the sum of the singular values, of
        which those within rounding of 0 have the gradient 0; 1 and -1: the largest and the smallest
        sum of absolute values of a column; inf and -inf: of a row; 2 and -2: the largest and the
        smallest singular value. Equal ones share the gradient equally.
    """
    if ord == "fro":
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    largest = {1: max, math.inf: max, 2: max, -1: min, -math.inf: min, -2: min}
    if ord == "nuc":
        s = svdvals(x)
        relative = float(np.finfo(s.dtype).eps) * float(np.max(np.shape(x)[-2:]))
        rounding = s[..., :1] * relative
        out = sum(keep_where(s > rounding, s), -1)
    elif ord not in largest:
        raise ValueError(
            f"matrix_norm: ord is 'fro', 'nuc', 1, -1, 2, -2, inf or -inf, got {ord!r}"
        )
    elif ord in (2, -2):
        out = largest[ord](svdvals(x), -1)
    else:
        along = -2 if ord in (1, -1) else -1
        out = largest[ord](sum(absolute(_floating(x)), along), -1)
    return reshape(out, (*np.shape(x)[:-2], 1, 1)) if keepdims else out


@composed(np.linalg.cond)
def cond(x: Array, /, p: Order = None) -> Tensor:
    """Condition number of matrices: the norm times the norm of the inverse.

    Parameters
    ----------
    x : array of shape (..., m, n), square but where `p` is None, 2 or -2
    p : as `ord` of `matrix_norm`
        None and 2 give the ratio of the largest and the smallest singular value.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is singular, where the inverse is needed; the ratio becomes inf.
    """
    if p is None or p in (2, -2):
        s = svdvals(x)
        first, last = s[..., 0], s[..., -1]
        return last / first if p == -2 else first / last
    return matrix_norm(x, ord=p) * matrix_norm(inv(x), ord=p)


def _floating(x: Any) -> Array:
    """The array in a dtype in which squares do not overflow: integers become floats."""
    return x if getattr(x, "dtype", np.dtype(int)).kind == "f" else np.divide(x, 1.0)


def _positive_root(x: Array, degree: float) -> Array:
    """The root, which at 0 is the constant 0."""
    nonzero = x != 0
    safe = where(nonzero, x, 1.0)
    return keep_where(nonzero, np.sqrt(safe) if degree == 2 else safe ** (1 / degree))
