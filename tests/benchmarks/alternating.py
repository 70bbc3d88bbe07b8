"""Timing the same work in several libraries: alternating rounds, medians, and the ratios."""

import statistics
from collections.abc import Callable
from time import perf_counter, sleep

PAUSE = 0.05  # seconds


def compare(
    title: str, minigrad: Callable[[], object], peers: dict[str, Callable[[], object]], rounds: int
) -> None:
    """Print median milliseconds, and peer/minigrad: above 1, minigrad is ahead.

    The libraries take turns, so that a busy machine slows all of them, and the ratio is the median
    of the rounds' ratios. Before each turn there is a pause, since the threads of one library's
    matrix products go on spinning for a while and would slow the next, and a call that is not timed.
    """
    work = {"minigrad": minigrad, **peers}
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, function in work.items():
            sleep(PAUSE)
            function()
            start = perf_counter()
            function()
            times[name].append(perf_counter() - start)
    print(title)
    for name, seconds in times.items():
        ratio = statistics.median(
            peer / own for peer, own in zip(seconds, times["minigrad"], strict=True)
        )
        line = f"  {name:14} {1000 * statistics.median(seconds):9.3f} ms"
        print(line if name == "minigrad" else f"{line}  {ratio:6.2f} x")


def report_missing(peer: str) -> None:
    """Say that a peer is left out."""
    print(f"({peer} is not installed, so it is left out: pip install '.[bench]')")
