"""Assemble: from settings and data to a trainer at its first step, and what feeds it."""

from __future__ import annotations

from typing import NamedTuple

import torch

from expand.engines.local import available_cores
from expand.views.batches import ViewBatches
from train.data.dataset import Data, originals
from train.errors import TrainError
from train.feed.batched import without_batched_form
from train.feed.device import DeviceFeed
from train.feed.feed import Feed
from train.feed.host import HostFeed
from train.feed.readers import FileReader, PackReader
from train.feed.sampler import Sampler
from train.fit.precision import choose_precision
from train.fit.trainer import Trainer
from train.models.build import build, count_parameters
from train.models.fast import FastNet
from train.models.settings import ModelSettings
from train.runs.settings import RunLocation, Settings
from train.runtime.memory import keep_memory
from train.runtime.world import current_world

GPU_SHARE = 0.6
"""Of a GPU's free memory, what a set may take to be held there."""


class Setup(NamedTuple):
    """A run that is ready to go: the trainer, what feeds it, and what was chosen for it."""

    trainer: Trainer
    feed: Feed
    model: ModelSettings
    renderer: str
    words: str


def set_up(settings: Settings, data: Data, device: torch.device, place: RunLocation) -> Setup:
    """Return a trainer at its first step, and what feeds it."""
    keep_memory()
    feed, renderer, words = _make_feed(settings, data, device, place)
    _, height, width, channels = data.train.pack.pixels.shape
    model = ModelSettings(
        settings.model,
        channels,
        height,
        width,
        len(data.train.folder.classes),
        settings.dropout,
        settings.pretrained,
    )
    torch.manual_seed(settings.seed)
    net = build(model)
    if isinstance(net, FastNet):
        net.prepare(
            data.normalise(torch.from_numpy(originals(data.train)[:2000]).permute(0, 3, 1, 2))
        )
    net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    memory = place.cache.root / "precision.json"
    world, asked, batch = current_world(), settings.precision, settings.recipe.batch_size
    precision = world.agree(
        choose_precision(asked, net, model, batch, memory) if world.leads else ""
    )
    trainer = Trainer(net, settings.recipe, feed.steps_per_epoch, data.normalise, precision)
    size = f"{count_parameters(net):,} parameters, {precision}, {device}"
    return Setup(trainer, feed, model, renderer, f"{settings.model}: {size}\n{words}")


def _make_feed(
    settings: Settings, data: Data, device: torch.device, place: RunLocation
) -> tuple[Feed, str, str]:
    """Return what feeds the trainer, which renderer it uses, and both in words."""
    sampler = Sampler(data.train.folder, settings.strategy)
    batch, seed = settings.recipe.batch_size, settings.seed
    views = settings.strategy.views()
    counted = f"{settings.strategy.name}: {len(sampler):,} {'files' if settings.strategy.visit_all else 'sources'} an epoch"
    if settings.strategy.visit_all:
        counted += f", {sampler.files_a_source} times the steps of one visit to each source"
    if settings.strategy.reads_copies and not data.train.folder.expanded:
        counted += "; the folder has no manifest: each file counts as a source of its own, as with --strategy none"
    if data.streamed:
        feed = HostFeed(sampler, batch, seed, device, FileReader(sampler, settings.shape))
        feed.workers = place.workers if place.workers is not None else max(1, available_cores() - 1)
        return (
            feed,
            "exact",
            f"{counted}; read from their files by {feed.workers} worker processes at every visit",
        )
    missing = without_batched_form(ViewBatches(views, [])) if views else []
    asked = settings.renderer
    if asked == "batched" and missing:
        raise TrainError(f"{', '.join(missing)} cannot be rendered in batches; --renderer exact")
    fits = device.type == "cuda" and data.train.pack.pixels.nbytes < GPU_SHARE * _free_on(device)
    if asked == "batched" or (asked == "auto" and fits and not missing):
        where = "views in batches on the device" if views else "held on the device"
        return (
            DeviceFeed(sampler, batch, seed, device, data.train.pack.pixels),
            "batched",
            f"{counted}; {where}",
        )
    feed = HostFeed(sampler, batch, seed, device, PackReader(sampler, data.train.pack.pixels))
    spare = available_cores() - 1 if missing and available_cores() > 2 else 0
    feed.workers = spare if place.workers is None else place.workers
    how = f"by {feed.workers} worker processes" if feed.workers else "in this process"
    why = (
        f" ({', '.join(missing)} has no batched form)" if missing and device.type == "cuda" else ""
    )
    return (
        feed,
        "exact",
        f"{counted}; "
        + (f"views by the exact renderer, {how}{why}" if views else "read from memory"),
    )


def _free_on(device: torch.device) -> int:  # pragma: no cover  # needs a GPU
    """Return the bytes of a GPU that are free, or that earlier runs of this process have left free."""
    free: int = torch.cuda.mem_get_info(device)[0]
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
