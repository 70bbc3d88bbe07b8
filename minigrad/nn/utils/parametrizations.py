"""Weights that are computed from others, with the names that PyTorch's newer functions give them.

The parameters are held by the name of the weight in ``module.parametrizations``.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from ..module import Module
from .reparametrization import compute, normed, spectral

M = TypeVar("M", bound=Module)


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Train the lengths and the directions of the filters of a layer apart, and return the layer.

    The lengths are ``original0``, the directions ``original1``; see
    `minigrad.nn.utils.weight_norm`.

    Examples
    --------
    >>> layer = mg.nn.utils.parametrizations.weight_norm(mg.nn.Linear(4, 3))
    >>> list(layer.state_dict())
    ['bias', 'parametrizations.weight.original0', 'parametrizations.weight.original1']
    """
    names = f"parametrizations.{name}.original0", f"parametrizations.{name}.original1"
    length, direction, rule = normed(module, name, dim, *names)
    _hold(module, name, {"original0": length, "original1": direction})
    compute(module, name, rule)
    return module


def spectral_norm(
    module: M,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
    *,
    rng: np.random.Generator | int | None = None,
) -> M:
    """Divide the weights of a layer by their largest singular value, and return the layer.

    The weight is ``original``; the vectors have been through 15 steps of the power iteration. See
    `minigrad.nn.utils.spectral_norm`: in training further steps come with each call of the module,
    not whenever the weight is asked for.

    Examples
    --------
    >>> layer = mg.nn.utils.parametrizations.spectral_norm(mg.nn.Linear(4, 3, bias=False))
    >>> for key in layer.state_dict():
    ...     print(key)
    parametrizations.weight.original
    parametrizations.weight.0._u
    parametrizations.weight.0._v
    """
    names = (
        f"parametrizations.{name}.original",
        f"parametrizations.{name}.0._u",
        f"parametrizations.{name}.0._v",
    )
    weight, u, v, rule = spectral(module, name, n_power_iterations, eps, dim, rng, names)
    compute(module, name, rule)
    _hold(module, name, {"original": weight, "0": {"_u": u, "_v": v}})
    rule.u_first = True
    rule.iterate(module, 15)
    rule.handle = module.register_forward_pre_hook(rule.before_call)
    return module


def _hold(module: Module, name: str, tensors: dict[str, Any]) -> None:
    if "parametrizations" not in vars(module):
        module.parametrizations = {}
    vars(module)["parametrizations"][name] = tensors
