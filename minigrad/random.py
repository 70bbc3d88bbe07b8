"""The source of randomness: one generator for scripts, or one of your own wherever chance enters.

A function that draws takes ``rng=None`` and calls `generator` on it.
"""

# Annotations stay text, for naming `np.random` would load it: 8 ms that `import minigrad` saves.
from __future__ import annotations

import functools

import numpy as np

__all__ = ["generator", "manual_seed"]


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
