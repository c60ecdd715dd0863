"""Resuming after an upgrade, and the same images by another path."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.train.commands import draw_set, settings_for, train
from tests.train.compare.studies import context_of, study_dir_at, study_for
from tests.train.runs.test_run import Stop, StopAfter
from train.compare.study import trials
from train.errors import TrainError
from train.fit.divergence import Divergence
from train.runs import measure
from train.runs.checkpoints import MODEL
from train.runs.observer import Observer
from train.runs.records import RUN, read_run, versions
from train.trials import runner
from train.trials.context import _prepare, _trial_context
from train.trials.results import DivergedTrial, versions_of
from train.trials.study_dir import open_study

OLD = {**versions(), "torch": "2.9.0"}


class Heard(Observer):
    """Keeps the notes of a run."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Keep a note."""
        self.notes.append(text)


def test_each_part_of_a_run_keeps_the_versions_that_it_was_trained_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, out = settings_for(draw_set(tmp_path / "src"), epochs=3), tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(measure, "versions", lambda: OLD)
        with pytest.raises(Stop):
            train(settings, out, observer=StopAfter(4))
    observer = Heard()
    train(settings, out, observer=observer)
    record = json.loads((out / RUN).read_text())
    assert record["versions"] == OLD
    assert record["parts"] == [{"step": 3, "versions": versions()}]
    (note,) = observer.notes
    assert note.startswith("resumed at step 3 with other versions, so the weights may differ")
    assert note.endswith(f": torch 2.9.0 → {versions()['torch']}")
    again = read_run(out)
    assert again
    assert again.to_dict() == record


def test_a_run_that_a_gpu_began_says_so_and_keeps_its_renderer(tmp_path: Path) -> None:
    settings = settings_for(draw_set(tmp_path / "src"), None, "fly", epochs=3)
    out = tmp_path / "run"
    with pytest.raises(Stop):
        train(settings, out, observer=StopAfter(4))
    begun = json.loads((out / RUN).read_text())
    begun["renderer"] = "batched"
    begun["hardware"] |= {"device": "cuda:0", "gpu": "NVIDIA H200"}
    (out / RUN).write_text(json.dumps(begun))
    observer = Heard()
    with pytest.raises(Stop):
        train(settings, out, observer=StopAfter(4))
    record = train(settings, out, observer=observer)
    assert record.renderer == "batched"
    assert record.hardware["begun_on"] == "NVIDIA H200"
    assert observer.notes == [
        "resumed on cpu, begun on NVIDIA H200, so the weights may differ from those of a run in one piece"
    ]


def test_a_run_of_which_nothing_was_kept_has_the_versions_of_the_second_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, out = settings_for(draw_set(tmp_path / "src")), tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(measure, "versions", lambda: OLD)
        with pytest.raises(Stop):
            train(settings, out, observer=StopAfter(1))
    record = train(settings, out)
    assert (record.versions, record.parts) == (versions(), None)


def test_a_run_resumes_with_the_same_images_by_another_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, out = draw_set(tmp_path / "src"), tmp_path / "run"
    train(settings_for(src, epochs=3), tmp_path / "whole")
    with pytest.raises(Stop):
        train(settings_for(src, epochs=3), out, observer=StopAfter(4))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("src")
    shutil.copytree(src, tmp_path / "moved")
    for path in (Path("./src"), Path("link"), Path("moved"), src):
        settings = settings_for(path, epochs=3)
        assert train(settings, out).finished
        assert (out / MODEL).read_bytes() == (tmp_path / "whole" / MODEL).read_bytes()


def test_the_same_pixels_under_other_names_are_other_images(tmp_path: Path) -> None:
    src, out = draw_set(tmp_path / "src"), tmp_path / "run"
    train(settings_for(src), out)
    shutil.copytree(src, tmp_path / "moved")
    (tmp_path / "moved/ant/000.png").rename(tmp_path / "moved/ant/000x.png")
    with pytest.raises(TrainError, match="is a run on other images: train changed since"):
        train(settings_for(tmp_path / "moved"), out)
    record = json.loads((out / RUN).read_text())
    for split in record["data"].values():
        del split["names"]  # as an earlier version wrote it
    (out / RUN).write_text(json.dumps(record))
    assert train(settings_for(Path(os.path.relpath(src))), out).finished
    with pytest.raises(TrainError, match="is a run with other settings: DATA was .*, is .*moved"):
        train(settings_for(tmp_path / "moved"), out)


def test_a_study_resumes_with_the_same_images_by_another_path(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1)
    out = study_dir_at(tmp_path / "out")

    def open_with(data: Path) -> Any:
        study = study_for(data, test)
        return open_study(study, out, context_of(study).data)

    open_with(src)
    (out.out / "runs/none_k2_s0.json").write_text("{}")
    shutil.copytree(src, tmp_path / "moved")
    open_with(Path(os.path.relpath(src)))
    open_with(tmp_path / "moved")
    (tmp_path / "moved/ant/000.png").rename(tmp_path / "moved/ant/000x.png")
    _trial_context.cache_clear()
    _prepare.cache_clear()
    with pytest.raises(TrainError, match="holds trials with other settings: the train images chan"):
        open_with(tmp_path / "moved")


def test_a_study_says_which_trials_ran_with_which_versions(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1)
    study, study_dir = study_for(src, test, arms="none,fly"), study_dir_at(tmp_path / "out")
    planned = list(trials(study, 1))
    runner.run_trials(study, study_dir, planned, lambda _count: None)
    results = runner.read_results(study_dir, planned)
    assert [each.versions for each in results] == [versions()] * 2
    assert versions_of(results) == versions()
    lost = DivergedTrial(
        arm="fly",
        replicate=1,
        epochs_asked=2,
        epochs_trained=2,
        divergence=Divergence("the training loss became NaN", 1, 1),
        wall_seconds=1.0,
        versions=OLD,
    )
    both = f"{versions()['torch']} (2 of 3 trials), 2.9.0 (1 of 3 trials)"
    found = versions_of([*results, lost])
    assert (found["torch"], found["numpy"]) == (both, versions()["numpy"])
    unknown = versions_of([replace(results[0], versions=None), lost])
    assert unknown["torch"] == "2.9.0 (1 of 2 trials), not recorded (1 of 2 trials)"


def without_version(record: Any) -> Any:
    """Return a record as the versions before wrote it: noise had no version."""
    if isinstance(record, dict):
        left_out = {"version"} if {"amount", "salt"} <= record.keys() else set()
        return {k: without_version(v) for k, v in record.items() if k not in left_out}
    return [without_version(v) for v in record] if isinstance(record, list) else record


def test_a_run_with_noise_of_an_earlier_version_is_refused_in_words(tmp_path: Path) -> None:
    src, out = draw_set(tmp_path / "src"), tmp_path / "run"
    for strategy, refused in (("fly", True), ("none", False)):
        settings, out = settings_for(src, strategy=strategy), tmp_path / strategy
        train(settings, out)
        record = json.loads((out / RUN).read_text())
        assert ('"version"' in json.dumps(record["settings"])) == refused
        (out / RUN).write_text(json.dumps(without_version(record)))
        if refused:
            with pytest.raises(TrainError, match="only the version of train that began it can fin"):
                train(settings, out)
        else:
            train(settings, out)


def test_a_study_with_noise_of_an_earlier_version_is_refused_in_words(tmp_path: Path) -> None:
    study, place = study_for(tmp_path / "src", tmp_path / "test"), study_dir_at(tmp_path / "study")
    open_study(study, place)
    (place.out / "runs").mkdir(exist_ok=True)
    path = place.out / "study.json"
    path.write_text(json.dumps(without_version(json.loads(path.read_text()))))
    (place.out / "runs" / "none_s0.json").write_text("{}")
    with pytest.raises(TrainError, match="only the version of train that began it can finish it"):
        open_study(study, place)
