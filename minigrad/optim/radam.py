"""RAdam."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from .checks import check_pair, check_range
from .means import count, follow, follow_square, keep, root
from .optimizer import Array, Optimizer


class RAdam(Optimizer):
    """RAdam: Adam whose steps are small until the mean squared gradient is well known.

    The step number ``t`` (from 1) changes a parameter ``p`` with the gradient ``g`` by::

        g = g + weight_decay * p
        m = beta1 * m + (1 - beta1) * g             (at first m = v = 0)
        v = beta2 * v + (1 - beta2) * g**2
        most = 2 / (1 - beta2) - 1
        rho = most - 2 * t * beta2**t / (1 - beta2**t)
        r = sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
        d = m / (1 - beta1**t)
        p = p - lr * r * d / (sqrt(v / (1 - beta2**t)) + eps)      (where rho <= 5: p - lr * d)

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
    decoupled_weight_decay : bool
        Whether to leave the gradient as it is and to shrink ``p`` by ``1 - lr * weight_decay``
        before the step.
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
    L. Liu and others, "On the variance of the adaptive learning rate and beyond", ICLR 2020,
    algorithm 2.

    Examples
    --------
    >>> p = mg.tensor([1.0, 200.0], requires_grad=True)
    >>> optimizer = mg.optim.RAdam([p], lr=0.25)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([  0.5, 100. ], dtype=float64, requires_grad=True)
    """

    elementwise: ClassVar[bool] = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise an error if a setting is out of range."""
        check_range("RAdam", settings, "lr", "eps", "weight_decay")
        check_pair("RAdam", settings, "betas", below=1)

    def prepare(
        self, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Get the state of a parameter ready for a step."""
        count(state)
        keep(state, value, "exp_avg", "exp_avg_sq")
        return settings

    def change(
        self, gradient: Array, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Array:
        """Return what a step subtracts from a parameter, or from a block of it."""
        beta1, beta2 = settings["betas"]
        mean, mean_square, t = state["exp_avg"], state["exp_avg_sq"], state["step"]
        follow(mean, gradient, beta1)
        follow_square(mean_square, gradient, beta2)
        rate = settings["lr"] / (1 - beta1**t)
        most = 2 / (1 - beta2) - 1
        rho = most - 2 * t * beta2**t / (1 - beta2**t)
        if rho <= 5:
            step: Array = mean * rate
            return step
        r = math.sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
        step = root(mean_square, settings["eps"])
        np.divide(mean, step, out=step)
        step *= rate * r * math.sqrt(1 - beta2**t)
        return step
