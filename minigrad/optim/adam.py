"""Adam."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .optimizer import Array, Optimizer, check_range


class Adam(Optimizer):
    """Adam: steps of about `lr`, whatever the size of the gradients.

    The step number ``t`` (from 1) changes a parameter ``p`` with the gradient ``g`` by::

        g = g + weight_decay * p
        m = beta1 * m + (1 - beta1) * g             (at first m = v = 0)
        v = beta2 * v + (1 - beta2) * g**2
        p = p - lr * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + eps)

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The tensors to be changed, or groups of them with their own settings.
    lr : float
        Learning rate.
    betas : (float, float)
        How much stays of the mean gradient, and of the mean squared gradient.
    eps : float
        Keeps a step finite where gradients are 0.
    weight_decay : float
        Factor of ``p`` in its gradient, that of the penalty ``weight_decay / 2 * sum(p**2)``.
    maximize : bool
        Whether to ascend.

    Raises
    ------
    TypeError
        If a parameter is no tensor, or a setting is unknown.
    ValueError
        If there are no parameters, one is given twice, one is not a leaf, or a setting is out of
        range.

    References
    ----------
    D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.

    Examples
    --------
    >>> p = mg.tensor([1.0, 200.0], requires_grad=True)
    >>> optimizer = mg.optim.Adam([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([  0.5, 199.5], dtype=float64, requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise ValueError if a setting is out of range."""
        check_range("Adam", settings, "lr", "eps", "weight_decay", below=math.inf)
        first, second = settings["betas"]
        check_range(
            "Adam", {"betas[0]": first, "betas[1]": second}, "betas[0]", "betas[1]", below=1
        )

    def change(
        self, gradient: Array, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Array:
        """Return what a step subtracts from a parameter."""
        # As Python floats they never widen float32.
        lr, eps, weight_decay = (float(settings[name]) for name in ("lr", "eps", "weight_decay"))
        beta1, beta2 = map(float, settings["betas"])
        if settings["maximize"]:
            gradient = -gradient
        if weight_decay:
            gradient = gradient + weight_decay * value
        if not state:
            state["step"] = 0
            state["exp_avg"] = np.zeros_like(value)
            state["exp_avg_sq"] = np.zeros_like(value)
        state["step"] += 1
        mean, mean_square = state["exp_avg"], state["exp_avg_sq"]

        # One temporary does for all: an allocation costs as much as a pass over it.
        scratch = np.empty_like(value)
        np.multiply(gradient, 1 - beta1, out=scratch)
        mean *= beta1
        mean += scratch
        np.multiply(gradient, gradient, out=scratch)
        scratch *= 1 - beta2
        mean_square *= beta2
        mean_square += scratch
        np.sqrt(mean_square, out=scratch)
        scratch /= math.sqrt(1 - beta2 ** state["step"])
        scratch += eps
        np.divide(mean, scratch, out=scratch)
        scratch *= lr / (1 - beta1 ** state["step"])
        return scratch
