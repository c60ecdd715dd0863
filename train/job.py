"""One run, from a folder to a trained model and its record: what the command calls, and what a comparison calls often."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import torch

from expand.batches import ViewBatches
from expand.engine import available_cores
from expand.store import Lock, empty_folder
from train.batched import without_batched_form
from train.errors import TrainError
from train.fast import FastNet
from train.feed import DeviceFeed, Feed, FileReader, HostFeed, PackReader
from train.folder import Folder
from train.leak import Side
from train.loop import Epoch, Evaluation, Scene, Step, Trainer, evaluate, fit
from train.models import ModelSettings, build, count_parameters
from train.pack import ANY_SHAPE, Cache, Shape
from train.parallel import World, join_world, pick_device
from train.precision import choose_precision
from train.records import (
    CHECKPOINT,
    RUN,
    hardware,
    load_checkpoint,
    read_run,
    save_checkpoint,
    save_model,
    versions,
    write_json,
    write_metrics,
)
from train.schedule import Recipe
from train.split import Data, Wanted, originals, prepare
from train.strategies import Strategy

RENDERERS = ("auto", "exact", "batched")
CHECKPOINT_SECONDS = 30.0
FINISHED, UNFINISHED = "finished", "unfinished"
GPU_SHARE = 0.6
"""Of a GPU's free memory, what a set may take to be held there."""


@dataclass(frozen=True)
class Settings:
    """All that decides what a run's model becomes."""

    data: Path
    test: Path | None
    strategy: Strategy
    recipe: Recipe
    model: str = "cnn"
    dropout: float = 0.0
    pretrained: bool = False
    seed: int = 0
    validation: float = 0.0
    shape: Shape = ANY_SHAPE
    renderer: str = "auto"
    precision: str = "auto"
    mirrored: bool = False
    allow_leak: bool = False

    def __post_init__(self) -> None:
        if self.renderer not in RENDERERS:
            raise TrainError(f"--renderer must be {', '.join(RENDERERS)}, got {self.renderer!r}")
        if not 0 <= self.seed < 2**64:
            raise TrainError(f"--seed must be 0 … 2^64 - 1, got {self.seed}")

    def wanted(self) -> Wanted:
        """Return which data this run needs."""
        return Wanted(self.data, self.test, self.strategy, self.shape, self.validation, self.allow_leak)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        plain = {key: getattr(self, key) for key in self.__dataclass_fields__}
        paths = {"data": str(self.data), "test": self.test and str(self.test)}
        parts = {"strategy": self.strategy.to_dict(), "recipe": asdict(self.recipe), "shape": asdict(self.shape)}
        return {**plain, **paths, **parts}


@dataclass(frozen=True)
class Place:
    """Where a run happens: its folder, the packs, the device, and who watches."""

    out: Path
    cache: Cache
    device: str = "auto"
    workers: int | None = None
    overwrite: bool = False
    watch: Watch = field(default_factory=lambda: Watch())


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


class Setup(NamedTuple):
    """A run that is ready to go: the trainer, what feeds it, and what was chosen for it."""

    trainer: Trainer
    feed: Feed
    model: ModelSettings
    renderer: str
    words: str


def run(settings: Settings, place: Place) -> dict[str, Any]:
    """Train, measure, write the record, and return it; a run that was stopped goes on, one that is finished is read."""
    device = pick_device(place.device)
    if device is None:
        raise TrainError(f"--device {place.device}: there is no such device here")
    world = join_world(device)
    if not world.leads:
        return _run(settings, place, device, world)
    place.out.mkdir(parents=True, exist_ok=True)
    with Lock(place.out):
        return _run(settings, place, device, world)


def _run(settings: Settings, place: Place, device: torch.device, world: World) -> dict[str, Any]:
    earlier = _open_run(settings, place, write=world.leads)
    world.wait()
    if earlier and earlier["state"] == FINISHED:
        return earlier
    data = prepare(settings.wanted(), place.cache, place.watch.packing)
    setup = set_up(settings, data, device, place)
    record = {"state": UNFINISHED, **_record(settings, data, setup)}
    if world.leads:
        write_json(place.out / RUN, record)
    lines = load_checkpoint(place.out, setup.trainer, setup.feed.clock)
    place.watch.starting(setup.words, setup.trainer.steps, setup.trainer.step)
    _fit(setup, data, place, lines, world)
    results = _measure(settings, data, setup, lines)
    record |= {"state": FINISHED, "results": results, "cost": _cost(setup, data)}
    if world.leads:
        look = data.normalise, settings.shape
        save_model(place.out, setup.trainer.average.state(), setup.model, data.train.folder.classes, look)
        write_json(place.out / RUN, record)
        (place.out / CHECKPOINT).unlink(missing_ok=True)
    return record


def _open_run(settings: Settings, place: Place, *, write: bool) -> dict[str, Any] | None:
    """Return the record of the run that is to go on, None for a new one; refuse a folder that is another's."""
    earlier = read_run(place.out)
    if earlier is None:
        if any(place.out.iterdir()):
            raise TrainError(f'"{place.out}" is not empty and has no {RUN}: it is no run; give another --out')
        return None
    if place.overwrite:
        if write:
            empty_folder(place.out)
        return None
    before, now = earlier["settings"], json.loads(json.dumps(settings.to_dict()))
    different = [f"{key} was {before.get(key)}, is {now[key]}" for key in now if before.get(key) != now[key]]
    if different:
        raise TrainError(f'"{place.out}" is a run with other settings: {"; ".join(different)}; --overwrite starts afresh')
    return earlier


def set_up(settings: Settings, data: Data, device: torch.device, place: Place) -> Setup:
    """Return a trainer at its first step, and what feeds it."""
    feed, renderer, words = _make_feed(settings, data, device, place)
    _, height, width, channels = data.train.pack.pixels.shape
    model = ModelSettings(
        settings.model, channels, height, width, len(data.train.folder.classes), settings.dropout, settings.pretrained
    )
    torch.manual_seed(settings.seed)
    net = build(model)
    if isinstance(net, FastNet):
        net.prepare(data.normalise(torch.from_numpy(originals(data.train)[:2000]).permute(0, 3, 1, 2)))
    net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    memory = place.cache.root / "precision.json"
    precision = choose_precision(settings.precision, net, model, settings.recipe.batch_size, memory)
    trainer = Trainer(net, settings.recipe, feed.steps_per_pass, data.normalise, precision)
    size = f"{count_parameters(net):,} parameters, {precision}, {device}"
    return Setup(trainer, feed, model, renderer, f"{settings.model}: {size}\n{words}")


def _make_feed(settings: Settings, data: Data, device: torch.device, place: Place) -> tuple[Feed, str, str]:
    """Return what feeds the trainer, which renderer it uses, and both in words."""
    visits, batch, seed = data.visits, settings.recipe.batch_size, settings.seed
    views = settings.strategy.views
    counted = f"{settings.strategy.name}: {len(visits):,} {'files' if settings.strategy.visit_all else 'sources'} an epoch"
    if settings.strategy.visit_all:
        counted += f", {visits.files_a_source} times the steps of one visit to each source"
    if data.streamed:
        feed = HostFeed(visits, batch, seed, device, FileReader(visits, settings.shape))
        feed.workers = place.workers if place.workers is not None else max(1, available_cores() - 1)
        return feed, "exact", f"{counted}; read from their files by {feed.workers} worker processes at every visit"
    missing = without_batched_form(ViewBatches(views, [])) if views else []
    asked = settings.renderer
    if asked == "batched" and missing:
        raise TrainError(f"{', '.join(missing)} cannot be rendered in batches; --renderer exact")
    fits = device.type == "cuda" and data.train.pack.pixels.nbytes < GPU_SHARE * torch.cuda.mem_get_info(device)[0]
    if asked == "batched" or (asked == "auto" and fits and not missing):
        where = "views in batches on the device" if views else "held on the device"
        return DeviceFeed(visits, batch, seed, device, data.train.pack.pixels), "batched", f"{counted}; {where}"
    feed = HostFeed(visits, batch, seed, device, PackReader(visits, data.train.pack.pixels))
    feed.workers = place.workers or (available_cores() - 1 if missing and available_cores() > 2 else 0)
    how = f"by {feed.workers} worker processes" if feed.workers else "in this process"
    why = f" ({', '.join(missing)} has no batched form)" if missing and device.type == "cuda" else ""
    return feed, "exact", f"{counted}; " + (f"views by the exact renderer, {how}{why}" if views else "read from memory")


def _fit(setup: Setup, data: Data, place: Place, lines: list[dict[str, Any]], world: World) -> None:
    """Train to the end; write a checkpoint now and then, and a line of metrics after each pass."""
    trainer, clock = setup.trainer, setup.feed.clock
    saved = time.monotonic()
    for event in fit(trainer, setup.feed):
        if isinstance(event, Step):
            place.watch.step(event)
            due = time.monotonic() - saved > CHECKPOINT_SECONDS and trainer.step % trainer.steps_per_pass
        else:
            validation = _look(data.validation, data, setup) if data.validation else None
            lines.append(_line(event, validation))
            place.watch.epoch(event, validation)
            due = True
        if due and world.leads:
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


def _look(side: Side, data: Data, setup: Setup, *, mirrored: bool = False) -> Evaluation:
    """Return what the averaged weights make of a side of the split."""
    trainer = setup.trainer
    started = time.perf_counter()
    scene = Scene(side.folder.classes, data.normalise, trainer.device, trainer.precision, mirrored)
    found = evaluate(trainer.model, trainer.average.state(), side.pack.pixels[side.folder.places], side.folder.labels, scene)
    setup.feed.clock.evaluate += time.perf_counter() - started
    return found


def _measure(settings: Settings, data: Data, setup: Setup, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the results: the last pass, and the test set, read once, now."""
    last = lines[-1]
    results: dict[str, Any] = {"train_loss": last["loss"], "train_accuracy": last["accuracy"]}
    results |= {key: value for key, value in last.items() if key.startswith("validation")}
    if data.test:
        found = _look(data.test, data, setup)
        results |= {"test_loss": found.loss, "test_accuracy": found.accuracy, "test_per_class": found.per_class}
        if settings.mirrored:
            results["test_accuracy_mirrored"] = _look(data.test, data, setup, mirrored=True).accuracy
    return results


def _cost(setup: Setup, data: Data) -> dict[str, Any]:
    """Return where the seconds went, and how many images were learned from in each of training."""
    clock, trainer = setup.feed.clock, setup.trainer
    seconds = {key: round(value, 3) for key, value in asdict(clock).items()}
    training = clock.wait + clock.augment + clock.compute
    images = len(data.visits) * trainer.recipe.epochs
    return {"pack_seconds": round(data.pack_seconds, 3), **{f"{key}_seconds": value for key, value in seconds.items()}} | {
        "training_seconds": round(training, 3),
        "images": images,
        "images_per_second": round(images / training, 1),
    }


def _record(settings: Settings, data: Data, setup: Setup) -> dict[str, Any]:
    """Return what is known of a run before its first step."""
    trainer = setup.trainer
    sides = {"train": data.train, "validation": data.validation, "test": data.test}
    return {
        "settings": settings.to_dict(),
        "model": asdict(setup.model) | {"parameters": count_parameters(trainer.model)},
        "classes": list(data.train.folder.classes),
        "steps": trainer.steps,
        "precision": trainer.precision,
        "renderer": setup.renderer,
        "data": {name: _describe(side) for name, side in sides.items() if side},
        "leaks": len(data.leaks),
        "leaks_shown": data.leaks[:10],
        "versions": versions(),
        "hardware": hardware(trainer.device),
    }


def _describe(side: Side) -> dict[str, Any]:
    """Return how much one side holds, and one hash of the decoded pixels of all its images."""
    digest = blake2b(digest_size=16)
    for place in side.folder.places:
        digest.update(side.pack.fingerprints[place].encode() or side.pack.hashes[place].encode())
    return {"images": len(side.folder), "sources": len(side.folder.source_ids), "hash": digest.hexdigest()}
