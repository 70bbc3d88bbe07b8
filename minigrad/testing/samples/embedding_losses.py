"""Samples of losses of embeddings and rankings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from ... import ops
from .. import strategies
from .calls import Array, Call, Samples, mask, nonzero, positive, real, rngs, separated, shapes
from .classification_losses import reduced, reductions


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.where(mask(rng, shape), 1, -1)


def _vectors(most: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    return hnp.array_shapes(min_dims=1, max_dims=most, max_side=3)


@st.composite
def _angles(draw: st.DrawFn) -> Call:
    first, second = draw(strategies.broadcastable(2, min_dims=1, min_side=1))
    rank, rng = max(len(first), len(second)), draw(rngs())
    axis = draw(st.integers(-rank, rank - 1))
    return Call((nonzero(rng, first), nonzero(rng, second)), {"axis": axis})


@st.composite
def _distances(draw: st.DrawFn) -> Call:
    """Vectors in whose differences no two absolute values are close, and none to 0."""
    shape, rng = draw(_vectors()), draw(rngs())
    x2 = real(rng, shape[draw(st.integers(0, len(shape) - 1)) :])
    settings = {
        "p": draw(st.sampled_from([1, 2, 2.5, np.inf])),
        "eps": draw(st.sampled_from([0.0, 1e-6])),
        "keepdims": draw(st.booleans()),
    }
    return Call((x2 + separated()(rng, shape), x2), settings)


@st.composite
def _alike_or_not(draw: st.DrawFn) -> Call:
    """Vectors in similar or nearly opposite directions, so that no cosine is close to a margin."""
    items, rng = draw(hnp.array_shapes(min_dims=0, max_dims=1, max_side=3)), draw(rngs())
    x1 = nonzero(rng, (*items, draw(st.integers(2, 3))))
    turned = x1.copy()
    turned[..., 0] = x1[..., 0] * np.cos(0.5) - x1[..., 1] * np.sin(0.5)
    turned[..., 1] = x1[..., 0] * np.sin(0.5) + x1[..., 1] * np.cos(0.5)
    x2 = _signs(rng, (*items, 1)) * positive(rng, (*items, 1)) * turned
    settings = {"margin": draw(st.sampled_from([-0.5, 0.0, 0.5])), "reduction": draw(reductions())}
    return Call((x1, x2, _signs(rng, items)), settings)


@st.composite
def _hinges(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(side=1)), draw(rngs())
    settings = {"margin": draw(st.sampled_from([0.75, 1.0])), "reduction": draw(reductions())}
    return Call((separated(0.1)(rng, shape), _signs(rng, shape)), settings)


@st.composite
def _rankings(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(side=1)), draw(rngs())
    arrays = (separated(0.1)(rng, shape), separated(0.25)(rng, shape), 1.0 * _signs(rng, shape))
    settings = {"margin": draw(st.sampled_from([0.0, 0.5])), "reduction": draw(reductions())}
    return Call(arrays, settings)


@st.composite
def _triplets(draw: st.DrawFn, /, **choices: list[Any]) -> Call:
    """An anchor, and two vectors on one line with it whose distances are not close."""
    shape, rng = draw(_vectors(2)), draw(rngs())
    anchor, near = real(rng, shape), separated()(rng, shape)
    factors = rng.choice([-9.0, -0.25, 0.25, 9.0], (*shape[:-1], 1))
    settings = {
        "margin": draw(st.sampled_from([0.5, 1.0])),
        "swap": draw(st.booleans()),
        "reduction": draw(reductions()),
        **{name: draw(st.sampled_from(values)) for name, values in choices.items()},
    }
    return Call((anchor, anchor + near, anchor + factors * near), settings)


def city_block(x1: Any, x2: Any) -> Any:
    """Sum of absolute differences."""
    return ops.sum(ops.absolute(x1 - x2), -1)


def _cosine_similarity(x1: Array, x2: Array, axis: int, tiny: float = 0.0) -> Array:
    x1, x2 = np.broadcast_arrays(x1, x2)
    squares = [np.sum(x * x, axis) + tiny for x in (x1, x2)]
    return np.asarray(np.sum(x1 * x2, axis) / np.sqrt(squares[0] * squares[1]))


def _pairwise_distance(
    x1: Array, x2: Array, p: float, eps: float = 1e-6, keepdims: bool = False
) -> Array:
    return np.asarray(np.linalg.norm(x1 - x2 + eps, p, -1, keepdims))


def _cosine_embedding_loss(
    x1: Array, x2: Array, target: Array, margin: float, reduction: str
) -> Array:
    cosine = _cosine_similarity(x1, x2, -1, 1e-12)
    return reduced(np.where(target == 1, 1 - cosine, np.maximum(cosine - margin, 0)), reduction)


def _hinge_embedding_loss(x: Array, target: Array, margin: float, reduction: str) -> Array:
    return reduced(np.where(target == 1, x, np.maximum(margin - x, 0)), reduction)


def _margin_ranking_loss(
    x1: Array, x2: Array, target: Array, margin: float, reduction: str
) -> Array:
    return reduced(np.maximum(target * (x2 - x1) + margin, 0), reduction)


def _triplet_margin_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float,
    swap: bool,
    reduction: str,
    p: float = 2,
    eps: float = 1e-6,
) -> Array:
    near = _pairwise_distance(anchor, positive, p, eps)
    apart = _pairwise_distance(anchor, negative, p, eps)
    if swap:
        apart = np.minimum(apart, _pairwise_distance(positive, negative, p, eps))
    return reduced(np.maximum(near - apart + margin, 0), reduction)


def _with_distance(*arrays: Any, distance_function: Any, **settings: Any) -> Array:
    settings |= {"p": 2} if distance_function is None else {"p": 1, "eps": 0.0}
    return _triplet_margin_loss(*arrays, **settings)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.cosine_similarity: Samples(_angles(), _cosine_similarity),
    ops.pairwise_distance: Samples(_distances(), _pairwise_distance),
    ops.cosine_embedding_loss: Samples(_alike_or_not(), _cosine_embedding_loss, floating=2),
    ops.hinge_embedding_loss: Samples(_hinges(), _hinge_embedding_loss, floating=1),
    ops.margin_ranking_loss: Samples(_rankings(), _margin_ranking_loss),
    ops.triplet_margin_loss: Samples(_triplets(p=[1, 2, 3, np.inf]), _triplet_margin_loss),
    ops.triplet_margin_with_distance_loss: Samples(
        _triplets(distance_function=[None, city_block]), _with_distance
    ),
}
