"""Commands that are struck at a certain file that they write, however busy the machine is."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PROGRAM = """
import os, signal, sys
from expand.storage.folder import OutputFolder

what, count, main, written, copies = sys.argv[1], int(sys.argv[2]), os.getpid(), [], []
write = OutputFolder.write
os.register_at_fork(before=lambda: copies.append(os.getpid()))

def strike():
    if what == "pause":
        signal.pause()
    elif what == "worker":
        os.kill(os.getpid(), signal.SIGKILL)
    else:
        os.kill(main, getattr(signal, what))

def write_and_strike(self, name, *given, **named):
    write(self, name, *given, **named)
    if not name.endswith("expand.json"):
        written.append(name)
        if len(written) == count and (what == "pause" or len(copies) < 2):
            strike()

OutputFolder.write = write_and_strike
sys.argv[1:] = sys.argv[3:]
from expand.cli import main as command
command()
"""


def start(what: str, count: int, *arguments: object, **how: Any) -> subprocess.Popen[str]:
    """Start `expand`; strike it when its first worker has written `count` files.

    `what` is a signal to the process that was started ("SIGKILL"), "worker": the worker is killed,
    or "pause": each worker stops there.
    """
    line = [sys.executable, "-c", PROGRAM, what, str(count), *map(str, arguments)]
    return subprocess.Popen(line, text=True, **how)


def run(what: str, count: int, *arguments: object, **how: Any) -> subprocess.CompletedProcess[str]:
    """Do it, and wait until the command and its workers have ended."""
    process = start(what, count, *arguments, stderr=subprocess.PIPE, **how)
    _, said = process.communicate()
    wait_for_workers(*arguments)
    return subprocess.CompletedProcess(process.args, process.returncode, None, said)


def wait_for_workers(*arguments: object) -> None:
    """Wait until the workers of a command have ended, which are copies of it (on Linux).

    Those of a killed command end themselves, sooner or later.
    """
    line = b"".join(f"{each}\0".encode() for each in arguments)
    while any(line in command_of(path) for path in Path("/proc").glob("[0-9]*")):
        time.sleep(0.005)


def command_of(process: Path) -> bytes:
    """Return the command line of a process in /proc; empty if it has ended."""
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
