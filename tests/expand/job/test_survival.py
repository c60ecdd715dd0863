"""Survival: folders and files that go away, appear or are planted during a run, and long names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from expand import ExpandError, expand
from expand.job import run
from expand.job.checks.verify import verify
from expand.storage import folder as storage_folder
from tests.conftest import Folder, tree
from tests.expand.job.test_run import COMMAND, many


class Midway:
    """Does something once, in the middle of a run."""

    def __init__(self, action: Callable[[], object], after: int = 6) -> None:
        self.action, self.left = action, after

    def __call__(self, _files: int) -> None:
        self.left -= 1
        if self.left == 0:
            self.action()


@pytest.fixture
def src(class_folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run, "CHUNK_SOURCES", 2)
    return many(class_folder, 18)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def stop(src: Path, out: Path, action: Callable[[], object], match: str) -> None:
    """Run until `action` stops the run with status 3."""
    with pytest.raises(ExpandError, match=match) as error:
        expand(src, out, workers=1, progress=Midway(action))
    assert error.value.status == 3, error.value


def assert_like_fresh(src: Path, out: Path) -> None:
    expand(src, out, workers=1)
    expand(src, out.with_name("fresh"), workers=1)
    assert tree(out) == tree(out.with_name("fresh"))
    assert verify(out).problems == []


def test_an_output_that_is_renamed_stops_the_run_and_nothing_is_written_elsewhere(
    src: Path, out: Path, tmp_path: Path
) -> None:
    stop(src, out, lambda: out.rename(tmp_path / "moved"), "was removed, renamed or replaced")
    assert not out.exists()
    (tmp_path / "moved").rename(out)
    assert_like_fresh(src, out)


def test_an_output_that_is_replaced_by_another_folder_or_a_link_stops_the_run(
    src: Path, out: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()

    def replace(by: Callable[[], object]) -> None:
        out.rename(tmp_path / "moved")
        by()

    for by in (out.mkdir, lambda: out.symlink_to(other)):
        stop(src, out, lambda by=by: replace(by), "was removed, renamed or replaced")  # type: ignore[misc]
        assert list(out.iterdir()) == []
        out.unlink() if out.is_symlink() else out.rmdir()
        shutil.rmtree(tmp_path / "moved")


def test_an_output_that_is_removed_stops_the_run(src: Path, out: Path) -> None:
    stop(src, out, lambda: shutil.rmtree(out), "was removed")
    assert not out.exists()
    assert_like_fresh(src, out)


@pytest.mark.parametrize("name", [".metadata-0.part", ".begun-0.part"])
def test_a_part_that_is_removed_or_renamed_stops_the_run(name: str, src: Path, out: Path) -> None:
    stop(src, out, (out / name).unlink, f'{name}" was removed or renamed during the run')
    stop(src, out, lambda: max(out.glob(name.replace("0", "*"))).rename(out / "x"), "was removed or renamed")  # fmt: skip
    (out / "x").unlink()
    assert_like_fresh(src, out)


def test_a_card_that_is_removed_stops_the_run(src: Path, out: Path) -> None:
    stop(src, out, (out / "expand.json").unlink, 'expand.json" was removed or renamed')
    assert not (out / "metadata.jsonl").exists()


def test_an_input_that_goes_away_stops_the_run_and_comes_back(src: Path, out: Path) -> None:
    away = src.with_name("away")
    stop(src, out, lambda: src.rename(away), "the input folder .* went away during the run")
    away.rename(src)
    assert_like_fresh(src, out)
    shutil.rmtree(out)

    def unmount() -> None:
        src.rename(away)
        src.mkdir()

    stop(src, out, unmount, "the input folder .* went away during the run")


def test_the_command_says_that_the_input_went_away_whatever_the_workers(
    class_folder: Folder, out: Path
) -> None:
    src = many(class_folder, 400)
    command = [*COMMAND, str(src), str(out), "--workers", "2", "--factor", "60", "-q"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (out / "ant").exists():
        time.sleep(0.005)
    src.rename(src.with_name("away"))
    _, stderr = process.communicate()
    assert (process.returncode, "went away" in stderr) == (3, True), stderr


def test_a_file_that_vanishes_is_a_bad_source(src: Path, out: Path) -> None:
    report = expand(src, out, workers=1, progress=Midway((src / "cat/017.png").unlink))
    assert [(bad.source, bad.reason) for bad in report.summary.bad] == [
        ("cat/017.png", "cannot be read (No such file or directory)")
    ]
    assert verify(out).problems == []


def test_a_source_with_a_copys_name_that_is_added_during_a_run_changes_nothing_and_is_refused_next(
    src: Path, out: Path
) -> None:
    def add() -> None:
        shutil.copy(src / "ant/000.jpg", src / "cat/017_v1.png")
        shutil.copy(src / "ant/000.jpg", src / "ant/000_v1.jpg")

    expand(src, out, workers=1, progress=Midway(add))
    assert verify(out).problems == []
    before = tree(out)
    with pytest.raises(ExpandError, match="would give files of one name"):
        expand(src, out, workers=1)
    assert tree(out) == before


def test_a_file_of_the_user_in_a_resumed_folder_is_never_overwritten(src: Path, out: Path) -> None:
    stop(src, out, lambda: out.rename(out.with_name("moved")), "was removed")
    out.with_name("moved").rename(out)
    mine = out / "cat/017_v1.png"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    report = expand(src, out, workers=1)
    assert [bad.source for bad in report.summary.bad] == ["cat/017.png"]
    assert "expand did not write; move that file away" in report.summary.bad[0].reason
    assert mine.read_text() == "mine"
    mine.unlink()
    assert_like_fresh(src, out)


def test_a_file_of_the_user_is_not_overwritten_when_the_folder_grows(src: Path, out: Path) -> None:
    expand(src, out, 2, workers=1)
    (out / "cat/017_v3.png").write_text("mine")
    report = expand(src, out, 4, workers=1)
    (bad,) = report.summary.bad
    assert bad.reason.endswith("2 files of an earlier run stay, without rows in the manifest")
    kinds = {problem.file: problem.kind for problem in verify(out).problems}
    assert kinds == dict.fromkeys(("cat/017.png", "cat/017_v1.png", "cat/017_v3.png"), "leftover")  # fmt: skip
    assert (out / "cat/017_v3.png").read_text() == "mine"


def test_a_source_that_turned_bad_before_a_growth_is_named_with_the_files_that_stay(
    src: Path, out: Path
) -> None:
    expand(src, out, 2, workers=1)
    good = (src / "cat/017.png").read_bytes()
    (src / "cat/017.png").write_bytes(b"bad")
    (bad,) = expand(src, out, 3, workers=1).summary.bad
    assert "2 files of an earlier run stay" in bad.reason
    assert json.loads((out / "expand.json").read_text())["bad"][0]["reason"] == bad.reason
    assert {problem.kind for problem in verify(out).problems} == {"leftover"}
    (src / "cat/017.png").write_bytes(good)
    expand(src, out, 3, workers=1)
    assert verify(out).problems == []
    (src / "cat/017.png").write_bytes(b"bad")
    expand(src, out, 4, workers=1)
    report = expand(src, out, 3, workers=1, overwrite=True)  # the leftovers are ours
    assert report.notes == ()
    assert verify(out).problems == []


@pytest.mark.parametrize("target", ["folder", "file", "nowhere"])
def test_links_planted_in_the_output_lead_nowhere(
    target: str, src: Path, out: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    before = tree(outside)

    def plant() -> None:
        at = {"folder": outside, "file": outside / "precious", "nowhere": tmp_path / "gone"}[target]
        (out / "cat").mkdir(exist_ok=True)
        if target == "folder":
            (out / "cat").rmdir()
            (out / "cat").symlink_to(at)
        for name in ("cat/002.jpg", "cat/002_v1.jpg", "expand.json.new", ".metadata-1.part"):
            if target != "folder":
                (out / name).symlink_to(at)

    if target == "folder":
        stop(src, out, plant, "a link lies on the way to it; remove the link")
    else:
        expand(src, out, workers=1, progress=Midway(plant))
        assert not (out / "cat/002.jpg").is_symlink()
    assert tree(outside) == before
    assert not (tmp_path / "gone").exists()


def test_a_record_that_is_a_link_is_refused(src: Path, out: Path, tmp_path: Path) -> None:
    for name in ("expand.json", "metadata.jsonl"):
        shutil.rmtree(out, ignore_errors=True)
        expand(src, out, 2, workers=1)
        (out / name).rename(tmp_path / name)
        (out / name).symlink_to(tmp_path / name)
        before = (tmp_path / name).read_bytes()
        for again in (lambda: expand(src, out, 2, workers=1), lambda: expand(src, out, 2, workers=1, overwrite=True), lambda: verify(out)):  # fmt: skip
            with pytest.raises(ExpandError, match=f'{name}" cannot be read: it is a link'):
                again()
        assert (tmp_path / name).read_bytes() == before


def test_an_output_that_is_a_link_to_a_folder_is_used_as_that_folder(
    src: Path, out: Path, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    out.symlink_to(tmp_path / "disk")
    expand(src, out, workers=1)
    assert verify(tmp_path / "disk").problems == []


@pytest.mark.parametrize(
    ("prepare", "text"),
    [
        (lambda out: out.write_text("x"), "is a file; a folder is needed"),
        (lambda out: out.symlink_to("nowhere"), "is a link to a folder that does not exist"),
        (lambda out: out.parent.joinpath("f").write_text("x"), "lies below a file"),
        (lambda out: out.symlink_to(out), "cannot be used: Too many levels of symbolic links"),
    ],
)
def test_an_output_that_cannot_be_a_folder_is_refused_in_words(
    prepare: Callable[[Path], object], text: str, class_folder: Folder, tmp_path: Path
) -> None:
    src, out = class_folder(1), tmp_path / "out"
    prepare(out)
    with pytest.raises(ExpandError, match=text) as error:
        expand(src, tmp_path / "f/out" if "below" in text else out, workers=1)
    assert error.value.status == 2


def as_another_user(src: Path, out: Path) -> str:
    """Run an expansion in a child that has no rights; return its error, or how it died."""
    receive, send = os.pipe()
    if child := os.fork():
        os.close(send)
        os.waitpid(child, 0)
        with open(receive, encoding="utf-8") as answer:
            return answer.read()
    try:
        os.setgid(65534)
        os.setuid(65534)
        expand(src, out, workers=1)
        os.write(send, b"done")
    except ExpandError as error:
        os.write(send, f"{error.status}: {error}".encode())
    except BaseException as error:  # noqa: BLE001  # the child must not go on with the tests
        os.write(send, repr(error).encode())
    finally:
        os._exit(0)


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only root may become another user"
)
def test_forbidden_folders_are_refused_in_words(class_folder: Folder) -> None:
    # not below the folder of pytest, which is closed to others whenever another pytest starts
    with TemporaryDirectory() as temporary:
        tmp_path = Path(temporary)
        tmp_path.chmod(0o755)
        shutil.copytree(class_folder(1), tmp_path / "src")
        check_forbidden_folders(tmp_path)


def check_forbidden_folders(tmp_path: Path) -> None:
    src, closed, opened = tmp_path / "src", tmp_path / "closed", tmp_path / "opened"
    closed.mkdir(mode=0o700)
    opened.mkdir()
    opened.chmod(0o777)
    (tmp_path / "full").mkdir()
    assert as_another_user(src, closed / "deep/out").startswith("2: ")
    assert "Permission denied" in as_another_user(src, closed / "deep/out")
    assert as_another_user(src, closed).endswith("Permission denied")
    assert as_another_user(src, tmp_path / "new").endswith("cannot be created: Permission denied")
    assert as_another_user(src, tmp_path / "full").startswith("3: ")
    assert as_another_user(closed, opened / "out").startswith("2: ")
    assert as_another_user(closed / "src", opened / "out").startswith("2: ")
    (src / "cat").chmod(0)
    assert as_another_user(src, opened / "out").startswith("2: ")
    (src / "cat").chmod(0o755)
    assert as_another_user(src, opened / "out") == "done"


def test_a_name_of_255_bytes_is_a_bad_source_and_the_rest_is_expanded(src: Path, out: Path) -> None:
    image = (src / "ant/000.jpg").read_bytes()
    for stem in ("x" * 247, "x" * 248, "é" * 124, "x" * 251):
        (src / "ant" / f"{stem}.jpg").write_bytes(image)
    (bad,) = expand(src, out, workers=1).summary.bad
    assert bad.source == f"ant/{'x' * 251}.jpg"
    assert "would get 258 bytes, and the file system of the output folder allows 255" in bad.reason
    assert verify(out).problems == []
    again = expand(src, out, workers=1)
    assert (again.status, again.summary.made) == (1, 0)


def test_a_name_that_turns_out_too_long_when_it_is_written_is_a_bad_source(
    src: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def refuse(old: str, new: str, **options: int) -> None:
        if new == "003_v2.png":
            raise OSError(36, "File name too long")
        replace(old, new, **options)

    monkeypatch.setattr(storage_folder.os, "replace", refuse)
    (bad,) = expand(src, out, workers=1).summary.bad
    assert (bad.source, "File name too long" in bad.reason) == ("ant/003.png", True)
    assert verify(out).problems == []
