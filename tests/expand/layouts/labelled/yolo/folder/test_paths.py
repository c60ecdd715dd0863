"""Paths that files of a dataset name are found in the folder, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from expand.layouts.labelled.yolo.folder.paths import Finder, Found, is_absolute


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a dataset's folder beside another one."""
    (tmp_path / "set/inner/images/train").mkdir(parents=True)
    (tmp_path / "set/images/val").mkdir(parents=True)
    (tmp_path / "other/images/test").mkdir(parents=True)
    return tmp_path / "set"


def test_a_path_starts_from_each_folder_by_turns(root: Path) -> None:
    find = Finder(root, ("inner/",)).find
    assert find("images/train") == Found("inner/images/train", True)
    assert find("./images/train/") == Found("inner/images/train", True)
    assert find("images\\train") == Found("inner/images/train", True)
    assert find("images/val") == Found("images/val", True)
    assert find("../images/val") == Found("images/val", True)
    assert find("..") == Found("", True)


def test_a_path_of_another_machine_is_found_by_its_last_parts(root: Path) -> None:
    find = Finder(root, ("",)).find
    assert find("/content/set/images/val") == Found("images/val", False)
    assert find("C:\\Users\\me\\images\\val") == Found("images/val", False)
    assert find("~/data/inner/images/train") == Found("inner/images/train", False)
    assert find("../images/val") == Found("images/val", True)


def test_a_folder_that_stands_for_a_part_is_not_left_out(root: Path) -> None:
    find = Finder(root, ("",)).find
    (root / "images/a.png").touch()
    assert find("../valid/images") is None
    assert find("/content/train/images") is None
    assert find("/content/train/images/a.png") == Found("images/a.png", False)


def test_a_path_that_leads_back_into_the_folder_does_not_stay(root: Path) -> None:
    find = Finder(root, ("",)).find
    assert find(f"{root}/images/val") == Found("images/val", False)
    assert find("../set/images/val") == Found("images/val", False)


def test_nothing_outside_the_folder_is_found(root: Path) -> None:
    find = Finder(root, ("", "inner/")).find
    for path in ("../other/images/test", "../../etc", f"{root.parent}/other/images/test", "", "\0"):
        assert find(path) is None


def test_absolute_paths_are_told_for_all_systems() -> None:
    assert all(map(is_absolute, ("/a", "~/a", "C:/a", "c:\\a")))
    assert not any(map(is_absolute, ("a", "./a", "../a", "a:b")))
