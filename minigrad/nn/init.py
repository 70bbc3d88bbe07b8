"""What the parameters of a layer are before training.

The functions whose names end in an underscore give a tensor other values and return it, as in
PyTorch. They record nothing, and what was computed from the old values keeps them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..random import generator
from ..tensor import Tensor, _Data
from .parameter import Parameter

if TYPE_CHECKING:
    from numpy.random import Generator

T = TypeVar("T", bound=Tensor)

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "fan_in_and_fan_out",
    "fan_in_uniform",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]


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


# By numbers


def constant_(tensor: T, val: float) -> T:
    """Fill a tensor with one number."""
    return _filled("constant_", tensor, lambda shape: np.full(shape, float(val)))


def zeros_(tensor: T) -> T:
    """Fill a tensor with 0."""
    return _filled("zeros_", tensor, np.zeros)


def ones_(tensor: T) -> T:
    """Fill a tensor with 1."""
    return _filled("ones_", tensor, np.ones)


def eye_(tensor: T) -> T:
    """Make a matrix the identity, as far as it is square: a dense layer that keeps its input."""
    _require("eye_", tensor, "a matrix", np.ndim(tensor) == 2)
    return _filled("eye_", tensor, lambda shape: np.eye(shape[0], shape[1]))


def dirac_(tensor: T, groups: int = 1) -> T:
    """Make filters keep their input: each has a 1 in its centre, for one channel of its group.

    Parameters
    ----------
    tensor : Tensor of shape (out_channels, in_channels / groups, lengths...)
        With one to three lengths.
    groups : int
        Of the convolution.
    """
    _require("dirac_", tensor, "filters of 3 to 5 axes", 3 <= np.ndim(tensor) <= 5)
    if groups < 1 or tensor.shape[0] % groups:
        raise ValueError(f"dirac_: groups={groups} does not divide {tensor.shape[0]} filters")

    def filters(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        values = np.zeros(shape)
        each = shape[0] // groups
        centre = tuple(length // 2 for length in shape[2:])
        for group in range(groups):
            for channel in range(min(each, shape[1])):
                values[group * each + channel, channel, *centre] = 1
        return values

    return _filled("dirac_", tensor, filters)


# By chance, whatever the shape


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0, *, rng: Generator | int | None = None) -> T:
    """Draw uniformly from `a` to `b`.

    Examples
    --------
    >>> weight = mg.nn.Parameter(np.zeros((2, 3)))
    >>> mg.nn.init.uniform_(weight, -0.1, 0.1, rng=0) is weight
    True
    """
    if not a <= b:
        raise ValueError(f"uniform_: a must not be larger than b, got a={a} and b={b}")
    return _filled("uniform_", tensor, lambda shape: generator(rng).uniform(a, b, shape))


def normal_(
    tensor: T, mean: float = 0.0, std: float = 1.0, *, rng: Generator | int | None = None
) -> T:
    """Draw from the normal distribution of a mean and a standard deviation."""
    if not std >= 0:
        raise ValueError(f"normal_: std must be at least 0, got {std}")
    return _filled("normal_", tensor, lambda shape: generator(rng).normal(mean, std, shape))


def trunc_normal_(
    tensor: T,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    *,
    rng: Generator | int | None = None,
) -> T:
    """Draw from the normal distribution, again where a number is not from `a` to `b`.

    Parameters
    ----------
    tensor : Tensor
    mean, std : float
        Of the normal distribution that is cut off.
    a, b : float
        The bounds of what is drawn, not in units of `std`.
    rng : numpy.random.Generator or int, optional

    Notes
    -----
    Where the bounds are narrow or far from the mean, uniform numbers are accepted with the
    probability that the density has there (Robert, "Simulation of truncated normal variables",
    1995).
    """
    if not (a < b and std > 0):
        raise ValueError(
            f"trunc_normal_: a must be below b and std above 0, got a={a}, b={b}, std={std}"
        )
    low, high = (a - mean) / std, (b - mean) / std

    def draw(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        numbers = _between(low, high, math.prod(shape), generator(rng))
        # Rounding must not lead out of the bounds.
        return np.clip(mean + std * numbers, a, b).reshape(shape)

    return _filled("trunc_normal_", tensor, draw)


def sparse_(
    tensor: T, sparsity: float, std: float = 0.01, *, rng: Generator | int | None = None
) -> T:
    """Draw from the normal distribution, with some zeros in every column of a matrix.

    Parameters
    ----------
    tensor : Tensor of two axes
    sparsity : float
        The part of each column that is 0, rounded up to whole elements.
    std : float
        Standard deviation of the others.
    rng : numpy.random.Generator or int, optional

    Notes
    -----
    From Martens, "Deep learning via Hessian-free optimization" (2010).
    """
    _require("sparse_", tensor, "a matrix", np.ndim(tensor) == 2)
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparse_: sparsity must be from 0 to 1, got {sparsity}")

    def draw(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        drawn = generator(rng)
        values = drawn.normal(0.0, std, shape)
        order = drawn.permuted(np.tile(np.arange(shape[0])[:, None], shape[1]), axis=0)
        values[order < math.ceil(sparsity * shape[0])] = 0
        return values

    return _filled("sparse_", tensor, draw)


def orthogonal_(tensor: T, gain: float = 1.0, *, rng: Generator | int | None = None) -> T:
    """Make the rows orthogonal, or the columns if there are fewer of those; all of length `gain`.

    Further axes than the second are joined with it.

    Notes
    -----
    From Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks" (2014). Every orthogonal matrix is equally likely (Mezzadri, "How
    to generate random matrices from the classical compact groups", 2007).
    """
    _require("orthogonal_", tensor, "at least two axes", np.ndim(tensor) >= 2)

    def draw(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        rows, columns = shape[0], math.prod(shape[1:])
        tall = generator(rng).standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(tall)
        q *= np.copysign(1.0, np.diagonal(r))  # else their signs are not random
        return gain * (q if rows >= columns else q.T).reshape(shape)

    return _filled("orthogonal_", tensor, draw)


# By chance, so that variances stay as they are from layer to layer


def fan_in_and_fan_out(tensor: Any) -> tuple[int, int]:
    """Return how many inputs go into one output of a layer, and how many outputs an input goes to.

    Parameters
    ----------
    tensor : array of shape (out, in, lengths...)
        The weights of a dense layer or the filters of a convolution.

    Examples
    --------
    >>> mg.nn.init.fan_in_and_fan_out(mg.nn.Conv2d(4, 8, 3).weight)
    (36, 72)
    """
    # A module, which NumPy would take for a scalar, or other objects.
    if not isinstance(tensor, Tensor | np.ndarray):
        raise TypeError(
            "fan_in_and_fan_out: takes the weights, such as layer.weight, got "
            f"{type(tensor).__name__}"
        )
    shape = tensor.shape
    if len(shape) < 2:
        raise ValueError(
            f"fan_in_and_fan_out: weights have at least two axes, (out, in, ...), got {shape}; "
            "fill a bias by zeros_ or uniform_"
        )
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor that makes up for the variance that an activation takes away.

    Parameters
    ----------
    nonlinearity : str
        Name of a function in `nn.functional`.
    param : float, optional
        Slope of ``"leaky_relu"``, by default 0.01.

    Notes
    -----
    1 for linear layers and ``"sigmoid"``, 5/3 for ``"tanh"``, sqrt(2) for ``"relu"``,
    sqrt(2 / (1 + slope**2)) for ``"leaky_relu"`` (He, Zhang, Ren and Sun, 2015), 3/4 for
    ``"selu"``.

    Examples
    --------
    >>> mg.nn.init.calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, int | float):
            raise TypeError(f"calculate_gain: the slope must be a number, got {param!r}")
        return math.sqrt(2 / (1 + slope**2))
    try:
        return _GAINS[nonlinearity]
    except KeyError:
        known = ", ".join(sorted({*_GAINS, "leaky_relu"}))
        raise ValueError(
            f"calculate_gain: {nonlinearity!r} has no known gain; there are: {known}"
        ) from None


_LINEAR = ["linear", *(f"conv{t}{n}d" for t in ("", "_transpose") for n in (1, 2, 3))]
_GAINS = dict.fromkeys([*_LINEAR, "sigmoid"], 1.0)
_GAINS |= {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}


def xavier_uniform_(tensor: T, gain: float = 1.0, *, rng: Generator | int | None = None) -> T:
    """Draw uniformly, with the variance ``gain**2 * 2 / (fan_in + fan_out)``.

    Notes
    -----
    From Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks" (2010).

    Examples
    --------
    >>> layer = mg.nn.Linear(64, 32)
    >>> weight = mg.nn.init.xavier_uniform_(layer.weight, mg.nn.init.calculate_gain("tanh"))
    """
    bound = math.sqrt(3) * _xavier(tensor, gain)
    return uniform_(tensor, -bound, bound, rng=rng)


def xavier_normal_(tensor: T, gain: float = 1.0, *, rng: Generator | int | None = None) -> T:
    """Draw normally, with the variance ``gain**2 * 2 / (fan_in + fan_out)``.

    See `xavier_uniform_`.
    """
    return normal_(tensor, 0.0, _xavier(tensor, gain), rng=rng)


def kaiming_uniform_(
    tensor: T,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: Generator | int | None = None,
) -> T:
    """Draw uniformly, with the variance ``gain**2 / fan``.

    Parameters
    ----------
    tensor : Tensor of shape (out, in, lengths...)
    a : float
        Slope of the leaky ReLU behind the layer; of no meaning for other functions.
    mode : str
        ``"fan_in"`` keeps the variance of the values in the forward, ``"fan_out"`` that of the
        gradients in the backward.
    nonlinearity : str
        What is behind the layer; see `calculate_gain`.
    rng : numpy.random.Generator or int, optional

    Notes
    -----
    From He, Zhang, Ren and Sun, "Delving deep into rectifiers: surpassing human-level performance
    on ImageNet classification" (2015).

    Examples
    --------
    >>> layer = mg.nn.Conv2d(4, 8, 3)
    >>> weight = mg.nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    """
    bound = math.sqrt(3) * _kaiming("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, rng=rng)


def kaiming_normal_(
    tensor: T,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: Generator | int | None = None,
) -> T:
    """Draw normally, with the variance ``gain**2 / fan``; see `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _kaiming("kaiming_normal_", tensor, a, mode, nonlinearity), rng=rng)


def _xavier(tensor: Tensor, gain: float) -> float:
    """The standard deviation."""
    return gain * math.sqrt(2 / max(1, sum(fan_in_and_fan_out(tensor))))


def _kaiming(function: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    """The standard deviation."""
    if mode not in {"fan_in", "fan_out"}:
        raise ValueError(f"{function}: mode is 'fan_in' or 'fan_out', got {mode!r}")
    fan = fan_in_and_fan_out(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(1, fan))


def _between(low: float, high: float, count: int, rng: Generator) -> np.ndarray[Any, Any]:
    """Draw standard normal numbers from `low` to `high`."""
    nearest = min(max(0.0, low), high)
    # A tail is cut off where its density has fallen by exp(-40).
    reach = 40 / max(1.0, abs(nearest))
    if low >= 0:
        high = min(high, nearest + reach)
    elif high <= 0:
        low = max(low, nearest - reach)
    by_normal = low < 0 < high and high - low > 2
    found = np.empty(0)
    while found.size < count:
        missing = 2 * (count - found.size) + 16
        if by_normal:
            drawn = rng.standard_normal(missing)
            accepted = (low <= drawn) & (drawn <= high)
        else:
            drawn = rng.uniform(low, high, missing)
            accepted = rng.random(missing) <= np.exp((nearest**2 - drawn**2) / 2)
        found = np.concatenate([found, drawn[accepted]])
    return found[:count]


def _require(function: str, tensor: Any, wanted: str, holds: bool) -> None:
    if not holds:
        raise ValueError(f"{function}: takes {wanted}, got a tensor of shape {np.shape(tensor)}")


def _filled(function: str, tensor: T, values: Callable[[tuple[int, ...]], Any]) -> T:
    """Give a tensor the values that a function makes for its shape."""
    given: Any = tensor
    if isinstance(given, _Data) or not isinstance(given, Tensor):
        seen = "the values alone, without it" if isinstance(given, _Data) else type(given).__name__
        raise TypeError(
            f"{function}: takes the tensor that shall have other values, such as layer.weight, got "
            f"{seen}"
        )
    if tensor.dtype.kind != "f":
        raise TypeError(f"{function}: takes a floating tensor, got {tensor.dtype}")
    tensor.data = values(tensor.shape)
    return tensor
