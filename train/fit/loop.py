"""The training loop. No files, no printing: it takes batches and yields what happened."""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch

from train.feed.feed import Feed
from train.fit.trainer import Epoch, Step, Trainer
from train.runtime.clock import Clock
from train.runtime.device import finish


def fit(trainer: Trainer, feed: Feed) -> Iterator[Step | Epoch]:
    """Train to the end, from wherever the trainer stands; yield each step, and after a pass its averages."""
    model, clock = trainer.model, feed.clock
    model.train()
    batches = feed.batches(trainer.step, trainer.steps)
    while trainer.step < trainer.steps:
        started, fed = time.perf_counter(), clock.wait + clock.augment
        step = trainer.learn(next(batches))
        # all that is not the feed's: on a GPU, steps that are still computing are waited for in the next step's copies
        clock.compute += time.perf_counter() - started - (clock.wait + clock.augment - fed)
        yield step
        if trainer.step % trainer.steps_per_epoch == 0:
            synchronise(trainer.device, clock)
            yield trainer.end_epoch()
            model.train()


def synchronise(device: torch.device, clock: Clock) -> None:
    """Wait for a GPU to finish what it was given, and count that as computing."""
    started = time.perf_counter()
    finish(device)
    clock.compute += time.perf_counter() - started
