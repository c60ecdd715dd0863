"""The data file of the expanded dataset leads to it, and to nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from expand.layouts.labelled.yolo.folder.datafile import read_darknet, read_yaml
from expand.layouts.labelled.yolo.folder.rewrite import rewritten


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a dataset's folder."""
    for part in ("train", "val"):
        (tmp_path / "set/images" / part).mkdir(parents=True)
    (tmp_path / "set/config").mkdir()
    (tmp_path / "set/train/images").mkdir(parents=True)
    (tmp_path / "set/train.txt").touch()
    return tmp_path / "set"


def after(root: Path, text: str, name: str = "data.yaml") -> str | None:
    """Return the text of a data file for the expanded dataset; None if it stays."""
    file = read_yaml(name, text + "names: [a]  # one\n")
    assert file
    data = rewritten(root, file)
    return None if data is None else data.decode().replace("names: [a]  # one\n", "")


@pytest.mark.parametrize(
    "text",
    [
        "train: images/train\nval: images/val\n",
        "path:\ntrain: images/train\nval: ''\n",
        "train: ../train/images\nval: ../valid/images\n",
        "train: train.txt\nval: nowhere\n",
    ],
)
def test_relative_paths_stay(text: str, root: Path) -> None:
    assert after(root, text) is None


def test_a_path_is_emptied(root: Path) -> None:
    text = "# a\r\npath: {root}  # mine\r\ntrain: images/train\r\nval: images/val\r\n"
    wanted = text.replace(" {root}", "")
    assert after(root, text.replace("{root}", str(root))) == wanted
    assert after(root, text.replace("{root}", "/content/drive/coco8")) == wanted
    assert after(root, text.replace("{root}", "../datasets/coco8")) == wanted
    assert after(root, text.replace("{root}", "coco8")) == wanted
    assert after(root, text.replace("{root}", ".")) == wanted


def test_parts_that_start_from_a_path_start_from_the_file(root: Path) -> None:
    assert after(root, "path: images\ntrain: train\nval: 'val'\n") == (
        "path:\ntrain: images/train\nval: images/val\n"
    )
    assert after(root, "path: ../images\ntrain: train\nval: val\n", "config/a.yaml") == (
        "path:\ntrain: ../images/train\nval: ../images/val\n"
    )


def test_absolute_parts_become_relative(root: Path) -> None:
    text = f"train: {root}/images/train # here\nval: ['{root}/images/val', images/val]\n"
    assert after(root, text) == (
        "train: images/train\nval:\n- images/val\n- images/val\nnames:\n- a\n"
    )
    text = f"train: {root}/images/train # here\nval: '/x/images/val'\n"
    assert after(root, text) == "train: images/train # here\nval: images/val\n"
    assert after(root, "train: ../set/images/train\n") == "train: images/train\n"


def test_a_file_in_a_folder_of_its_own_leads_out_of_it(root: Path) -> None:
    text = f"path: {root}\ntrain: images/train\nval: images/val\n"
    assert after(root, text, "config/data.yaml") == (
        "path:\ntrain: ../images/train\nval: ../images/val\n"
    )
    assert after(root, "train: ../images/train\nval: ../images/val\n", "config/a.yaml") is None


def test_darknets_file_gets_relative_paths(root: Path) -> None:
    file = read_darknet("obj.data", f"train = {root}/train.txt\nbackup = backup/\n")
    assert file
    assert rewritten(root, file) == b"train = train.txt\nbackup = backup/\n"
    file = read_darknet("obj.data", "train = data/train.txt\n")
    assert file
    assert rewritten(root, file) is None
