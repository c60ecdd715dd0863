"""Observers: called when something happens in a run."""

from __future__ import annotations

from collections.abc import Callable

from train.data.folder import Folder
from train.fit.evaluate import Evaluation
from train.fit.trainer import Epoch, Step


class Observer:
    """Does nothing; a subclass overrides the methods for the events that it shows."""

    def packing(self, folder: Folder) -> Callable[[int], None]:
        """Handle the start of decoding; return a function to call with each number of images."""
        return lambda _images: None

    def starting(self, description: str, steps: int, done: int) -> None:
        """Handle the start of training, at step `done` of `steps`."""

    def step(self, step: Step) -> None:
        """Handle the end of a step."""

    def epoch(self, epoch: Epoch, validation: Evaluation | None) -> None:
        """Handle the end of an epoch."""
