"""What "auto" stands for: settled once, the same in every trial, and never mixed in a study."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.train.commands import draw_set
from tests.train.compare.studies import context_of, row_of, study_dir_at, study_for
from train.compare.study import ComparisonStudy, trials
from train.data.cache import Cache
from train.errors import TrainError
from train.fit import precision
from train.runtime.world import ALONE
from train.trials.context import new_context
from train.trials.runner import read_results, result_path, run_trials
from train.trials.settled import settle
from train.trials.study_dir import STUDY, StudyDir, open_study


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("sets")
    return draw_set(root / "src"), draw_set(root / "test", 5, seed=1)


def settled(study: ComparisonStudy, study_dir: StudyDir) -> str:
    """Open the folder of a study, and return the precision of its trials."""
    context = context_of(study)
    open_study(study, study_dir, context.data)
    return settle(context, study_dir, ALONE).study.precision


def test_a_comparison_resumed_with_another_cache_keeps_its_precision(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_for(*folders, arms="none,fly", precision="auto", batch_size=12)
    for seeds, faster in ((1, "bf16"), (2, "fp32")):
        monkeypatch.setattr(precision, "_measure", lambda *_, faster=faster: faster)
        out = StudyDir(tmp_path / "out", Cache(tmp_path / faster))
        context = new_context(study, out.cache.root, out.cache.limit)
        open_study(study, out, context.data)
        study_now = settle(context, out, ALONE).study
        run_trials(study_now, out, list(trials(study, seeds)), lambda _count: None)
    rows = [json.loads(path.read_text()) for path in (out.out / "runs").iterdir()]
    assert [row["precision"] for row in rows] == ["bf16"] * 4
    assert sorted(row["trial"] for row in rows) == [
        f"{arm}_k2_s{seed}" for arm in ("fly", "none") for seed in (0, 1)
    ]
    assert json.loads((out.out / STUDY).read_text())["precision"] == "auto"


def test_a_study_of_an_earlier_version_resumes_with_the_precision_of_its_trials(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "_measure", lambda *_: "fp32")
    study = study_for(*folders, arms="none,fly", precision="auto")
    out = study_dir_at(tmp_path / "out")
    open_study(study, out)
    first, *_ = trials(study, 1)
    result_path(out, first).write_text(json.dumps(row_of("none", 2, 0, [1, 0], precision="bf16")))
    assert settled(study, out) == "bf16"
    assert settled(study, replace(out, overwrite=True)) == "fp32"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"precision": "fp32", "device": "cuda"}, "ran on cuda, and this command would use cpu"),
        ({"precision": "fp64", "device": "cpu"}, "is damaged"),
        ({"precision": "fp32"}, "is damaged"),
        ("\x1b[31m", "is damaged"),
        ([1], "is damaged"),
    ],
)
def test_another_device_or_a_damaged_record_is_refused(
    value: Any, words: str, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    study, out = study_for(*folders, arms="none,fly"), study_dir_at(tmp_path / "out")
    assert settled(study, out) == "fp32"
    path = out.out / STUDY
    path.write_text(json.dumps({**json.loads(path.read_text()), "settled": value}))
    with pytest.raises(TrainError, match=words):
        settled(study, out)


def test_trials_of_different_precision_have_no_verdict(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    study, out = study_for(*folders, arms="none,fly"), study_dir_at(tmp_path / "out")
    open_study(study, out)
    planned = list(trials(study, 1))
    for trial, name in zip(planned, ("bf16", "fp32"), strict=True):
        row = row_of(trial.arm.name, 2, 0, [1, 0], precision=name)
        result_path(out, trial).write_text(json.dumps(row))
    with pytest.raises(TrainError, match="holds trials of different precision: 1 of bf16, 1 of fp"):
        read_results(out, planned)
