"""Watch: who is told what happens in a run."""

from __future__ import annotations

from collections.abc import Callable

from train.data.folder import Folder
from train.fit.evaluate import Evaluation
from train.fit.trainer import Epoch, Step


class Watch:
    """Is told what happens; does nothing with it. Whoever shows progress overrides what is to be shown."""

    def packing(self, folder: Folder) -> Callable[[int], None]:
        """Called before a folder is packed; what it returns is called for each image."""
        return lambda _images: None

    def starting(self, words: str, steps: int, done: int) -> None:
        """Called before the first step."""

    def step(self, step: Step) -> None:
        """Called after each step."""

    def epoch(self, epoch: Epoch, validation: Evaluation | None) -> None:
        """Called after each pass."""
