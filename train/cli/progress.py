"""Progress on stderr: bars on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from train.runs.observer import Observer

if TYPE_CHECKING:
    from tqdm import tqdm

    from train.data.folder import Folder
    from train.fit.evaluate import Evaluation
    from train.fit.trainer import Epoch, Step

LOG_SECONDS = 10.0


class Console(Observer):
    """Shows a run on stderr: bars on a terminal, a line now and then in a log, a line for each pass."""

    def __init__(self, passes: int) -> None:
        self.passes, self.images, self.done = passes, 0, 0
        self.bar: tqdm[Any] | None = None
        self.terminal = sys.stderr.isatty()
        self.started = self.said = time.monotonic()
        self.shown = 0.0

    def packing(self, folder: Folder) -> Callable[[int], None]:
        """Show how far decoding is."""
        if not self.terminal:
            return super().packing(folder)
        from tqdm import tqdm

        what = f"decoding {folder.root}"
        bar: tqdm[Any] = tqdm(
            total=len(folder), unit=" images", desc=what, leave=False, dynamic_ncols=True, delay=0.5
        )

        def decoded(images: int) -> None:
            bar.update(images)

        return decoded

    def starting(self, words: str, steps: int, done: int) -> None:
        """Say what is trained, and on what."""
        say(words + (f"\ngoing on from step {done:,} of {steps:,}" if done else ""))
        self.started = self.said = time.monotonic()
        if self.terminal:
            from tqdm import tqdm

            self.bar = tqdm(
                total=steps, initial=done, unit=" steps", dynamic_ncols=True, smoothing=0.05
            )

    def step(self, step: Step) -> None:
        """Show the loss and the speed, a few times a second."""
        self.images += step.images
        self.done = step.step
        now = time.monotonic()
        if self.bar is not None:
            self.bar.update(1)
            if now - self.shown > 0.5:
                self.shown = now
                self.bar.set_postfix_str(
                    f"loss {float(step.loss):.3f}, {self.images / (now - self.started):,.0f} images/s"
                )
        elif now - self.said > LOG_SECONDS:
            self.said = now
            say(
                f"step {step.step:,}: loss {float(step.loss):.3f}, {self.images / (now - self.started):,.0f} images/s"
            )

    def epoch(self, epoch: Epoch, validation: Evaluation | None) -> None:
        """Say what a pass did."""
        line = f"epoch {epoch.epoch} of {self.passes}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.2%}"
        if validation:
            line += f"; validation {validation.loss:.4f}, {validation.accuracy:.2%}"
        if self.bar is not None:
            self.bar.write(line, file=sys.stderr)
            if epoch.epoch == self.passes:
                self.bar.close()
        else:
            say(line)


def say(words: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(words + "\n")
    sys.stderr.flush()
