"""Start-up: the time of `--help`, and of expanding six small images by four.

The goals are 0.3 s for `--help` and 0.5 s for the expansion, on an idle machine. CPU seconds are
those of the command and its workers; other programs disturb them less than those on the clock.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.timing import Seconds

ROUNDS, IMAGES, SIDE = 11, 6, 64


def main() -> None:
    """Print what a start of each command takes: medians of the rounds, with their range."""
    with tempfile.TemporaryDirectory() as scratch:
        source, out = draw_images(Path(scratch)), Path(scratch) / "out"
        arms = {
            "expand --help": ["expand", "--help"],
            "train --help": ["train", "--help"],
            "train compare --help": ["train", "compare", "--help"],
            f"expand {IMAGES} images by 4": ["expand", str(source), str(out), "--quiet"],
        }
        seconds: dict[str, list[Seconds]] = {name: [] for name in arms}
        for _ in range(ROUNDS):
            for name, words in arms.items():
                shutil.rmtree(out, ignore_errors=True)
                seconds[name].append(time_command(words))
    for name, each in seconds.items():
        wall, cpu = (sorted(column) for column in zip(*each, strict=True))
        print(f"{name:24} CPU {describe(cpu)}  clock {describe(wall)}  (n={ROUNDS})")


def draw_images(folder: Path) -> Path:
    """Write a few JPEG files in two class folders; return their folder."""
    rng = np.random.default_rng(0)
    for index in range(IMAGES):
        path = folder / "source" / "ab"[index % 2] / f"{index}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = rng.integers(0, 256, (8, 8, 3), np.uint8)
        cv2.imwrite(str(path), cv2.resize(coarse, (SIDE, SIDE)))
    return folder / "source"


def time_command(words: list[str]) -> Seconds:
    """Run a command of this project to its end; return what it took."""
    before, started = cpu_of_children(), time.perf_counter()
    subprocess.run([sys.executable, "-m", *words], capture_output=True, check=True)
    return Seconds(time.perf_counter() - started, cpu_of_children() - before)


def cpu_of_children() -> float:
    """Return the CPU seconds of all processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def describe(values: list[float]) -> str:
    """Return the median of sorted seconds, and their range."""
    return f"{statistics.median(values):.3f} ({values[0]:.3f} … {values[-1]:.3f}) s"


if __name__ == "__main__":
    main()
