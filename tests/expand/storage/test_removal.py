"""Removing: what a record names goes, everything else stays and is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from expand import ExpandError
from expand.storage.names import temporary_name
from expand.storage.removal import Leftovers, remove_files


def make(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def names_in(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


def test_only_what_the_record_names_is_removed_and_unknown_files_are_named(tmp_path: Path) -> None:
    named = ["a/0.png", "a/0_v1.png", "b/deep/1.png", "c/2.png", "card.json"]
    mine = ["a/notes.txt", "d/mine.png", ".git/config", ".git/objects/x"]
    out = make(tmp_path / "out", *named, *mine)
    left = remove_files(out, iter(named[:-1]), last=["card.json"])
    assert left == Leftovers(4, (".git/config", ".git/objects/x", "a/notes.txt"))
    assert (
        str(left) == '4 files that are not in the record stayed: ".git/config", ".git/objects/x", '
        '"a/notes.txt", …'
    )
    assert names_in(out) == [
        ".git", ".git/config", ".git/objects", ".git/objects/x", "a", "a/notes.txt", "d", "d/mine.png",
    ]  # fmt: skip


def test_files_that_are_gone_are_passed_over_so_that_a_removal_can_be_repeated(
    tmp_path: Path,
) -> None:
    out = make(tmp_path / "out", "a/0.png", "card.json")
    for _ in range(2):
        assert remove_files(out, ["a/0.png", "a/1.png", "gone/1.png"], ["card.json"]).count == 0
        assert names_in(out) == []


def test_the_record_is_removed_last_and_stays_if_something_before_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = make(tmp_path / "out", "a/0.png", "a/1.png", "rows", "card.json")
    unlink = os.unlink

    def fail(path: str, *, dir_fd: int | None = None) -> None:
        if path == "1.png":
            raise OSError(5, "Input/output error")
        unlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", fail)
    with pytest.raises(ExpandError, match='a/1.png" cannot be removed: Input/output') as error:
        remove_files(out, ["a/0.png", "a/1.png"], ["rows", "card.json"])
    assert error.value.status == 3
    assert names_in(out) == ["a", "a/1.png", "card.json", "rows"]


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../../x", "a//x", "", ".", "a/", "x\0", 5, None, "\ud800"]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(name: object, tmp_path: Path) -> None:
    out = make(tmp_path / "out", "a/0.png")
    (tmp_path / "x").write_text("precious")
    with pytest.raises(ExpandError) as error:
        remove_files(out, [name])  # type: ignore[list-item]
    assert error.value.status == 2
    assert (tmp_path / "x").read_text() == "precious"


def test_no_link_is_followed(tmp_path: Path) -> None:
    outside = make(tmp_path / "outside", "0.png")
    out = make(tmp_path / "out", "b/1.png")
    (out / "a").symlink_to(outside)
    (out / "b/2.png").symlink_to(outside / "0.png")
    left = remove_files(out, ["a/0.png", "b/1.png", "b/2.png"])
    assert left == Leftovers(1, ("a",))
    assert names_in(outside) == ["0.png"]


def test_temporary_files_go_and_other_hidden_files_stay(tmp_path: Path) -> None:
    out = make(tmp_path / "out", "a/0.png", f"a/{temporary_name()}", temporary_name())
    make(out, "a/.notes.part", ".writing-x.part")
    assert remove_files(out, ["a/0.png"]).first == (".writing-x.part", "a/.notes.part")


def test_a_folder_with_the_name_of_a_file_stays(tmp_path: Path) -> None:
    out = make(tmp_path / "out", "a/0.png/mine.txt")
    assert remove_files(out, ["a/0.png"]) == Leftovers(1, ("a/0.png/mine.txt",))
