"""Timing the same work in several libraries: alternating rounds, medians, and the ratios."""

import statistics
from collections.abc import Callable, Mapping
from time import perf_counter

WARM_UP = 0.1  # seconds
CALLS = 5
# A peer whose call takes as many seconds is called once a turn, and in the first rounds only.
SLOW = 0.4
SLOW_ROUNDS = 2


def compare(
    title: str,
    minigrad: Callable[[], object],
    peers: Mapping[str, Callable[[], object]],
    rounds: int,
    targets: Mapping[str, float] | None = None,
) -> None:
    """Print median milliseconds, and peer/minigrad beside its target: above 1, minigrad is ahead.

    The libraries take turns, so that a busy machine slows all of them, and the ratio is the median
    of the rounds' ratios. A turn starts with calls that do not count, until the threads of the
    library before have stopped to spin and its own are awake.
    """
    work = {"minigrad": minigrad, **peers}
    times: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds):
        for name, function in work.items():
            if number < SLOW_ROUNDS or min(times[name]) < SLOW:
                times[name].append(turn(function))
    print(title)
    for name, turns in times.items():
        # The last rounds may be without the peer.
        own = times["minigrad"][: len(turns)]
        ratio = statistics.median(t / o for t, o in zip(turns, own, strict=True))
        line = f"  {name:14} {1000 * statistics.median(turns):9.3f} ms"
        if name != "minigrad":
            line += f"  {ratio:7.2f} x"
            if targets and name in targets:
                line += f"   target {targets[name]:5.2f}"
        print(line, flush=True)


def turn(function: Callable[[], object]) -> float:
    """Return the median seconds of some calls; of a slow function, the seconds of the first."""
    start = perf_counter()
    first = seconds(function)
    if first >= SLOW:
        return first
    while perf_counter() - start < WARM_UP:
        function()
    return statistics.median(seconds(function) for _ in range(CALLS))


def seconds(function: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = perf_counter()
    function()
    return perf_counter() - start


def report_missing(peer: str) -> None:
    """Say that a peer is left out."""
    print(f"({peer} is not installed, so it is left out: pip install '.[bench]')")
