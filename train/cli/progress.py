"""Progress of a run on stderr: decoding, steps and epochs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from expand.cli.output import echo, visible
from expand.cli.progress import Meter, open_meter
from train.runs.observer import Observer
from train.runtime.world import current_world
from train.trials.context import hide_decoding

if TYPE_CHECKING:
    from train.data.decoded import ShowDecoding
    from train.data.folders.folder import Decodable
    from train.fit.evaluate import Evaluation
    from train.fit.trainer import Epoch, Step


def decoding_for(quiet: bool) -> ShowDecoding:
    """Return what shows the decoding of a study, in one of its processes."""
    return hide_decoding if quiet or not current_world().is_main else show_decoding


def show_decoding(folder: Decodable) -> Callable[[int], None]:
    """Show how many images of a folder are decoded."""
    meter = open_meter(len(folder), "images", label=f"decoding {folder.root}", leave=False)
    return lambda count: meter.advance(count)


class Console(Observer):
    """Shows a run on stderr: bars on a terminal, plain lines in a log, a line for each epoch."""

    def __init__(self, epochs: int) -> None:
        self.epochs, self.images = epochs, 0
        self.meter, self.started = Meter(), 0.0

    def note(self, text: str) -> None:
        """Show a sentence."""
        if text:
            echo(visible(text), err=True)

    def decoding(self, folder: Decodable) -> Callable[[int], None]:
        """Show how many images are decoded."""
        for note in folder.notes:
            echo(visible(f"{folder.root}: {note}"), err=True)
        return show_decoding(folder)

    def starting(self, description: str, steps: int, done: int) -> None:
        """Show what is trained, and from which step it resumes."""
        resumed = f"\nresuming from step {done:,} of {steps:,}" if done else ""
        self.meter, self.started = open_meter(steps, "steps", done=done), time.monotonic()
        self.meter.write(description + resumed)

    def step(self, step: Step) -> None:
        """Show the loss and the speed."""
        self.images += step.images

        def note() -> str:
            speed = self.images / max(time.monotonic() - self.started, 1e-9)
            return f"loss {float(step.loss):.3f}, {speed:,.0f} images/s"

        self.meter.advance(1, note)

    def epoch(self, epoch: Epoch, validation: Evaluation | None) -> None:
        """Show the averages of an epoch."""
        title = f"epoch {epoch.epoch} of {self.epochs}"
        line = f"{title}: loss {epoch.loss:.4f}, accuracy {100 * epoch.accuracy:.2f} %"
        if validation:
            line += f"; validation: loss {validation.loss:.4f}, "
            line += f"accuracy {100 * validation.accuracy:.2f} %"
        self.meter.write(line)
        if epoch.epoch == self.epochs:
            self.meter.close()
