"""Set-wide files: lists of names, and the number of images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expand import ExpandError
from tests.expand.layouts.labelled.masks import drawn
from tests.expand.layouts.labelled.masks.written import expanded

PARTS = {
    f"{part}/{name}.png": f"{part}annot/{name}.png" for part in ("train", "val") for name in "ab"
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a\nb\n", "a\na_v1\nb\nb_v1\n"),
        ("a.png\r\nb.png", "a.png\r\na_v1.png\r\nb.png\nb_v1.png"),
        ("train/a.png trainannot/a.png\n", "train/a.png trainannot/a.png\ntrain/a_v1.png trainannot/a_v1.png\n"),
        ("/x/set/train/a.png 3\n", "/x/set/train/a.png 3\n/x/set/train/a_v1.png 3\n"),
        ("a 1 2 3\nb 2 2 1\n", "a 1 2 3\na_v1 1 2 3\nb 2 2 1\nb_v1 2 2 1\n"),
        ("id,mask_path\n7,trainannot/a.png\n", "id,mask_path\n7,trainannot/a.png\n7,trainannot/a_v1.png\n"),
        ("./train/b.png;1\n", "./train/b.png;1\n./train/b_v1.png;1\n"),
        ("image,mask\na.png,a.png\n", "image,mask\na.png,a.png\na_v1.png,a_v1.png\n"),
    ],
)  # fmt: skip
def test_a_list_of_images_gets_a_line_for_each_copy(tmp_path: Path, text: str, wanted: str) -> None:
    lists = {"train.txt": text.encode(), "val.txt": b"a\nb\n", "notes.txt": b"read me\n"}
    root = drawn.write(tmp_path / "set", drawn.pairs(PARTS) | lists)
    out = tmp_path / "out"
    expanded(root, out, factor=2)
    assert (out / "train.txt").read_bytes().decode() == wanted
    assert (out / "val.txt").read_bytes() == b"a\nb\n"
    assert (out / "notes.txt").read_bytes() == b"read me\n"


def test_lists_of_another_part_with_paths_stay_as_they_are(tmp_path: Path) -> None:
    text = b"val/a.png valannot/a.png\n"
    root = drawn.write(tmp_path / "set", drawn.pairs(PARTS) | {"list.txt": text})
    expanded(root, tmp_path / "out", factor=2)
    assert (tmp_path / "out/list.txt").read_bytes() == text


def test_a_table_beside_images_with_masks_repeats_its_rows(tmp_path: Path) -> None:
    pairs = {f"images/{name}.png": f"masks/{name}.png" for name in "ab"}
    table = b"image,label\na.png,cat\nb.png,dog\n"
    root = drawn.write(tmp_path / "set", drawn.pairs(pairs) | {"labels.csv": table})
    dataset, _ = expanded(root, tmp_path / "out", factor=2)
    assert dataset.layout == "masks"
    assert (tmp_path / "out/labels.csv").read_bytes() == (
        b"image,label\na.png,cat\na_v1.png,cat\nb.png,dog\nb_v1.png,dog\n"
    )


FLAT = {f"images/{name}.png": f"masks/{name}.png" for name in "abc"}


@pytest.mark.parametrize("folder", ["", "splits/"])
def test_lists_tell_the_parts_where_no_folder_does(tmp_path: Path, folder: str) -> None:
    lists = {"train.txt": b"a\nb\n", "val.txt": b"c\n", "trainval.txt": b"a\nb\nc\n"}
    files = drawn.pairs(FLAT) | {folder + name: text for name, text in lists.items()}
    root, out = drawn.write(tmp_path / "set", files), tmp_path / "out"
    dataset, _ = expanded(root, out, factor=2)
    assert dataset.title == (
        "images with masks, train split 2 images with 2 masks; val left as it is"
    )
    assert (out / folder / "train.txt").read_bytes() == b"a\na_v1\nb\nb_v1\n"
    assert (out / folder / "val.txt").read_bytes() == b"c\n"
    assert (out / folder / "trainval.txt").read_bytes() == b"a\na_v1\nb\nb_v1\nc\n"
    assert {path.name for path in (out / "masks").iterdir()} == {
        "a.png", "a_v1.png", "b.png", "b_v1.png", "c.png"
    }  # fmt: skip
    dataset, _ = expanded(root, tmp_path / "val", factor=2, split="val")
    assert (tmp_path / "val" / folder / "val.txt").read_bytes() == b"c\nc_v1\n"


def test_a_list_of_all_images_beside_other_texts_tells_no_parts(tmp_path: Path) -> None:
    lists = {"train.txt": b"a\nb\nc\n", "notes.txt": b"read me\n", "changes.txt": b""}
    root = drawn.write(tmp_path / "set", drawn.pairs(FLAT) | lists)
    dataset, _ = expanded(root, tmp_path / "out", factor=2)
    assert dataset.title == "images with masks, 3 images with 3 masks"


def test_a_column_tells_the_parts_where_no_folder_does(tmp_path: Path) -> None:
    table = b"image,mask,split\na.png,a.png,train\nb.png,b.png,val\nc.png,c.png,train\n"
    root = drawn.write(tmp_path / "set", drawn.pairs(FLAT) | {"data.csv": table})
    dataset, _ = expanded(root, tmp_path / "out", factor=2)
    assert dataset.title.startswith("images with masks, train split 2 images with 2 masks; val")
    assert (tmp_path / "out/data.csv").read_bytes() == (
        b"image,mask,split\na.png,a.png,train\na_v1.png,a_v1.png,train\nb.png,b.png,val\n"
        b"c.png,c.png,train\nc_v1.png,c_v1.png,train\n"
    )


def test_a_training_list_of_images_without_masks_is_refused(tmp_path: Path) -> None:
    more = {"images/d.png": drawn.as_png(drawn.scene(3)), "train.txt": b"d\n", "val.txt": b"a\n"}
    root = drawn.write(tmp_path / "set", drawn.pairs(FLAT) | more)
    with pytest.raises(ExpandError, match="no image of the part of .* has a mask"):
        expanded(root, tmp_path / "out", factor=2, layout="masks")


def test_images_that_the_training_list_leaves_out_do_not_grow(tmp_path: Path) -> None:
    root = drawn.write(tmp_path / "set", drawn.pairs(FLAT) | {"train.txt": b"a\nb\n"})
    dataset, _ = expanded(root, tmp_path / "out", factor=2)
    assert len(dataset.listing) == 2
    assert not (tmp_path / "out/images/c_v1.png").exists()
    assert dataset.notes == (
        '1 image with a mask is in no part, "images/c.png": it is left as it is',
    )


@pytest.mark.parametrize(
    "text", ["id,rle_mask\na,1 5\nb,7 3\n", "id,x,y\na,4,5\n", "a.png 1 3 4 9\n", "b 2.5 3\n"]
)
def test_a_table_that_says_where_something_is_stays_as_it_is(tmp_path: Path, text: str) -> None:
    pairs = {f"images/{name}.png": f"masks/{name}.png" for name in "ab"}
    root = drawn.write(tmp_path / "set", drawn.pairs(pairs) | {"labels.csv": text.encode()})
    dataset, _ = expanded(root, tmp_path / "out", factor=2, layout="masks")
    assert (tmp_path / "out/labels.csv").read_bytes() == text.encode()
    (note,) = dataset.notes
    assert note.startswith('"labels.csv" may say where something is in images, which moves: it is')


def test_a_bad_image_is_not_in_the_list(tmp_path: Path) -> None:
    files = drawn.pairs(PARTS) | {"train.txt": b"a\nb\n", "trainannot/a.png": b""}
    _, bad = expanded(drawn.write(tmp_path / "set", files), tmp_path / "out", factor=2)
    assert list(bad) == ["train/a.png"]
    assert (tmp_path / "out/train.txt").read_bytes() == b"b\nb_v1\n"


CASES = {f"imagesTr/{name}_0000.png": f"labelsTr/{name}.png" for name in "ab"}


def test_the_number_of_cases_is_that_of_the_expanded_dataset(tmp_path: Path) -> None:
    content = {"channel_names": {"0": "R"}, "numTraining": 2, "file_ending": ".png"}
    files = drawn.pairs(CASES) | {"dataset.json": json.dumps(content).encode()}
    expanded(drawn.write(tmp_path / "set", files), tmp_path / "out", factor=4)
    written = json.loads((tmp_path / "out/dataset.json").read_text())
    assert written == content | {"numTraining": 8}
    assert len(list((tmp_path / "out/labelsTr").iterdir())) == 8


def test_several_channels_of_a_case_are_refused(tmp_path: Path) -> None:
    more = {name.replace("_0000", "_0001"): b"" for name in CASES}
    root = drawn.write(tmp_path / "set", drawn.pairs(CASES) | more)
    with pytest.raises(ExpandError, match="a_0001.png. have the same mask, .labelsTr/a.png."):
        expanded(root, tmp_path / "out")
