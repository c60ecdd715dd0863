"""Overwriting removes what the records name, leaves unknown files, and survives a kill."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from expand import ExpandError, expand
from expand.job import run
from expand.job.checks.verify import verify
from expand.storage.names import temporary_name
from tests.conftest import Folder, tree
from tests.expand.job.test_run import many


class Killed(BaseException):
    """Stands for a kill: nothing handles it."""


@pytest.fixture
def src(class_folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run, "CHUNK_SOURCES", 2)
    return many(class_folder, 12)


def put_unknown(out: Path) -> dict[str, bytes]:
    """Put files of the user into an output folder."""
    for name in ("ant/notes.txt", ".git/config", "mine/deep/x.png", "ant/.hidden.part"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(name)
    (out / "mine/link").symlink_to("/etc")
    return {name: data for name, data in tree(out).items() if data == name.encode()}


def stop_midway(src: Path, out: Path, **settings: object) -> None:
    """Stop a run in the middle, as a full disk does, and leave what a kill leaves besides."""
    left = [5]

    def progress(_files: int) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    with pytest.raises(Killed):
        expand(src, out, workers=1, progress=progress, **settings)  # type: ignore[arg-type]
    (out / "ant" / temporary_name()).write_text("half")


@pytest.mark.parametrize("finished", [True, False])
def test_unknown_files_stay_and_are_named(finished: bool, src: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    expand(src, out, 8, workers=1) if finished else stop_midway(src, out, factor=8)
    unknown = put_unknown(out)
    report = expand(src, out, 3, workers=1, overwrite=True)
    assert report.status == 0
    (note,) = report.notes
    assert note.startswith("5 files that are not in the record stayed: ")
    assert note.endswith('".git/config", "ant/.hidden.part", "ant/notes.txt", …')
    expand(src, tmp_path / "fresh", 3, workers=1)
    assert tree(out) == {**tree(tmp_path / "fresh"), **unknown}
    assert (out / "mine/link").readlink() == Path("/etc")
    assert {problem.kind for problem in verify(out).problems} == {"extra"}


def test_an_unknown_file_with_the_name_of_a_new_copy_is_not_overwritten(
    src: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    expand(src, out, 2, workers=1)
    (out / "cat/002_v3.jpg").write_text("mine")
    report = expand(src, out, 4, workers=1, overwrite=True)
    assert [bad.source for bad in report.summary.bad] == ["cat/002.jpg"]
    assert (out / "cat/002_v3.jpg").read_text() == "mine"
    assert not (out / "cat/002.jpg").exists()


@pytest.mark.parametrize("finished", [True, False])
def test_killed_at_any_call_while_it_removes_the_same_command_resumes(
    finished: bool, src: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, fresh = tmp_path / "first", tmp_path / "fresh"
    expand(src, first, 4, workers=1) if finished else stop_midway(src, first)
    unknown = put_unknown(first)
    expand(src, fresh, 3, workers=1)
    expected = {**tree(fresh), **unknown}
    for calls in (0, 1, 2, 20, 48, 50, 52):
        out = tmp_path / "out"
        shutil.copytree(first, out, symlinks=True)
        kill_at(monkeypatch, calls)
        try:
            expand(src, out, 3, workers=1, overwrite=True)
        except Killed:
            monkeypatch.undo()
            monkeypatch.setattr(run, "CHUNK_SOURCES", 2)
            state = json.loads((out / "expand.json").read_text())["state"]
            if state == "deleting":
                with pytest.raises(
                    ExpandError, match="is being removed.*Use --overwrite again to finish"
                ):
                    expand(src, out, 3, workers=1)
                with pytest.raises(ExpandError, match="is being removed"):
                    expand(src, out, 4, workers=1)
            expand(src, out, 3, workers=1, overwrite=True)
        monkeypatch.undo()
        assert tree(out) == expected, calls
        shutil.rmtree(out)


def kill_at(monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    """Let the call number `calls` of those that remove or rename files die."""
    left = [calls]
    for name in ("unlink", "rmdir", "replace"):
        monkeypatch.setattr(os, name, _dying(getattr(os, name), left))


def _dying(call: object, left: list[int]) -> object:
    def die(*args: object, **options: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return call(*args, **options)  # type: ignore[operator]

    return die


@pytest.mark.parametrize(
    "card", ["{}", "[]", '{"state": "finished"}', '{"settings": {"recipe": {}}}', "null", "x"]
)
def test_a_card_of_another_program_is_refused_and_nothing_is_removed(
    card: str, class_folder: Folder, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "expand.json").write_text(card)
    (out / "thesis.tex").write_text("x")
    before = tree(out)
    with pytest.raises(ExpandError, match="is not a run card of expand|is damaged") as error:
        expand(class_folder(1), out, workers=1, overwrite=True)
    assert error.value.status == 2
    assert tree(out) == before


def test_an_unfinished_folder_of_an_earlier_version_resumes_and_is_overwritten(
    src: Path, tmp_path: Path
) -> None:
    """Earlier versions noted nothing of what they began, and named temporary files otherwise."""
    expand(src, tmp_path / "fresh", workers=1)
    for overwrite in (False, True):
        out = tmp_path / f"old-{overwrite}"
        stop_midway(src, out)
        (out / ".begun-0.part").unlink()
        next(out.glob("ant/.writing-*")).unlink()
        (out / "ant/.000_v2.jpg.part").write_text("half")
        (out / ".expand.json.part").write_text("half")
        (out / "ant/.notes.part").write_text("mine")
        expand(src, out, workers=1, overwrite=overwrite)
        assert tree(out) == {**tree(tmp_path / "fresh"), "ant/.notes.part": b"mine"}


def test_a_resumed_run_removes_temporary_files_and_no_others(src: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stop_midway(src, out)
    (out / temporary_name()).write_text("half")
    (out / ".mine.part").write_text("mine")
    expand(src, out, workers=1)
    expand(src, tmp_path / "fresh", workers=1)
    assert tree(out) == {**tree(tmp_path / "fresh"), ".mine.part": b"mine"}
