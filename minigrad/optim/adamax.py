"""Adamax."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from .checks import check_pair, check_range
from .means import count, follow, keep
from .optimizer import Array, Optimizer


class Adamax(Optimizer):
    """Adamax: Adam with the largest of the recent gradients in place of their mean square.

    The step number ``t`` (from 1) changes a parameter ``p`` with the gradient ``g`` by::

        g = g + weight_decay * p
        m = beta1 * m + (1 - beta1) * g             (at first m = u = 0)
        u = max(beta2 * u, abs(g) + eps)
        p = p - lr / (1 - beta1**t) * m / u

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The tensors to be changed, or groups of them with their own settings.
    lr : float
        Learning rate.
    betas : (float, float)
        How much stays of the mean gradient, and of the largest.
    eps : float
        Keeps a step finite where gradients are 0.
    weight_decay : float
        Factor of ``p`` in its gradient, that of the penalty ``weight_decay / 2 * sum(p**2)``.
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
    D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 2.

    Examples
    --------
    >>> p = mg.tensor([1.0, 200.0], requires_grad=True)
    >>> optimizer = mg.optim.Adamax([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([  0.5, 199.5], dtype=float64, requires_grad=True)
    """

    elementwise: ClassVar[bool] = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
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
        """Raise an error if a setting is out of range."""
        check_range("Adamax", settings, "lr", "eps", "weight_decay")
        check_pair("Adamax", settings, "betas", below=1)

    def prepare(
        self, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Get the state of a parameter ready for a step."""
        count(state)
        keep(state, value, "exp_avg", "exp_inf")
        return settings

    def change(
        self, gradient: Array, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Array:
        """Return what a step subtracts from a parameter, or from a block of it."""
        beta1, beta2 = settings["betas"]
        mean, largest = state["exp_avg"], state["exp_inf"]
        follow(mean, gradient, beta1)
        size = np.abs(gradient)
        size += settings["eps"]
        largest *= beta2
        np.maximum(largest, size, out=largest)
        step: Array = mean / largest
        step *= settings["lr"] / (1 - beta1 ** state["step"])
        return step
