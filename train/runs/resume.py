"""Resuming: whether a folder holds the run that a command asks for."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from expand.layouts.directory import is_added
from expand.storage.json import read_json
from expand.storage.names import PARTIAL, is_temporary
from expand.storage.removal import Leftovers, find_others, remove_files, sweep
from train.data.dataset import Data
from train.errors import TrainError
from train.fit.divergence import DivergedError, advice
from train.runs.checkpoints import CHECKPOINT, MODEL
from train.runs.feeds import visits_of
from train.runs.measure import describe_data
from train.runs.records import (
    DIVERGED,
    FINISHED,
    METRICS,
    RUN,
    UNFINISHED,
    RunRecord,
    read_run,
    shorten,
    write_json,
)
from train.runs.settings import RENDERERS, RunLocation, Settings, changed_settings, moved_folders

FILES = (MODEL, CHECKPOINT, METRICS)
"""The files of a run, without its record."""
PARTIALS = tuple(f".{name}{PARTIAL}" for name in (*FILES, RUN))
"""Temporary files of earlier versions."""


def open_run(
    settings: Settings, location: RunLocation, *, is_main: bool = True
) -> RunRecord | None:
    """Return the record of the run to resume, None for a new one.

    With --overwrite, the main process removes the files of an earlier run. Raise TrainError if the
    folder holds something else, or a run with other settings.
    """
    out = location.out
    if not os.path.lexists(out / RUN) and _others(out):
        raise TrainError(
            f'"{out}" is not empty and has no {RUN}, so it is not a run; choose another --out'
        )
    if is_main:
        sweep(out, PARTIALS.__contains__)
    if location.overwrite:
        if is_main and os.path.lexists(out / RUN):
            location.observer.note(str(remove_run(out)))
        return None
    earlier = read_run(out)
    if earlier is not None:
        _check_settings(earlier, settings, out)
        _check_finite(earlier, settings, out)
    return earlier


def _others(out: Path) -> bool:
    """Return whether a folder holds anything that is neither of a run nor temporary."""
    own = (*FILES, RUN, *PARTIALS)
    names = (entry.name for entry in out.iterdir())
    return any(name not in own and not is_temporary(name) and not is_added(name) for name in names)


def remove_run(out: Path) -> Leftovers:
    """Remove the files of a run, and no others; return which files stay.

    The record stays too, as that of a run that has not begun: a removal that is interrupted can be
    done again. The next run replaces it.
    """
    path = out / RUN
    try:
        record = read_json(path)
        is_run = isinstance(record, dict) and isinstance(record.get("settings"), dict)
        if not is_run or record.get("state") not in (FINISHED, UNFINISHED, DIVERGED):
            raise TrainError(f'"{path}" was not written by train; choose another --out')
        kept = {key: record[key] for key in record if key not in ("results", "cost", "divergence")}
        write_json(path, {**kept, "state": UNFINISHED})
    except ValueError as error:
        if _others(out):
            raise TrainError(
                f'"{path}" is damaged ({shorten(error)}) and "{out}" holds other files as well; '
                "choose another --out, or remove that file"
            ) from error
    remove_files(out, FILES)
    return find_others(out, RUN.__eq__)


def _check_settings(earlier: RunRecord, settings: Settings, out: Path) -> None:
    different = changed_settings(earlier.settings, settings)
    if different:
        different = [*moved_folders(earlier.settings, settings), *different]
        raise TrainError(
            f'"{out}" is a run with other settings: {"; ".join(different)}. '
            "Choose another --out, or use --overwrite to start again"
        )


def _check_finite(earlier: RunRecord, settings: Settings, out: Path) -> None:
    """Refuse a run that diverged: it would do so again."""
    if divergence := earlier.diverged:
        raise DivergedError(
            divergence,
            f'"{out}" is a run that diverged: {divergence.sentence}. The same settings would '
            f"diverge again; {advice(settings.hyperparameters, earlier.precision)} and another "
            "--out, or --overwrite to start again",
        )


def as_begun(settings: Settings, earlier: RunRecord) -> Settings:
    """Return the settings with what an earlier part of the run chose for "auto".

    A renderer is chosen by the device and its free memory; without views it changes nothing.
    """
    settings = replace(settings, precision=earlier.precision)
    drawn = settings.strategy.recipe is not None and earlier.renderer in RENDERERS
    return replace(settings, renderer=earlier.renderer) if drawn else settings


def _check_order(earlier: RunRecord, data: Data, out: Path) -> None:
    """Refuse to resume a run in another order of its images."""
    # a record of an earlier version has no digest
    same = earlier.visits == visits_of(data) or (earlier.order and not earlier.visits)
    if not same or bool(earlier.order) != (data.stream is not None):
        streamed = (bool(earlier.order), data.stream is not None)
        before, now = ("streamed" if each else "read from the decoded cache" for each in streamed)
        raise TrainError(
            f'"{out}" is a run whose training set was {before}; now it would be {now}, in another '
            "order. Use the --cache-size that it began with (or the disk of the cache has another "
            "amount of free space), or --overwrite to start again"
        )


def check_data(earlier: RunRecord, data: Data, settings: Settings, out: Path) -> None:
    """Refuse to resume a run, or to show its results, if its images have changed since.

    They may have been moved: another folder with the same images and names is as good.
    """
    _check_order(earlier, data, out)
    now = describe_data(data)
    changed = [
        name
        for name, split in earlier.data.items()
        if name not in now or not now[name].is_like(split)
    ]
    moved = moved_folders(earlier.settings, settings)
    if moved and not changed and not all(split.names for split in earlier.data.values()):
        raise TrainError(  # a record of an earlier version cannot tell whether the names are equal
            f'"{out}" is a run with other settings: {"; ".join(moved)}. '
            "Choose another --out, or use --overwrite to start again"
        )
    if changed:
        raise TrainError(
            f'"{out}" is a run on other images: {", ".join(changed)} changed since. '
            "Use --overwrite to start again"
        )
