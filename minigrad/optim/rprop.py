"""Rprop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from .checks import check_pair, check_range
from .means import count, keep
from .optimizer import Array, Optimizer


class Rprop(Optimizer):
    """Resilient propagation: steps from the signs of gradients alone, for whole data sets.

    A step changes a parameter ``p`` with the gradient ``g`` by::

        s = min(s * etas[1], step_sizes[1])         where g has the sign that it had
        s = max(s * etas[0], step_sizes[0]), g = 0  where it has the other
        p = p - s * sign(g)                         (at first s = lr)

    Minibatches have signs of their own; for them take `RMSprop`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The tensors to be changed, or groups of them with their own settings.
    lr : float
        The first step.
    etas : (float, float)
        Factors of a step after a change of sign, and after none.
    step_sizes : (float, float)
        The least and the largest step.
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
    M. Riedmiller, H. Braun, "A direct adaptive method for faster backpropagation learning: the
    RPROP algorithm", ICNN 1993.

    Examples
    --------
    >>> p = mg.tensor([1.0, 200.0], requires_grad=True)
    >>> optimizer = mg.optim.Rprop([p], lr=0.5)
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
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, etas=etas, step_sizes=step_sizes, maximize=maximize)

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise an error if a setting is out of range."""
        check_range("Rprop", settings, "lr")
        check_pair("Rprop", settings, "etas")
        check_pair("Rprop", settings, "step_sizes")
        less, more = settings["etas"]
        if not 0 < less < 1 < more:
            raise ValueError(f"Rprop: etas must be below 1 and above 1, got {settings['etas']!r}")

    def prepare(
        self, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Get the state of a parameter ready for a step."""
        count(state)
        keep(state, value, "prev")
        keep(state, value, "step_size", make=lambda value: np.full_like(value, settings["lr"]))
        return settings

    def change(
        self, gradient: Array, value: Array, state: dict[str, Any], settings: Mapping[str, Any]
    ) -> Array:
        """Return what a step subtracts from a parameter, or from a block of it."""
        (less, more), (least, largest) = settings["etas"], settings["step_sizes"]
        before, size = state["prev"], state["step_size"]
        agreement = gradient * before
        turned = agreement < 0
        np.multiply(size, more, out=size, where=agreement > 0)
        np.multiply(size, less, out=size, where=turned)
        np.clip(size, least, largest, out=size)
        before[...] = gradient
        before[turned] = 0
        step: Array = np.sign(before)
        step *= size
        return step
