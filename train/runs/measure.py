"""What is recorded of a run: its data before the first step, its scores and cost at the end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

from train.data.dataset import Data
from train.data.sets.scan import Scan
from train.data.shape import BACKGROUND, FIRST_RULES, Shape
from train.data.split import Split
from train.errors import STOPPED, TrainError
from train.fit.evaluate import EvalConfig, Evaluation, evaluate
from train.models.build import count_parameters
from train.runs.assemble import Setup
from train.runs.feeds import order_of, visits_of
from train.runs.records import Part, PixelRecord, RunRecord, SplitRecord, versions
from train.runs.results import EpochMetrics, RunCost, RunResults, Scores
from train.runs.settings import Settings
from train.runtime.device import hardware
from train.runtime.world import World

LEAKS_SHOWN = 10
BEGUN_ON = "begun_on"
"""The key of the device that a resumed run began on, if it is another one."""


def describe_run(settings: Settings, data: Data, setup: Setup) -> RunRecord:
    """Return the record of a run before its first step."""
    trainer = setup.trainer
    return RunRecord(
        settings=settings.to_dict(),
        model=setup.model,
        parameters=count_parameters(trainer.model),
        classes=list(data.train.folder.classes),
        steps=trainer.steps,
        precision=trainer.precision,
        renderer=setup.renderer,
        data=describe_data(data),
        leaks=len(data.leaks),
        leaks_shown=data.leaks[:LEAKS_SHOWN],
        versions=versions(),
        hardware=hardware(trainer.device),
        pixels=_describe_pixels(settings.shape, data),
        order=order_of(data),
        visits=visits_of(data),
    )


def resume_record(record: RunRecord, earlier: RunRecord, step: int) -> RunRecord:
    """Return the record of a run that is resumed: each part keeps its versions."""
    if not step:  # nothing is left of the earlier part
        return record
    parts = earlier.parts or []
    last = parts[-1].versions if parts else earlier.versions
    if last != record.versions:
        parts = [*parts, Part(step, record.versions)]
    begun = earlier.hardware.get(BEGUN_ON) or _device(earlier)
    own = {BEGUN_ON: begun} if begun != _device(record) else {}
    hardware = {**record.hardware, **own}
    return replace(record, versions=earlier.versions, parts=parts or None, hardware=hardware)


def _device(record: RunRecord) -> str:
    return str(record.hardware.get("gpu") or record.hardware.get("device"))


def _changed_device(record: RunRecord) -> str:
    """Say that a run was begun on another device; "" if it was not."""
    begun = record.hardware.get(BEGUN_ON)
    return (
        f"resumed on {_device(record)}, begun on {begun}, so the weights may differ from those of "
        "a run in one piece"
        if begun
        else ""
    )


def what_changed(record: RunRecord) -> str:
    """Say what a resumed run has now and had not before; "" for nothing."""
    return "\n".join(filter(None, (_changed_versions(record), _changed_device(record))))


def _changed_versions(record: RunRecord) -> str:
    """Say which versions the last part of a run has that the one before had not; "" for none."""
    if not record.parts:
        return ""
    *before, last = [record.versions, *(part.versions for part in record.parts)]
    names = sorted({*before[-1], *last})
    changed = [
        f"{name} {before[-1].get(name, 'none')} → {last.get(name, 'none')}"
        for name in names
        if before[-1].get(name) != last.get(name)
    ]
    return (
        f"resumed at step {record.parts[-1].step:,} with other versions, so the weights may differ "
        f"from those of a run in one piece: {', '.join(changed)}"
    )


def _describe_pixels(shape: Shape, data: Data) -> PixelRecord | None:
    if shape.rules == FIRST_RULES:
        return None
    datasets = [split.decoded for split in data.splits.values()]
    background = BACKGROUND if any(each.composited for each in datasets) else None
    return PixelRecord(shape.rules, 8 * datasets[0].pixels.itemsize, data.levels, background)


def describe_data(data: Data) -> dict[str, SplitRecord]:
    """Describe each split of the data."""
    described = {name: _describe_split(split) for name, split in data.splits.items()}
    return {**described, "train": _describe_stream(data.stream)} if data.stream else described


def _describe_stream(stream: Scan) -> SplitRecord:
    """Describe a training set that is streamed, by the hashes of its tars."""
    digest = blake2b("".join(stream.contents.marks()).encode(), digest_size=16)
    views = Counter[int]()
    for tar in stream.contents.tars:
        views[tar.view] += tar.count
    return SplitRecord(len(stream.labels), max(views.values()), digest.hexdigest())


def check_alike(world: World, data: Data) -> None:
    """Refuse images that are not those that the main process has read: they changed since."""
    if world.size == 1:
        return
    own = {name: split.to_dict() for name, split in describe_data(data).items()}
    read = json.loads(world.broadcast(json.dumps(own)))
    if changed := [name for name in own if read.get(name) != own[name]]:
        root = data.splits[changed[0]].folder.root
        raise TrainError(
            f'the {changed[0]} images in "{root}" changed while the processes read them; '
            "run the same command again",
            STOPPED,
        )


def _describe_split(split: Split) -> SplitRecord:
    digest, names = blake2b(digest_size=16), blake2b(digest_size=16)
    for fingerprint, file_hash in zip(split.fingerprints(), split.file_hashes(), strict=True):
        digest.update((fingerprint or file_hash).encode())
    folder = split.folder
    for name, label, view in zip(folder.sources, folder.labels, folder.views, strict=True):
        names.update(f"{name}\0{folder.classes[label]}\0{view}\0".encode(errors="surrogateescape"))
    return SplitRecord(len(folder), len(folder.source_ids), digest.hexdigest(), names.hexdigest())


def evaluate_split(split: Split, data: Data, setup: Setup, *, mirrored: bool = False) -> Evaluation:
    """Evaluate the averaged weights on a split; raise DivergedError if its loss is not finite."""
    trainer = setup.trainer
    config = EvalConfig(
        split.folder.classes, data.normalise, trainer.device, trainer.precision, mirrored
    )
    with setup.feed.clock.measure("evaluate"):
        evaluation = evaluate(
            trainer.model, trainer.average.state(), split.pixels(), split.folder.labels, config
        )
    trainer.check_loss(f"the {split.name} loss", evaluation.loss)
    return evaluation


def measure_run(
    settings: Settings, data: Data, setup: Setup, metrics: Sequence[EpochMetrics]
) -> RunResults:
    """Return the results of a trained model; the test set is read here, once."""
    last = metrics[-1]
    test = mirrored = None
    if data.test:
        test = Scores.of(evaluate_split(data.test, data, setup))
        if settings.mirrored:
            mirrored = evaluate_split(data.test, data, setup, mirrored=True).accuracy
    return RunResults(last.loss, last.accuracy, last.validation, test, mirrored)


def cost_of(setup: Setup, data: Data) -> RunCost:
    """Return the seconds of a run by kind of work, and its speed."""
    clock = setup.feed.clock
    images = len(setup.feed.sampler) * setup.trainer.hyperparameters.epochs
    return RunCost(
        pack_seconds=round(data.decode_seconds, 3),
        wait_seconds=round(clock.wait, 3),
        augment_seconds=round(clock.augment, 3),
        compute_seconds=round(clock.compute, 3),
        evaluate_seconds=round(clock.evaluate, 3),
        training_seconds=round(clock.training, 3),
        images=images,
        images_per_second=round(images / clock.training, 1),
    )
