"""Calls to check every op with, and what NumPy says of them, one file for each family of ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import (
    activations,
    applying,
    arithmetic,
    comparison,
    contraction,
    convolution,
    discrete,
    elementary,
    indexing,
    interpolation,
    losses,
    ordering,
    pooling,
    reductions,
    rounding,
    selection,
    shaping,
    special,
    trigonometric,
    windows,
    writing,
)
from .calls import Call as Call
from .calls import Samples as Samples

SAMPLES: dict[Callable[..., Any], Samples] = {
    **activations.SAMPLES,
    **applying.SAMPLES,
    **arithmetic.SAMPLES,
    **comparison.SAMPLES,
    **contraction.SAMPLES,
    **convolution.SAMPLES,
    **discrete.SAMPLES,
    **elementary.SAMPLES,
    **indexing.SAMPLES,
    **interpolation.SAMPLES,
    **losses.SAMPLES,
    **ordering.SAMPLES,
    **pooling.SAMPLES,
    **reductions.SAMPLES,
    **rounding.SAMPLES,
    **selection.SAMPLES,
    **shaping.SAMPLES,
    **special.SAMPLES,
    **trigonometric.SAMPLES,
    **windows.SAMPLES,
    **writing.SAMPLES,
}
