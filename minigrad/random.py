"""Randomness: tensors of random numbers, and the generator that they and the layers draw from.

A function that draws takes ``rng=None`` and calls `generator` on it. The numbers are those that
the generator's own method of the same name draws.
"""

# Annotations stay text, for naming `np.random` would load it: 8 ms that `import minigrad` saves.
from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import ops
from .registry import Array
from .tensor import Tensor, owner_of

Size = int | tuple[int, ...] | None


@functools.cache
def _shared() -> np.random.Generator:
    return np.random.default_rng()


def _seeded(seed: int, accepted: str) -> np.random.Generator:
    if not isinstance(seed, int | np.integer):
        raise TypeError(f"{accepted}, not {seed!r} of type {type(seed).__name__}")
    if seed < 0:
        raise ValueError(f"{accepted}, not {seed}")
    return np.random.default_rng(int(seed))


def manual_seed(seed: int) -> None:
    """Restart the generator that every ``rng=None`` draws from.

    It is restarted in place, so whatever already holds it follows.

    Parameters
    ----------
    seed
        An integer of at least 0.

    Raises
    ------
    TypeError
        If `seed` is not an integer.
    ValueError
        If `seed` is negative.

    Examples
    --------
    >>> mg.manual_seed(0)
    >>> first = mg.random.generator().standard_normal(3)
    >>> mg.manual_seed(0)
    >>> second = mg.random.generator().standard_normal(3)
    >>> bool((first == second).all())
    True
    """
    fresh = _seeded(seed, "manual_seed: seed must be an integer of at least 0")
    _shared().bit_generator.state = fresh.bit_generator.state


def generator(rng: np.random.Generator | int | None = None) -> np.random.Generator:
    """Return the generator that an ``rng=`` argument stands for.

    Parameters
    ----------
    rng
        A generator, returned as it is; an integer of at least 0, the seed of a new generator; or
        None, for the shared generator that `manual_seed` restarts.

    Raises
    ------
    TypeError
        If `rng` is none of these.
    ValueError
        If `rng` is a negative seed.

    Examples
    --------
    >>> mine = np.random.default_rng(7)
    >>> mg.random.generator(mine) is mine
    True
    >>> bool(mg.random.generator(7).random() == mine.random())
    True
    """
    if rng is None:
        return _shared()
    if isinstance(rng, np.random.Generator):
        return rng
    return _seeded(rng, "rng must be a numpy.random.Generator, a seed of at least 0 or None")


def get_state(rng: np.random.Generator | None = None) -> dict[str, Any]:
    """Return the state of a generator, by default of the shared one, as plain data.

    `set_state` continues from it; `minigrad.save` writes it to a file.

    Examples
    --------
    >>> state = mg.random.get_state()
    >>> first = mg.random.normal(size=3)
    >>> mg.random.set_state(state)
    >>> bool((mg.random.normal(size=3) == first).all())
    True
    """
    return copy.deepcopy(dict(generator(rng).bit_generator.state))


def set_state(state: Mapping[str, Any], rng: np.random.Generator | None = None) -> None:
    """Let a generator, by default the shared one, continue from a state that `get_state` returned.

    The generator is changed in place, so whatever already holds it follows.

    Raises
    ------
    ValueError
        If the state is that of another kind of generator, or of none.
    """
    bits = generator(rng).bit_generator
    seen = dict(state or {}).get("bit_generator")
    if seen != type(bits).__name__:
        raise ValueError(
            f"set_state: the generator is a {type(bits).__name__}, but this is the state of "
            + (f"a {seen}" if seen else "none; pass what get_state returned")
        )
    try:
        bits.state = copy.deepcopy(dict(state))
    except (KeyError, TypeError) as error:
        raise ValueError(
            "set_state: the state is not whole; pass what get_state returned"
        ) from error


def standard_normal(
    size: Size = None,
    dtype: Any = None,
    *,
    rng: np.random.Generator | int | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Tensor drawn from the normal distribution of mean 0 and variance 1.

    Examples
    --------
    >>> mg.random.standard_normal((2, 3), np.float32, rng=0).shape
    (2, 3)
    """
    return owner_of(_drawn("standard_normal", size, dtype, rng), requires_grad)


def normal(
    loc: Array = 0.0,
    scale: Array = 1.0,
    size: Size = None,
    dtype: Any = None,
    *,
    rng: np.random.Generator | int | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Tensor drawn from normal distributions.

    Gradients flow to the mean and the standard deviation, by the "reparameterisation trick" of
    Kingma and Welling, "Auto-encoding variational Bayes" (2014): the result is
    ``loc + scale * e``, where `e` has mean 0 and variance 1.

    Parameters
    ----------
    loc, scale : array
        Means, and standard deviations of at least 0; they may be tracked.
    size : int or tuple of int, optional
        Shape of the result, by default that to which `loc` and `scale` broadcast.
    dtype : dtype, optional
        By default that of `loc` and `scale`.
    rng : numpy.random.Generator or int, optional
    requires_grad : bool

    Examples
    --------
    >>> scale = mg.tensor(2.0, requires_grad=True)
    >>> x = mg.random.normal(1.0, scale, 1000)
    >>> x.sum().backward()
    >>> bool(np.isclose(scale.grad.item(), ((x - 1) / 2).sum().item()))
    True
    """
    if np.any(np.asarray(_values(scale)) < 0):
        raise ValueError("normal: scale must be at least 0")
    dtype, size = _of_both("normal", loc, scale, size, dtype)
    noise = _drawn("standard_normal", size, dtype, rng)
    return _result(loc + ops.multiply(scale, noise), dtype, requires_grad)


def uniform(
    low: Array = 0.0,
    high: Array = 1.0,
    size: Size = None,
    dtype: Any = None,
    *,
    rng: np.random.Generator | int | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Tensor drawn uniformly from intervals, without their upper ends.

    Gradients flow to both ends, for the result is ``low + (high - low) * u``.

    Parameters
    ----------
    low, high : array
        The ends; they may be tracked.
    size : int or tuple of int, optional
        Shape of the result, by default that to which `low` and `high` broadcast.
    dtype : dtype, optional
        By default that of `low` and `high`.
    rng : numpy.random.Generator or int, optional
    requires_grad : bool

    Examples
    --------
    >>> x = mg.random.uniform(-1, 1, (2, 3), rng=0)
    >>> x.shape, bool((abs(x.numpy()) <= 1).all())
    ((2, 3), True)
    """
    dtype, size = _of_both("uniform", low, high, size, dtype)
    position = _drawn("random", size, dtype, rng)
    return _result(low + ops.subtract(high, low) * position, dtype, requires_grad)


def bernoulli(
    p: Array = 0.5,
    size: Size = None,
    dtype: Any = "bool",
    *,
    rng: np.random.Generator | int | None = None,
) -> Tensor:
    """Tensor that is True with probability `p`; for 1 and 0 pass ``dtype=float``.

    Parameters
    ----------
    p : array
        From 0 to 1; not differentiable.
    size : int or tuple of int, optional
        Shape of the result, by default that of `p`.
    dtype : dtype
    rng : numpy.random.Generator or int, optional

    Examples
    --------
    >>> mg.random.bernoulli([0.0, 1.0]).tolist()
    [False, True]
    """
    chances = np.asarray(_untracked("bernoulli", "p", p))
    if not np.all((chances >= 0) & (chances <= 1)):
        raise ValueError("bernoulli: p must be from 0 to 1")
    _, size = _of_both("bernoulli", chances, 0.0, size, None)
    return owner_of(np.asarray(generator(rng).random(size) < chances).astype(dtype, copy=False))


def integers(
    low: Array,
    high: Array | None = None,
    size: Size = None,
    dtype: Any = "int64",
    endpoint: bool = False,
    *,
    rng: np.random.Generator | int | None = None,
) -> Tensor:
    """Tensor of integers from `low` up to, but without, `high`; from 0 up to `low` if that is all.

    With `endpoint` the last is drawn too.

    Examples
    --------
    >>> mg.random.integers(10, size=4, rng=0).tolist()
    [8, 6, 5, 2]
    """
    drawn = generator(rng).integers(
        _untracked("integers", "low", low),
        None if high is None else _untracked("integers", "high", high),
        size,
        dtype,
        endpoint,
    )
    return owner_of(drawn)


def permutation(x: Array, axis: int = 0, *, rng: np.random.Generator | int | None = None) -> Tensor:
    """Tensor with its subarrays along an axis in random order, or the integers below `x` so.

    Gradients go back to where the elements came from.

    Examples
    --------
    >>> sorted(mg.random.permutation(4).tolist())
    [0, 1, 2, 3]
    """
    if isinstance(x, int | np.integer):
        return owner_of(generator(rng).permutation(x))
    whole: Tensor = x if isinstance(x, Tensor) else Tensor(x)
    axis = np.lib.array_utils.normalize_axis_index(axis, whole.ndim, "permutation")
    return whole[(slice(None),) * axis + (generator(rng).permutation(whole.shape[axis]),)]


def choice(
    a: Array,
    size: Size = None,
    replace: bool = True,
    p: Array | None = None,
    axis: int = 0,
    shuffle: bool = True,
    *,
    rng: np.random.Generator | int | None = None,
) -> Tensor:
    """Tensor of subarrays chosen at random along an axis, or of the integers below `a`.

    Gradients go back to what was chosen.

    Parameters
    ----------
    a : array or int
    size : int or tuple of int, optional
        How many, by default one, without an axis for it.
    replace : bool
        Whether the same may be chosen again.
    p : array, optional
        Probabilities, by default all alike; not differentiable.
    axis : int
    shuffle : bool
        Whether what is chosen without replacement comes in random order.
    rng : numpy.random.Generator or int, optional

    Examples
    --------
    >>> mg.random.choice(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), 3).shape
    (3, 2)
    """
    chances = None if p is None else np.asarray(_untracked("choice", "p", p))
    is_count = isinstance(a, int | np.integer)
    a = a if isinstance(a, Tensor) or is_count else Tensor(a)
    axis = 0 if is_count else np.lib.array_utils.normalize_axis_index(axis, a.ndim, "choice")
    count = a if is_count else a.shape[axis]
    chosen = generator(rng).choice(count, size, replace, chances, shuffle=shuffle)
    if is_count:
        return owner_of(chosen)
    found: Tensor = a[(slice(None),) * axis + (chosen,)]
    return found


def _drawn(
    method: str, size: Size, dtype: Any, rng: np.random.Generator | int | None
) -> np.ndarray[Any, Any]:
    """Draw by a method of the generator, which knows two dtypes, in any floating one."""
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        raise TypeError(
            f"dtype: what is drawn is floating, not {dtype}; convert it after, by t.astype(dtype)"
        )
    own = dtype if dtype in (np.float32, np.float64) else np.dtype(float)
    drawn = getattr(generator(rng), method)(size, dtype=own)
    return np.asarray(drawn).astype(dtype, copy=False)


def _of_both(name: str, x: Array, y: Array, size: Size, dtype: Any) -> tuple[Any, Any]:
    """The dtype and the shape of what is drawn for two parameters, which must broadcast to it."""
    first, second = _values(x), _values(y)
    together = np.broadcast_shapes(np.shape(first), np.shape(second))
    shape = together if size is None else tuple(np.atleast_1d(size).tolist())
    # Each length of the parameters, counted from the last, is 1 or that of the size.
    pairs = zip(together[::-1], shape[::-1], strict=False)
    if len(together) > len(shape) or any(length not in {1, drawn} for length, drawn in pairs):
        raise ValueError(
            f"{name}: the parameters have shape {together}, which does not broadcast to the size "
            f"{shape}"
        )
    return np.result_type(first, second, 0.0) if dtype is None else dtype, shape


def _values(x: Array) -> Any:
    """Return a number as it is, whose dtype yields to others, and anything else as an array."""
    if isinstance(x, Tensor):
        return x.numpy()
    return x if isinstance(x, int | float) else np.asarray(x)


def _untracked(function: str, name: str, x: Array) -> Any:
    if isinstance(x, Tensor) and x.requires_grad:
        raise TypeError(
            f"{function}: a draw has no derivative by {name!r}, which is tracked; pass it "
            "detached, as in t.detach()"
        )
    return _values(x)


def _result(x: Array, dtype: Any, requires_grad: bool) -> Tensor:
    x = ops.astype(x, dtype) if x.dtype != dtype else x
    if not isinstance(x, Tensor):
        return owner_of(x, requires_grad)
    return x.requires_grad_() if requires_grad else x
