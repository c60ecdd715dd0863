"""Resuming: whether a folder holds the run that a command asks for."""

from __future__ import annotations

from pathlib import Path

from expand.storage.files import PARTIAL, empty_folder
from train.data.dataset import Data
from train.errors import TrainError
from train.fit.divergence import DivergedError, advice
from train.runs.measure import describe_data
from train.runs.records import RUN, RunRecord, changed_settings, read_run
from train.runs.settings import RunLocation, Settings


def open_run(settings: Settings, location: RunLocation) -> RunRecord | None:
    """Return the record of the run to resume, None for a new one.

    Raise TrainError if the folder holds something else, or a run with other settings.
    """
    out = location.out
    foreign = any(path.suffix != PARTIAL for path in out.iterdir())
    if foreign and not (out / RUN).is_file():
        raise TrainError(
            f'"{out}" is not empty and has no {RUN}, so it is not a run; choose another --out'
        )
    if location.overwrite:
        empty_folder(out)
    earlier = read_run(out)
    if earlier is not None:
        _check_settings(earlier, settings, out)
        _check_finite(earlier, settings, out)
    return earlier


def _check_settings(earlier: RunRecord, settings: Settings, out: Path) -> None:
    different = changed_settings(earlier.settings, settings)
    if different:
        raise TrainError(
            f'"{out}" is a run with other settings: {"; ".join(different)}. '
            "Use --overwrite to start again"
        )


def _check_finite(earlier: RunRecord, settings: Settings, out: Path) -> None:
    """Refuse a run that diverged: it would do so again."""
    if divergence := earlier.diverged:
        raise DivergedError(
            divergence,
            f'"{out}" is a run that diverged: {divergence.sentence}. The same settings would '
            f"diverge again; {advice(settings.hyperparameters.lr, earlier.precision)} and another "
            "--out, or --overwrite to start again",
        )


def check_data(earlier: RunRecord, data: Data, out: Path) -> None:
    """Refuse to resume a run, or to show its results, if its images have changed since."""
    now = describe_data(data)
    changed = [name for name, split in earlier.data.items() if now.get(name) != split]
    if changed:
        raise TrainError(
            f'"{out}" is a run on other images: {", ".join(changed)} changed since. '
            "Use --overwrite to start again"
        )
