"""What the command says: progress while training, and a closing summary."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from expand.words import count_in_words
from train.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from tqdm import tqdm

    from train.folder import Folder
    from train.loop import Epoch, Evaluation, Step

LOG_SECONDS = 10.0


class Console(Watch):
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
        bar: tqdm[Any] = tqdm(total=len(folder), unit=" images", desc=what, leave=False, dynamic_ncols=True, delay=0.5)

        def decoded(images: int) -> None:
            bar.update(images)

        return decoded

    def starting(self, words: str, steps: int, done: int) -> None:
        """Say what is trained, and on what."""
        say(words + (f"\ngoing on from step {done:,} of {steps:,}" if done else ""))
        self.started = self.said = time.monotonic()
        if self.terminal:
            from tqdm import tqdm

            self.bar = tqdm(total=steps, initial=done, unit=" steps", dynamic_ncols=True, smoothing=0.05)

    def step(self, step: Step) -> None:
        """Show the loss and the speed, a few times a second."""
        self.images += step.images
        self.done = step.step
        now = time.monotonic()
        if self.bar is not None:
            self.bar.update(1)
            if now - self.shown > 0.5:
                self.shown = now
                self.bar.set_postfix_str(f"loss {float(step.loss):.3f}, {self.images / (now - self.started):,.0f} images/s")
        elif now - self.said > LOG_SECONDS:
            self.said = now
            say(f"step {step.step:,}: loss {float(step.loss):.3f}, {self.images / (now - self.started):,.0f} images/s")

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


class Counter:
    """Shows on stderr how many of some things are done: a bar on a terminal, a line now and then in a log."""

    def __init__(self, total: int, unit: str, *, quiet: bool = False) -> None:
        self.total, self.unit, self.quiet, self.done = total, unit, quiet or not total, 0
        self.bar: tqdm[Any] | None = None
        self.started = self.said = time.monotonic()

    def __enter__(self) -> Counter:
        if not self.quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=self.total, unit=f" {self.unit}", dynamic_ncols=True)
        return self

    def __exit__(self, *_error: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def add(self, count: int) -> None:
        """Count some more."""
        self.done += count
        now = time.monotonic()
        if self.bar is not None:
            self.bar.update(count)
        elif not self.quiet and now - self.said > LOG_SECONDS:
            self.said = now
            left = (now - self.started) / self.done * (self.total - self.done)
            say(f"{self.done:,} of {self.total:,} {self.unit}, about {left:,.0f} s left")


def say(words: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


def run_in_words(record: dict[str, Any], out: Path) -> str:
    """Return the closing summary of a run."""
    results, cost = record["results"], record["cost"]
    lines = [f"{out}: {record['settings']['model']}, {record['settings']['strategy']['name']}, {record['steps']:,} steps"]
    if "test_accuracy" in results:
        lines += [f"  test: accuracy {results['test_accuracy']:.2%}, loss {results['test_loss']:.4f}"]
        if "test_accuracy_mirrored" in results:
            lines += [f"  test, averaged with the mirrored image: accuracy {results['test_accuracy_mirrored']:.2%}"]
        worst = sorted(results["test_per_class"].items(), key=lambda item: item[1])[:3]
        lines += ["  least sure: " + ", ".join(f"{name} {share:.1%}" for name, share in worst)]
    if "validation_accuracy" in results:
        lines += [f"  validation: accuracy {results['validation_accuracy']:.2%}, loss {results['validation_loss']:.4f}"]
    lines += [f"  training: accuracy {results['train_accuracy']:.2%}, loss {results['train_loss']:.4f} (last pass, as shown)"]
    parts = ", ".join(f"{name} {cost[f'{name}_seconds']:.1f}" for name in ("wait", "augment", "compute"))
    lines += [f"  {cost['training_seconds']:.1f} s of training ({parts}), {cost['images_per_second']:,.0f} images/s"]
    lines += [f"  decoding {cost['pack_seconds']:.1f} s, evaluating {cost['evaluate_seconds']:.1f} s"]
    if record["leaks"]:
        verb = "is" if record["leaks"] == 1 else "are"
        lines += [f"  {count_in_words(record['leaks'], 'test image')} {verb} in the training set as well (--allow-leak)"]
    return "\n".join(lines)
