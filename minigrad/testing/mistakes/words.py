"""Which axes and which elements, in words."""

from __future__ import annotations

import numpy as np

from .evidence import Array, Case


def axes_in_words(axes: tuple[int, ...]) -> str:
    """`axis 1` or `axes (0, 2)`."""
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {axes}"


def whereabouts(wrong: Array, case: Case) -> str:
    """Which elements, in words: `where the input is negative`, `at index 0 along axis 1`."""
    found = _along_axes(wrong) if wrong.ndim > 1 else None
    if found:
        return found
    if min(np.count_nonzero(wrong), np.count_nonzero(~wrong)) > 1:
        value = case.value
        for words, mask in (
            ("the input is negative", value < 0),
            ("the input is positive", value > 0),
            ("the input is above 1 in size", np.abs(value) > 1),
            ("the input is below 1 in size", np.abs(value) < 1),
        ):
            if (wrong == mask).all():
                return f"where {words}"
        if case.elementwise:
            for words, mask in (
                ("negative", case.upstream[0] < 0),
                ("positive", case.upstream[0] > 0),
            ):
                if (wrong == mask).all():
                    return f"where the gradient of the output is {words}"
    if (wrong == (case.value == 0)).all():
        return "where the input is zero"
    return which_elements(wrong)


def which_elements(wrong: Array) -> str:
    """Which elements, in words, by their indices alone."""
    if wrong.all():
        return "everywhere"
    return _along_axes(wrong) or _on_a_diagonal(wrong) or _count(wrong)


def _along_axes(wrong: Array) -> str | None:
    """What whole slices of an array are wrong, in words."""
    if np.count_nonzero(wrong) == 1 and wrong.ndim > 1:
        return f"at index {_index(wrong)} only"
    for axis, length in enumerate(wrong.shape):
        others = tuple(i for i in range(wrong.ndim) if i != axis)
        slices = np.any(wrong, axis=others)
        if length < 2 or slices.all() or not (slices == np.all(wrong, axis=others)).all():
            continue
        return f"{_indices(slices)} along axis {axis}"
    inner = tuple(slice(1, -1) if n > 2 else slice(None) for n in wrong.shape)
    if wrong.ndim > 1 and not wrong[inner].any():
        border = np.ones_like(wrong)
        border[inner] = False
        if (wrong == border).all() and not border.all():
            return "at the border"
    for axis, length in enumerate(wrong.shape):
        slices = np.any(wrong, axis=tuple(i for i in range(wrong.ndim) if i != axis))
        if length > 2 and wrong.ndim > 1 and np.count_nonzero(slices) == 1:
            return f"at some elements, all {_indices(slices)} along axis {axis}"
    return None


def _indices(chosen: Array) -> str:
    """Which indices along an axis, in words."""
    places, last = np.flatnonzero(chosen), len(chosen) - 1
    if len(places) == 1:
        return f"at index {places[0]}"
    if len(places) == last:
        return f"everywhere but at index {np.flatnonzero(~chosen)[0]}"
    if list(places) == [0, last]:
        return "at the first and the last index (the edges)"
    if (np.diff(places) == 1).all():
        if places[-1] == last:
            return f"from index {places[0]} on"
        return f"at indices {places[0]} to {places[-1]}"
    if (places % 2 == places[0] % 2).all() and len(places) == len(chosen[places[0] % 2 :: 2]):
        return f"at {'odd' if places[0] % 2 else 'even'} indices"
    return f"at indices {', '.join(str(i) for i in places[:6])}{', ...' if len(places) > 6 else ''}"


def _on_a_diagonal(wrong: Array) -> str | None:
    if wrong.ndim != 2 or wrong.shape[0] != wrong.shape[1]:
        return None
    triangles = {
        "on the diagonal": np.eye(len(wrong), dtype=bool),
        "above the diagonal": np.triu(np.ones_like(wrong), 1),
        "below the diagonal": np.tril(np.ones_like(wrong), -1),
        "off the diagonal": ~np.eye(len(wrong), dtype=bool),
    }
    return next((words for words, mask in triangles.items() if (wrong == mask).all()), None)


def _count(wrong: Array) -> str:
    many = np.count_nonzero(wrong)
    first = f"index {_index(wrong)}"
    return (
        f"at {first} only"
        if many == 1
        else f"at {many} of {wrong.size} elements, the first at {first}"
    )


def _index(wrong: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0])
