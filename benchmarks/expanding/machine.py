"""Run a command and measure it: seconds, CPU seconds of all its processes, and what else ran."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
REAP_SECONDS = 5.0
"""How long to wait for processes that outlive the command that started them."""


@dataclass(frozen=True)
class Usage:
    """What one run of a command took."""

    wall: float
    cpu: float
    """Of the command and of every process that it started, however deep."""
    others: float
    """Cores that other programs used meanwhile; 0 where the system does not tell."""
    load: float
    """The system's load average over a minute, when the command began."""
    output: str


class FailedError(Exception):
    """A command ended with an error."""


def adopt_orphans() -> None:
    """Become the parent of processes whose own parent ends, so that their CPU is counted too.

    Linux only. Elsewhere, CPU seconds lack processes that nobody waited for.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def measure(command: Sequence[str], environment: Mapping[str, str]) -> Usage:
    """Run a command; raise `FailedError` with its last words if it fails."""
    load, busy, cpu, started = (
        os.getloadavg()[0],
        _busy_seconds(),
        children_cpu(),
        time.perf_counter(),
    )
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    reap()
    cpu, busy = children_cpu() - cpu, _busy_seconds() - busy
    if done.returncode:
        raise FailedError(f"exit status {done.returncode}: {done.stderr.strip()[-2000:]}")
    return Usage(wall, cpu, max(0.0, (busy - cpu) / wall), load, done.stdout)


def reap() -> None:
    """Wait for what the command left running, until it has ended or for `REAP_SECONDS`."""
    deadline = time.monotonic() + REAP_SECONDS
    try:
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
    except ChildProcessError:
        return


def children_cpu() -> float:
    """Return the CPU seconds of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _busy_seconds() -> float:
    """Return the seconds that all cores have been busy since the system started."""
    try:
        fields = Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:]
    except OSError:
        return 0.0
    user, nice, system, _idle, _waiting, hardware, software = map(int, fields[:7])
    return (user + nice + system + hardware + software) / os.sysconf("SC_CLK_TCK")


def describe() -> dict[str, str | int]:
    """Return what the results depend on."""
    return {
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        "processor": _processor(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
