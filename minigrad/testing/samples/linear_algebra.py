"""Samples of inverses of matrices, and of linear equations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ...tensor import Tensor
from .calls import Array, Call, Samples, real, rngs


def orthonormal(rng: np.random.Generator, batch: tuple[int, ...], n: int, k: int) -> Array:
    """Matrices of k orthonormal columns of length n."""
    return np.linalg.qr(rng.normal(size=(*batch, n, n)))[0][..., :k]


def with_singular_values(
    rng: np.random.Generator, batch: tuple[int, ...], m: int, n: int, rank: int | None = None
) -> Array:
    """Matrices whose singular values are well separated, and well away from 0 up to a rank."""
    k = min(m, n) if rank is None else rank
    s = 0.7 + 0.6 * np.arange(k) + rng.uniform(-0.1, 0.1, (*batch, k))
    u, v = orthonormal(rng, batch, m, k), orthonormal(rng, batch, n, k)
    return np.asarray((u * s[..., None, :]) @ np.swapaxes(v, -1, -2))


def batches() -> st.SearchStrategy[tuple[int, ...]]:
    """No axis in front of the matrices, or one, or two."""
    return st.sampled_from([(), (2,), (2, 1), (0,)])


@st.composite
def square(draw: st.DrawFn, side: int = 1) -> Call:
    """Invertible matrices."""
    n = draw(st.integers(side, 3))
    return Call((with_singular_values(draw(rngs()), draw(batches()), n, n),), {})


@st.composite
def any_rank(draw: st.DrawFn) -> Call:
    """Square matrices of any rank."""
    n = draw(st.integers(1, 4))
    rank = draw(st.integers(0, n))
    return Call((with_singular_values(draw(rngs()), draw(batches()), n, n, rank),), {})


@st.composite
def rectangular(draw: st.DrawFn) -> Call:
    """Matrices of full rank."""
    m, n = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return Call((with_singular_values(draw(rngs()), draw(batches()), m, n),), {})


@st.composite
def _equations(draw: st.DrawFn) -> Call:
    rng, n = draw(rngs()), draw(st.integers(1, 3))
    front, other = draw(st.sampled_from([((), ()), ((2,), ()), ((2, 1), (3,)), ((), (2,))]))
    right = draw(st.sampled_from([(n,), (*other, n, 1), (*other, n, 2)]))
    return Call((with_singular_values(rng, front, n, n), real(rng, right)), {})


@st.composite
def _triangles(draw: st.DrawFn) -> Call:
    x, y = draw(_equations()).arrays
    x = x + 3 * np.eye(x.shape[-1])
    left = y.ndim == 1 or draw(st.booleans())
    settings = {"left": left, "upper": draw(st.booleans()), "unitriangular": draw(st.booleans())}
    return Call((x, y if left else np.swapaxes(y, -1, -2)), settings)


def _solve_triangular(x: Array, y: Array, upper: bool, left: bool, unitriangular: bool) -> Array:
    triangle = np.triu(x) if upper else np.tril(x)
    if unitriangular:
        eye = np.eye(x.shape[-1])
        triangle = triangle * (1 - eye) + eye
    inverse = np.linalg.inv(triangle)
    return np.asarray(inverse @ y if left else y @ inverse)


@st.composite
def _least_squares(draw: st.DrawFn) -> Call:
    rng = draw(rngs())
    m, n = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    columns = draw(st.sampled_from([(), (1,), (2,)]))
    return Call((with_singular_values(rng, (), m, n), real(rng, (m, *columns))), {"rcond": None})


def _tensors(result: Any) -> Any:
    """The results but the rank, and but those of arrays that are not tensors."""
    return [part for part in result if isinstance(part, Tensor) and part.dtype.kind == "f"]


@st.composite
def _tensor_inverses(draw: st.DrawFn) -> Call:
    rows, columns = draw(st.sampled_from([((4,), (2, 2)), ((2, 3), (3, 2)), ((2, 1), (2,))]))
    n = int(np.prod(rows))
    x = with_singular_values(draw(rngs()), (), n, n).reshape(*rows, *columns)
    return Call((x,), {"ind": len(rows)})


@st.composite
def _tensor_equations(draw: st.DrawFn) -> Call:
    rng = draw(rngs())
    right, out = draw(st.sampled_from([((4,), (2, 2)), ((2, 3), (3, 2)), ((2, 1), (2,))]))
    n = int(np.prod(right))
    x = with_singular_values(rng, (), n, n).reshape(*right, *out)
    if draw(st.booleans()):
        return Call((x, real(rng, right)), {})
    x = np.moveaxis(x, range(-len(out), 0), range(len(out)))
    return Call((x, real(rng, right)), {"axes": tuple(range(len(out)))})


@st.composite
def _ranks(draw: st.DrawFn) -> Call:
    (x,) = draw(any_rank()).arrays
    return Call((x,), {"tol": draw(st.sampled_from([None, 1e-6]))})


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.inv: Samples(square(), np.linalg.inv),
    ops.solve: Samples(_equations(), np.linalg.solve),
    ops.solve_triangular: Samples(_triangles(), _solve_triangular),
    ops.pinv: Samples(rectangular(), np.linalg.pinv),
    ops.lstsq: Samples(_least_squares(), np.linalg.lstsq, determined=_tensors),
    ops.matrix_rank: Samples(_ranks(), np.linalg.matrix_rank),
    ops.tensorinv: Samples(_tensor_inverses(), np.linalg.tensorinv),
    ops.tensorsolve: Samples(_tensor_equations(), np.linalg.tensorsolve),
}
