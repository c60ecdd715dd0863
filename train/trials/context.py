"""Prepare what the trials of a study share in a process: decoded data, the device, the cache."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import torch

from expand.cli.output import visible
from expand.storage.stores.url import Place
from train.data.cache import Cache
from train.data.dataset import Data, DataRequest, prepare, with_training
from train.data.decoded import ShowDecoding
from train.data.folders.folder import Decodable
from train.data.subsets import Draw, drawn_sources
from train.errors import TrainError
from train.runtime.device import pick_device
from train.trials.options import StudyOptions
from train.trials.study import Study, TrialContext

S = TypeVar("S", bound=Study)
FITTING = 1.3
"""What a set takes in the cache with its test images, in units of its own bytes, in about."""


def hide_decoding(_folder: Decodable) -> Callable[[int], None]:
    """Show no progress of decoding."""
    return lambda _images: None


@dataclass(frozen=True)
class _Preparation:
    """What the data of a study depends on: studies that differ in other things share it."""

    request: DataRequest
    device: str
    threads: int
    cache_root: Path
    cache_limit: int
    streams: bool
    streaming_arms: str
    decoding: ShowDecoding = field(default=hide_decoding, compare=False)


def new_context(
    study: S, cache_root: Path, cache_limit: int, decoding: ShowDecoding = hide_decoding
) -> TrialContext[S]:
    """Prepare a study at its start: its images may have changed since an earlier one.

    `decoding` shows the progress of decoding.
    """
    _trial_context.cache_clear()
    _prepare.cache_clear()
    _prepare(_preparation(study, cache_root, cache_limit, decoding))
    return trial_context(study, cache_root, cache_limit)


def trial_context(study: S, cache_root: Path, cache_limit: int) -> TrialContext[S]:
    """Prepare a study, once in each process."""
    return _trial_context(study, cache_root, cache_limit)


@lru_cache(maxsize=1)
def _trial_context(study: Any, cache_root: Path, cache_limit: int) -> TrialContext[Any]:
    data, device = _prepare(_preparation(study, cache_root, cache_limit))
    return TrialContext(study, data, device, Cache(cache_root, cache_limit))


def of_draw(context: TrialContext[S], draw: Draw | None) -> TrialContext[S]:
    """Return a context of the sources of one draw; it shares the decoded images."""
    if draw is None:
        return context
    train = context.data.train
    keep = drawn_sources(train.folder, draw, context.study.seed)
    drawn = train._replace(folder=train.folder.of_sources(keep))
    return replace(context, data=with_training(context.data, drawn))


def _preparation(
    study: Study, cache_root: Path, cache_limit: int, decoding: ShowDecoding = hide_decoding
) -> _Preparation:
    data_request = DataRequest(
        study.data,
        study.test,
        study.shape,
        0.0,
        study.allow_leak,
        None if study.is_drawn else study.sources,
        layout=study.layout,
        group_by=study.group_by,
        validates=False,
    )
    where = (cache_root, cache_limit, study.streams, study.streaming_arms)
    return _Preparation(data_request, study.device, study.threads, *where, decoding)


@lru_cache(maxsize=1)
def _prepare(asked: _Preparation) -> tuple[Data, torch.device]:
    torch.set_num_threads(asked.threads)
    device = pick_device(asked.device)
    if device is None:
        raise TrainError(f"--device {asked.device} is not available on this machine")
    data = prepare(asked.request, Cache(asked.cache_root, asked.cache_limit), asked.decoding)
    if not data.train.decoded.whole and not asked.streams:
        raise TrainError(_too_large(asked, data))
    if data.train.folder.expanded:
        raise TrainError(
            f'"{asked.request.data}" was written by expand; give the folder that it was made from'
        )
    if data.test is None:
        raise TrainError(_without_test(asked.request.data, data))
    return data, device


def _too_large(asked: _Preparation, data: Data) -> str:
    """Say that a training set does not fit into the cache, and at which size it would."""
    count, channels = len(data.train.folder), data.train.decoded.pixels.shape[3]
    fitting = math.isqrt(int(asked.cache_limit // (count * channels * FITTING)))
    smaller = f"--image-size {fitting} or smaller, " if fitting >= 8 else ""
    arms = f", or {asked.streaming_arms} alone" if asked.streaming_arms else ""
    return (
        f"{data.train.decoded.note}; the trials need all decoded images: use {smaller}a larger "
        f"--cache-size or fewer --sources{arms}"
    )


def _without_test(root: Place, data: Data) -> str:
    """Say that there is no test set, and how to name or make one."""
    why = "".join(f" ({note})" for note in data.parts)
    train = data.train.folder
    others = [name for name in train.parts if name != train.split and (train.path / name).is_dir()]
    hint = f", for example --test {train.path / others[0]}" if others and not why else ""
    if not train.parts and isinstance(root, Path):
        hint = f", or divide the dataset: expand split {root} {root}-parts"
    return f'"{root}" has no part for tests{why}; give a test set: --test DIR{hint}'


def notes_of(context: TrialContext[Any]) -> list[str]:
    """Return what the user should know of the folders of a study and their images."""
    folders = [split.folder for split in context.data.splits.values()]
    listed = [f"{folder.root}: {note}" for folder in folders for note in folder.notes]
    return [visible(note) for note in (*listed, *context.data.notes)]


def _start(study: Study) -> dict[str, Any]:
    """Describe the weights that all trials start from, if they are those of a file."""
    if study.weights is None:
        return {}
    learning = "the last layer, and what is new" if study.freeze else "all layers"
    return {
        "weights": str(study.weights.file),
        "sha256 of the weights": study.weights.sha256,
        "learning": learning,
    }


def describe_study(context: TrialContext[Any], options: StudyOptions, jobs: int) -> dict[str, Any]:
    """List what all arms of a study share, for the settings table of a page."""
    study, data = context.study, context.data
    _, height, width, channels = data.train.decoded.pixels.shape
    training = study.training
    return {
        "data": str(study.data),
        "test": str(study.test or (data.test.folder.title if data.test else "")),
        "sources": len(data.train.folder),
        "test images": len(data.test.folder) if data.test else 0,
        "classes": len(data.train.folder.classes),
        "image": f"{width}×{height}×{channels}",
        "model": study.model,
        "seeds": options.seeds,
        "margin in points": options.margin,
        "batch size": training.batch_size,
        "learning rate": training.lr,
        "momentum": training.momentum,
        "weight decay": training.weight_decay,
        "schedule": training.schedule,
        "label smoothing": training.smoothing,
        "weight average": training.average,
        **_start(study),
        "leaks": len(data.leaks),
        "seed": study.seed,
        "threads": study.threads,
        "side by side": jobs,
    }
