"""The estimate: bytes and time of a plan, measured on a sample of its copies."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import NamedTuple

import cv2

from expand.engines.choose import (
    RayOptions,
    make_engine,
    make_ray_engine,
    make_thread_engine,
)
from expand.engines.engine import Engine
from expand.errors import BadImageError, ExpandError, about
from expand.job.planning.plan import Plan
from expand.job.tasks.context import check_input
from expand.job.tasks.copies import File, make_files
from expand.job.tasks.labels import classes_of, load_labels
from expand.job.tasks.sources import open_labelled, open_source
from expand.layouts.listing import spread_out
from expand.layouts.source import Source
from expand.storage.stores.open import before_writing
from expand.storage.stores.url import Place, Url

SAMPLED_SOURCES, SAMPLED_VIEWS, SAMPLE_SECONDS, SAMPLE_SHARE = 24, 4, 0.3, 0.03
SAMPLE_OVERHEAD = 3 * 512 + 256 + 512 + 1024
"""Bytes of a sample in a tar beside its image: three headers, padding, its class and its row."""
UNLIMITED = 1 << 62
"""The free bytes of an object store."""
WRITE_SECONDS = 60e-6
"""What a small file costs to open, write and rename on a local disk."""


class Estimate(NamedTuple):
    """What a plan costs, estimated from the copies of some sources."""

    sampled: int
    """Sources whose copies were made for the estimate."""
    bytes: int
    """Bytes of the files."""
    allocated: int
    """Bytes on the disk, in whole blocks."""
    core_seconds: float
    """Seconds of one core."""
    pixels: float
    """Pixels of a file, on average."""
    free_bytes: int
    free_files: int | None


class Sample(NamedTuple):
    """Measurements of some copies: the bytes of each, and seconds of one core per file."""

    sources: int
    sizes: list[int]
    seconds_per_file: float
    pixels: float


def estimate(plan: Plan, seconds: float = SAMPLE_SECONDS, share: float = SAMPLE_SHARE) -> Estimate:
    """Estimate the cost of a plan: make some of its copies, write nothing.

    That takes about `seconds`, but no more than this share of the time that all copies take.
    """
    cv2.setNumThreads(0)  # as workers do; and a process without threads can be copied for them
    with before_writing():
        sample = _sample(plan, seconds, share)
    if not sample.sources:
        return Estimate(0, 0, 0, 0.0, 0.0, *_free(plan.out))
    settings, block, count = plan.settings, _block_size(plan.out), len(plan.listing)
    copies, sizes = plan.copies, sample.sizes
    listed = plan.listing.summary
    mean = sum(sizes) / len(sizes) if sizes else 0.0
    mean_allocated = sum(-(-size // block) * block for size in sizes) / len(sizes) if sizes else 0.0
    originals = listed.bytes + listed.kept_bytes if settings.originals == "copy" else 0
    originals_allocated = originals + (count + listed.kept) * block / 2 if originals else 0
    bytes_ = int(originals + copies * mean)
    allocated = int(originals_allocated + copies * mean_allocated)
    if settings.tars:
        allocated = bytes_ + plan.images * SAMPLE_OVERHEAD
    return Estimate(
        sample.sources,
        bytes_,
        allocated,
        sample.seconds_per_file * (count + copies) + plan.files * WRITE_SECONDS,
        sample.pixels,
        *_free(plan.out),
    )


def _sample(plan: Plan, limit: float, share: float) -> Sample:
    """Make some copies of some sources; refuse a plan if every source tried is bad."""
    sizes: list[int] = []
    pixels: list[int] = []
    timed: list[tuple[float, int]] = []
    reasons: list[str] = []
    started = time.perf_counter()
    for source in spread_out(plan.listing, SAMPLED_SOURCES):
        if timed and time.perf_counter() - started > min(
            limit, share * _mean_seconds(timed) * plan.images
        ):
            break
        begun = time.process_time()
        try:
            files = _make_some(plan, source)
        except BadImageError as error:
            reasons.append(about(source.id, error))
        except MemoryError:
            continue
        else:
            timed.append((time.process_time() - begun, len(files)))
            sizes += [_size(file) for file in files[1:]]
            pixels += [file.width * file.height for file in files]
    if reasons:
        _check_input(plan)
    if reasons and not timed and len(reasons) == min(SAMPLED_SOURCES, len(plan.listing)):
        raise ExpandError(
            f"none of {len(reasons)} images tried can be used; the last: {reasons[-1]}"
        )
    mean_pixels = sum(pixels) / len(pixels) if pixels else 0.0
    return Sample(len(timed), sizes, _mean_seconds(timed), mean_pixels)


def _check_input(plan: Plan) -> None:
    """Raise ExpandError with status 3 if the whole input went away."""
    if isinstance(plan.src, Path) and plan.input:
        check_input(plan.src, plan.input)


def _make_some(plan: Plan, source: Source) -> list[File]:
    data = plan.read(source)
    some = range(min(plan.settings.views_of(source), 1 + SAMPLED_VIEWS))
    reader = plan.dataset.labels
    if reader:
        labels = reader, load_labels(reader, str(plan.src), source)
        opened = open_labelled(plan.settings, source, data, some, (), labels)
    else:
        classes = classes_of(plan.settings, source, None)
        opened = open_source(source.id, data, some, (), classes)
    return list(make_files(opened, plan.settings))


def _size(file: File) -> int:
    """Return the bytes of a file and of its label files."""
    labels = file.labels.files if file.labels else ()
    return len(file.data) + sum(len(label.data) for label in labels)


def _mean_seconds(timed: list[tuple[float, int]]) -> float:
    """Return seconds per file, from (seconds, files) of each source."""
    usual = timed[1:] or timed  # the first source includes the time of loading libraries
    files = sum(files for _, files in usual)
    return sum(seconds for seconds, _ in usual) / files if files else 0.0


def choose_engine(
    plan: Plan, estimated: Estimate, workers: int | None, ray: RayOptions | None = None
) -> Engine:
    """Return the engine for a plan, with as many workers as asked for; None: as are worth it."""
    in_memory = any(str(place).startswith("memory://") for place in (plan.src, plan.out))
    if ray and in_memory:
        raise ExpandError("a memory:// URL is known to this process only; leave out --engine ray")
    if ray:
        return make_ray_engine(workers, ray)
    if in_memory:
        return make_thread_engine(workers)
    pixels = estimated.pixels if plan.settings.recipe.is_native else None
    return make_engine(workers, estimated.core_seconds, pixels)


def check_fits(plan: Plan, estimated: Estimate, share_left: float = 1.0) -> None:
    """Refuse a plan whose files do not fit on the disk; `share_left` of them do not exist yet."""
    needed, files = int(estimated.allocated * share_left), int(plan.files * share_left)
    if needed > estimated.free_bytes:
        raise ExpandError(
            f'"{plan.out}" would need about {needed:,} bytes, its disk has '
            f"{estimated.free_bytes:,} free; make room, or choose another folder"
        )
    few = plan.settings.tars  # files
    if estimated.free_files is not None and not few and files > estimated.free_files:
        raise ExpandError(
            f'"{plan.out}" would need {files:,} files, its file system has room for '
            f"{estimated.free_files:,}"
        )


def _existing(path: Path) -> Path:
    """Return the path itself, or the nearest folder above it that exists."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _block_size(out: Place) -> int:
    if isinstance(out, Url):
        return 1
    return os.statvfs(_existing(out)).f_frsize if hasattr(os, "statvfs") else 4096


def _free(out: Place) -> tuple[int, int | None]:
    """Return the free bytes and, if the file system counts them, the free files."""
    if isinstance(out, Url):
        return UNLIMITED, None
    folder = _existing(out)
    stat = os.statvfs(folder) if hasattr(os, "statvfs") else None
    files = (stat.f_favail or None) if stat and stat.f_files else None
    return shutil.disk_usage(folder).free, files
