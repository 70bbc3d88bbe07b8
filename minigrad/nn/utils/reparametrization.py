"""A weight that is computed from other parameters, whenever the module asks for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from ... import ops
from ...random import generator
from ...tensor import HookHandle, Tensor
from ..module import Module, _Computed
from ..parameter import Buffer, Parameter

M = TypeVar("M", bound=Module)


class _WeightNorm:
    """``g * v / norm(v)``, with a norm for each index of an axis."""

    def __init__(self, g: str, v: str, axis: int | None) -> None:
        self.g, self.v, self.axis = g, v, axis

    def __call__(self, module: Module) -> Tensor:
        v: Tensor = at(module, self.v)
        scale: Tensor = at(module, self.g) / _norm_except(v, self.axis)
        return v * scale


class _SpectralNorm:
    """The weight divided by its largest singular value, ``u @ matrix @ v``."""

    # Which vector a step renews first: v in PyTorch's older function, u in its newer one.
    u_first = False

    def __init__(self, original: str, u: str, v: str, axis: int, steps: int, eps: float) -> None:
        self.original, self.u, self.v = original, u, v
        self.axis, self.steps, self.eps = axis, steps, eps
        self.handle: HookHandle | None = None

    def __call__(self, module: Module) -> Tensor:
        weight: Tensor = at(module, self.original)
        u, v = at(module, self.u).detach(), at(module, self.v).detach()
        largest: Tensor = (ops.matmul(_matrix(weight, self.axis), v) * u).sum()
        return weight / largest

    def before_call(self, module: Module, args: Any) -> None:
        """Come nearer to the singular vectors, once for each call in training."""
        if module.training:
            self.iterate(module, self.steps)

    def iterate(self, module: Module, steps: int) -> None:
        """Take some steps of the power iteration."""
        matrix = _matrix(at(module, self.original).numpy(), self.axis)
        u, v = at(module, self.u), at(module, self.v)
        pairs = [(v, matrix.T, u), (u, matrix, v)]
        for _ in range(steps):
            for new, factor, other in reversed(pairs) if self.u_first else pairs:
                new.data = self.unit(factor @ other.numpy())

    def unit(self, x: Any) -> Any:
        """A vector in the length of 1."""
        return x / np.maximum(np.linalg.norm(x), x.dtype.type(self.eps))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Train the lengths and the directions of the filters of a layer apart, and return the layer.

    In the place of the parameter there are two: ``weight_g``, the lengths, and ``weight_v``, the
    directions; the attribute is ``g * v / norm(v)``.

    Parameters
    ----------
    module : Module
    name : str
        Of the parameter.
    dim : int or None
        The axis of the filters: there is a norm for each of its indices, or with None one alone.

    Raises
    ------
    ValueError
        If the module has no such parameter, or not this axis.

    Notes
    -----
    From Salimans and Kingma, "Weight normalization: a simple reparameterization to accelerate
    training of deep neural networks" (2016). Names and shapes are those of PyTorch's function of
    this name; `parametrizations.weight_norm` has those of its newer one. Give the new parameters to
    an optimiser, not the old one.

    Examples
    --------
    >>> layer = mg.nn.utils.weight_norm(mg.nn.Linear(4, 3))
    >>> {name: array.shape for name, array in layer.state_dict().items()}
    {'bias': (3,), 'weight_g': (3, 1), 'weight_v': (3, 4)}
    >>> layer.weight.shape
    (3, 4)
    """
    g, v, rule = normed(module, name, dim, f"{name}_g", f"{name}_v")
    compute(module, name, rule)
    setattr(module, f"{name}_g", g)
    setattr(module, f"{name}_v", v)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make a weight a parameter of its own again, with the values that it has."""
    restore("remove_weight_norm", module, name, (f"{name}_g", f"{name}_v"))
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

    In the place of the parameter there are ``weight_orig``, which is trained, and the buffers
    ``weight_u`` and ``weight_v``, which come nearer to the singular vectors in each call of the
    module in training.

    Parameters
    ----------
    module : Module
    name : str
        Of the parameter.
    n_power_iterations : int
        Steps of the power iteration in each call.
    eps : float
        The least norm that a vector is divided by.
    dim : int, optional
        The axis that is the rows of the matrix; the others are joined to its columns. By default 0,
        and 1 for a transposed convolution.
    rng : numpy.random.Generator or int, optional
        What the vectors are drawn from at first.

    Raises
    ------
    ValueError
        If the module has no such parameter, or not this axis, or `n_power_iterations` is below 1.

    Notes
    -----
    From Miyato, Kataoka, Koyama and Yoshida, "Spectral normalization for generative adversarial
    networks" (2018). Names and shapes are those of PyTorch's function of this name;
    `parametrizations.spectral_norm` has those of its newer one.

    Examples
    --------
    >>> layer = mg.nn.utils.spectral_norm(mg.nn.Linear(4, 3), n_power_iterations=100)
    >>> y = layer(np.ones((1, 4)))
    >>> bool(np.isclose(np.linalg.norm(layer.weight.detach(), 2), 1, rtol=1e-3))
    True
    """
    names = f"{name}_orig", f"{name}_u", f"{name}_v"
    weight, u, v, rule = spectral(module, name, n_power_iterations, eps, dim, rng, names)
    compute(module, name, rule)
    for part, tensor in zip(names, (weight, u, v), strict=True):
        setattr(module, part, tensor)
    rule.handle = module.register_forward_pre_hook(rule.before_call)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make a weight a parameter of its own again, with the values that it has."""
    restore("remove_spectral_norm", module, name, (f"{name}_orig", f"{name}_u", f"{name}_v"))
    return module


# What this file and `parametrizations` share


def normed(
    module: Module, name: str, dim: int | None, g: str, v: str
) -> tuple[Parameter, Parameter, _WeightNorm]:
    """Return the lengths and the directions of a weight, and the rule that makes it of them."""
    weight = _weight("weight_norm", module, name)
    # PyTorch takes -1 for one norm of all, too.
    axis = None if dim in {None, -1} else _axis("weight_norm", name, weight, dim)
    trained = weight.requires_grad
    direction = Parameter(weight.detach(), requires_grad=trained)
    length = Parameter(_norm_except(weight.detach(), axis), requires_grad=trained)
    return length, direction, _WeightNorm(g, v, axis)


def spectral(
    module: Module,
    name: str,
    steps: int,
    eps: float,
    dim: int | None,
    rng: np.random.Generator | int | None,
    names: tuple[str, str, str],
) -> tuple[Parameter, Buffer, Buffer, _SpectralNorm]:
    """Return a weight, first vectors for it, and the rule that divides it."""
    if steps < 1:
        raise ValueError(f"spectral_norm: n_power_iterations must be at least 1, got {steps}")
    weight, rng = _weight("spectral_norm", module, name), generator(rng)
    if dim is None:
        dim = int("ConvTranspose" in type(module).__name__)
    axis = _axis("spectral_norm", name, weight, dim)
    rule = _SpectralNorm(*names, axis, steps, eps)
    u, v = (
        Buffer(rule.unit(rng.standard_normal(length).astype(weight.dtype)))
        for length in _matrix(weight.numpy(), axis).shape
    )
    return weight, u, v, rule


def compute(module: Module, name: str, rule: Callable[[Module], Any]) -> None:
    """Let a rule stand for an attribute."""
    if module._computed is None:
        module._computed = _Computed()
    del vars(module)[name]
    module._computed.attributes[name] = rule


def restore(function: str, module: Module, name: str, parts: tuple[str, ...] = ()) -> None:
    """Make a computed attribute a parameter with the values that it has, and delete its parts."""
    rules = {} if module._computed is None else module._computed.attributes
    if name not in rules or not all(part in vars(module) for part in parts):
        raise ValueError(
            f"{function}: {name!r} of this {type(module).__name__} is not computed from "
            f"{' and '.join(parts) or 'others'}"
        )
    value = rules[name](module)
    rule = rules.pop(name)
    if isinstance(rule, _SpectralNorm) and rule.handle is not None:
        rule.handle.remove()
    for part in parts:
        delattr(module, part)
    setattr(module, name, Parameter(value.detach(), requires_grad=value.requires_grad))


def at(module: Module, path: str) -> Any:
    """What a module holds at the end of a path of attributes and keys."""
    held: Any = module
    for part in path.split("."):
        held = held[part] if isinstance(held, dict) else getattr(held, part)
    return held


def _matrix(weight: Any, axis: int) -> Any:
    """The weight as a matrix whose rows are an axis."""
    moved = ops.moveaxis(weight, axis, 0)
    return ops.reshape(moved, (moved.shape[0], math.prod(moved.shape[1:])))


def _norm_except(v: Tensor, axis: int | None) -> Tensor:
    """The norms of the slices along an axis, with the other axes of length 1; or of all."""
    others = None if axis is None else tuple(i for i in range(v.ndim) if i != axis)
    return ops.sqrt(ops.sum(ops.square(v), axis=others, keepdims=axis is not None))


def _weight(function: str, module: Module, name: str) -> Parameter:
    if not isinstance(module, Module):
        raise TypeError(f"{function}: takes a module, got a {type(module).__name__}")
    weight = vars(module).get(name)
    if not isinstance(weight, Parameter):
        computed = module._computed is not None and name in module._computed.attributes
        raise ValueError(
            f"{function}: {name!r} of this {type(module).__name__} is "
            + ("computed from other parameters already" if computed else "no parameter")
            + "; its parameters are "
            + (", ".join(n for n, _ in module.named_parameters(recurse=False)) or "none")
        )
    return weight


def _axis(function: str, name: str, weight: Tensor, dim: int | None) -> int:
    if not isinstance(dim, int) or not -weight.ndim <= dim < weight.ndim:
        raise ValueError(f"{function}: {name!r} has {weight.ndim} axes, none of them is dim={dim}")
    return dim % weight.ndim
