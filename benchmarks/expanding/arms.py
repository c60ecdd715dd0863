"""The arms: which program, in which environment, with how many workers, and what it leaves out."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.expanding.environments import python_of

HERE = Path(__file__).parent
COPIES = 3


@dataclass(frozen=True)
class Arm:
    """A program that writes `COPIES` copies of each image of a folder."""

    name: str
    workers: int
    script: str = ""
    """A file of `peers`; "" is expand itself."""
    environment: str = ""
    leaves_out: str = ""
    """What it does not do of the work of the others."""

    @property
    def label(self) -> str:
        """The name with the number of workers."""
        return f"{self.name}, {self.workers} worker{'s' if self.workers > 1 else ''}"

    def command(self, src: Path, out: Path) -> list[str]:
        """Return the command line."""
        python = python_of(self.environment)
        if self.script:
            script = str(HERE / "peers" / f"{self.script}.py")
            return [python, script, str(src), str(out), str(COPIES), str(self.workers)]
        recipe = str(HERE / "peers.yaml")
        options = ["--recipe", recipe, "--factor", str(COPIES + 1), "--originals", "none"]
        quality = [] if any(src.rglob("*.png")) else ["--quality", "90"]
        return [
            *(python, "-m", "expand", str(src), str(out), *options, *quality),
            *("--workers", str(self.workers), "--quiet"),
        ]


@dataclass(frozen=True)
class Timing:
    """One run of an arm."""

    wall: float
    cpu: float
    """Seconds of the process and of the children that it waited for."""
    rate: float
    """Files per second."""


ALBUMENTATIONS, CODECS, EXPAND = "albumentations 2.0.8", "codecs alone", "expand"
ARMS = (
    Arm(
        "Augmentor",
        1,
        "augmentor",
        "augmentor",
        "noise, translation; draws images with replacement; its own number of threads",
    ),
    Arm("imgaug", 2, "imgaug_pool", "imgaug", "equal numbers of clean and noisy copies"),
    Arm(ALBUMENTATIONS, 1, "albumentations_pool", "albumentations", "hashes, records, whole files"),
    Arm(ALBUMENTATIONS, 2, "albumentations_pool", "albumentations", "hashes, records, whole files"),
    Arm("torchvision v2", 2, "torchvision_pool", "torchvision", "noise, interpolation"),
    Arm(EXPAND, 1),
    Arm(EXPAND, 2),
    Arm(CODECS, 1, "codecs", leaves_out="reading, views, hashes, writing"),
    Arm(CODECS, 2, "codecs", leaves_out="reading, views, hashes, writing"),
)


def run(arm: Arm, src: Path, out: Path, files: int) -> Timing:
    """Run an arm as a process of its own, and time it from start to end."""
    environment = {**os.environ, "NO_ALBUMENTATIONS_UPDATE": "1"}
    if not arm.environment:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), *sys.path[:1]]))
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(
        arm.command(src, out), env=environment, capture_output=True, text=True, check=False
    )
    wall, after = time.perf_counter() - started, os.times()
    if done.returncode:
        raise SystemExit(f"{arm.label} failed:\n{done.stderr[-2000:]}")
    cpu = sum(after[2:4]) - sum(before[2:4])
    if arm.name == CODECS:
        return Timing(wall, cpu, float(done.stdout))
    written = sum(1 for path in out.rglob("*") if path.suffix in (".jpg", ".png"))
    if written != files:
        raise SystemExit(f"{arm.label} wrote {written:,} files instead of {files:,}")
    return Timing(wall, cpu, files / wall)
