"""Workers that are copies of this process: they start in milliseconds, where that is safe."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

TASKS, HANDLES = Path("/proc/self/task"), Path("/proc/self/fd")
STATEFUL = ("torch", "jax", "tensorflow", "ray", "obstore")
"""Libraries that do not work in a copy of the process: they hold devices and threads."""
PR_SET_PDEATHSIG = 1
"""The number of a request in <linux/prctl.h>."""
FIRST_LOOK, LAST_LOOK = 0.0005, 0.05
"""Seconds between two looks whether a process has ended: short at first, then longer."""


def can_fork() -> bool:
    """Tell whether a copy of this process can work: on Linux, if it has one thread in all.

    A copy has only the thread that asked for it. A lock that another thread held, one of a C
    library too, would stay locked in it for ever.
    """
    if not sys.platform.startswith("linux") or any(name in sys.modules for name in STATEFUL):
        return False
    try:
        return len(list(TASKS.iterdir())) == 1
    except OSError:  # no /proc: nobody can tell
        return False


class Forked:
    """A copy of this process that does `function` for whoever has the other end of a socket."""

    def __init__(
        self, function: Callable[[Any], Any], connection: Connection, other_end: Connection
    ) -> None:
        _flush()  # or the copy would write it again
        self.status: int | None = None
        self.process = os.fork()
        if not self.process:
            _work(function, connection, other_end)

    def kill(self) -> None:
        """End it at once."""
        if self.status is None:  # until it is waited for, the number stays its own
            with suppress(ProcessLookupError):
                os.kill(self.process, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status, or minus the number of the signal that ended it."""
        end = None if timeout is None else time.monotonic() + timeout
        pause = FIRST_LOOK
        while self.status is None:
            try:
                process, status = os.waitpid(self.process, 0 if end is None else os.WNOHANG)
            except ChildProcessError:  # a program that ignores SIGCHLD is told nothing
                process, status = self.process, 0
            if process:
                self.status = os.waitstatus_to_exitcode(status)
            elif end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("worker", timeout or 0.0)
            else:
                time.sleep(pause)
                pause = min(2 * pause, LAST_LOOK)
        return self.status


def _work(
    function: Callable[[Any], Any], connection: Connection, other_end: Connection
) -> NoReturn:
    """Be the worker; never return to what the process was doing when it was copied."""
    status = 1
    try:
        from expand.engines import worker  # one process does without: 4 ms

        worker.inside = True
        _end_with_parent()
        gc.freeze()  # what the process leaves behind is not cleaned up here
        other_end.close()
        _release_files(connection.fileno())
        worker.serve(connection, function)
        _flush()
        status = 0
    finally:
        os._exit(status)


def _end_with_parent() -> None:
    """Let the system end this process at once when its parent ends, even if it stands still.

    Otherwise a worker of a command that was killed might write a file after the next command has
    begun. One whose parent has ended already finds its socket closed.
    """
    with suppress(OSError, AttributeError):  # a library of the system without this call
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _release_files(own: int) -> None:
    """Put the null device in the place of each open file but our socket, stdout and stderr.

    A copy of the socket of another worker would hide from it that this process ended, and a copy
    of a lock would keep it locked. The numbers stay taken, so that an object of the parent that
    closes its file closes nothing that was opened here.
    """
    handles = [int(path.name) for path in HANDLES.iterdir()]
    null = os.open(os.devnull, os.O_RDWR)
    for handle in handles:
        if handle not in (1, 2, own, null):
            os.dup2(null, handle, inheritable=False)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # there may be none, or nobody who reads it
            stream.flush()
