"""--overwrite removes what a run or a study wrote, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from expand.storage import Lock, removal
from tests.conftest import tree
from tests.train.commands import call, draw_set, refusal, settings_for, train
from tests.train.compare.studies import context_of, study_dir_at, study_for
from train.ablate import export as ablate_export
from train.ablate.results import RECIPE
from train.compare import export, protocol
from train.compare.expansion import measure_expansion
from train.errors import TrainError
from train.runs.checkpoints import MODEL
from train.runs.records import METRICS, RUN
from train.runs.resume import remove_run
from train.trials import study_dir as studies
from train.trials.planning import speeds
from train.trials.study_dir import open_study
from train.worth import export as worth_export

MINE = {"notes.txt": "mine", ".git/config": "also mine", "old/run.json": "{}", "model.pt": "mine"}


def put(folder: Path, files: dict[str, str] = MINE) -> None:
    """Write files of a user."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def kept(folder: Path, files: dict[str, str] = MINE) -> bool:
    return all((folder / name).read_text() == text for name, text in files.items())


def test_overwrite_keeps_files_that_are_not_of_the_run_and_names_them(tmp_path: Path) -> None:
    src, out = draw_set(tmp_path / "src"), tmp_path / "run"
    line = (src, "--epochs", 1, "--batch-size", 8, "--out", out)
    assert call(*line).exception is None
    put(out)
    before = tree(out)
    done = call(*line, "--seed", 3, "--overwrite")
    assert done.exception is None
    assert (
        '4 files that are not in the record stayed: ".git/config", "model.pt", "notes.txt", …'
        in (done.stderr)
    )
    assert kept(out)
    after = tree(out)
    assert before.keys() == after.keys()
    assert before[MODEL] != after[MODEL]
    assert json.loads(after[RUN])["settings"]["seed"] == 3


@pytest.mark.parametrize(
    "content",
    ["[]", '{"state": 1}', '{"state": "finished"}', '{"pipeline": [], "state": "ok"}', ""],
)
def test_a_record_of_something_else_is_not_overwritten(content: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    put(out, {RUN: content, "weights.bin": "mine", METRICS: "mine"})
    before = tree(out)
    for overwrite in (False, True):
        with pytest.raises(TrainError, match="choose another --out"):
            train(settings_for(draw_set(tmp_path / "src", 3)), out, overwrite=overwrite)
    assert tree(out) == before


@pytest.mark.parametrize("after", range(5))
def test_a_removal_that_stops_anywhere_is_done_again_by_the_same_command(
    after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, out = draw_set(tmp_path / "src", 4), tmp_path / "run"
    train(settings_for(src, seed=1), out)
    put(out)
    remove, left = removal.OutputFolder.remove, [after]

    class Killed(BaseException):
        pass

    def dying(folder: Any, name: str) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return remove(folder, name)

    with monkeypatch.context() as patch:
        patch.setattr(removal.OutputFolder, "remove", dying)
        try:
            remove_run(out)
        except Killed:
            assert json.loads((out / RUN).read_text())["state"] == "unfinished"
    assert train(settings_for(src, seed=2), out, overwrite=True).finished
    train(settings_for(src, seed=2), tmp_path / "whole")
    assert (out / MODEL).read_bytes() == (tmp_path / "whole" / MODEL).read_bytes()
    assert kept(out)


def test_a_run_half_removed_starts_from_the_beginning_without_overwrite(tmp_path: Path) -> None:
    src, out = draw_set(tmp_path / "src", 4), tmp_path / "run"
    train(settings_for(src), out)
    model = (out / MODEL).read_bytes()
    remove_run(out)
    assert sorted(path.name for path in out.iterdir()) == [RUN]
    assert train(settings_for(src), out).finished
    assert (out / MODEL).read_bytes() == model


def test_the_files_of_a_study_are_known_by_their_names() -> None:
    assert studies.MEASURED == (protocol.COSTS, speeds.SPEEDS)
    written = {export.PAGE, export.NUMBERS, export.TABLE, export.MARKDOWN}
    written |= {ablate_export.PAGE, ablate_export.NUMBERS, ablate_export.MARKDOWN, RECIPE}
    written |= {worth_export.PAGE, worth_export.NUMBERS, worth_export.TABLE, worth_export.MARKDOWN}
    assert set(studies.WRITTEN) == written


def test_overwriting_a_study_keeps_files_that_it_did_not_write(tmp_path: Path) -> None:
    study = study_for(tmp_path / "src", tmp_path / "test")
    study_dir, out = study_dir_at(tmp_path / "out", overwrite=True), tmp_path / "out"
    open_study(study, study_dir_at(out))
    mine = {**MINE, "runs/plan.md": "mine", "runs/settings.json": "mine", "data.json": "mine"}
    put(out, mine)
    ours = ["runs/none_k2_s0.json", "runs/disk-x2_k2_s13.json", *studies.WRITTEN, *studies.MEASURED]
    put(out, dict.fromkeys(ours, "{}"))
    stayed = open_study(study, study_dir)
    assert stayed.count == len(mine)
    assert kept(out, mine)
    assert not any((out / name).exists() for name in ours)
    assert (out / "study.json").is_file()


@pytest.mark.parametrize("content", ["[]", "{}", '{"data": 1}', '"text"'])
def test_a_study_file_of_something_else_is_refused(content: str, tmp_path: Path) -> None:
    put(tmp_path / "out", {"study.json": content, "notes.txt": "mine"})
    before = tree(tmp_path / "out")
    study = study_for(tmp_path / "src", tmp_path / "test")
    for overwrite in (False, True):
        with pytest.raises(TrainError, match="was not created by train compare, ablate or worth"):
            open_study(study, study_dir_at(tmp_path / "out", overwrite=overwrite))
    assert tree(tmp_path / "out") == before


def test_measuring_an_expansion_removes_no_folder_of_the_user(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1)
    out = tmp_path / "out"
    study = study_for(src, test)
    open_study(study, study_dir_at(out))
    put(out, {"disk-x2/mine.txt": "mine", "disk-x2-sources/mine.txt": "mine"})
    (out / ".measuring-killed/sources").mkdir(parents=True)

    context = context_of(study)
    measure_expansion(context, study.arms[2], out / "disk-x2", everything=False)
    assert kept(out, {"disk-x2/mine.txt": "mine", "disk-x2-sources/mine.txt": "mine"})
    open_study(study, study_dir_at(out))
    names = sorted(path.name for path in out.iterdir())
    assert names == ["disk-x2", "disk-x2-sources", "runs", "study.json"]


def test_two_runs_into_one_folder_are_refused_while_the_first_lives(tmp_path: Path) -> None:
    src, out = draw_set(tmp_path / "src", 3), tmp_path / "run"
    out.mkdir()
    with Lock(out):
        for name in ((), ("compare",), ("ablate",)):
            line = (*name, src, "--test", src, "--allow-leak", "--out", out, "--overwrite")
            assert "another run is writing to" in refusal(*line)
    assert list(out.iterdir()) == []
