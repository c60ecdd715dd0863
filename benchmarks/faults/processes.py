"""Commands that are killed: where, with what, and what came out."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

PATIENCE = 120.0
"""Seconds after which a command counts as hanging."""
KILLS = (
    "kill -9 parent",
    "kill -9 worker",
    "kill -9 group",
    "SIGTERM parent",
    "SIGTERM group",
    "SIGINT group once",
    "SIGINT group twice",
    "SIGHUP group",
)


@dataclass
class Table:
    """What happened: for each fault, how often, with which exit status."""

    rows: dict[str, Counter[str]] = field(default_factory=dict)
    different: list[str] = field(default_factory=list)
    compared: int = 0

    def add(self, fault: str, outcome: str) -> None:
        """Count one fault."""
        self.rows.setdefault(fault, Counter())[outcome] += 1

    def compare(self, same: bool, what: str) -> None:
        """Count one comparison with a run that had no faults."""
        self.compared += 1
        if not same:
            self.different.append(what)

    def text(self, command: str) -> str:
        """Format the table as Markdown, with the command that repeats it."""
        lines = ["| fault | times | exit status |", "|---|---|---|"]
        for fault, outcomes in sorted(self.rows.items()):
            counts = ", ".join(f"{count} × {name}" for name, count in sorted(outcomes.items()))
            lines.append(f"| {fault} | {outcomes.total()} | {counts} |")
        total = sum(outcomes.total() for outcomes in self.rows.values())
        lines.append(
            f"\n{total} faults; {self.compared} results compared, "
            f"{len(self.different)} differ: `{command}`"
        )
        return "\n".join([*lines, *self.different])


def draw_images(folder: Path, count: int, classes: int = 3, size: int = 24) -> Path:
    """Write `count` JPEG and PNG files of noise with a bright bar that tells the class."""
    for number in range(count):
        label = number % classes
        pixels = np.random.default_rng(number).integers(0, 128, (size, size, 3), dtype=np.uint8)
        pixels[label * size // classes : (label + 1) * size // classes] += 100
        path = folder / f"class{label}" / f"{number:04d}.{'jpg' if number % 2 else 'png'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return folder


def start(arguments: Sequence[object]) -> subprocess.Popen[str]:
    """Start a command in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def run(arguments: Sequence[object]) -> str:
    """Run a command to its end; return its exit status and, if it failed, its last line."""
    process = start(arguments)
    _, stderr = process.communicate(timeout=PATIENCE)
    last = stderr.strip().rpartition("\n")[2]
    return "0" if process.returncode == 0 else f"{process.returncode} ({last})"


def strike(process: subprocess.Popen[str], kill: str) -> bool:
    """Do one kind of kill; return False if there was nothing left to kill."""
    try:
        if process.poll() is not None:
            return False
        if kill == "kill -9 worker":
            workers = _children(process.pid)
            if not workers:
                return False
            os.kill(random.choice(workers), signal.SIGKILL)  # no secret
            return True
        what, whom = kill.split()[0], kill.split()[1]
        number = signal.SIGKILL if what == "kill" else getattr(signal, what)
        to_parent = "parent" in kill or whom == "parent"
        for _ in range(2 if kill.endswith("twice") else 1):
            if to_parent:
                os.kill(process.pid, number)
            else:
                os.killpg(process.pid, number)
            if kill.endswith("twice"):
                time.sleep(0.15)
    except ProcessLookupError:
        pass
    return True


def ending(process: subprocess.Popen[str]) -> str:
    """Wait for a command that was killed; name its exit status, a hang or a traceback."""
    try:
        _, stderr = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return "HANG"
    if "Traceback" in stderr:
        print(stderr, file=sys.stderr)
    return f"{process.returncode}{' TRACEBACK' if 'Traceback' in stderr else ''}"


def _children(process: int) -> list[int]:
    """List the processes that a process has started."""
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in text.split()]


def kill_often(
    command: Sequence[object],
    kinds: Sequence[str],
    seconds: float,
    rng: random.Random,
    table: Table,
) -> tuple[int, float]:
    """Start a command up to four times and kill it at a random moment of `seconds`.

    Return how many kills hit it, and the seconds that it takes if it was done before one came.
    """
    hits = 0
    for _ in range(4):
        begun = time.monotonic()
        process = start(command)
        kill = rng.choice(kinds)
        time.sleep(rng.uniform(0.05, 1.0) * seconds)
        hit = strike(process, kill)
        outcome = ending(process)
        if not hit and outcome == "0":
            return hits, min(seconds, time.monotonic() - begun)
        if hit:
            hits += 1
            table.add(kill, outcome)
    return hits, seconds
