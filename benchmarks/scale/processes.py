"""Run a command, and find the peak memory of its process and of those that it starts."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.expanding.machine import FailedError, children_cpu, reap

INTERVAL, LOOK_FOR_CHILDREN = 0.01, 0.2


@dataclass(frozen=True)
class Peak:
    """What a command took."""

    wall: float
    cpu: float
    parent: float
    """Megabytes of its own process."""
    worker: float
    """Megabytes of the largest process that it started; 0 if it started none."""


def run(command: Sequence[str], environment: dict[str, str]) -> Peak:
    """Run a command; raise `FailedError` with its last words if it fails. Linux only."""
    if sys.platform != "linux":
        raise FailedError("peak memory is read from /proc, which only Linux has")
    used, started = children_cpu(), time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    peaks: dict[int, float] = {process.pid: 0.0}
    looked = 0.0
    while process.poll() is None:
        if time.monotonic() - looked > LOOK_FOR_CHILDREN:
            looked = time.monotonic()
            peaks = dict.fromkeys(descendants(process.pid), 0.0) | peaks
        for pid in peaks:
            peaks[pid] = max(peaks[pid], peak_memory(pid))
        time.sleep(INTERVAL)
    wall = time.perf_counter() - started
    reap()
    if process.returncode:
        words = process.stderr.read() if process.stderr else ""
        raise FailedError(f"exit status {process.returncode}: {words.strip()[-2000:]}")
    parent = peaks.pop(process.pid)
    return Peak(wall, children_cpu() - used, parent, max(peaks.values(), default=0.0))


def peak_memory(pid: int) -> float:
    """Return the most memory that a process has had so far, in megabytes; 0 if it ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def descendants(root: int) -> list[int]:
    """Return the processes that a process started, and those that they started."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            text = (path / "stat").read_text("utf-8")
            parent = int(text.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.name))
    found = list(children.get(root, []))
    for pid in found:
        found += children.get(pid, [])
    return found
