"""Keeping gradients out, and clearing those that were accumulated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import containers
from .registry import constant
from .tensor import Tensor


def stop_gradient(x: Any) -> Any:
    """Return tensors without their history, also in nested containers; the rest as it is.

    To a derivative they are constants. For one tensor it is ``t.detach()``.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor(3.0, requires_grad=True)
    >>> (x * mg.stop_gradient(x)).backward()
    >>> x.grad
    tensor(3., dtype=float64)
    """
    return containers.map_leaves(constant, x)


def zero_grad(*owners: Any) -> None:
    """Forget the gradients that `backward` accumulated: set `grad` to None.

    Parameters
    ----------
    *owners : Tensor, Module, Optimizer, or a container or iterator of them
        Whatever has parameters.

    Raises
    ------
    TypeError
        If something has none.

    Examples
    --------
    >>> import minigrad as mg
    >>> weights = {"a": mg.tensor(1.0, requires_grad=True), "b": mg.nn.Linear(2, 1)}
    >>> weights["a"].backward()
    >>> mg.zero_grad(weights)
    >>> print(weights["a"].grad)
    None
    """
    for owner in owners:
        for leaf in containers.flatten(list(owner) if isinstance(owner, Iterator) else owner)[0]:
            if isinstance(leaf, Tensor):
                if leaf.is_leaf:
                    leaf.grad = None
            elif callable(getattr(leaf, "zero_grad", None)):
                leaf.zero_grad()
            elif callable(getattr(leaf, "parameters", None)):
                zero_grad(leaf.parameters())
            else:
                raise TypeError(
                    f"zero_grad: a {type(leaf).__name__} has no parameters; pass tensors, modules, "
                    "optimisers, or containers of them"
                )
