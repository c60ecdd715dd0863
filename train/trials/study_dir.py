"""The folder of a study: finished trials are kept in it, so that an interrupted study resumes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expand.storage.files import PARTIAL, empty_folder
from train.data.cache import Cache
from train.errors import TrainError
from train.runs.records import write_json
from train.trials.study import Study

STUDY, RUNS = "question.json", "runs"


@dataclass(frozen=True)
class StudyDir:
    """Where a comparison happens: its folder, the cache, and how many replicates run side by side."""

    out: Path
    cache: Cache
    jobs: int = 1
    materialize: bool = False
    overwrite: bool = False


def open_study(study: Study, study_dir: StudyDir) -> None:
    """Make the folder of a study, or refuse one that holds something else."""
    study_dir.out.mkdir(parents=True, exist_ok=True)
    path = study_dir.out / STUDY
    now = json.loads(json.dumps(study.to_dict()))
    if not path.is_file():
        if any(entry.suffix != PARTIAL for entry in study_dir.out.iterdir()):
            raise TrainError(
                f'"{study_dir.out}" is not empty and has no {STUDY}: it is none of ours; give another --out'
            )
    elif study_dir.overwrite:
        empty_folder(study_dir.out)
    else:
        before = read_json(path)
        different = [
            f"{key} was {before.get(key)}, is {now[key]}"
            for key in now
            if before.get(key) != now[key]
        ]
        if different:
            raise TrainError(
                f'"{study_dir.out}" holds runs with other settings: {"; ".join(different)}; --overwrite starts afresh'
            )
    write_json(path, now)  # first of all: what lies in a folder without it is none of ours
    (study_dir.out / RUNS).mkdir(exist_ok=True)


def read_json(path: Path) -> Any:
    """Return what a file of plain data holds; say so if it is damaged."""
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise TrainError(
            f'"{path}" is damaged ({error}); remove it, and start again to make it anew'
        ) from error
