"""Observers: called when something happens in a run; one of them writes TensorBoard events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from train.data.folders.folder import Decodable
from train.errors import TrainError
from train.fit.evaluate import Evaluation
from train.fit.trainer import Epoch, Step


class Observer:
    """Does nothing; a subclass overrides the methods for the events that it shows."""

    def note(self, text: str) -> None:
        """Handle a sentence that the user should see; "" says nothing."""

    def decoding(self, folder: Decodable) -> Callable[[int], None]:
        """Handle the start of decoding; return a function to call with each number of images."""
        return lambda _images: None

    def starting(self, description: str, steps: int, done: int) -> None:
        """Handle the start of training, at step `done` of `steps`."""

    def step(self, step: Step) -> None:
        """Handle the end of a step."""

    def epoch(self, epoch: Epoch, validation: Evaluation | None) -> None:
        """Handle the end of an epoch."""


class TensorBoard(Observer):
    """Forwards every call to another observer, and writes an event for each epoch."""

    def __init__(self, observer: Observer, out: Path) -> None:
        self.observer = observer
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise TrainError(
                f"--tensorboard needs tensorboard: pip install tensorboard ({error})"
            ) from error
        self.writer: Any = SummaryWriter(str(out.with_name(f"{out.name}-events")))

    def note(self, text: str) -> None:
        """Forward the call."""
        self.observer.note(text)

    def decoding(self, folder: Decodable) -> Callable[[int], None]:
        """Forward the call."""
        return self.observer.decoding(folder)

    def starting(self, description: str, steps: int, done: int) -> None:
        """Forward the call."""
        self.observer.starting(description, steps, done)

    def step(self, step: Step) -> None:
        """Forward the call."""
        self.observer.step(step)

    def epoch(self, epoch: Epoch, validation: Evaluation | None) -> None:
        """Write the epoch's averages, and forward the call."""
        values = {"train/loss": epoch.loss, "train/accuracy": epoch.accuracy, "train/lr": epoch.lr}
        if validation:
            values["validation/loss"] = validation.loss
            values["validation/accuracy"] = validation.accuracy
        for name, value in values.items():
            self.writer.add_scalar(name, value, epoch.step)
        self.writer.flush()
        self.observer.epoch(epoch, validation)
