"""A lease: a lock file for file systems without locks, which a crash does not leave behind."""

from __future__ import annotations

import json
import os
import platform
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from expand.storage.names import temporary_name
from expand.storage.writing import create

BEAT_SECONDS, STALE_SECONDS = 20.0, 120.0
"""How often the holder renews its lease, and after which time without that it has ended."""
_BYTES = 4096


class Holder(NamedTuple):
    """The process that holds a lease."""

    machine: str
    boot: str
    process: int
    started: str
    """When it started, so that a later process of the same number is another one."""

    @classmethod
    def current(cls) -> Holder:
        """Return this process."""
        return cls(_machine(), _boot(), os.getpid(), _started(os.getpid()))

    def has_ended(self) -> bool:
        """Tell whether the process surely runs no longer; False if it ran on another machine."""
        if self.machine != _machine():
            return False
        return self.boot != _boot() or _started(self.process) != self.started


class _Found(NamedTuple):
    """A lease in the folder."""

    text: bytes
    renewed: float


class Lease:
    """A file that names its holder and is renewed while the holder lives."""

    def __init__(self, path: Path) -> None:
        self.path, self.ended, self.text = path, threading.Event(), b""

    def take(self) -> None:
        """Create the file; raise BlockingIOError if another process holds it."""
        with suppress(FileExistsError):
            self._create()
            return
        found = self._read()
        if found and not self._is_stale(found):
            raise BlockingIOError
        if found:
            self._remove(found)
        try:
            self._create()
        except FileExistsError:
            raise BlockingIOError from None  # another process was faster

    def release(self) -> None:
        """Remove the file, unless another process has taken the lease over meanwhile."""
        self.ended.set()
        with suppress(OSError):
            if (found := self._read()) and found.text == self.text:
                self.path.unlink()

    def _remove(self, stale: _Found) -> None:
        """Remove a stale file; raise BlockingIOError if another process has replaced it.

        It is renamed first, which one process can do.
        """
        aside = self.path.with_name(temporary_name())
        with suppress(FileNotFoundError):
            self.path.replace(aside)
            if aside.read_bytes() != stale.text:
                aside.replace(self.path)
                raise BlockingIOError
            aside.unlink()

    def _create(self) -> None:
        self.text = json.dumps(Holder.current()).encode()
        handle = create(str(self.path))
        try:
            os.write(handle, self.text)
        finally:
            os.close(handle)
        threading.Thread(target=self._renew, daemon=True).start()

    def _renew(self) -> None:
        while not self.ended.wait(BEAT_SECONDS):
            with suppress(OSError):
                os.utime(self.path)

    def _now(self) -> float:
        """Return the time by the clock of the file server, which is the one of the lease."""
        probe = self.path.with_name(temporary_name())
        os.close(create(str(probe)))
        now = probe.stat().st_mtime
        probe.unlink()
        return now

    def _read(self) -> _Found | None:
        """Return what the file says, and when it was renewed; None if there is none."""
        try:
            handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            return None
        try:
            return _Found(os.read(handle, _BYTES), os.fstat(handle).st_mtime)
        finally:
            os.close(handle)

    def _is_stale(self, found: _Found) -> bool:
        if self._now() - found.renewed > STALE_SECONDS:
            return True
        try:
            machine, boot, process, started = json.loads(found.text)
            return Holder(str(machine), str(boot), int(process), str(started)).has_ended()
        except (ValueError, TypeError, RecursionError):  # being written just now
            return False


def _machine() -> str:
    """Return the name of this machine and, in a container, of its space of process numbers."""
    with suppress(OSError):
        return f"{platform.node()} {Path('/proc/self/ns/pid').readlink()}"
    return platform.node()


def _boot() -> str:
    """Return what is different after each start of this machine; empty if that is not known."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return ""


def _started(process: int) -> str:
    """Return when a process started, in the system's own unit; empty if there is no such process.

    Where the system does not say, "running" stands for any time.
    """
    if Path("/proc/self/stat").exists():
        with suppress(OSError):
            return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[19]
        return ""
    if os.name == "nt":  # there, os.kill would end the process
        return "running"
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        return "running"
    return "running"
