"""Interruptions: Ctrl-C, SIGTERM and SIGHUP ask a command to stop at the next safe point.

A command calls `listen` first of all. From then on the first signal is only noted: `check` raises
KeyboardInterrupt where nothing is half-done. A stage that reaches no such point in `GRACE_SECONDS`
is interrupted where it is. A second signal ends the process at once. Without `listen`, as in a
script that calls expand(), signals do what the script decided.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

INTERRUPTED = 130
"""The exit status of a command that was interrupted, by whatever signal."""
GRACE_SECONDS = 5.0
"""How long a stage may go on: less than the ten seconds after which containers are killed."""
AGAIN_SECONDS = 0.1
"""Signals closer than this are one: `timeout` and closing terminals send theirs twice."""
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]

_noted: float | None = None
"""When the first signal came."""


def listen() -> None:
    """Note signals from now on; leave those alone that the caller of the command ignores."""
    with suppress(ValueError):  # only the main thread may set handlers
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _note)


def pending() -> bool:
    """Tell whether a signal has asked this process to stop."""
    return _noted is not None


def check() -> None:
    """Raise KeyboardInterrupt if a signal has asked this process to stop."""
    if _noted is not None:
        raise KeyboardInterrupt


def settle() -> None:
    """Forget the signal, and ignore more of them: the command is about to end."""
    global _noted
    with suppress(ValueError):
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
    if _noted is not None:
        _noted = None
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def left_to_parent() -> Iterator[None]:
    """Start processes in the block that never see these signals: their parent decides.

    The signals are blocked, not ignored, so that none is lost for this process.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _forget() -> None:
    """Forget the signal in a copy of this process: its parent decides."""
    global _noted
    _noted = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _note(_number: int, _frame: object) -> None:
    """Note the first signal; end at the second, without waiting for anything."""
    global _noted
    now = time.monotonic()
    if _noted is None:
        _noted = now
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, _raise)
            # again each second: what is raised in a callback of a library may be lost
            signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS, 1.0)
    elif now - _noted > AGAIN_SECONDS:
        with suppress(OSError):
            os.write(2, b"\nInterrupted. Run the same command again to resume.\n")
        os._exit(INTERRUPTED)  # workers end when the pipe to this process closes


def _raise(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
