"""Time contestants alternately and repeatedly, so that a slowdown of the machine affects all of them."""

import statistics
import time
from collections.abc import Callable
from typing import Any


def seconds(run: Callable[[], Any]) -> float:
    """Time one run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def take_turns(runs: dict[str, Callable[[], Any]], rounds: int, in_a_row: int = 1) -> dict[str, list[float]]:
    """Time all runs alternately, `in_a_row` times each in each of `rounds` rounds, after a warm-up round if there are several."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for i in range(-1 if rounds > 1 else 0, rounds):
        for name, run in runs.items():
            taken = [seconds(run) for _ in range(in_a_row)]
            if taken[0] > 0.5:
                print(name, f"{taken[0]:.1f} s", "(warming up)" if i < 0 else "", flush=True)
            if i >= 0:
                times[name] += taken
    return times


def ratio(times: dict[str, list[float]], name: str, ours: str = "skglove") -> float:
    """Return the median ratio of the times of a contestant to those of skglove."""
    return statistics.median(theirs / our for theirs, our in zip(times[name], times[ours], strict=True))


def rows_of(times: dict[str, list[float]]) -> list[list[str]]:
    """Return a row for each contestant: median seconds, and the median ratio to skglove."""
    return [[name, f"{statistics.median(taken):.2f}", f"{ratio(times, name):.2f}"] for name, taken in times.items()]
