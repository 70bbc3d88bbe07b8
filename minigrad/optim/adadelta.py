"""Adadelta."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from .checks import check_range
from .means import count, follow_square, keep
from .optimizer import Array, Optimizer


class Adadelta(Optimizer):
    """Adadelta: steps in proportion to those of late, in the parameter's own unit.

    A step changes a parameter ``p`` with the gradient ``g`` by::

        g = g + weight_decay * p
        v = rho * v + (1 - rho) * g**2              (at first v = u = 0)
        d = sqrt(u + eps) / sqrt(v + eps) * g
        u = rho * u + (1 - rho) * d**2
        p = p - lr * d

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The tensors to be changed, or groups of them with their own settings.
    lr : float
        Factor of every step; the method needs none.
    rho : float
        How much stays of the mean squares.
    eps : float
        Makes the first steps, of about ``sqrt(eps)``, and keeps the later finite.
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
    M. Zeiler, "Adadelta: an adaptive learning rate method", arXiv:1212.5701 (2012), algorithm 1.

    Examples
    --------
    >>> p = mg.tensor([1.0, 200.0], requires_grad=True)
    >>> optimizer = mg.optim.Adadelta([p], eps=0.01)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([  0.68765248, 199.68377233], dtype=float64, requires_grad=True)
    """

    elementwise: ClassVar[bool] = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params, lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise an error if a setting is out of range."""
        check_range("Adadelta", settings, "lr", "eps", "weight_decay")
        check_range("Adadelta", settings, "rho", below=1)

    def prepare(
        self, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Get the state of a parameter ready for a step."""
        count(state)
        keep(state, value, "square_avg", "acc_delta")
        return settings

    def change(
        self, gradient: Array, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Array:
        """Return what a step subtracts from a parameter, or from a block of it."""
        mean_square, mean_square_step = state["square_avg"], state["acc_delta"]
        follow_square(mean_square, gradient, settings["rho"])
        step: Array = mean_square_step + settings["eps"]
        step /= mean_square + settings["eps"]
        np.sqrt(step, out=step)
        step *= gradient
        follow_square(mean_square_step, step, settings["rho"])
        step *= settings["lr"]
        return step
