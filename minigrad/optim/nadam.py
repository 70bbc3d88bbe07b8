"""NAdam."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from .checks import check_pair, check_range
from .means import count, follow, follow_square, keep, root
from .optimizer import Array, Optimizer


class NAdam(Optimizer):
    """NAdam: Adam with Nesterov's momentum, which grows to ``beta1`` over the first steps.

    The step number ``t`` (from 1) changes a parameter ``p`` with the gradient ``g`` by::

        g = g + weight_decay * p
        m = beta1 * m + (1 - beta1) * g             (at first m = v = 0)
        v = beta2 * v + (1 - beta2) * g**2
        mu_t = beta1 * (1 - 0.96**(t * momentum_decay) / 2)
        ahead = (1 - mu_t) * g / (1 - mu_1 * ... * mu_t)
              + mu_(t+1) * m / (1 - mu_1 * ... * mu_(t+1))
        p = p - lr * ahead / (sqrt(v / (1 - beta2**t)) + eps)

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
    momentum_decay : float
        How fast the momentum ``mu`` grows.
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
    T. Dozat, "Incorporating Nesterov momentum into Adam", ICLR 2016 workshop.

    Examples
    --------
    >>> p = mg.tensor([1.0, 200.0], requires_grad=True)
    >>> optimizer = mg.optim.NAdam([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([  0.47177411, 199.47177411], dtype=float64, requires_grad=True)
    """

    elementwise: ClassVar[bool] = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
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
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise an error if a setting is out of range."""
        check_range("NAdam", settings, "lr", "eps", "weight_decay", "momentum_decay")
        check_pair("NAdam", settings, "betas", below=1)

    def prepare(
        self, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Get the state of a parameter ready for a step."""
        step = count(state)
        keep(state, value, "exp_avg", "exp_avg_sq")
        now, then = (
            settings["betas"][0] * (1 - 0.5 * 0.96 ** (number * settings["momentum_decay"]))
            for number in (step, step + 1)
        )
        product = state["mu_product"] = state.get("mu_product", 1.0) * now
        return {
            **settings,
            "of_gradient": (1 - now) / (1 - product),
            "of_mean": then / (1 - product * then),
        }

    def change(
        self, gradient: Array, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Array:
        """Return what a step subtracts from a parameter, or from a block of it."""
        beta1, beta2 = settings["betas"]
        mean, mean_square = state["exp_avg"], state["exp_avg_sq"]
        follow(mean, gradient, beta1)
        follow_square(mean_square, gradient, beta2)
        # The root of 1 - beta2**t is taken out of the fraction, which saves a pass.
        outside = math.sqrt(1 - beta2 ** state["step"])
        rate = settings["lr"] * outside
        ahead: Array = gradient * (rate * settings["of_gradient"])
        ahead += mean * (rate * settings["of_mean"])
        ahead /= root(mean_square, settings["eps"] * outside)
        return ahead
