"""The choice of an engine: the one module that knows which engines there are."""

from __future__ import annotations

import os

from expand.engines.engine import Engine
from expand.engines.local import LocalEngine
from expand.errors import ExpandError

START_SECONDS = 0.5
"""What a worker costs to start."""


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_workers(asked: int | None) -> None:
    """Refuse a number of workers below one."""
    if asked is not None and asked < 1:
        raise ExpandError(f"--workers must be at least 1, got {asked}")


def make_engine(workers: int | None, core_seconds: float = 0.0) -> Engine:
    """Make an engine with as many workers as asked for.

    None means one per core, but no more than save time: each takes `START_SECONDS` to start, and
    all work together takes one core `core_seconds`.
    """
    return LocalEngine(workers or min(available_cores(), 1 + int(core_seconds / START_SECONDS)))
