"""Averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from .checks import check_range
from .means import count, keep
from .optimizer import Array, Optimizer


class ASGD(Optimizer):
    """Averaged stochastic gradient descent: SGD with a falling rate, and the mean of its path.

    The step number ``t`` (from 1) changes a parameter ``p`` with the gradient ``g`` by::

        g = g + weight_decay * p
        p = (1 - lambd * eta) * p - eta * g         (at first eta = lr)
        a = a + mu * (p - a)                        (at first mu = 1)
        eta = lr / (1 + lambd * lr * t)**alpha
        mu = 1 / max(1, t - t0)

    The mean ``a`` is the entry ``"ax"`` of the parameter's `state`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The tensors to be changed, or groups of them with their own settings.
    lr : float
        Learning rate.
    lambd : float
        Decay of the parameter and of the learning rate.
    alpha : float
        Power of the learning rate's decay.
    t0 : float
        The step from which on the path is averaged.
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
    B. Polyak, A. Juditsky, "Acceleration of stochastic approximation by averaging", SIAM Journal on
    Control and Optimization 30 (1992).

    Examples
    --------
    >>> p = mg.tensor([1.0, 200.0], requires_grad=True)
    >>> optimizer = mg.optim.ASGD([p], lr=0.25, lambd=0)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([  0.5, 100. ], dtype=float64, requires_grad=True)
    """

    elementwise: ClassVar[bool] = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            lambd=lambd,
            alpha=alpha,
            t0=t0,
            weight_decay=weight_decay,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise an error if a setting is out of range."""
        check_range("ASGD", settings, "lr", "lambd", "alpha", "t0", "weight_decay")

    def prepare(
        self, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Get the state of a parameter ready for a step."""
        # The rates of this step were made at the end of the last one.
        rates = {"eta": state.get("eta", float(settings["lr"])), "mu": state.get("mu", 1.0)}
        step = count(state)
        keep(state, value, "ax")
        lr, lambd = settings["lr"], settings["lambd"]
        state["eta"] = lr / (1 + lambd * lr * step) ** settings["alpha"]
        state["mu"] = 1 / max(1.0, step - settings["t0"])
        return {**settings, **rates}

    def change(
        self, gradient: Array, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Array:
        """Return what a step subtracts from a parameter, or from a block of it."""
        eta, mean = settings["eta"], state["ax"]
        step: Array = gradient * eta
        step += value * (settings["lambd"] * eta)
        ahead = value - step
        ahead -= mean
        ahead *= settings["mu"]
        mean += ahead
        return step
