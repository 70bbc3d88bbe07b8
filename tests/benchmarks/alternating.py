"""Timing the same work in several libraries: alternating rounds, medians, and the ratios."""

import statistics
from collections.abc import Callable
from time import perf_counter

WARM_UP = 0.1  # seconds
CALLS = 5


def compare(
    title: str, minigrad: Callable[[], object], peers: dict[str, Callable[[], object]], rounds: int
) -> None:
    """Print median milliseconds, and peer/minigrad: above 1, minigrad is ahead.

    The libraries take turns, so that a busy machine slows all of them, and the ratio is the median
    of the rounds' ratios. A turn starts with calls that do not count, until the threads of the
    library before have stopped to spin and its own are awake.
    """
    work = {"minigrad": minigrad, **peers}
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, function in work.items():
            start = perf_counter()
            while perf_counter() - start < WARM_UP:
                function()
            times[name].append(statistics.median(seconds(function) for _ in range(CALLS)))
    print(title)
    for name, turns in times.items():
        ratio = statistics.median(
            peer / own for peer, own in zip(turns, times["minigrad"], strict=True)
        )
        line = f"  {name:14} {1000 * statistics.median(turns):9.3f} ms"
        print(line if name == "minigrad" else f"{line}  {ratio:6.2f} x")


def seconds(function: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = perf_counter()
    function()
    return perf_counter() - start


def report_missing(peer: str) -> None:
    """Say that a peer is left out."""
    print(f"({peer} is not installed, so it is left out: pip install '.[bench]')")
