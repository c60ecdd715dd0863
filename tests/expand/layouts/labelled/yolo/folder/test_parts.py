"""Parts of a dataset, by its data file or by the names of its folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from expand.errors import ExpandError
from expand.layouts.labelled.yolo.folder.datafile import read_yaml
from expand.layouts.labelled.yolo.folder.parts import Part, find_parts, growing
from expand.layouts.labelled.yolo.folder.survey import Survey, survey

ROOT = Path("set")


def by_folders(*folders: str) -> dict[str, tuple[str, ...]]:
    """Return the folders of each part of a dataset with images in these, and labels for all."""
    texts = {folder.replace("images/", "labels/") for folder in folders}
    parts = find_parts(Path(), Survey(images=sorted(folders), texts=texts), None)
    return {part.name: part.folders for part in parts}


def test_folders_say_what_part_they_are() -> None:
    assert by_folders("images/train/", "images/val/") == {
        "train": ("images/train/",),
        "val": ("images/val/",),
    }
    assert by_folders("train/images/", "valid/images/", "test/images/") == {
        "train": ("train/",),
        "valid": ("valid/",),
        "test": ("test/",),
    }
    assert by_folders("images/train/a/", "images/train/test/") == {"train": ("images/train/",)}
    assert by_folders("images/train2014/", "images/train2017/") == {
        "train2014": ("images/train2014/", "images/train2017/")
    }
    assert by_folders("DET-train/images/", "DET-val/images/") == {
        "DET-train": ("DET-train/",),
        "DET-val": ("DET-val/",),
    }
    assert by_folders("test_set/images/train/", "test_set/images/val/") == {
        "train": ("test_set/images/train/",),
        "val": ("test_set/images/val/",),
    }


def test_folders_without_such_names_are_the_whole_dataset() -> None:
    assert by_folders("images/") == {"": ("images/",)}
    assert by_folders("crash test/images/", "road/images/") == {
        "": ("crash test/images/", "road/images/")
    }
    assert by_folders("images/a/", "images/b/") == {"": ("images/a/", "images/b/")}
    assert by_folders("") == {"": ("",)}


def test_the_more_exact_part_holds_an_image() -> None:
    train, val = Part("train", "train", ("images/",)), Part("val", "validation", ("images/val/",))
    assert train.depth("images/a.png") == 7
    assert val.depth("images/a.png") == -1
    assert val.depth("images/val/a.png") > train.depth("images/val/a.png")
    listed = Part("val", "validation", images=["images/b.png"])
    assert listed.depth("images/b.png") > train.depth("images/b.png")
    assert not listed.holds("images/b")
    whole = Part("", "", ("",), without=("docs/",))
    assert whole.holds("a.png")
    assert not whole.holds("docs/a.png")


def test_a_part_is_chosen_by_its_name_or_its_kind() -> None:
    parts = [Part("train", "train", ("a/",)), Part("val", "validation", ("b/",))]
    assert growing(ROOT, parts, "") == growing(ROOT, parts, "training") == parts[0]
    assert growing(ROOT, parts, "valid") == growing(ROOT, parts, "val") == parts[1]
    for split in ("all", "Train images of mine", "test"):
        with pytest.raises(ExpandError, match='has no part ".*"; it has "train", "val"'):
            growing(ROOT, parts, split)
    with pytest.raises(ExpandError, match='To expand one of these: --split "val"'):
        growing(ROOT, parts[1:], "")


def test_what_a_data_file_names_can_be_missing(tmp_path: Path) -> None:
    (tmp_path / "images/train").mkdir(parents=True)
    (tmp_path / "images/train/a.png").touch()
    (tmp_path / "list.txt").write_text("images/train/a.png\nimages/train/b.png\n")
    data = read_yaml("data.yaml", "train: [list.txt, nowhere]\nval: images/val\nnc: 1\n")
    train, val = find_parts(tmp_path, survey(tmp_path), data)
    assert (train.lists, [*train.images]) == (("list.txt",), ["images/train/a.png"])
    assert train.lost == ("images/train/b.png", "nowhere")
    assert val == Part("val", "validation", lost=("images/val",), images=val.images)


def test_lists_that_are_called_like_parts_are_these_without_a_data_file(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    for stem in ("a", "b", "c", "train"):
        (tmp_path / f"images/{stem}.png").touch()
        (tmp_path / f"labels/{stem}.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (tmp_path / "train.txt").write_text("images/a.png\nimages/b.png\n")
    (tmp_path / "valid.txt").write_text("images/c.png\n")
    parts = find_parts(tmp_path, survey(tmp_path), None)
    assert [(part.name, part.kind, part.lists, [*part.images]) for part in parts] == [
        ("train", "train", ("train.txt",), ["images/a.png", "images/b.png"]),
        ("valid", "validation", ("valid.txt",), ["images/c.png"]),
    ]
    (tmp_path / "train.txt").write_text("hello\n")
    assert [part.name for part in find_parts(tmp_path, survey(tmp_path), None)] == [""]
