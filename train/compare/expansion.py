"""The real expansion: time it, and compare its files with the copies in memory."""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from expand import expand
from expand.errors import ExpandError
from expand.layouts.layout import FOLDERS
from expand.records.manifest import read_rows
from train.compare.arms import Arm
from train.compare.results import ExpansionCost
from train.compare.study import ComparisonStudy
from train.data.cache import FULL
from train.data.decoding import name_file, read_image
from train.data.folders.files import read_file
from train.data.folders.folder import Folder
from train.errors import STOPPED, TrainError
from train.trials.copies import balanced_for, views_of
from train.trials.study import Seeds, TrialContext
from train.trials.study_dir import MEASURING
from train.trials.trial import stored

TABLE = "metadata.csv"
"""Says the classes of sources that do not lie in class folders."""
SAMPLE = 2000
"""Sources in a timed sample: one or two seconds of work at 28×28, so start-up hardly counts."""


def measure_expansion(
    context: TrialContext[ComparisonStudy], arm: Arm, out: Path, *, everything: bool
) -> ExpansionCost:
    """Expand for an arm into `out`, and measure what that costs for all sources.

    The costs of a sample are scaled up. A sample is removed; with `everything`, the copies stay.
    """
    study, folder = context.study, context.data.train.folder
    settings = study.expansion(arm, Seeds.of(study.seed, 0).views)
    chosen = np.arange(len(folder)) if everything else _spread(len(folder), SAMPLE)
    sample = folder.only(chosen)
    hashes = context.data.train._replace(folder=sample).file_hashes()
    out.parent.mkdir(parents=True, exist_ok=True)
    # a folder of its own, which holds nothing of the user's, so that all of it can be removed
    with tempfile.TemporaryDirectory(prefix=MEASURING, dir=out.parent) as temporary:
        source = Path(temporary, "sources")
        out = out if everything else Path(temporary, "copies")
        _copy_sources(sample, hashes, source)
        _write_classes(sample, source)
        report, seconds = _expand(context, arm, source, out)
        checked, reading = _check(context, arm, sample, out)
        files = [path.stat() for path in out.rglob("*") if path.is_file()]
    scale = len(folder) / len(sample)
    whole = (
        "everything was expanded"
        if everything
        else f"from a timed expansion of {len(sample):,} sources"
    )
    return ExpansionCost(
        arm=arm.name,
        how=f"{whole}, {report.workers} worker{'s' if report.workers > 1 else ''}",
        files=int(views_of(folder, balanced_for(folder, settings)).sum()),
        bytes=round(scale * sum(stat.st_size for stat in files)),
        allocated=round(scale * sum(stat.st_blocks * 512 for stat in files)),
        expansion_seconds=round(scale * seconds, 3),
        expansion_cpu_seconds=round(scale * report.summary.cpu_seconds, 3),
        read_seconds=round(scale * reading, 3),
        checked_files=checked,
        format=study.codec.format,
        everything=everything,
    )


def _spread(count: int, most: int) -> np.ndarray:
    """Return at most `most` indices, spread evenly over `count`."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def _copy_sources(sample: Folder, hashes: Sequence[str], to: Path) -> None:
    """Copy some sources to a folder of their own, under their own names."""
    for name, expected in zip(sample.files, hashes, strict=True):
        with name_file(sample.root / name, STOPPED):
            data = read_file(sample.root, name, expected)
        path = to / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as error:
            advice = "; make room, then run the same command again" if error.errno in FULL else ""
            reason = f"{error.strerror or error}{advice}"
            raise TrainError(f'"{path}" cannot be written: {reason}', STOPPED) from error


def _write_classes(sample: Folder, to: Path) -> None:
    """Write the classes of copied sources into a table, unless their folders say them."""
    rows = zip(sample.files, sample.names, strict=True)
    if all(name.startswith(f"{label}/") for name, label in rows):
        return
    with (to / TABLE).open("w", encoding="utf-8", newline="") as file:
        rows = zip(sample.files, sample.names, strict=True)
        csv.writer(file).writerows([("file_name", "label"), *rows])


def _expand(
    context: TrialContext[ComparisonStudy], arm: Arm, source: Path, out: Path
) -> tuple[Any, float]:
    """Run the expansion of the first replicate; return its report and seconds."""
    study = context.study
    settings = study.expansion(arm, Seeds.of(study.seed, 0).views)
    plain = {name: getattr(settings, name) for name in ("seed", "sampling", "format", "quality")}
    plain["layout"] = "huggingface" if (source / TABLE).exists() else FOLDERS
    plain["balance"] = settings.balance
    started = time.perf_counter()
    try:
        report = expand(source, out, settings.factor, settings.recipe, overwrite=True, **plain)
    except ExpandError as error:
        raise TrainError(str(error), error.status) from error
    return report, time.perf_counter() - started


def _check(
    context: TrialContext[ComparisonStudy], arm: Arm, sample: Folder, out: Path
) -> tuple[int, float]:
    """Compare files with the copies in memory, pixel for pixel.

    Return how many files were read, and the seconds that reading took; raise TrainError if any
    differs, since the costs of the one would not hold for the other.
    """
    rows = [row for row in read_rows(out) if not row.get("kept")]
    files = [row["file_name"] for row in rows]
    started = time.perf_counter()
    pixels = []
    for name in files:
        with name_file(out / name, STOPPED):
            pixels.append(read_image(out / name, context.study.shape))
    seconds = time.perf_counter() - started
    part = replace(context.data, train=context.data.train._replace(folder=sample))
    memory = stored(replace(context, data=part), arm, Seeds.of(context.study.seed, 0))
    assert memory is not None
    compared = zip(files, pixels, memory.decoded.pixels, strict=False)
    different = [name for name, one, other in compared if not np.array_equal(one, other)]
    if different or [row["source"] for row in rows] != memory.folder.sources:
        _refuse(arm, different, len(pixels))
    return len(pixels), seconds


def _refuse(arm: Arm, different: Sequence[str], count: int) -> None:
    raise TrainError(
        f"{len(different):,} of {count:,} files written for {arm.name} differ from the views used "
        f'in training (first: "{different[0] if different else "?"}"). The comparison would be '
        "invalid.",
        STOPPED,
    )
