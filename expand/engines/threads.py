"""Threads of this process: no start, nothing to send; good where libraries do the work.

OpenCV, zlib and hashlib let other threads run while they work. What runs in Python does not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

from expand import interrupts
from expand.engines.engine import Result, Work
from expand.errors import STOPPED, ExpandError

IN_FLIGHT = 3
"""Items taken per thread before their results are."""
END_SECONDS = 2.0
"""How long to wait for what the threads have in hand when the work is stopped."""


class Answer(NamedTuple):
    """The value of an item, or the error that it raised."""

    value: Any = None
    error: BaseException | None = None


class Piece(NamedTuple):
    """An item, and where its answer goes."""

    item: Any
    answers: SimpleQueue[Answer]


@dataclass(frozen=True)
class ThreadEngine:
    """Runs work in `workers` threads of this process; it must not depend on a global state."""

    workers: int

    def map(
        self, function: Callable[[Work], Result], work: Iterable[Work]
    ) -> Generator[Result, None, None]:
        """Yield the result of `function` for each item of `work`, in order.

        After an interruption, take no more, yield what is in hand, and raise KeyboardInterrupt.
        """
        pieces: SimpleQueue[Piece | None] = SimpleQueue()
        threads: list[Thread] = []
        given: deque[Piece] = deque()
        remaining = iter(work)
        try:
            while True:
                while len(given) < self.workers * IN_FLIGHT and not interrupts.pending():
                    try:
                        piece = Piece(next(remaining), SimpleQueue())
                    except StopIteration:
                        break
                    if len(threads) < self.workers:  # no more threads than there is work
                        threads.append(_start(function, pieces))
                    pieces.put(piece)
                    given.append(piece)
                if not given:
                    break
                answer = given.popleft().answers.get()
                if answer.error is not None:
                    raise answer.error
                yield answer.value
            interrupts.check()
        finally:
            _end(pieces, threads)


def _start(function: Callable[[Any], Any], pieces: SimpleQueue[Piece | None]) -> Thread:
    # a daemon: what cannot end does not keep the process; files appear whole or not at all
    thread = Thread(target=_work, args=(function, pieces), daemon=True)
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


def _work(function: Callable[[Any], Any], pieces: SimpleQueue[Piece | None]) -> None:
    while (piece := pieces.get()) is not None:
        try:
            piece.answers.put(Answer(function(piece.item)))
        except BaseException as error:  # noqa: BLE001  # the caller raises it
            piece.answers.put(Answer(error=error))


def _end(pieces: SimpleQueue[Piece | None], threads: list[Thread]) -> None:
    """Let each thread finish what it has in hand, and no more."""
    while not pieces.empty():
        pieces.get()
    for _ in threads:
        pieces.put(None)
    for thread in threads:
        thread.join(END_SECONDS)
