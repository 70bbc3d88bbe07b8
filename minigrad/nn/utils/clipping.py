"""Gradients kept within bounds, before an optimiser takes its step."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ...autograd import no_grad
from ...tensor import Tensor


def get_total_norm(
    tensors: Tensor | Iterable[Tensor], norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """Return the norm of all elements of some tensors, as of one vector.

    Parameters
    ----------
    tensors : tensor or iterable of tensor
        Only their values count.
    norm_type : float
        The p of the p-norm; inf for the largest magnitude.
    error_if_nonfinite : bool
        Whether a norm that is inf or nan is an error.

    Raises
    ------
    RuntimeError
        If the norm is not finite, and it must be.

    Examples
    --------
    >>> mg.nn.utils.get_total_norm([mg.tensor([3.0, 0.0]), mg.tensor(4.0)])
    tensor(5., dtype=float64)
    """
    held = [tensor.numpy() for tensor in _listed("get_total_norm", tensors)]
    norms = [_norm(array, float(norm_type)) for array in held]
    total = _norm(np.array(norms, dtype=np.float64), float(norm_type)) if norms else 0.0
    if error_if_nonfinite and not math.isfinite(total):
        raise RuntimeError(
            f"get_total_norm: the {norm_type}-norm of the gradients is {total}; see "
            "mg.detect_anomaly for where it comes from, or pass error_if_nonfinite=False"
        )
    dtype = np.result_type(*(array.dtype for array in held)) if held else np.float32
    with np.errstate(over="ignore"):
        return Tensor(total, dtype)


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Any
) -> None:
    """Scale the gradients of some parameters as if their norm was `total_norm`, to `max_norm`.

    Gradients of a smaller norm stay as they are.
    """
    _scale(_graded("clip_grads_with_norm_", parameters), float(max_norm), float(total_norm))


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Tensor:
    """Scale the gradients of some parameters down if their norm, as of one vector, is too large.

    Parameters
    ----------
    parameters : tensor or iterable of tensor
        Those without a gradient are passed over.
    max_norm : float
        The largest norm that remains.
    norm_type : float
        The p of the p-norm; inf for the largest magnitude.
    error_if_nonfinite : bool
        Whether a norm that is inf or nan is an error. Otherwise nan becomes of all gradients if one
        is nan, and 0 of all finite ones if one is inf.

    Returns
    -------
    Tensor
        The norm before.

    Raises
    ------
    RuntimeError
        If the norm is not finite, and it must be.

    Notes
    -----
    From Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks"
    (2013). The factor is ``max_norm / (norm + 1e-6)``, as in PyTorch.

    Examples
    --------
    >>> weight = mg.nn.Parameter([3.0, 4.0])
    >>> (weight * weight).sum().backward()
    >>> mg.nn.utils.clip_grad_norm_([weight], max_norm=1.0).item()
    10.0
    >>> weight.grad
    tensor([0.5999999, 0.7999999], dtype=float32)
    """
    gradients = _graded("clip_grad_norm_", parameters)
    total = get_total_norm(gradients, norm_type, error_if_nonfinite)
    _scale(gradients, float(max_norm), total.item())
    return total


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Clip every element of the gradients of some parameters to ±`clip_value`.

    Examples
    --------
    >>> weight = mg.nn.Parameter([3.0, 0.1])
    >>> (weight * weight).sum().backward()
    >>> mg.nn.utils.clip_grad_value_([weight], 5)
    >>> weight.grad
    tensor([5. , 0.2], dtype=float32)
    """
    bound = float(clip_value)
    if not bound >= 0:
        raise ValueError(f"clip_grad_value_: clip_value must be at least 0, got {clip_value}")
    for gradient in _graded("clip_grad_value_", parameters):
        gradient.data = np.clip(gradient.numpy(), -bound, bound)


def _norm(array: np.ndarray[Any, Any], order: float) -> float:
    # In float64, for the squares of large float32 numbers are infinite.
    return float(np.linalg.norm(array.ravel().astype(np.float64), order)) if array.size else 0.0


def _scale(gradients: list[Tensor], max_norm: float, total: float) -> None:
    factor = max_norm / (total + 1e-6)
    if factor >= 1:
        return
    with no_grad(), np.errstate(invalid="ignore"):  # 0 * inf
        for gradient in gradients:
            gradient *= factor


def _graded(function: str, parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    """The gradients that there are, of each parameter once."""
    held = {id(parameter): parameter for parameter in _listed(function, parameters)}
    return [parameter.grad for parameter in held.values() if parameter.grad is not None]


def _listed(function: str, tensors: Tensor | Iterable[Tensor]) -> list[Tensor]:
    alone = isinstance(tensors, Tensor) or not isinstance(tensors, Iterable)
    listed: list[Any] = [tensors] if alone else list(tensors)
    for tensor in listed:
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"{function}: takes parameters, such as model.parameters(), got a "
                f"{type(tensor).__name__}"
            )
    return listed
