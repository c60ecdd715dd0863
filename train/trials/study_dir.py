"""The folder of a study: finished trials are kept in it, so that an interrupted study resumes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expand.storage.files import PARTIAL, empty_folder
from train.data.cache import Cache
from train.errors import TrainError
from train.runs.records import changed_settings, write_json
from train.trials.study import Study

STUDY, RUNS = "study.json", "runs"
OLD_STUDY = "question.json"
"""The settings file of earlier versions, with the same keys."""


@dataclass(frozen=True)
class StudyDir:
    """The folder of a study, the cache, and how many trials run in parallel."""

    out: Path
    cache: Cache
    jobs: int = 1
    materialize: bool = False
    overwrite: bool = False


def open_study(study: Study, study_dir: StudyDir) -> None:
    """Create the folder of a study, or check that it holds the same study."""
    study_dir.out.mkdir(parents=True, exist_ok=True)
    settings = json.loads(json.dumps(study.to_dict()))
    before = _read_settings(study_dir.out)
    if before is None:
        _refuse_foreign_files(study_dir.out)
    elif study_dir.overwrite:
        empty_folder(study_dir.out)
    elif different := changed_settings(before, study):
        _forget_plan(study_dir.out, different)
    # written first: a folder without it was not created by this program
    write_json(study_dir.out / STUDY, settings)
    (study_dir.out / OLD_STUDY).unlink(missing_ok=True)
    (study_dir.out / RUNS).mkdir(exist_ok=True)


def _read_settings(out: Path) -> dict[str, Any] | None:
    """Read the settings of the study in a folder, of this version or an earlier one."""
    for name in (STUDY, OLD_STUDY):
        if (out / name).is_file():
            settings: dict[str, Any] = read_json(out / name)
            return settings
    return None


def _refuse_foreign_files(out: Path) -> None:
    if any(entry.suffix != PARTIAL for entry in out.iterdir()):
        raise TrainError(
            f'"{out}" was not created by train compare or train ablate; choose another --out'
        )


def _forget_plan(out: Path, different: list[str]) -> None:
    """Remove what a plan of another study measured; refuse a folder that holds trials."""
    entries = list(out.iterdir())
    measured = [entry for entry in entries if entry.suffix == ".json"]
    others = [entry for entry in entries if entry.name != RUNS and entry not in measured]
    if others or any((out / RUNS).glob("*")):
        raise TrainError(
            f'"{out}" holds trials with other settings: {"; ".join(different)}. '
            "Choose another --out, or use --overwrite to start again."
        )
    for entry in measured:
        entry.unlink()


def read_json(path: Path) -> Any:
    """Read a JSON file; raise TrainError with its path if it is damaged."""
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise TrainError(
            f'"{path}" is damaged ({error}); remove it and run the same command again'
        ) from error
