"""What losses share as modules."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...ops.loss_parts import REDUCTIONS, check_reduction
from ...tensor import Tensor
from ..module import Module
from ..parameter import Buffer


class _Loss(Module):
    """A loss with a reduction; an argument that PyTorch no longer recommends is explained."""

    _reductions: tuple[str, ...] = REDUCTIONS

    def __init__(self, *, reduction: str = "mean") -> None:
        check_reduction(type(self).__name__, reduction, self._reductions)
        self.reduction: Any = reduction

    def __init_subclass__(cls) -> None:
        if "__init__" in vars(cls):
            cls.__init__ = _explained(cls.__init__)  # type: ignore[method-assign]  # the same parameters


def _explained(init: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(init)
    def explained(self: Any, *args: Any, **settings: Any) -> None:
        for name in ("size_average", "reduce"):
            if name in settings:
                raise TypeError(
                    f"{type(self).__name__}: there is no {name}; use reduction='mean', 'sum' or "
                    "'none'"
                )
        init(self, *args, **settings)

    return explained


_Loss.__init__ = _explained(_Loss.__init__)  # type: ignore[method-assign]  # the same parameters


def factors(weight: Any) -> Buffer | None:
    """Return weights as a buffer, those that are no floating array in float32."""
    if weight is None:
        return None
    floating = isinstance(weight, np.ndarray | Tensor) and weight.dtype.kind == "f"
    return Buffer(weight, weight.dtype if floating else np.float32)
