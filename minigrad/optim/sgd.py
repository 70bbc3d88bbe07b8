"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from .checks import check_number, check_range
from .means import keep
from .optimizer import Array, Optimizer


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted.

    A step changes a parameter ``p`` with the gradient ``g`` by::

        g = g + weight_decay * p
        v = momentum * v + (1 - dampening) * g      (at first v = g)
        p = p - lr * v                              (Nesterov: p - lr * (g + momentum * v))

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The tensors to be changed, or groups of them with their own settings.
    lr : float
        Learning rate.
    momentum : float
        How much of the velocity ``v`` stays; with 0 there is none.
    dampening : float
        How much of the gradient is kept out of the velocity.
    weight_decay : float
        Factor of ``p`` in its gradient, that of the penalty ``weight_decay / 2 * sum(p**2)``.
    nesterov : bool
        Whether to step along the velocity that the next step would have.
    maximize : bool
        Whether to ascend.

    Raises
    ------
    TypeError
        If a parameter is no tensor, or a setting is unknown or no number.
    ValueError
        If there are no parameters, one is given twice, one is not a leaf, or a setting is out of
        range.

    Notes
    -----
    These are PyTorch's formulas: the velocity is a sum of gradients, and `lr` its factor in every
    step, so that a change of `lr` acts at once. In the textbook form ``w = momentum * w - lr * g``,
    ``p = p + w`` the velocity is ``w = -lr * v``. The momentum is that of Polyak (1964), the
    rearranged Nesterov form that of Sutskever, Martens, Dahl and Hinton, "On the importance of
    initialization and momentum in deep learning" (2013).

    Examples
    --------
    >>> p = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = mg.optim.SGD([p], lr=0.25)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.5, 1. ], dtype=float64, requires_grad=True)
    """

    elementwise: ClassVar[bool] = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise an error if a setting is out of range."""
        check_range("SGD", settings, "lr", "momentum", "weight_decay")
        check_number("SGD", "dampening", settings["dampening"])
        if settings["nesterov"] and (settings["momentum"] == 0 or settings["dampening"] != 0):
            raise ValueError(
                "SGD: nesterov needs a momentum above 0 and no dampening, got "
                f"momentum={settings['momentum']!r} and dampening={settings['dampening']!r}"
            )

    def prepare(
        self, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Get the state of a parameter ready for a step."""
        if settings["momentum"] and state.get("momentum_buffer") is None:
            keep(state, value, "momentum_buffer")
            # The first gradient enters whole.
            return {**settings, "dampening": 0}
        return settings

    def change(
        self, gradient: Array, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Array:
        """Return what a step subtracts from a parameter, or from a block of it."""
        lr, momentum = settings["lr"], settings["momentum"]
        step = gradient
        if momentum:
            velocity = state["momentum_buffer"]
            velocity *= momentum
            if settings["dampening"]:
                velocity += gradient * (1 - settings["dampening"])
            else:
                velocity += gradient
            step = gradient + momentum * velocity if settings["nesterov"] else velocity
        return step * lr  # type: ignore[no-any-return]  # NumPy's operators are Any to mypy
