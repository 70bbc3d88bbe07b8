"""Samples of decompositions of matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ...ops.contraction import swapped
from .calls import Array, Call, Samples, rngs
from .linear_algebra import batches, orthonormal, rectangular, with_singular_values


@st.composite
def _symmetric(draw: st.DrawFn, smallest: float, name: str, choices: Sequence[Any]) -> Call:
    """Symmetric matrices with well separated eigenvalues."""
    rng, batch, n = draw(rngs()), draw(batches()), draw(st.integers(1, 3))
    values = smallest + 0.8 * np.arange(n) + rng.uniform(-0.1, 0.1, (*batch, n))
    q = orthonormal(rng, batch, n, n)
    x = (q * values[..., None, :]) @ np.swapaxes(q, -1, -2)
    x = (x + np.swapaxes(x, -1, -2)) / 2
    return Call((x,), {name: draw(st.sampled_from(choices))})


@st.composite
def _factors(draw: st.DrawFn) -> Call:
    """Matrices whose first columns are independent."""
    m, n = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    x = with_singular_values(draw(rngs()), draw(batches()), m, min(m, n))
    more = with_singular_values(draw(rngs()), x.shape[:-2], m, max(n - m, 0), min(m, max(n - m, 0)))
    modes = ["reduced", "r"] if m > n else ["reduced", "r", "complete"]
    return Call((np.concatenate([x, more], -1),), {"mode": draw(st.sampled_from(modes))})


@st.composite
def _singular(draw: st.DrawFn) -> Call:
    (x,) = draw(rectangular()).arrays
    choices = [{"full_matrices": False}, {"compute_uv": False}]
    if x.shape[-1] == x.shape[-2]:
        choices.append({})
    return Call((x,), draw(st.sampled_from(choices)))


def symmetric_part(x: Any) -> Any:
    """The mean of matrices and their transposes."""
    return (x + swapped(x)) / 2


def _signless(result: Any) -> Any:
    """The eigenvalues, and the eigenvectors multiplied by themselves, whatever their sign."""
    values, vectors = result
    return [values, ops.einsum("...ik,...jk->...kij", vectors, vectors)]


def _singular_signless(result: Any) -> Any:
    """The singular values, and the vectors with those of the same sign."""
    if not isinstance(result, tuple):
        return result
    u, s, vh = result
    return [
        s,
        ops.einsum("...ik,...kj->...kij", u, vh),
        ops.einsum("...ik,...jk->...kij", u, u),
        ops.einsum("...ki,...kj->...kij", vh, vh),
    ]


def _cholesky(x: Array, upper: bool) -> Array:
    lower = np.linalg.cholesky(x)
    return np.swapaxes(lower, -1, -2) if upper else lower


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.cholesky: Samples(
        _symmetric(0.7, "upper", [False, True]), _cholesky, domain=symmetric_part
    ),
    ops.qr: Samples(_factors(), np.linalg.qr),
    ops.eigh: Samples(
        _symmetric(-1.0, "UPLO", "LU"),
        np.linalg.eigh,
        determined=_signless,
        domain=symmetric_part,
    ),
    ops.eigvalsh: Samples(
        _symmetric(-1.0, "UPLO", "LU"), np.linalg.eigvalsh, domain=symmetric_part
    ),
    ops.svd: Samples(_singular(), np.linalg.svd, determined=_singular_signless),
    ops.svdvals: Samples(rectangular(), np.linalg.svdvals),
}
