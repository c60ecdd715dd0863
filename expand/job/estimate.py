"""The estimate: files, bytes and time of a plan, measured on a sample of its copies."""

from __future__ import annotations

import os
import shutil
import time
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from expand.errors import BadImageError, ExpandError
from expand.job.copies import make_files
from expand.job.plan import Plan
from expand.layouts.source import Source, read_source

SAMPLED_SOURCES, SAMPLED_VIEWS, SAMPLE_SECONDS = 24, 4, 0.3
WRITE_SECONDS = 60e-6
"""What a small file costs to open, write and rename on a local disk."""


class Estimate(NamedTuple):
    """What a plan costs, from making a sample of its copies: bytes of files, bytes and files of disk, seconds of one core."""

    sampled: int
    bytes: int
    allocated: int
    core_seconds: float
    free_bytes: int
    free_files: int | None


def estimate(plan: Plan, seconds: float = SAMPLE_SECONDS) -> Estimate:
    """Return the bill of a plan: make a small sample of its copies, spread over the sources; write nothing.

    About so many `seconds` are spent on it.
    """
    sample = _sample(plan, seconds)
    settings, block, count = plan.settings, _block_size(plan.out), plan.survey.count
    if not sample.sources:
        return Estimate(0, 0, 0, 0.0, *_free(plan.out))
    copies, sizes = count * (settings.factor - 1), sample.sizes
    mean = sum(sizes) / len(sizes) if sizes else 0.0
    mean_allocated = sum(-(-size // block) * block for size in sizes) / len(sizes) if sizes else 0.0
    kept = plan.survey.bytes if settings.originals == "copy" else 0
    kept_allocated = kept + count * block / 2 if kept else 0
    work = sample.seconds_a_file * count * settings.factor + plan.files * WRITE_SECONDS
    free = _free(plan.out)
    return Estimate(
        sample.sources,
        int(kept + copies * mean),
        int(kept_allocated + copies * mean_allocated),
        work,
        *free,
    )


class Sample(NamedTuple):
    """A few sources' copies, made and measured: bytes of each, and seconds of one core a file."""

    sources: int
    sizes: list[int]
    seconds_a_file: float


def _sample(plan: Plan, limit: float) -> Sample:
    """Make some copies of a few sources; refuse a plan under which every one of them is bad."""
    sizes: list[int] = []
    timed: list[tuple[float, int]] = []
    reasons: list[str] = []
    started = time.perf_counter()
    for source in _spread_out(plan):
        if timed and time.perf_counter() - started > limit:
            break
        begun = time.process_time()
        try:
            data = read_source(plan.src / source.id)
            files = list(
                make_files(
                    source.id,
                    data,
                    plan.settings,
                    range(min(plan.settings.factor, 1 + SAMPLED_VIEWS)),
                )
            )
        except BadImageError as error:
            reasons.append(f'"{source.id}" {error}')
        except MemoryError:
            continue
        else:
            timed.append((time.process_time() - begun, len(files)))
            sizes += [len(file.data) for file in files[1:]]
    if reasons and not timed and len(reasons) == min(SAMPLED_SOURCES, plan.survey.count):
        raise ExpandError(
            f"none of {len(reasons)} images tried can be used; the last: {reasons[-1]}"
        )
    if not timed:
        return Sample(0, [], 0.0)
    usual = timed[1:] or timed  # the first one pays for what is loaded once
    return Sample(
        len(timed), sizes, sum(seconds for seconds, _ in usual) / sum(files for _, files in usual)
    )


def check_fits(plan: Plan, estimated: Estimate, share_left: float = 1.0) -> None:
    """Refuse a plan whose files do not fit on the disk; `share_left` is the share of it that is still to be done."""
    needed, files = int(estimated.allocated * share_left), int(plan.files * share_left)
    if needed > estimated.free_bytes:
        raise ExpandError(
            f'"{plan.out}" would need about {needed:,} bytes, its disk has {estimated.free_bytes:,} free'
        )
    if estimated.free_files is not None and files > estimated.free_files:
        raise ExpandError(
            f'"{plan.out}" would need {files:,} files, its file system has room for {estimated.free_files:,}'
        )


def _spread_out(plan: Plan) -> list[Source]:
    """Return a few sources from all over the set, in an order that any beginning of it is from all over the set as well."""
    count = plan.survey.count
    step = max(1, count // SAMPLED_SOURCES)
    chosen = list(islice(plan.sources(), step // 2, None, step))[:SAMPLED_SOURCES]
    return (
        [chosen[index * 7 % len(chosen)] for index in range(len(chosen))]
        if len(chosen) % 7
        else chosen
    )


def _existing(path: Path) -> Path:
    """Return the path itself, or the nearest folder above it that exists."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _block_size(out: Path) -> int:
    return os.statvfs(_existing(out)).f_frsize if hasattr(os, "statvfs") else 4096


def _free(out: Path) -> tuple[int, int | None]:
    """Return the bytes and, where the file system counts them, the files that there is room for."""
    folder = _existing(out)
    stat = os.statvfs(folder) if hasattr(os, "statvfs") else None
    return shutil.disk_usage(folder).free, (
        stat.f_favail or None
    ) if stat and stat.f_files else None
