"""One run, from a folder to a trained model and its record."""

from __future__ import annotations

import time
from dataclasses import replace

import torch

from expand.storage.lock import Lock
from train.data.dataset import Data, prepare
from train.data.shape import FIRST_RULES
from train.errors import TrainError
from train.fit.divergence import DivergedError
from train.fit.loop import fit
from train.fit.trainer import Step
from train.runs.assemble import Setup, set_up
from train.runs.checkpoints import CHECKPOINT, MODEL, load_checkpoint, save_checkpoint, save_model
from train.runs.measure import (
    check_alike,
    cost_of,
    describe_run,
    evaluate_split,
    measure_run,
    resume_record,
    what_changed,
)
from train.runs.records import RunRecord, write_metrics, write_run
from train.runs.results import EpochMetrics
from train.runs.resume import as_begun, check_data, open_run
from train.runs.settings import RunLocation, Settings
from train.runtime.device import pick_device
from train.runtime.memory import explain_out_of_memory
from train.runtime.world import World, join_world

CHECKPOINT_SECONDS = 30.0


def run(settings: Settings, location: RunLocation) -> RunRecord:
    """Train, evaluate, write the record, and return it.

    An interrupted run is resumed; the record of a finished one is read.
    """
    device = pick_device(location.device)
    if device is None:
        raise TrainError(f"--device {location.device} is not available on this machine")
    world = join_world(device)
    with world.explained():
        if not world.is_main:
            return _run(settings, location, device, world)
        location.out.mkdir(parents=True, exist_ok=True)
        with Lock(location.out):
            return _run(settings, location, device, world)


def _run(
    settings: Settings, location: RunLocation, device: torch.device, world: World
) -> RunRecord:
    with world.main_first():
        earlier = open_run(settings, location, is_main=world.is_main)
    if earlier and earlier.pixels is None:
        settings = replace(settings, shape=replace(settings.shape, rules=FIRST_RULES))
    with world.main_first():
        data = prepare(settings.data_request(), location.cache, location.observer.decoding)
    check_alike(world, data)
    if earlier:
        check_data(earlier, data, settings, location.out)
        if earlier.finished:
            if not (location.out / MODEL).is_file():
                location.observer.note(
                    f'"{location.out}" has no {MODEL} any more; --overwrite trains it again'
                )
            return earlier
    with explain_out_of_memory(settings.model, settings.hyperparameters.batch_size):
        # chosen again, they could differ in the middle of a run
        asked = as_begun(settings, earlier) if earlier else settings
        setup = set_up(asked, data, device, location.cache, workers=location.workers, world=world)
        record = describe_run(settings, data, setup)
        if world.is_main and not earlier:
            write_run(location.out, record)
        try:
            metrics = load_checkpoint(location.out, setup.trainer, setup.feed.clock)
            if earlier:
                record = resume_record(record, earlier, setup.trainer.step)
                location.observer.note(what_changed(record))
            if world.is_main and earlier:
                write_run(location.out, record)
            _train(setup, data, location, metrics)
            results = measure_run(settings, data, setup, metrics)
        except DivergedError as error:
            if world.is_main:
                write_run(location.out, replace(record, divergence=error.divergence))
            raise
    record = replace(record, results=results, cost=cost_of(setup, data))
    if world.is_main:
        _write_finished(settings, data, setup, location, record)
    return record


def _train(setup: Setup, data: Data, location: RunLocation, metrics: list[EpochMetrics]) -> None:
    """Train to the end; write a checkpoint from time to time, and metrics after each epoch."""
    trainer, clock, observer = setup.trainer, setup.feed.clock, location.observer
    observer.starting(setup.description, trainer.steps, trainer.step)
    saved = time.monotonic()
    for event in fit(trainer, setup.feed):
        if isinstance(event, Step):
            observer.step(event)
            # the end of an epoch writes a checkpoint anyway
            due = time.monotonic() - saved > CHECKPOINT_SECONDS
            due = due and trainer.step % trainer.steps_per_epoch != 0
        else:
            held_out = data.validation
            validation = evaluate_split(held_out, data, setup) if held_out else None
            metrics.append(EpochMetrics.of(event, validation))
            observer.epoch(event, validation)
            due = True
        if due and trainer.world.is_main:
            saved = time.monotonic()
            trainer.check_finite()  # a checkpoint can always be resumed
            with clock.measure("evaluate"):
                write_metrics(location.out, metrics)
                save_checkpoint(location.out, trainer, metrics, clock)


def _write_finished(
    settings: Settings, data: Data, setup: Setup, location: RunLocation, record: RunRecord
) -> None:
    """Write the model and the finished record, and remove the checkpoint."""
    save_model(
        location.out,
        setup.trainer.average.state(),
        setup.model,
        data.train.folder.classes,
        data.normalise,
        settings.shape,
        8 * data.train.decoded.pixels.itemsize,
        setup.trainer.precision,
    )
    write_run(location.out, record)
    (location.out / CHECKPOINT).unlink(missing_ok=True)
