"""Text for models of characters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._checks import checked_integer
from ._datasets import TensorDataset


def sonnets() -> str:
    """Return Shakespeare's 154 sonnets, 94,653 characters of 61 kinds.

    An empty line stands between poems. ``sonnets_origin.txt``, beside the text, tells where it is
    from; it is in the public domain.

    References
    ----------
    W. Shakespeare (1609), Shake-speares Sonnets.

    Examples
    --------
    >>> text = mg.data.sonnets()
    >>> print(text[:86])
    From fairest creatures we desire increase,
    That thereby beauty's rose might never die,
    """
    from importlib.resources import files

    return files(__package__).joinpath("sonnets.txt").read_text(encoding="ascii")


class Characters:
    """A vocabulary: the characters of a text, numbered in sorted order.

    Parameters
    ----------
    text
        What the characters are taken from.

    Attributes
    ----------
    symbols : str
        The characters; symbol `i` has the number `i`. ``len(characters)`` is how many there are.

    Raises
    ------
    TypeError
        If `text` is not a string.
    ValueError
        If it is empty.

    Examples
    --------
    >>> characters = mg.data.Characters("hello world")
    >>> characters
    Characters(' dehlorw')
    >>> characters.encode("hold")
    array([3, 5, 4, 1])
    >>> characters.decode([3, 5, 4, 1])
    'hold'
    """

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"Characters: text must be a string, got a {type(text).__name__}")
        self.symbols = "".join(sorted(set(text)))
        if not self.symbols:
            raise ValueError("Characters: the text is empty")
        self._points = _code_points(self.symbols)

    def __len__(self) -> int:
        return len(self.symbols)

    def __repr__(self) -> str:
        return f"Characters({self.symbols!r})"

    def encode(self, text: str) -> NDArray[np.int64]:
        """Return the characters' numbers, int64.

        Raises
        ------
        ValueError
            If there is a character that the vocabulary has not.
        """
        points = _code_points(text)
        places = np.searchsorted(self._points, points)
        known = self._points[np.minimum(places, len(self) - 1)] == points
        if not known.all():
            where = int(np.argmin(known))
            raise ValueError(
                f"Characters: {text[where]!r}, at position {where}, is not among the "
                f"{len(self)} characters {self.symbols!r}"
            )
        return places.astype(np.int64)

    def decode(self, numbers: Any) -> str:
        """Return the text of these numbers, a sequence of integers.

        Raises
        ------
        TypeError
            If they are not integers.
        ValueError
            If one is below 0 or not below ``len(characters)``.
        """
        places = np.asarray(numbers).reshape(-1)
        if not places.size:
            return ""
        if not np.issubdtype(places.dtype, np.integer):
            raise TypeError(f"Characters: decode takes integers, got {places.dtype}")
        if places.min() < 0 or places.max() >= len(self):
            raise ValueError(
                f"Characters: numbers go from 0 to {len(self) - 1}, "
                f"not from {places.min()} to {places.max()}"
            )
        return "".join(self.symbols[place] for place in places.tolist())


def _code_points(text: str) -> NDArray[np.uint32]:
    # Surrogates, which a text may hold by accident, are characters like others.
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint32)


def windows(sequence: Any, length: int, stride: int | None = None) -> TensorDataset:
    """Pairs of a window of a sequence and the same window one step later, to learn what follows.

    Item `i` is ``(sequence[s : s + length], sequence[s + 1 : s + 1 + length])`` with
    ``s = i * stride``. Both are views: the windows take no memory of their own.

    Parameters
    ----------
    sequence
        An array whose first axis is time, such as `Characters.encode` returns.
    length
        How many steps a window has.
    stride
        How far apart windows start; by default `length`, so that they do not overlap. What does
        not fill a window at the end is left out.

    Raises
    ------
    ValueError
        If the sequence is too short for one window, or a setting is below 1.

    Examples
    --------
    >>> text = mg.data.sonnets()
    >>> characters = mg.data.Characters(text)
    >>> pairs = mg.data.windows(characters.encode(text), length=25)
    >>> [characters.decode(part) for part in pairs[0]]
    ['From fairest creatures we', 'rom fairest creatures we ']
    >>> loader = mg.data.DataLoader(pairs, batch_size=32, shuffle=True, rng=0)
    >>> inputs, targets = next(iter(loader))
    >>> inputs.shape, bool((inputs[:, 1:] == targets[:, :-1]).all())
    ((32, 25), True)
    """
    array = np.asarray(sequence)
    length = checked_integer("windows", "length", length)
    stride = length if stride is None else checked_integer("windows", "stride", stride)
    if array.ndim < 1 or len(array) <= length:
        raise ValueError(
            f"windows: one window of {length} steps and the step after it need {length + 1} steps; "
            f"the sequence has the shape {array.shape}"
        )
    views = np.lib.stride_tricks.sliding_window_view(array, length, axis=0)
    # The window's axis comes last there; time is the first axis of an item.
    views = np.moveaxis(views, -1, 1)
    return TensorDataset(views[:-1][::stride], views[1:][::stride])
