"""Maps a function over work in processes, in order, with a bounded number in flight. The only file that knows processes."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, TypeVar

from expand.errors import STOPPED, ExpandError

if TYPE_CHECKING:
    from concurrent.futures import Future

Work = TypeVar("Work")
Result = TypeVar("Result")
START_SECONDS = 0.5
"""What a worker costs to start."""
IN_FLIGHT = 4
"""Pieces of work in flight for each worker: enough that none waits, few enough that little is lost to a kill."""


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_workers(asked: int | None) -> None:
    """Refuse a number of workers below one."""
    if asked is not None and asked < 1:
        raise ExpandError(f"--workers must be at least 1, got {asked}")


def count_workers(asked: int | None, core_seconds: float) -> int:
    """Return how many workers to use: as many as asked for, or one a core, but none that is idle before it has started."""
    return asked or min(available_cores(), 1 + int(core_seconds / START_SECONDS))


def map_ordered(
    function: Callable[[Work], Result], work: Iterable[Work], workers: int
) -> Generator[Result, None, None]:
    """Yield function(piece) for each piece of work, in order; in this process where `workers` is 1.

    Workers are spawned, so `function` must be picklable. Raise ExpandError (status 3) if one of them dies.
    """
    if workers == 1:
        yield from map(function, work)
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    pending: deque[Future[Result]] = deque()
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker)
    try:
        for switch in work:
            pending.append(pool.submit(function, switch))
            while pending and (len(pending) >= workers * IN_FLIGHT or pending[0].done()):
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool as error:
        message = (
            "a worker process ended (killed, or out of memory), or could not start: a script that calls expand() needs "
            'its work under `if __name__ == "__main__":`; what is there is good, start again to go on'
        )
        raise ExpandError(message, STOPPED) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    """Set up a worker: OpenCV in one thread, Ctrl-C left to the parent, and no life after the parent's."""
    import cv2

    cv2.setNumThreads(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    if parent := parent_process():
        parent.join()
        os._exit(1)
