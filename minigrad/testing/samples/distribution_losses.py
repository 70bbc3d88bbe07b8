"""Samples of losses of predicted distributions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from ..strategies.values import within
from .calls import Array, Call, Samples, positive, real, rngs, shapes
from .classification_losses import reduced, reductions


@st.composite
def _divergences(draw: st.DrawFn) -> Call:
    shape, rng, log_target = draw(shapes(side=1)), draw(rngs()), draw(st.booleans())
    reduction = draw(st.one_of(reductions(), st.just("batchmean")))
    target = (real if log_target else positive)(rng, shape)
    return Call((real(rng, shape), target), {"reduction": reduction, "log_target": log_target})


@st.composite
def _counts(draw: st.DrawFn) -> Call:
    shape, rng, log_input = draw(shapes(side=1)), draw(rngs()), draw(st.booleans())
    settings = {
        "log_input": log_input,
        "full": draw(st.booleans()),
        "eps": draw(st.sampled_from([1e-8, 0.5])),
        "reduction": draw(reductions()),
    }
    # Not close to 1, from which on there is a term more.
    target = np.where(rng.random(shape) < 0.5, within(rng, shape, (0, 1)), 1 + positive(rng, shape))
    return Call(((real if log_input else positive)(rng, shape), target), settings)


@st.composite
def _moments(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(side=1)), draw(rngs())
    of_var = [shape, (), *([(*shape[:-1], 1), shape[:-1]] if shape else [])]
    arrays = (real(rng, shape), real(rng, shape), positive(rng, draw(st.sampled_from(of_var))))
    return Call(arrays, {"full": draw(st.booleans()), "reduction": draw(reductions())})


def _kl_div(x: Array, target: Array, reduction: str, log_target: bool) -> Array:
    p = np.exp(target) if log_target else target
    losses = p * (np.log(p) - x)
    if reduction == "batchmean":
        return np.asarray(losses.sum() / (len(losses) if losses.ndim else 1))
    return reduced(losses, reduction)


def _poisson_nll_loss(
    x: Array, target: Array, log_input: bool, full: bool, eps: float, reduction: str
) -> Array:
    losses = np.exp(x) - target * x if log_input else x - target * np.log(x + eps)
    if full:
        stirling = np.log((target / math.e) ** target * np.sqrt(2 * math.pi * target))
        losses = losses + np.where(target > 1, stirling, 0)
    return reduced(losses, reduction)


def _gaussian_nll_loss(x: Array, target: Array, var: Array, full: bool, reduction: str) -> Array:
    if np.ndim(var) and np.ndim(var) < np.ndim(x):
        var = var[..., None]
    constant = math.log(2 * math.pi) / 2 if full else 0.0
    losses = constant + np.log(var) / 2 + (x - target) ** 2 / (2 * var)
    return reduced(losses, reduction)


SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.kl_div: Samples(_divergences(), _kl_div),
    ops.poisson_nll_loss: Samples(_counts(), _poisson_nll_loss),
    ops.gaussian_nll_loss: Samples(_moments(), _gaussian_nll_loss),
}
