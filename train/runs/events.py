"""TensorBoard events, beside the run's own records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from train.data.folder import Folder
from train.errors import TrainError
from train.fit.evaluate import Evaluation
from train.fit.trainer import Epoch, Step
from train.runs.watch import Watch


class TensorBoard(Watch):
    """Passes everything on, and writes an event for each pass."""

    def __init__(self, watch: Watch, out: Path) -> None:
        self.watch = watch
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise TrainError(
                f"--tensorboard needs tensorboard: pip install tensorboard ({error})"
            ) from error
        self.writer: Any = SummaryWriter(str(out.with_name(f"{out.name}-events")))

    def packing(self, folder: Folder) -> Callable[[int], None]:
        """Pass it on."""
        return self.watch.packing(folder)

    def starting(self, words: str, steps: int, done: int) -> None:
        """Pass it on."""
        self.watch.starting(words, steps, done)

    def step(self, step: Step) -> None:
        """Pass it on."""
        self.watch.step(step)

    def epoch(self, epoch: Epoch, validation: Evaluation | None) -> None:
        """Write the pass's averages, and pass them on."""
        values = {"train/loss": epoch.loss, "train/accuracy": epoch.accuracy, "train/lr": epoch.lr}
        if validation:
            values |= {
                "validation/loss": validation.loss,
                "validation/accuracy": validation.accuracy,
            }
        for name, value in values.items():
            self.writer.add_scalar(name, value, epoch.step)
        self.writer.flush()
        self.watch.epoch(epoch, validation)
