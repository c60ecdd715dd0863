"""One run, from a folder to a trained model and its record."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

import torch

from expand.storage.files import PARTIAL, empty_folder
from expand.storage.lock import Lock
from train.data.dataset import Data, prepare
from train.data.split import Split
from train.errors import TrainError
from train.fit.evaluate import EvalConfig, Evaluation, evaluate
from train.fit.loop import fit
from train.fit.trainer import Epoch, Step
from train.models.build import count_parameters
from train.runs.assemble import Setup, set_up
from train.runs.checkpoints import CHECKPOINT, load_checkpoint, save_checkpoint, save_model
from train.runs.records import RUN, read_run, versions, write_json, write_metrics
from train.runs.settings import RunLocation, Settings
from train.runtime.device import hardware, pick_device
from train.runtime.memory import explain_out_of_memory
from train.runtime.world import World, join_world

CHECKPOINT_SECONDS = 30.0
FINISHED, UNFINISHED = "finished", "unfinished"


def run(settings: Settings, place: RunLocation) -> dict[str, Any]:
    """Train, measure, write the record, and return it; a run that was stopped goes on, one that is finished is read."""
    device = pick_device(place.device)
    if device is None:
        raise TrainError(f"--device {place.device}: there is no such device here")
    world = join_world(device)
    if not world.is_main:
        return _run(settings, place, device, world)
    place.out.mkdir(parents=True, exist_ok=True)
    with Lock(place.out):
        return _run(settings, place, device, world)


def _run(
    settings: Settings, place: RunLocation, device: torch.device, world: World
) -> dict[str, Any]:
    with world.main_first():
        earlier = _open_run(settings, place)
    with world.main_first():
        data = prepare(settings.data_request(), place.cache, place.watch.packing)
    if earlier:
        _check_data(earlier, data, place.out)
        if earlier["state"] == FINISHED:
            return earlier
    with explain_out_of_memory(settings.model, settings.hyperparameters.batch_size):
        setup = set_up(settings, data, device, place.cache, workers=place.workers, world=world)
        record = {"state": UNFINISHED, **_record(settings, data, setup)}
        if world.is_main:
            write_json(place.out / RUN, record)
        lines = load_checkpoint(place.out, setup.trainer, setup.feed.clock)
        place.watch.starting(setup.description, setup.trainer.steps, setup.trainer.step)
        _fit(setup, data, place, lines, world)
        results = _measure(settings, data, setup, lines)
    record |= {"state": FINISHED, "results": results, "cost": _cost(setup, data)}
    if world.is_main:
        look = data.normalise, settings.shape
        save_model(
            place.out, setup.trainer.average.state(), setup.model, data.train.folder.classes, look
        )
        write_json(place.out / RUN, record)
        (place.out / CHECKPOINT).unlink(missing_ok=True)
    return record


def _open_run(settings: Settings, place: RunLocation) -> dict[str, Any] | None:
    """Return the record of the run that is to go on, None for a new one; refuse a folder that is another's."""
    if not (place.out / RUN).is_file() and any(
        path.suffix != PARTIAL for path in place.out.iterdir()
    ):
        raise TrainError(
            f'"{place.out}" is not empty and has no {RUN}: it is no run; give another --out'
        )
    if place.overwrite:
        empty_folder(place.out)
    earlier = read_run(place.out)
    if earlier is None:
        return None
    before, now = earlier["settings"], json.loads(json.dumps(settings.to_dict()))
    different = [
        f"{key} was {before.get(key)}, is {now[key]}" for key in now if before.get(key) != now[key]
    ]
    if different:
        raise TrainError(
            f'"{place.out}" is a run with other settings: {"; ".join(different)}; --overwrite starts afresh'
        )
    return earlier


def _check_data(earlier: dict[str, Any], data: Data, out: Path) -> None:
    """Refuse to go on with, or to pass off, a run on images that have changed since."""
    now = _describe_sides(data)
    changed = [
        name for name, described in earlier.get("data", {}).items() if now.get(name) != described
    ]
    if changed:
        raise TrainError(
            f'"{out}" is a run on other images: {", ".join(changed)} changed since; --overwrite starts afresh'
        )


def _fit(
    setup: Setup, data: Data, place: RunLocation, lines: list[dict[str, Any]], world: World
) -> None:
    """Train to the end; write a checkpoint now and then, and a line of metrics after each pass."""
    trainer, clock = setup.trainer, setup.feed.clock
    saved = time.monotonic()
    for event in fit(trainer, setup.feed):
        if isinstance(event, Step):
            place.watch.step(event)
            due = (
                time.monotonic() - saved > CHECKPOINT_SECONDS
                and trainer.step % trainer.steps_per_epoch
            )
        else:
            validation = _look(data.validation, data, setup) if data.validation else None
            lines.append(_line(event, validation))
            place.watch.epoch(event, validation)
            due = True
        if due and world.is_main:
            started = saved = time.monotonic()
            write_metrics(place.out, lines)
            save_checkpoint(place.out, trainer, lines, clock)
            clock.evaluate += time.monotonic() - started


def _line(epoch: Epoch, validation: Evaluation | None) -> dict[str, Any]:
    """Return a line of metrics: nothing in it depends on how fast the machine was."""
    line = {**epoch._asdict()}
    if validation:
        line |= {"validation_loss": validation.loss, "validation_accuracy": validation.accuracy}
        line["validation_per_class"] = validation.per_class
    return line


def _look(side: Split, data: Data, setup: Setup, *, mirrored: bool = False) -> Evaluation:
    """Return what the averaged weights make of a side of the split."""
    trainer = setup.trainer
    started = time.perf_counter()
    config = EvalConfig(
        side.folder.classes, data.normalise, trainer.device, trainer.precision, mirrored
    )
    found = evaluate(
        trainer.model,
        trainer.average.state(),
        side.pixels(),
        side.folder.labels,
        config,
    )
    setup.feed.clock.evaluate += time.perf_counter() - started
    return found


def _measure(
    settings: Settings, data: Data, setup: Setup, lines: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the results: the last pass, and the test set, read once, now."""
    last = lines[-1]
    results: dict[str, Any] = {"train_loss": last["loss"], "train_accuracy": last["accuracy"]}
    results |= {key: value for key, value in last.items() if key.startswith("validation")}
    if data.test:
        found = _look(data.test, data, setup)
        results |= {
            "test_loss": found.loss,
            "test_accuracy": found.accuracy,
            "test_per_class": found.per_class,
        }
        if settings.mirrored:
            results["test_accuracy_mirrored"] = _look(
                data.test, data, setup, mirrored=True
            ).accuracy
    return results


def _cost(setup: Setup, data: Data) -> dict[str, Any]:
    """Return where the seconds went, and how many images were learned from in each of training."""
    clock, trainer = setup.feed.clock, setup.trainer
    seconds = {key: round(value, 3) for key, value in asdict(clock).items()}
    training = clock.wait + clock.augment + clock.compute
    images = len(setup.feed.sampler) * trainer.hyperparameters.epochs
    return {
        "pack_seconds": round(data.pack_seconds, 3),
        **{f"{key}_seconds": value for key, value in seconds.items()},
    } | {
        "training_seconds": round(training, 3),
        "images": images,
        "images_per_second": round(images / training, 1),
    }


def _record(settings: Settings, data: Data, setup: Setup) -> dict[str, Any]:
    """Return what is known of a run before its first step."""
    trainer = setup.trainer
    return {
        "settings": settings.to_dict(),
        "model": asdict(setup.model) | {"parameters": count_parameters(trainer.model)},
        "classes": list(data.train.folder.classes),
        "steps": trainer.steps,
        "precision": trainer.precision,
        "renderer": setup.renderer,
        "data": _describe_sides(data),
        "leaks": len(data.leaks),
        "leaks_shown": data.leaks[:10],
        "versions": versions(),
        "hardware": hardware(trainer.device),
    }


def _describe_sides(data: Data) -> dict[str, Any]:
    sides = {"train": data.train, "validation": data.validation, "test": data.test}
    return {name: _describe(side) for name, side in sides.items() if side}


def _describe(side: Split) -> dict[str, Any]:
    """Return how much one side holds, and one hash of the decoded pixels of all its images."""
    digest = blake2b(digest_size=16)
    for fingerprint, file_hash in zip(side.fingerprints(), side.file_hashes(), strict=True):
        digest.update((fingerprint or file_hash).encode())
    return {
        "images": len(side.folder),
        "sources": len(side.folder.source_ids),
        "hash": digest.hexdigest(),
    }
