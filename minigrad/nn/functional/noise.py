"""Activations that draw random numbers, as functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import ops
from ...random import generator
from ...registry import Array, constant
from ...tensor import Tensor

if TYPE_CHECKING:
    from numpy.random import Generator


def rrelu(
    x: Array,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
    *,
    rng: Generator | int | None = None,
) -> Tensor:
    """Leaky rectifier whose slopes for negative elements are drawn, one for each.

    Parameters
    ----------
    x : array
    lower, upper : float
        Between which slopes are drawn, evenly.
    training : bool
        Whether to draw. Otherwise the slope is the mean of both.
    inplace : bool
        Without effect: values never change.
    rng : numpy.random.Generator or int, optional
        What is drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Raises
    ------
    ValueError
        If `lower` is above `upper`.

    Notes
    -----
    From Xu, Wang, Chen and Li, "Empirical evaluation of rectified activations in convolutional
    network" (2015).

    Examples
    --------
    >>> mg.nn.functional.rrelu([-1.0, 2.0], 0.25, 0.75)
    array([-0.5,  2. ])
    """
    if not lower <= upper:
        raise ValueError(f"rrelu: lower={lower} is above upper={upper}")
    if not training:
        return ops.leaky_relu(x, (lower + upper) / 2)
    x = np.asarray(x) if isinstance(x, list | tuple) else x
    drawn = generator(rng).uniform(lower, upper, np.shape(x))
    floating = getattr(x, "dtype", np.dtype(float)).kind == "f"
    slopes = drawn.astype(x.dtype if floating else float) if np.shape(x) else float(drawn)
    return ops.where(np.greater(constant(x), 0), x, ops.multiply(slopes, x))


def gumbel_softmax(
    logits: Array,
    tau: float = 1.0,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
    *,
    rng: Generator | int | None = None,
) -> Tensor:
    """Random choice along an axis with probabilities from logits, made smooth.

    Parameters
    ----------
    logits : array
        Logarithms of probabilities, not normalised.
    tau : float
        Temperature, above 0. The lower, the closer the result is to 0 and 1.
    hard : bool
        Whether the result is exactly one-hot, with the gradient of the smooth one ("straight
        through").
    eps : float
        Without effect.
    dim : int
    rng : numpy.random.Generator or int, optional
        What is drawn from, or a seed; by default what `minigrad.manual_seed` sets.

    Raises
    ------
    ValueError
        If `tau` is not above 0.

    Notes
    -----
    From Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax" (2017), and
    Maddison, Mnih and Teh, "The concrete distribution" (2017).

    Examples
    --------
    >>> chosen = mg.nn.functional.gumbel_softmax(np.zeros((3, 4)), hard=True, rng=0)
    >>> chosen.sum(axis=1)
    array([1., 1., 1.])
    """
    if not tau > 0:
        raise ValueError(f"gumbel_softmax: tau is a temperature, above 0, got {tau}")
    logits = np.asarray(logits) if isinstance(logits, list | tuple) else logits
    dtype = logits.dtype if logits.dtype.kind == "f" else np.dtype(float)
    noise = generator(rng).gumbel(size=np.shape(logits)).astype(dtype)
    soft = ops.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    values = np.asarray(constant(soft))
    one_hot = np.zeros_like(values)
    np.put_along_axis(one_hot, values.argmax(dim, keepdims=True), 1, axis=dim)
    # What is added is exactly 0.
    return ops.add(one_hot, soft - values)
