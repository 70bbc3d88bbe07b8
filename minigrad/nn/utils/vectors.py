"""All parameters as one vector, and a vector as parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ... import ops
from ...tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return the elements of some parameters in one vector; gradients flow to the parameters.

    Examples
    --------
    >>> layer = mg.nn.Linear(3, 2)
    >>> mg.nn.utils.parameters_to_vector(layer.parameters()).shape
    (8,)
    """
    parts = [ops.ravel(parameter) for parameter in parameters]
    if not parts:
        raise ValueError("parameters_to_vector: there are no parameters")
    return ops.concatenate(parts)


def vector_to_parameters(vec: Any, parameters: Iterable[Tensor]) -> None:
    """Give some parameters the values in a vector, in order.

    Nothing is recorded. For a derivative by the vector use `functional_call`.

    Raises
    ------
    ValueError
        If the vector has not as many elements as the parameters together.

    Examples
    --------
    >>> layer = mg.nn.Linear(3, 2)
    >>> vector = mg.nn.utils.parameters_to_vector(layer.parameters())
    >>> mg.nn.utils.vector_to_parameters(vector - 1, layer.parameters())
    """
    values = vec.numpy() if isinstance(vec, Tensor) else np.asarray(vec)
    held = list(parameters)
    needed = sum(parameter.size for parameter in held)
    if values.shape != (needed,):
        raise ValueError(
            f"vector_to_parameters: the vector has shape {values.shape}, the parameters "
            f"{needed} elements"
        )
    start = 0
    for parameter in held:
        end = start + parameter.size
        parameter.data = values[start:end].reshape(parameter.shape)
        start = end
