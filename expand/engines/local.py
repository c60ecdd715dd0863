"""The local engine: this process, or processes on this machine. The only module that knows them."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expand.engines.engine import Result, Work
from expand.errors import STOPPED, ExpandError

if TYPE_CHECKING:
    from concurrent.futures import Future

IN_FLIGHT = 4
"""Items in flight per worker: enough that none waits, few enough that a kill loses little."""


@dataclass(frozen=True)
class LocalEngine:
    """Runs work in this process if `workers` is 1, else in that many processes."""

    workers: int

    def map(
        self, function: Callable[[Work], Result], work: Iterable[Work]
    ) -> Generator[Result, None, None]:
        """Yield the result of `function` for each item of `work`, in order."""
        if self.workers == 1:
            yield from map(function, work)
        else:
            yield from _map_in_processes(function, work, self.workers)


def _map_in_processes(
    function: Callable[[Work], Result], work: Iterable[Work], workers: int
) -> Generator[Result, None, None]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    pending: deque[Future[Result]] = deque()
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker)
    try:
        for item in work:
            pending.append(pool.submit(function, item))
            while pending and (len(pending) >= workers * IN_FLIGHT or pending[0].done()):
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool as error:
        raise ExpandError(
            "a worker process ended (killed, or out of memory) or could not start. A script that "
            'calls expand() must do so under `if __name__ == "__main__":`. Finished files are '
            "kept; run the same command again to resume.",
            STOPPED,
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    """Set up a worker: OpenCV in one thread, Ctrl-C left to the parent, and an end with it."""
    import cv2

    cv2.setNumThreads(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    if parent := parent_process():
        parent.join()
        os._exit(1)
