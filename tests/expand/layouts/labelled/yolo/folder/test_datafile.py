"""data.yaml and obj.data: what they may say, and what is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from expand.errors import ExpandError
from expand.layouts.labelled.yolo.folder.datafile import (
    read_darknet,
    read_data_file,
    read_names,
    read_yaml,
)

PARTS = "train: images/train\nval: images/val\n"


def test_names_can_be_a_list_or_a_mapping_in_any_order() -> None:
    for names in ("[a, b]", "{1: b, 0: a}", "{'0': a, '1': b}", "\n- a\n- b"):
        file = read_yaml("data.yaml", f"{PARTS}names: {names}\n")
        assert file
        assert (file.names, file.count) == (("a", "b"), 2)
        assert file.parts == {"train": ("images/train",), "val": ("images/val",)}


def test_validation_is_val_and_nc_is_enough() -> None:
    file = read_yaml("data.yaml", "train: a\nvalidation: b\nnc: 4\n")
    assert file
    assert (file.names, file.count) == ((), 4)
    assert file.parts == {"val": ("b",), "train": ("a",)}


def test_a_part_can_have_several_places() -> None:
    file = read_yaml("x/data.yaml", "train: [a, b.txt]\nval:\ntest: ''\nnames: [a]\npath: ..\n")
    assert file
    assert file.parts == {"train": ("a", "b.txt")}
    assert (file.path, file.folder) == ("..", "x/")


def test_pose_says_points_and_what_a_mirror_exchanges() -> None:
    text = (
        PARTS + "names: [a]\nkpt_shape: [3, 2]\nflip_idx: [0, 2, 1]\nkpt_names:\n  0: [n, l, r]\n"
    )
    file = read_yaml("data.yaml", text)
    assert file
    assert (file.shape, file.flip_idx, file.point_names) == ((3, 2), (0, 2, 1), ("n", "l", "r"))


@pytest.mark.parametrize("text", ["", "a: 1", "- 1", "just text", "train: a\nval: b\n"])
def test_another_yaml_file_is_none(text: str) -> None:
    assert read_yaml("hyp.yaml", text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("names: [a]\nnc: 2\n", "line 4: nc is 2, and there are 1 names"),
        ("nc: many\n", "line 3: nc must be a whole number of classes, got 'many'"),
        ("names: {1: a, 2: b}\n", r"line 3: names must have the keys 0 to 1, got \[1, 2\]"),
        ("names: a.txt\n", "line 3: names must be a list of class names, got 'a.txt'"),
        ("names: [[a]]\n", "line 3: names must be a list of texts"),
        ("names: [a]\nkpt_shape: [17]\n", "line 4: kpt_shape must be the points of an object"),
        ("names: [a]\nkpt_shape: [17, 4]\n", "kpt_shape must be the points"),
        ("names: [a]\nkpt_shape: [2, 3]\nflip_idx: [1, 2]\n", "line 5: flip_idx must hold each of"),
        ("names: [a]\ntest: {a: b}\n", "line 4: test must be a path or a list of paths"),
        ("names: [a\nx: y", "line 4: not valid YAML"),
        ("names: [a]\nx: !!int b\n", "a value is not what its tag says"),
        ("names: &a [*a]\n", "line 3: too deep, too long, or with aliases"),
        ("names: " + "[" * 50 + "]" * 50, "line 3: too deep"),
        ("names: [a]\nx: \x00\n", "not valid YAML"),
    ],
)
def test_what_contradicts_itself_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ExpandError, match=reason) as refused:
        read_yaml("set/data.yaml", PARTS + text)
    assert str(refused.value).startswith('"set/data.yaml"')


def test_darknets_file_names_lists() -> None:
    file = read_darknet("obj.data", "classes= 2\ntrain  = data/train.txt\nvalid=data/test.txt\n")
    assert file
    assert file.parts == {"train": ("data/train.txt",), "val": ("data/test.txt",)}
    assert file.count == 2
    assert read_darknet("x.data", "1 2 3\n") is None


def test_class_names_are_one_a_line() -> None:
    assert read_names("\ufeffa b\r\n\r\n c \n".lstrip("\ufeff")) == ("a b", "c")


def test_files_of_other_encodings_are_read_and_others_refused(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (tmp_path / "data.yaml").write_text("nc: 1 # ä", encoding=encoding)
        assert read_data_file(tmp_path, "data.yaml") == "nc: 1 # ä"
    (tmp_path / "data.yaml").write_bytes(b"\xff\xfa\x80")
    with pytest.raises(ExpandError, match='"data.yaml", line 1: is not UTF-8 text'):
        read_data_file(tmp_path, "data.yaml")
    (tmp_path / "data.yaml").write_bytes(b" " * (2 << 20))
    with pytest.raises(ExpandError, match='"data.yaml" has .* bytes; at most 1,048,576 are read'):
        read_data_file(tmp_path, "data.yaml")
