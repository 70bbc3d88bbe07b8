"""The layer that does nothing."""

from __future__ import annotations

from typing import Any

from .module import Module


class Identity(Module):
    """Its input, for the place of a layer that is switched off or taken away.

    Parameters
    ----------
    *args, **kwargs
        Anything; it is not used, so that it can take the place of any layer.

    Examples
    --------
    >>> mg.nn.Identity(64, bias=False)(mg.tensor([1.0, 2.0]))
    tensor([1., 2.], dtype=float64)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, x: Any) -> Any:
        """Return the input."""
        return x
