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
    joining,
    losses,
    matrices,
    ordering,
    padding,
    pooling,
    ranges,
    reductions,
    repeating,
    rounding,
    selection,
    shaping,
    special,
    splitting,
    trigonometric,
    turning,
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
    **joining.SAMPLES,
    **losses.SAMPLES,
    **matrices.SAMPLES,
    **ordering.SAMPLES,
    **padding.SAMPLES,
    **pooling.SAMPLES,
    **ranges.SAMPLES,
    **reductions.SAMPLES,
    **repeating.SAMPLES,
    **rounding.SAMPLES,
    **selection.SAMPLES,
    **shaping.SAMPLES,
    **special.SAMPLES,
    **splitting.SAMPLES,
    **trigonometric.SAMPLES,
    **turning.SAMPLES,
    **windows.SAMPLES,
    **writing.SAMPLES,
}
