"""The training loop. No files, no printing: it takes batches and yields what happened."""

from __future__ import annotations

from collections.abc import Iterator

from expand import interrupts
from train.feed.feed import Feed
from train.fit.trainer import Epoch, Step, Trainer
from train.models.weights import to_training
from train.runtime.device import finish


def fit(trainer: Trainer, feed: Feed) -> Iterator[Step | Epoch]:
    """Train from the trainer's step to the end; yield each step, and each epoch when it ends."""
    model, clock = trainer.model, feed.clock
    to_training(model)
    batches = feed.batches(trainer.step, trainer.steps)
    while trainer.step < trainer.steps:
        interrupts.check()
        # all that the feed does not count as its own is computing: steps that a GPU is still
        # computing are waited for when the next batch is copied to it
        with clock.measure("compute"):
            batch = next(batches)
            step = trainer.learn(batch)
        yield step
        if trainer.step % trainer.steps_per_epoch == 0:
            with clock.measure("compute"):
                finish(trainer.device)
            epoch = trainer.end_epoch()
            if trainer.step == trainer.steps:
                trainer.check_last(batch)
            yield epoch
            to_training(model)
