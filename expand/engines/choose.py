"""The choice of an engine: the one module that knows which engines there are."""

from __future__ import annotations

import os
from dataclasses import dataclass

from expand.engines.engine import Engine
from expand.engines.forked import can_fork
from expand.engines.local import LocalEngine
from expand.engines.threads import ThreadEngine
from expand.errors import ExpandError

START_SECONDS, FORK_SECONDS = 0.5, 0.1
"""Seconds of work that make another worker worth its start: a new interpreter, or a copy of this
process, which starts in 10 ms and is slower at first."""
PROCESSES = os.name != "nt"
"""Whether workers can be processes: Windows cannot hand them the socket that they get."""
THREAD_PIXELS, MOST_THREADS = 100 * 100, 4
"""How large images must be, and how many threads may work on them.

Threads wait for each other where Python code holds the interpreter's lock. Of the CPU time of a
copy, in JPEG with the recipe `classic`, that is at most 27 % at 500×400 pixels, 35 % at 224×224,
50 % at 100×100, 57 % at 64×64 and 64 % at 32×32: what is left beside OpenCV, sha256 and files.
"""


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_workers(asked: int | None) -> None:
    """Refuse a number of workers below one."""
    if asked is not None and asked < 1:
        raise ExpandError(f"--workers must be at least 1, got {asked}")


@dataclass(frozen=True)
class RayOptions:
    """How work is done on a Ray cluster."""

    address: str | None = None
    """None: as RAY_ADDRESS says, or a cluster on this machine."""
    cpus: float = 1.0
    """Cores for each task."""


def make_ray_engine(workers: int | None, options: RayOptions) -> Engine:
    """Make an engine whose workers are those of a Ray cluster."""
    from expand.engines.ray import RayEngine

    return RayEngine(workers or available_cores(), options.address, options.cpus)


def make_thread_engine(workers: int | None) -> Engine:
    """Make an engine that works in this process."""
    return ThreadEngine(workers) if workers and workers > 1 else LocalEngine(1)


def make_engine(
    workers: int | None, core_seconds: float = 0.0, pixels: float | None = None
) -> Engine:
    """Make an engine with as many workers as asked for.

    None means one per core, but no more than save time: all work together takes one core
    `core_seconds`. `pixels` of an image, on average, are given where the work may run in threads.
    """
    forks = can_fork()
    seconds = FORK_SECONDS if forks else START_SECONDS
    count = workers or min(available_cores(), 1 + int(core_seconds / seconds))
    if count == 1 or forks:
        return LocalEngine(count)
    if not PROCESSES:
        return LocalEngine(1) if pixels is None else ThreadEngine(min(count, MOST_THREADS))
    if pixels is not None and pixels >= THREAD_PIXELS and count <= MOST_THREADS:
        return ThreadEngine(count)
    if workers is None and core_seconds * (1 - 1 / count) < START_SECONDS:
        return LocalEngine(1)  # this process is done before new interpreters save what they cost
    return LocalEngine(count)
