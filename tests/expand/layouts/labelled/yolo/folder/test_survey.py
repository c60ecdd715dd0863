"""The survey of a folder, and which data file counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from expand.errors import ExpandError
from expand.layouts.labelled.yolo.folder.survey import class_names, data_files, survey

TEXT = "train: images\nval: images\nnames: [a]\n"


def chosen(root: Path, **texts: str) -> list[str]:
    """Write files, and return the names of the data files, the one that counts first."""
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [file.name for file in data_files(root, survey(root))]


def test_folders_of_images_and_of_text_files_are_found(tmp_path: Path) -> None:
    for path in ("b/1.png", "a/2.JPG", "a/3.txt", "4.txt", "a/deep/5.png", ".hidden/6.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    found = survey(tmp_path)
    assert found.images == ["a/", "a/deep/", "b/"]
    assert found.texts == {"", "a/"}
    assert found.caches() == {"a.cache"}


def test_the_file_near_the_folder_with_a_usual_name_counts(tmp_path: Path) -> None:
    other = TEXT.replace("[a]", "[b]")
    assert chosen(tmp_path, deep__data_yaml=other, my_yml=other) == ["my.yml", "deep/data.yaml"]
    assert chosen(tmp_path, data_yaml=TEXT)[0] == "data.yaml"
    with pytest.raises(ExpandError, match='"data.yaml" and "dataset.yaml" describe different'):
        chosen(tmp_path, dataset_yaml=other)


def test_a_file_with_parts_counts_before_one_without(tmp_path: Path) -> None:
    assert chosen(tmp_path, data_yaml="names: [a]\n", x__data_yaml=TEXT)[0] == "x/data.yaml"
    assert chosen(tmp_path / "no", data_yaml="names: [a]\n") == ["data.yaml"]


def test_other_yaml_files_can_hold_anything(tmp_path: Path) -> None:
    hyp = "lr0: &x 1\nlrf: *x\n"
    assert chosen(tmp_path, hyp_yaml=hyp, run_yml="a: [", data_yaml=TEXT) == ["data.yaml"]
    with pytest.raises(ExpandError, match='"my.yaml", line 2: not valid YAML'):
        chosen(tmp_path / "b", my_yaml="names: [a]\nx: [")


def test_darknets_file_counts_where_no_yaml_names_parts(tmp_path: Path) -> None:
    darknet = "train = train.txt\nnames = obj.names\n"
    assert chosen(tmp_path, obj_data=darknet, x_data="1 2") == ["obj.data"]
    assert chosen(tmp_path, data_yaml=TEXT) == ["data.yaml"]


def test_class_names_come_from_the_file_near_the_folder(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/classes.txt").write_text("deep\n")
    assert class_names(tmp_path, survey(tmp_path)) == ("deep",)
    (tmp_path / "obj.names").write_text("a\nb\n")
    assert class_names(tmp_path, survey(tmp_path)) == ("a", "b")
    (tmp_path / "obj.names").write_bytes(b"\xff\xfa")
    assert class_names(tmp_path, survey(tmp_path)) == ()
