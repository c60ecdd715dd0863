"""The four comparisons of the documentation: what they train on, and their arms."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
EPOCHS = 40
FACTORS = "2,4,8"
STOPPING = 60
"""Seconds that an interrupted comparison gets to end; the trial in hand is lost, the others not."""
RANDOM_4 = "none,fly,disk,disk-random=4"


@dataclass(frozen=True)
class Documented:
    """One comparison of the documentation."""

    name: str
    data: str
    """The dataset, as the options of this benchmark name it."""
    sources: int
    arms: str = RANDOM_4
    batch_size: int = 128

    def options(self, sources: int | None, epochs: int) -> list[str]:
        """Return its options; `sources` and `epochs` replace its own in a small test."""
        return [
            *("--sources", str(sources or self.sources), "--factor", FACTORS, "--arms", self.arms),
            *("--batch-size", str(self.batch_size), "--epochs", str(epochs)),
        ]


DOCUMENTED = (
    Documented("cifar-2000", "cifar", 2000),
    Documented("fashion-2000", "fashion", 2000, batch_size=64),
    Documented("cifar-5000", "cifar", 5000, f"{RANDOM_4},disk-random=8"),
    Documented("fashion-10000", "fashion", 10_000, batch_size=64),
)


def run(command: Sequence[str], seconds: float | None) -> bool:
    """Run `train compare`; return whether it ended within so many seconds.

    What it has trained by then is kept: the same command resumes.
    """
    process = subprocess.Popen([sys.executable, "-m", "train", "compare", *command], cwd=REPOSITORY)
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return False
    if status not in (0, 1):  # 1: some trials diverged, and the page says which
        raise SystemExit(status)
    return True


def read(out: Path) -> dict[str, Any] | None:
    """Return the numbers of a finished comparison; None if it has not ended."""
    path = out / "comparison.json"
    found: dict[str, Any] | None = json.loads(path.read_text()) if path.is_file() else None
    return found
