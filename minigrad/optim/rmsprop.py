"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from .checks import check_range
from .means import count, follow, follow_square, keep, root
from .optimizer import Array, Optimizer


class RMSprop(Optimizer):
    """RMSprop: gradients divided by the root of their mean square of late.

    A step changes a parameter ``p`` with the gradient ``g`` by::

        g = g + weight_decay * p
        v = alpha * v + (1 - alpha) * g**2          (at first v = 0)
        d = g / (sqrt(v) + eps)
        b = momentum * b + d                        (at first b = 0)
        p = p - lr * b                              (without momentum: p - lr * d)

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The tensors to be changed, or groups of them with their own settings.
    lr : float
        Learning rate.
    alpha : float
        How much stays of the mean squared gradient.
    eps : float
        Keeps a step finite where gradients are 0.
    weight_decay : float
        Factor of ``p`` in its gradient, that of the penalty ``weight_decay / 2 * sum(p**2)``.
    momentum : float
        How much of the velocity ``b`` stays; with 0 there is none.
    centered : bool
        Whether to divide by the deviation from the mean gradient, ``sqrt(v - mean**2) + eps``.
    maximize : bool
        Whether to ascend.

    Raises
    ------
    TypeError
        If a parameter is no tensor, or a setting is unknown or no number.
    ValueError
        If there are no parameters, one is given twice, one is not a leaf, or a setting is out of
        range.

    References
    ----------
    T. Tieleman, G. Hinton, "Lecture 6.5: RMSprop", Coursera (2012). The centred form is that of
    A. Graves, "Generating sequences with recurrent neural networks", arXiv:1308.0850 (2013).

    Examples
    --------
    >>> p = mg.tensor([1.0, 200.0], requires_grad=True)
    >>> optimizer = mg.optim.RMSprop([p], lr=0.05, eps=0)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([  0.5, 199.5], dtype=float64, requires_grad=True)
    """

    elementwise: ClassVar[bool] = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise an error if a setting is out of range."""
        check_range("RMSprop", settings, "lr", "eps", "weight_decay", "momentum")
        check_range("RMSprop", settings, "alpha", below=1)

    def prepare(
        self, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Get the state of a parameter ready for a step."""
        count(state)
        keep(state, value, "square_avg")
        if settings["momentum"]:
            keep(state, value, "momentum_buffer")
        if settings["centered"]:
            keep(state, value, "grad_avg")
        return settings

    def change(
        self, gradient: Array, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Array:
        """Return what a step subtracts from a parameter, or from a block of it."""
        mean_square = state["square_avg"]
        follow_square(mean_square, gradient, settings["alpha"])
        if settings["centered"]:
            mean = state["grad_avg"]
            follow(mean, gradient, settings["alpha"])
            mean_square = mean_square - mean * mean
        step = root(mean_square, settings["eps"])
        np.divide(gradient, step, out=step)
        if settings["momentum"]:
            velocity = state["momentum_buffer"]
            velocity *= settings["momentum"]
            velocity += step
            step[...] = velocity
        step *= settings["lr"]
        return step
