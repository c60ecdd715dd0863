"""The feed of a run: the choice of the pixel store, the renderer and the workers."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import torch

from expand.engines.choose import available_cores
from expand.views.batches import ViewBatches
from train.data.dataset import Data
from train.data.folders.files import is_in_memory
from train.data.sets.scan import Scan
from train.data.shape import Shape
from train.data.split import Split
from train.feed.batched import check_batched, without_batched_form
from train.feed.dataset import Images, decoded_images, device_images, file_images
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy
from train.feed.streams import LANES, StreamImages, StreamSampler
from train.runs.settings import Settings

GPU_SHARE = 0.6
"""The share of a GPU's free memory that a dataset may take to be held there."""


class FeedChoice(NamedTuple):
    """What feeds a run, and a description of it for the user."""

    images: Images
    renderer: str
    workers: int
    description: str


def choose_feed(
    settings: Settings, data: Data, device: torch.device, workers: int | None
) -> FeedChoice:
    """Choose what feeds a run; `workers` None: as many as suit the choice."""
    if data.stream:
        return _from_stream(settings, data, data.stream, workers)
    sampler = Sampler(data.train.folder, settings.strategy)
    if reads_files(data.train, settings.strategy, settings.shape):
        choice = _from_files(settings, sampler, data, workers)
    elif _renders_in_batches(settings, data, device):
        choice = _from_device(sampler, data, device)
    else:
        choice = _from_cache(sampler, data, device, workers)
    return choice._replace(description=_lines(sampler, data, choice.description))


def _lines(sampler: Sampler | StreamSampler, data: Data, how: str) -> str:
    return "\n".join([f"{_describe(sampler, data)}; {how}", *data.notes])


def reads_files(split: Split, strategy: Strategy, shape: Shape) -> bool:
    """Whether images are read from their files at every visit.

    The decoded dataset may hold a sample only. Or views are drawn of images that are resized, or
    lose their alpha: views act on images as their files hold them, which decoded ones are not.
    """
    changed = shape.side is not None or split.decoded.composited
    renders_before = strategy.recipe is not None and changed
    return not split.decoded.whole or (renders_before and split.decoded.has_files)


def _from_files(
    settings: Settings, sampler: Sampler, data: Data, workers: int | None
) -> FeedChoice:
    if is_in_memory(sampler.folder.root):
        workers = 0
    workers = max(1, available_cores() - 1) if workers is None else workers
    hashes = [data.train.decoded.hashes[row] for row in sampler.folder.decoded_rows]
    images = file_images(sampler, settings.shape, hashes)
    how = f"read from their files by {workers} worker processes at every visit"
    return FeedChoice(images, "exact", workers, how)


def _from_stream(settings: Settings, data: Data, stream: Scan, workers: int | None) -> FeedChoice:
    sampler = StreamSampler(stream, settings.strategy, settings.seed)
    images = StreamImages(stream, sampler, data.train.decoded.pixels[0], settings.shape)
    if is_in_memory(stream.contents.root):
        workers = 0
    workers = max(1, available_cores() - 1) if workers is None else workers
    where = f"by {workers} worker processes" if workers else "in this process"
    how = _lines(sampler, data, f"streamed from tars {where}; {order_of(data)}")
    return FeedChoice(images, "exact", workers, how)


def order_of(data: Data) -> str | None:
    """Say what is promised of the order of visits of a set that is streamed; None for others."""
    if data.stream is None:
        return None
    images = max(1, int(np.median(data.stream.windows[:, 2])))
    return (
        "every epoch visits each image once, in an order that depends on the seed and the epoch "
        f"alone: runs of about {images:,} successive images of a tar come in random order, {LANES} "
        "of them mixed at a time. It is not a full shuffle, and not the order of a run from "
        "the decoded cache"
    )


def visits_of(data: Data) -> str | None:
    """Return a digest of what the order of visits depends on, beside the seed and the epoch.

    None for a set that is not streamed.
    """
    if data.stream is None:
        return None
    digest = blake2b(data.stream.windows.tobytes(), digest_size=8)
    digest.update(b"%d" % LANES)
    return digest.hexdigest()


def _from_device(sampler: Sampler, data: Data, device: torch.device) -> FeedChoice:
    images = device_images(sampler, data.train.decoded.pixels, device)
    drawn = sampler.strategy.recipe is not None
    how = "views in batches on the device" if drawn else "held on the device"
    return FeedChoice(images, "batched", 0, how)


def _from_cache(
    sampler: Sampler, data: Data, device: torch.device, workers: int | None
) -> FeedChoice:
    missing = _without_batched_form(sampler.strategy)
    spare = available_cores() - 1 if missing and available_cores() > 2 else 0
    workers = spare if workers is None else workers
    how = "read from memory"
    if sampler.strategy.recipe is not None:
        where = f"by {workers} worker processes" if workers else "in this process"
        why = f" ({', '.join(missing)} has no batched form)" if device.type == "cuda" else ""
        how = f"views by the exact renderer, {where}{why if missing else ''}"
    return FeedChoice(decoded_images(sampler, data.train.decoded.pixels), "exact", workers, how)


def _renders_in_batches(settings: Settings, data: Data, device: torch.device) -> bool:
    """Whether images are held and rendered on the device: asked for, or possible on a GPU."""
    views = settings.strategy.views()
    if settings.renderer == "batched":
        if views:
            check_batched(ViewBatches(views, []))
        return True
    if settings.renderer == "exact" or device.type != "cuda":
        return False
    pixels = data.train.decoded.pixels
    # 16 bits take four bytes there
    needed = pixels.nbytes * (1 if pixels.dtype.itemsize == 1 else 2)
    fits = needed < GPU_SHARE * _free_on(device)
    return fits and not _without_batched_form(settings.strategy)


def _without_batched_form(strategy: Strategy) -> list[str]:
    views = strategy.views()
    return without_batched_form(ViewBatches(views, [])) if views else []


def _describe(sampler: Sampler | StreamSampler, data: Data) -> str:
    """Describe an epoch for the user."""
    strategy = sampler.strategy
    unit = "files" if sampler.visits_files else "sources"
    text = f"{strategy.name}: {len(sampler):,} {unit} per epoch"
    if sampler.visits_files:
        text += f", {sampler.files_per_source:.3g} times the steps of one visit to each source"
    if sampler.visits_files and not strategy.visit_all:
        text += " (classes are balanced: a source is shown as often as it has files)"
    if strategy.reads_copies and not data.train.folder.expanded:
        text += (
            "; the folder has no manifest: each file counts as a source of its own, "
            "as with --strategy none"
        )
    return text


def _free_on(device: torch.device) -> int:  # pragma: no cover  # needs a GPU
    """Return the bytes of a GPU that are free, or that earlier runs of this process left free."""
    free: int = torch.cuda.mem_get_info(device)[0]
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
