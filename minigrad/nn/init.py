"""What the parameters of a layer are before training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .parameter import Parameter

if TYPE_CHECKING:
    from numpy.random import Generator


def fan_in_uniform(shape: tuple[int, ...], fan_in: int, dtype: Any, rng: Generator) -> Parameter:
    """Return a parameter drawn uniformly from ±1 / sqrt(fan_in), as PyTorch's layers do.

    Parameters
    ----------
    shape : tuple of int
    fan_in : int
        At least 1: how many inputs are summed into one output.
    dtype : dtype
        A floating type.
    rng : numpy.random.Generator

    Notes
    -----
    Inputs of variance 1 give outputs of variance 1/3 (LeCun, Bottou, Orr and Müller, "Efficient
    BackProp", 1998, for the choice by fan-in). PyTorch writes the same bound as the Kaiming uniform
    one of He, Zhang, Ren and Sun (2015), ``sqrt(6 / ((1 + a**2) * fan_in))``, with ``a = sqrt(5)``.

    Examples
    --------
    >>> weight = mg.nn.init.fan_in_uniform((50, 16), 16, np.float32, np.random.default_rng(0))
    >>> bool(np.abs(weight.numpy()).max() <= 1 / np.sqrt(16))
    True
    """
    bound = fan_in**-0.5
    return Parameter(rng.uniform(-bound, bound, shape), dtype)
