"""Timing on a noisy machine: arms take turns for several rounds; medians with their range."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Seconds(NamedTuple):
    """What something took: on the clock, and of this process's CPU time."""

    wall: float
    cpu: float


class Watch:
    """Counts the seconds from its making on."""

    def __init__(self) -> None:
        self.begun = Seconds(time.perf_counter(), time.process_time())

    def read(self) -> Seconds:
        """Return the seconds since then."""
        return Seconds(time.perf_counter() - self.begun.wall, time.process_time() - self.begun.cpu)


def time_arms(arms: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Time each arm in each round; arms take turns, so that drift affects all of them equally."""
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, arm in arms.items():
            started = time.perf_counter()
            arm()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def print_rates(seconds: Mapping[str, list[float]], items: int, unit: str, base: str) -> None:
    """Print the median rate of each arm, its range, and the median ratio to the base arm."""
    for name, times in seconds.items():
        rates = sorted(items / t for t in times)
        ratio = statistics.median(b / t for b, t in zip(seconds[base], times, strict=True))
        spread = f"({rates[0]:,.0f} … {rates[-1]:,.0f}; n={len(times)})"
        print(f"{name:44} {statistics.median(rates):10,.0f} {unit}  {spread}  ×{ratio:.2f}")
