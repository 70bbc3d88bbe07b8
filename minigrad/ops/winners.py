"""The winner of each window of pooling: to find it, and to take and put values at its place.

A winner is known by its number in the window, counted in row-major order, in the smallest integer
type that holds it. Taking from the places of winners and putting there are each other's adjoint.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..buffers import empty_like
from ..registry import Array, Forward, op
from .pooling_windows import Axis, Pool, Tap, together
from .selection import masked
from .windows import EVERYTHING, batch_first, batch_innermost, over_channels


def find_winners(
    images: Array, pool: Pool, extreme: np.ufunc, beats: Callable[..., Array]
) -> tuple[Array, Array]:
    """Return the winner of each window and its number, both as (C, out..., N).

    Of equal elements the first wins, and the first nan over all else.

    Parameters
    ----------
    images : array of shape (C, lengths..., N)
    pool : Pool
    extreme : ufunc
        `numpy.maximum` or `numpy.minimum`.
    beats : ufunc
        `numpy.greater` or `numpy.less`.
    """
    best = empty_like(images, pool.slots)
    winners = empty_like(images, pool.slots, pool.number_type)
    rank = len(pool.axes)
    # The last axis first: the first winner along the others is then the first of the window.
    stages = [range(rank)]
    if pool.is_large:
        stages = [range(place, place + 1) for place in reversed(range(rank))]

    def run(group: slice) -> None:
        values, numbers, step = images[group], None, 1
        for places in stages:
            axes = pool.axes[places.start : places.stop]
            to = best[group], winners[group]
            if places.start:
                out = pool.slots[places.start + 1 :]
                shape = (*np.shape(values)[: places.start + 1], *out)
                to = (
                    empty_like(values, shape),
                    empty_like(winners, shape),
                )
            _along(axes, places.start + 1, values, numbers, step, *to, extreme, beats)
            (values, numbers), step = to, step * math.prod(axis.size for axis in axes)
        if values.dtype.kind == "f" and values.size and np.isnan(extreme.reduce(values, None)):
            with_nan.append(group)

    with_nan: list[slice] = []
    over_channels(run, pool.image[1], images.size * images.dtype.itemsize)
    if with_nan:
        name_nans(images, pool, winners)
    return best, winners


def _along(
    axes: Sequence[Axis],
    first_axis: int,
    values: Array,
    numbers: Array | None,
    step: int,
    best: Array,
    winners: Array,
    extreme: np.ufunc,
    beats: Callable[..., Array],
) -> None:
    """Find the winners along some axes among the winners along those behind.

    Parameters
    ----------
    axes : sequence of Axis
    first_axis : int
        Of the array.
    values, numbers : array
        The winners so far, and their numbers; None if these are all 0.
    step : int
        Difference of number between two elements along the last of the axes.
    best, winners : array
        To be written to.
    """
    lead = (EVERYTHING,) * first_axis
    taps = list(together(axes, [axis.to_windows for axis in axes]))

    def named(tap: Tap) -> Any:
        first = tap.number * step
        return first if numbers is None else np.add(numbers[*lead, *tap.pixels], first)

    def compare(tap: Tap, leader: Array, leading: Array, best: Array, winner: Array) -> None:
        candidates = values[*lead, *tap.pixels]
        wins = _as_numbers(beats(candidates, leader), winners.dtype)
        extreme(leader, candidates, out=best)
        np.multiply(wins, named(tap), out=wins)
        # Numbers grow, so the larger one is that of the later winner.
        np.maximum(wins, leading, out=winner)

    whole = tuple(slice(0, axis.out, 1) for axis in axes)
    if len(taps) > 1 and taps[0].windows == taps[1].windows == whole:
        # Two whole taps are compared without a copy of the first.
        first, second, *taps = taps
        compare(second, values[*lead, *first.pixels], named(first), best, winners)
    for tap in taps:
        leader, winner = best[*lead, *tap.windows], winners[*lead, *tap.windows]
        if tap.fresh:
            leader[...] = values[*lead, *tap.pixels]
            winner[...] = named(tap)
        else:
            compare(tap, leader, winner, leader, winner)


def _as_numbers(wins: Array, number_type: np.dtype[Any]) -> Array:
    """Booleans as 0 and 1, without a copy if possible."""
    if type(wins) is np.ndarray and number_type.itemsize == 1:
        return wins.view(number_type)
    return wins.astype(number_type)


def name_nans(images: Array, pool: Pool, *winners: Array) -> None:
    """Write the number of the first nan to the winners of each window with one."""
    is_nan = np.not_equal(images, images).astype(np.uint8)
    found, first = find_winners(is_nan, pool, np.maximum, np.greater)
    for numbers in winners:
        np.copyto(numbers, first, where=found.astype(bool))


@op(piecewise_linear=True)
def scatter_winners(x: Array, /, winners: Array, pool: Pool) -> Forward:
    """Put one value for each window at the place of its winner in images of zeros, adding up.

    Parameters
    ----------
    x : array of shape (N, C, out...)
    winners : array of int of shape (C, out..., N)
        Number of the winner in each window, in row-major order.
    pool : Pool

    Returns
    -------
    array of shape (N, C, lengths...)
    """
    n, c, *lengths = pool.image
    values = batch_innermost(x)
    images = empty_like(x, (c, *lengths, n))

    def by_tap(group: slice) -> None:
        for place, axis in enumerate(pool.axes, start=1):
            for gap in axis.gaps:
                images[group, *(EVERYTHING,) * (place - 1), gap] = 0
        for tap in pool.to_pixels:
            won = np.equal(winners[group, *tap.windows], tap.number)
            _put_masked(won, values[group, *tap.windows], images[group, *tap.pixels])

    def by_index(group: slice) -> None:
        images[group] = 0
        flat = np.reshape(images[group], -1)
        at = np.reshape(_flat_places(winners[group], pool), -1)
        part = np.reshape(values[group], -1)
        if pool.overlaps:
            np.add.at(flat, at, part)
        else:
            flat[at] = part

    run = by_index if pool.overlaps or pool.is_large else by_tap
    over_channels(run, c, images.size * images.dtype.itemsize)
    return batch_first(images), lambda g: gather_winners(g, winners, pool)


def _flat_places(winners: Array, pool: Pool) -> Array:
    """Index in flattened images (C, lengths..., N) of the winners (C, out..., N)."""
    n, _, *lengths = pool.image
    channels = math.prod(lengths) * np.arange(np.shape(winners)[0])
    places = pool.places(winners) + np.reshape(channels, (-1, *[1] * (len(lengths) + 1)))
    return places * n + np.arange(n)


def _put_masked(keep: Array, x: Array, to: Array) -> None:
    """Write `masked(keep, x)`, without a copy if possible."""
    if type(x) is np.ndarray and x.dtype.kind == "f" and x.itemsize in (2, 4, 8):
        bits = f"i{x.itemsize}"
        ones = np.negative(keep.view(np.int8)).astype(bits)  # 0 or all ones
        np.bitwise_and(ones, x.view(bits), out=to.view(bits))
    else:
        to[...] = masked(keep, x)


@op(piecewise_linear=True)
def gather_winners(x: Array, /, winners: Array, pool: Pool) -> Forward:
    """Take from images the value at the place of the winner of each window.

    The adjoint of `scatter_winners`.

    Parameters
    ----------
    x : array of shape (N, C, lengths...)
    winners : array of int of shape (C, out..., N)
        Number of the winner in each window, in row-major order.
    pool : Pool

    Returns
    -------
    array of shape (N, C, out...)
    """
    images = batch_innermost(x)
    values = empty_like(x, pool.slots)

    def run(group: slice) -> None:
        at = _flat_places(winners[group], pool)
        values[group] = np.take(np.reshape(images[group], -1), at)

    over_channels(run, images.shape[0], images.size * images.dtype.itemsize)
    return batch_first(values), lambda g: scatter_winners(g, winners, pool)
