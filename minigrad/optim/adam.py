"""Adam and AdamW."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from .checks import check_pair, check_range
from .means import count, follow, follow_square, keep, root
from .optimizer import Array, Optimizer


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
    amsgrad : bool
        Whether to divide by the root of the largest ``v`` so far, so that steps cannot grow again.
    maximize : bool
        Whether to ascend.
    decoupled_weight_decay : bool
        Whether the weight decay is that of `AdamW`.

    Raises
    ------
    TypeError
        If a parameter is no tensor, or a setting is unknown or no number.
    ValueError
        If there are no parameters, one is given twice, one is not a leaf, or a setting is out of
        range.

    References
    ----------
    D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.
    S. Reddi, S. Kale, S. Kumar, "On the convergence of Adam and beyond", ICLR 2018 (amsgrad).

    Examples
    --------
    >>> p = mg.tensor([1.0, 200.0], requires_grad=True)
    >>> optimizer = mg.optim.Adam([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([  0.5, 199.5], dtype=float64, requires_grad=True)
    """

    elementwise: ClassVar[bool] = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
            decoupled_weight_decay=decoupled_weight_decay,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise an error if a setting is out of range."""
        name = type(self).__name__
        check_range(name, settings, "lr", "eps", "weight_decay")
        check_pair(name, settings, "betas", below=1)

    def prepare(
        self, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Get the state of a parameter ready for a step."""
        count(state)
        keep(state, value, "exp_avg", "exp_avg_sq")
        if settings["amsgrad"]:
            keep(state, value, "max_exp_avg_sq")
        return settings

    def change(
        self, gradient: Array, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Array:
        """Return what a step subtracts from a parameter, or from a block of it."""
        beta1, beta2 = settings["betas"]
        mean, mean_square = state["exp_avg"], state["exp_avg_sq"]
        follow(mean, gradient, beta1)
        follow_square(mean_square, gradient, beta2)
        if settings["amsgrad"]:
            largest = state["max_exp_avg_sq"]
            mean_square = np.maximum(largest, mean_square, out=largest)
        # The root of 1 - beta2**t is taken out of the fraction, which saves a pass.
        outside = math.sqrt(1 - beta2 ** state["step"])
        step = root(mean_square, settings["eps"] * outside)
        np.divide(mean, step, out=step)
        step *= settings["lr"] * outside / (1 - beta1 ** state["step"])
        return step


class AdamW(Adam):
    """Adam with decoupled weight decay: parameters shrink at a rate that gradients do not change.

    A step is that of `Adam` without weight decay, after::

        p = p - lr * weight_decay * p

    The parameters are those of `Adam`, with another default of `weight_decay`.

    References
    ----------
    I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.

    Examples
    --------
    >>> p = mg.tensor([1.0, 200.0], requires_grad=True)
    >>> optimizer = mg.optim.AdamW([p], lr=0.5, weight_decay=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([  0.45, 189.5 ], dtype=float64, requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            maximize=maximize,
            decoupled_weight_decay=True,
        )
