"""Copies and label files never get the name of another file; other parts are free to have any."""

from __future__ import annotations

from pathlib import Path

import pytest

from expand import ExpandError
from expand.layouts.labelled.dataset import Request
from expand.layouts.labelled.open import open_dataset

YAML = b"train: images/train\nval: images/val\nnames: [a]\n"


def put(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"0 .5 .5 .2 .2\n" if name.endswith(".txt") else b"")
    return root


def yolo(root: Path, *names: str) -> Path:
    put(root, "images/train/a.png", "labels/train/a.txt", "images/val/b.png", *names)
    (root / "data.yaml").write_bytes(YAML)
    return root


@pytest.mark.parametrize(
    "names",
    [
        ("images/val/b_v1.png", "labels/val/b_v1.txt"),
        ("images/val/B.png",),
        ("other/b.csv", "other/b_v1.csv", "Other2/x", "other2/x"),
        ("images/train/a_v4.png", "images/train/a_v01.png", "images/train/a_v1_x.png"),
        ("images/train/a.jpg.png",),
        ("images/train/x_v2.png", "images/train/X_v3.png"),
    ],
)
def test_files_that_nothing_is_written_to_may_be_called_like_copies(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    open_dataset(yolo(tmp_path, *names), Request("yolo-detect"), 4).close()


@pytest.mark.parametrize(
    ("names", "format_"),
    [
        (("images/train/a_v3.png",), "keep"),
        (("images/train/A_V3.PNG",), "keep"),
        (("labels/train/a_v1.txt",), "keep"),
        (("labels/train/A.txt",), "keep"),
        (("images/train/a.JPG", "images/train/a.jpg"), "keep"),
        (("images/train/c.png", "images/train/C.jpg"), "keep"),
        (("images/train/x/c.png", "images/train/X/d.png"), "keep"),
        (("images/train/c.jpg", "images/train/c.jpg_v2.png"), "png"),
    ],
)
def test_a_file_that_a_copy_or_its_label_file_would_hit_is_refused(
    names: tuple[str, ...], format_: str, tmp_path: Path
) -> None:
    root = yolo(tmp_path, *names)
    if {*names} - {path.relative_to(root).as_posix() for path in root.rglob("*")}:
        pytest.skip("the file system ignores case")
    with pytest.raises(ExpandError, match=r"would (give files of one name|become the label)"):
        open_dataset(root, Request("yolo-detect"), 4, format_)


def test_a_mask_that_is_called_like_that_of_a_copy_is_refused(tmp_path: Path) -> None:
    root = put(tmp_path, "a.png", "a_mask.png", "b.png", "b_mask.png", "a_v1_mask.png")
    with pytest.raises(ExpandError, match=r'"a_v1_mask.png|a_v1_mask.png"'):
        open_dataset(root, Request("masks"), 2)
