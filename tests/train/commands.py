"""Whole runs: sets that can be learned, settings, and the command in this process or its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.recipes.recipe import Recipe
from tests.conftest import noise_image
from train.cli.command import command
from train.data.cache import Cache
from train.feed.strategies import Strategy
from train.fit.hyperparameters import Hyperparameters
from train.runs.records import RunRecord
from train.runs.run import run
from train.runs.settings import RunLocation, Settings

CLASSES = ("ant", "bee", "cat")


def draw_set(
    root: Path,
    count: int = 8,
    *,
    classes: tuple[str, ...] = CLASSES,
    size: int = 16,
    channels: int | None = 3,
    seed: int = 0,
) -> Path:
    """Write `count` images for each class: noise with a bright bar whose height tells the class."""
    for number, label in enumerate(classes):
        (root / label).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            pixels = (
                noise_image(size, size, channels, seed=10_000 * seed + 100 * number + index) // 2
            )
            begin = number * size // len(classes)
            pixels[begin : begin + size // len(classes)] += 100
            (root / label / f"{index:03d}.png").write_bytes(encode(pixels, Encoding("PNG")))
    return root


def settings_for(
    data: Path, test: Path | None = None, strategy: Strategy | str = "none", **changes: Any
) -> Settings:
    """Return settings of a short run, with changes of the settings or of the hyperparameters."""
    if isinstance(strategy, str):
        strategy = Strategy(strategy, Recipe.load("classic") if strategy == "fly" else None)
    mine = {
        key: changes.pop(key)
        for key in list(changes)
        if key in Hyperparameters.__dataclass_fields__
    }
    hyperparameters = Hyperparameters(**{"epochs": 2, "batch_size": 8, **mine})
    return Settings(data, test, strategy, hyperparameters, **{"precision": "fp32", **changes})


def train(settings: Settings, out: Path, **location: Any) -> RunRecord:
    """Train in this process, on the CPU; return the record."""
    return run(settings, RunLocation(out, Cache(), "cpu", **location))


def call(*arguments: object) -> Result:
    """Run the command in this process; an exception is in the result."""
    return CliRunner().invoke(
        command, [str(argument) for argument in arguments], standalone_mode=False
    )


def refusal(*arguments: object) -> str:
    """Run the command in this process; return the message with which it is refused."""
    error = call(*arguments).exception
    assert error is not None, "it was not refused"
    assert getattr(error, "status", 2) == 2, repr(error)
    assert not isinstance(error, (ValueError, TypeError, KeyError, RuntimeError)), repr(error)
    return str(error)


def struck(number: signal.Signals, trials: int) -> str:
    """Return a program that runs the command, and sends itself a signal after so many trials."""
    return (
        "import os; from train.trials import runner; write, done = runner.write_whole, []\n"
        "def write_and_strike(*given):\n"
        "    write(*given); done.append(given)\n"
        f"    if len(done) == {trials}: os.kill(os.getpid(), {number.value})\n"
        "runner.write_whole = write_and_strike\n"
        "from train.cli import main; main()"
    )


def start(
    *arguments: object, program: str = "from train.cli import main; main()", **how: Any
) -> subprocess.Popen[str]:
    """Start the command as a process of its own, with one thread."""
    line = [sys.executable, "-c", program, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    return subprocess.Popen(line, text=True, env=environment, **streams)
