"""The folder of a study: finished trials are kept in it, so that an interrupted study resumes."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from expand.layouts.directory import is_added
from expand.storage.json import read_json as read_plain
from expand.storage.names import PARTIAL, is_temporary
from expand.storage.removal import Leftovers, find_others, remove_files, sweep
from train.data.cache import Cache
from train.data.dataset import Data
from train.data.shape import FIRST_RULES
from train.errors import STOPPED, TrainError
from train.runs.measure import describe_data
from train.runs.records import shorten, write_json
from train.runs.settings import changed_settings, moved_folders
from train.trials.study import Study

S = TypeVar("S", bound=Study)
STUDY, RUNS = "study.json", "runs"
OLD_STUDY = "question.json"
"""The settings file of earlier versions, with the same keys."""
IMAGES, SETTLED, LOOKS = "images", "settled", "looks"
"""Keys of the settings file: of the images' hashes, of what its trials were trained with, and of
how often it was judged."""
MEASURING = ".measuring-"
"""The first part of the name of a folder in which an expansion is measured; it is removed with all
in it."""
MEASURED = ("costs.json", "speeds.json")
WRITTEN = (
    *("index.html", "report.md", "comparison.json", "runs.csv", "ablation.json", "recipe.yaml"),
    "worth.json",
)
"""The files with results that `train compare`, `train ablate` and `train worth` write."""
TRIAL = re.compile(r"[^/]+_s\d+\.json")
"""The name of a trial's result."""
TEMPORARY = re.compile(rf"\.(?:{'|'.join(map(re.escape, (STUDY, *MEASURED, *WRITTEN)))})\.part")
"""Temporary files of earlier versions."""


@dataclass(frozen=True)
class StudyDir:
    """The folder of a study, the cache, and how many trials run in parallel."""

    out: Path
    cache: Cache
    jobs: int = 1
    materialize: bool = False
    overwrite: bool = False


def open_study(study: Study, study_dir: StudyDir, data: Data | None = None) -> Leftovers:
    """Create the folder of a study, or check that it holds the same study of the same `data`.

    With --overwrite, remove the files of an earlier study, and return which other files stay.
    """
    out, stayed = study_dir.out, Leftovers()
    out.mkdir(parents=True, exist_ok=True)
    if (out / RUNS).is_symlink():
        raise TrainError(
            f'"{out / RUNS}" is a link: trials would be written elsewhere; '
            "remove it, or choose another --out"
        )
    images = {name: split.to_dict() for name, split in describe_data(data).items()} if data else {}
    before, kept = _read_settings(out), {}
    if before is None:
        _refuse_foreign_files(out)
    elif study_dir.overwrite:
        stayed = _remove_study(out)
    elif different := [*changed_settings(before, study), *_changed_images(before, study, images)]:
        _forget_plan(out, different)
    else:
        kept = {key: before.get(key) for key in (SETTLED, LOOKS)}
    sweep(out, _is_temporary)
    for left in out.glob(f"{MEASURING}*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)  # a worker that outlived a kill may write to it
    # a folder without it was not created by this program; a removal leaves the earlier one
    more = {IMAGES: images or None, **kept}
    write_json(out / STUDY, study.to_dict() | {key: each for key, each in more.items() if each})
    (out / OLD_STUDY).unlink(missing_ok=True)
    (out / RUNS).mkdir(exist_ok=True)
    return stayed


def as_begun(study: S, study_dir: StudyDir) -> S:
    """Return a study by the rules by which the one in the folder began."""
    before = None if study_dir.overwrite else _read_settings(study_dir.out)
    if before is None or before.get("pixel_rules") is not None:
        return study
    return replace(study, shape=replace(study.shape, rules=FIRST_RULES))


def _read_settings(out: Path) -> dict[str, Any] | None:
    """Read the settings of the study in a folder, of this version or an earlier one."""
    for name in (STUDY, OLD_STUDY):
        if os.path.lexists(out / name):
            settings: dict[str, Any] = read_json(out / name)
            if not isinstance(settings, dict) or not {"data", "training"} <= settings.keys():
                raise TrainError(_foreign(out))
            return settings
    return None


def _changed_images(before: dict[str, Any], study: Study, images: dict[str, Any]) -> list[str]:
    """List the splits whose images have changed; without a record of them, the moved folders."""
    recorded = before.get(IMAGES)
    if not images or not isinstance(recorded, dict):
        return moved_folders(before, study)
    return [f"the {name} images changed" for name in images if recorded.get(name) != images[name]]


def check_images(out: Path, data: Data) -> None:
    """Refuse images that are not those that the study in a folder began with.

    Each process reads them when it starts, and they may change while the others run.
    """
    settings = _read_settings(out)
    recorded = settings.get(IMAGES) if settings else None
    if not isinstance(recorded, dict):
        return
    for name, split in describe_data(data).items():
        if recorded.get(name) != split.to_dict():
            raise TrainError(
                f'the {name} images in "{data.splits[name].folder.root}" changed while the trials '
                "ran; put them back and run the same command again, or choose another --out",
                STOPPED,
            )


def _foreign(out: Path) -> str:
    return f'"{out}" was not created by train compare, ablate or worth; choose another --out'


def _is_temporary(name: str) -> bool:
    """Return whether a name, relative to the folder, is that of an earlier temporary file."""
    runs, slash, own = name.rpartition("/")
    in_runs = runs == RUNS and own.endswith(PARTIAL) and TRIAL.fullmatch(own[1 : -len(PARTIAL)])
    return bool(in_runs if slash else TEMPORARY.fullmatch(own))


def _refuse_foreign_files(out: Path) -> None:
    if not all(_is_passing(entry.name) for entry in out.iterdir()):
        raise TrainError(_foreign(out))


def _is_passing(name: str) -> bool:
    """Return whether a file at the top is temporary, or one that a file manager added."""
    return is_added(name) or is_temporary(name) or _is_temporary(name)


def trial_files(out: Path) -> Iterator[str]:
    """Yield the results of trials, relative to the folder, sorted."""
    folder = out / RUNS
    entries = folder.iterdir() if folder.is_dir() and not folder.is_symlink() else ()
    names = sorted(entry.name for entry in entries)
    yield from (f"{RUNS}/{name}" for name in names if TRIAL.fullmatch(name))


def _remove_study(out: Path) -> Leftovers:
    """Remove the files of a study but its settings; return which files stay.

    The settings stay until the next ones replace them: a removal that is interrupted can be done
    again.
    """
    remove_files(out, [*WRITTEN, *trial_files(out), *MEASURED])
    return find_others(out, (STUDY, OLD_STUDY).__contains__)


def _forget_plan(out: Path, different: list[str]) -> None:
    """Remove what a plan of another study measured; refuse a folder that holds trials."""
    own = (STUDY, OLD_STUDY, RUNS, *MEASURED)
    others = [entry.name for entry in out.iterdir() if entry.name not in own]
    others = [name for name in others if not (name.startswith(MEASURING) or _is_passing(name))]
    if others or any(trial_files(out)):
        raise TrainError(
            f'"{out}" holds trials with other settings: {"; ".join(different)}. '
            "Choose another --out, or use --overwrite to start again."
        )
    remove_files(out, MEASURED)


def read_json(path: Path) -> Any:
    """Read a JSON file; raise TrainError with its path if it is damaged."""
    try:
        return read_plain(path)
    except ValueError as error:
        raise TrainError(
            f'"{path}" is damaged ({shorten(error)}); remove it and run the same command again'
        ) from error
