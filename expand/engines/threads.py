"""Threads of this process: they start at once and share its memory; for work done by libraries.

OpenCV, zlib and hashlib let other threads run while they work. What runs in Python does not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, ClassVar, NamedTuple

from expand import interrupts
from expand.engines.engine import Reply, Result, Work
from expand.errors import STOPPED, ExpandError

IN_FLIGHT = 3
"""Items taken per thread before their results are."""
END_SECONDS = 2.0
"""How long to wait for the items in progress when the work is stopped."""


class Request(NamedTuple):
    """An item, and the queue that gets the reply to it."""

    item: Any
    replies: SimpleQueue[Reply]


@dataclass(frozen=True)
class ThreadEngine:
    """Runs work in `workers` threads of this process; it must not depend on a global state."""

    workers: int
    loses_workers: ClassVar[bool] = False

    def check(self, files: Mapping[str, str]) -> None:
        """Refuse nothing: its workers are on this machine, with the same libraries."""

    def map(
        self, function: Callable[[Work], Result], work: Iterable[Work]
    ) -> Generator[Result, None, None]:
        """Yield the result of `function` for each item of `work`, in order.

        After an interruption, take no more, yield what is in progress, and raise KeyboardInterrupt.
        """
        requests: SimpleQueue[Request | None] = SimpleQueue()
        threads: list[Thread] = []
        given: deque[Request] = deque()
        remaining = iter(work)
        try:
            while True:
                while len(given) < self.workers * IN_FLIGHT and not interrupts.pending():
                    try:
                        request = Request(next(remaining), SimpleQueue())
                    except StopIteration:
                        break
                    if len(threads) < self.workers:  # no more threads than there is work
                        threads.append(_start(function, requests))
                    requests.put(request)
                    given.append(request)
                if not given:
                    break
                reply = given.popleft().replies.get()
                if reply.error is not None:
                    raise reply.error
                yield reply.value
            interrupts.check()
        finally:
            _end(requests, threads)


def _start(function: Callable[[Any], Any], requests: SimpleQueue[Request | None]) -> Thread:
    # a daemon: what cannot end does not keep the process; files appear whole or not at all
    thread = Thread(target=_work, args=(function, requests), daemon=True)
    try:
        with interrupts.left_to_parent():
            thread.start()
    except RuntimeError as error:
        raise ExpandError(
            "a thread cannot be started: memory or the allowed number of processes may be too "
            "small for so many --workers",
            STOPPED,
        ) from error
    return thread


def _work(function: Callable[[Any], Any], requests: SimpleQueue[Request | None]) -> None:
    while (request := requests.get()) is not None:
        try:
            request.replies.put(Reply(function(request.item)))
        except BaseException as error:  # noqa: BLE001  # the caller raises it
            request.replies.put(Reply(error=error))


def _end(requests: SimpleQueue[Request | None], threads: list[Thread]) -> None:
    """Let each thread finish its item in progress, and no more."""
    while not requests.empty():
        requests.get()
    for _ in threads:
        requests.put(None)
    for thread in threads:
        thread.join(END_SECONDS)
