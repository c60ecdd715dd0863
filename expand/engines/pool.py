"""The pool: worker processes of this machine, each with a socket to this process.

There are no threads and no locks on this side, so nothing here can wait for a worker that is dead.
Workers are copies of this process (see `forked.py`) or, where that is not safe, new interpreters
that import only what they need, not the script that runs here.
"""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from itertools import chain, islice
from multiprocessing.connection import Pipe, wait
from typing import Any, Protocol

from expand import interrupts
from expand.engines import worker
from expand.engines.engine import Reply, Result, Work
from expand.engines.forked import Forked, can_fork
from expand.errors import STOPPED, ExpandError

IN_FLIGHT = 4
"""Items taken per worker before their results are: enough that none waits, few enough to hold."""
QUICK_SECONDS = 1.0
"""A worker whose items take less gets the next one before it has done the last."""
END_SECONDS = 5.0
"""How long to wait for a process that was told to end."""
RESUME = "Finished files are kept; run the same command again to resume."
PROGRAM = "import sys; sys.path[:] = {path!r}; from expand.engines.worker import main; main({fd})"


class Process(Protocol):
    """A process that this process has started."""

    def kill(self) -> None:
        """End it at once."""

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status, or minus the number of the signal that ended it.

        Raise subprocess.TimeoutExpired if it does not end in `timeout` seconds.
        """


class Worker:
    """One worker process, as this process sees it."""

    def __init__(self, function: Callable[[Any], Any], start: bytes | None) -> None:
        """Start one that does `function`: a new interpreter that gets `start`, or else a copy."""
        self.connection, theirs = Pipe()
        self.numbers: deque[int] = deque()
        """The items that it has and has not answered."""
        self.started = self.quick = False
        self.since = 0.0
        with theirs, interrupts.left_to_parent():
            self.process: Process = (
                Forked(function, theirs, self.connection)
                if start is None
                else _interpreter(theirs.fileno())
            )
        if start is not None:
            self._send_bytes(start)

    @property
    def free(self) -> bool:
        """Whether it can take another item."""
        return self.started and len(self.numbers) < (2 if self.quick else 1)

    def give(self, number: int, item: object) -> None:
        """Send it an item."""
        data = pickle.dumps(item)
        self.since = self.since if self.numbers else time.monotonic()
        self.numbers.append(number)
        self._send_bytes(data)

    def _send_bytes(self, data: bytes) -> None:
        with suppress(OSError):  # it has died: receiving says so, with the reason
            self.connection.send_bytes(data)

    def receive(self) -> tuple[int, Any] | None:
        """Return the number and the value of its oldest item; None once when it is ready."""
        try:
            reply: Reply = pickle.loads(self.connection.recv_bytes())
        except (EOFError, OSError) as error:
            raise ExpandError(self._describe_end(), STOPPED) from error
        if reply.error is not None:
            raise reply.error
        if not self.started:
            self.started = True
            return None
        now = time.monotonic()
        self.quick, self.since = now - self.since < QUICK_SECONDS, now
        return self.numbers.popleft(), reply.value

    def _describe_end(self) -> str:
        """Say how it ended."""
        try:
            status = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            status = 0
        how = f"exit status {status}" if status >= 0 else f"killed by {_signal_name(-status)}"
        if not self.started and status >= 0:
            return (
                f"a worker process could not start ({how}): memory or the allowed number of "
                f"processes may be too small for so many --workers. {RESUME}"
            )
        memory = "; the system kills processes when memory runs out" if status == -9 else ""
        return f"a worker process ended ({how}{memory}). {RESUME}"

    def end(self, now: bool) -> None:
        """Let it end by itself, or kill it `now`."""
        if now:
            self.process.kill()
        else:
            self._send_bytes(b"")

    def wait(self) -> None:
        """Wait until it has ended; one that cannot end yet is left to the system."""
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(END_SECONDS)
        self.connection.close()


def _interpreter(handle: int) -> subprocess.Popen[bytes]:
    """Start a new interpreter that works for the other end of the socket `handle`."""
    path = [entry for entry in sys.path if isinstance(entry, str)]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(path=path, fd=handle)],
        stdin=subprocess.DEVNULL,
        pass_fds=[handle],
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def map_in_processes(
    function: Callable[[Work], Result], work: Iterable[Work], workers: int
) -> Generator[Result, None, None]:
    """Yield the result of `function` for each item of `work`, in order.

    A worker does all of it itself: processes of its own would wait for the cores of the others.
    """
    if worker.inside:
        _refuse_while_importing()
        yield from map(function, work)
        return
    pool: list[Worker] = []
    clean = False
    try:
        remaining = iter(work)
        first = list(islice(remaining, workers))  # no more workers than there is work
        start = None if can_fork() else _start_message(function)
        for _ in first:
            pool.append(_start_worker(function, start, workers))  # noqa: PERF401  # those started are ended
        if first:
            yield from _map(pool, chain(first, remaining))
        clean = True
    finally:
        for each in pool:
            each.end(now=not clean)
        for each in pool:
            each.wait()


def _map(pool: list[Worker], work: Any) -> Generator[Any, None, None]:
    """Give items to whichever worker is free; yield the values in order.

    After an interruption, give no more, yield what is in progress, and raise KeyboardInterrupt.
    """
    values: dict[int, Any] = {}
    taken = given = 0
    more = True
    while True:
        while more and given - taken < len(pool) * IN_FLIGHT and not interrupts.pending():
            free = min((w for w in pool if w.free), key=lambda w: len(w.numbers), default=None)
            if free is None:
                break
            try:
                item = next(work)
            except StopIteration:
                more = False
                break
            free.give(given, item)
            given += 1
        if taken in values:
            yield values.pop(taken)
            taken += 1
            continue
        if taken == given and (not more or interrupts.pending()):
            interrupts.check()
            return
        ready = wait([each.connection for each in pool])
        for each in pool:
            if each.connection in ready and (received := each.receive()):
                values[received[0]] = received[1]


def _start_worker(function: Callable[[Any], Any], start: bytes | None, workers: int) -> Worker:
    try:
        return Worker(function, start)
    except OSError as error:
        raise ExpandError(
            f"a worker process cannot be started ({error.strerror or error}); use fewer than "
            f"--workers {workers}, or raise the limits on processes and open files (ulimit -u, "
            f"ulimit -n). {RESUME}",
            STOPPED,
        ) from error


def _start_message(function: Callable[[Any], Any]) -> bytes:
    """Return the first message to each worker."""
    from multiprocessing.spawn import get_preparation_data

    script = get_preparation_data("worker")
    main = {key: value for key, value in script.items() if key.startswith("init_main")}
    return pickle.dumps(worker.Start(pickle.dumps(function), main))


def _refuse_while_importing() -> None:
    """Refuse to work for a script that has no guard: each worker would do all of it."""
    if worker.importing:
        raise ExpandError(
            "the script is run again by a worker process that needs something defined in it: call "
            'expand() under `if __name__ == "__main__":`',
            STOPPED,
        )
