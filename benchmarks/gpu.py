"""Images per second of `train` on a GPU: `python -m benchmarks.gpu DATA [SOURCES] [NET:BATCH ...]`.

DATA holds `train` and, for the arm disk, `copies` (`expand DATA/train DATA/copies --factor 4`).
Arms: none, disk, and fly (recipe classic) with the batched and with the exact renderer. The speed
is that of the epochs after the first two, in which kernels are loaded and the colours of uncovered
areas are computed; shares are of the seconds of the whole training.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch

from expand.recipes.recipe import Recipe
from train.data.cache import Cache
from train.feed.strategies import Strategy
from train.fit.evaluate import Evaluation
from train.fit.hyperparameters import Hyperparameters
from train.fit.trainer import Epoch
from train.runs.observer import Observer
from train.runs.records import RunRecord
from train.runs.run import run
from train.runs.settings import RunLocation, Settings

NETS = ("cnn:128", "cnn:1024", "fast:512", "resnet18:128")
ARMS = {
    "none": ("none", "auto"),
    "disk": ("disk", "auto"),
    "fly, batched": ("fly", "batched"),
    "fly, exact": ("fly", "exact"),
}
EPOCHS, WARM_UP = 5, 2
COLUMNS = "{:14} {:13} {:>11} {:>8} {:>6} {:>8} {:>9}  {}"


class Marks(Observer):
    """Notes when each epoch ends."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def epoch(self, epoch: Epoch, validation: Evaluation | None) -> None:
        """Note the time."""
        self.ends.append(time.perf_counter())

    @property
    def seconds(self) -> float:
        """The median seconds of an epoch, without the first ones."""
        ends = self.ends[WARM_UP - 1 :]
        return statistics.median(end - begin for begin, end in pairwise(ends))


class Speed(NamedTuple):
    """The speed of a run after its first epochs, and its record."""

    images: float
    record: RunRecord

    def line(self, net: str, arm: str, none: float) -> str:
        """Return a line of the table."""
        cost = self.record.cost
        assert cost
        parts = (cost.wait_seconds, cost.augment_seconds, cost.compute_seconds)
        shares = [f"{part / cost.training_seconds:.0%}" for part in parts]
        ratio, rate = f"{self.images / none:.2f}", f"{self.images:,.0f}"
        return COLUMNS.format(net, arm, rate, ratio, *shares, self.record.precision)


def measure(data: Path, sources: int | None, net: str, arm: str, device: str = "auto") -> Speed:
    """Train a net for a few epochs, in a folder that is removed."""
    strategy, renderer = ARMS[arm]
    model, _, batch = net.partition(":")
    recipe = Recipe.load("classic") if strategy == "fly" else None
    folder = data / ("copies" if strategy == "disk" else "train")
    settings = Settings(
        folder,
        None,
        Strategy(strategy, recipe),
        Hyperparameters(epochs=EPOCHS, batch_size=int(batch or 128)),
        model,
        sources=sources,
        renderer=renderer,
    )
    marks = Marks()
    with tempfile.TemporaryDirectory() as out:
        record = run(settings, RunLocation(Path(out), Cache(), device, observer=marks))
    assert record.cost
    return Speed(record.cost.images / EPOCHS / marks.seconds, record)


def main() -> None:
    """Print the table."""
    data, rest = Path(sys.argv[1]), sys.argv[2:]
    sources = int(rest.pop(0)) if rest and rest[0].isdigit() else None
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    print(f"torch {torch.__version__}, {where}")
    print(COLUMNS.format("net", "arm", "images/s", "of none", "wait", "augment", "compute", ""))
    for net in rest or NETS:
        none = 0.0
        for arm in ARMS:
            if arm == "disk" and not (data / "copies").is_dir():
                continue
            speed = measure(data, sources, net, arm)
            none = none or speed.images
            print(speed.line(net, arm, none), flush=True)


if __name__ == "__main__":
    main()
