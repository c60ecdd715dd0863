"""Folders: where annotations and images lie, and what grows without lists."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from expand.errors import ExpandError
from tests.expand.layouts.labelled.voc.drawn import (
    CAT,
    annotation,
    boxes,
    picture,
    put,
    save_picture,
    seen,
)
from tests.expand.layouts.labelled.voc.growing import grow, opened


def pair(root: Path, image: str, label: str) -> None:
    save_picture(root / image, picture((CAT,)))
    put(root / label, annotation(Path(image).stem, (CAT,), suffix=Path(image).suffix))


def files(out: Path) -> list[str]:
    found = (path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    return sorted(name for name in found if not name.startswith("expand."))


LAYOUTS = {
    "labelImg, one folder": (("a.jpg", "a.xml"), ("b.png", "b.xml")),
    "images and annotations": (("images/a.jpg", "annotations/a.xml"),),
    "images and xml": (("images/a.jpg", "xml/a.xml"),),
    "in one more folder": (("data/images/a.jpg", "data/Annotations/a.xml"),),
    "JPEGImages without lists": (("JPEGImages/a.jpg", "Annotations/a.xml"),),
    "folders of classes": (
        ("images/cat/a.jpg", "annotations/cat/a.xml"),
        ("images/dog/a.jpg", "annotations/dog/a.xml"),
    ),
    "beside images in folders": (("cat/a.jpg", "cat/a.xml"), ("train/a.jpg", "train/a.xml")),
    "annotated pictures": (("annotated_pictures/a.jpg", "annotated_pictures/a.xml"),),
    "data and labels (FiftyOne)": (("data/a.jpg", "labels/a.xml"),),
    "folders of other names (DIOR)": (
        ("JPEGImages DIOR/a.jpg", "Annotations/Horizontal Bounding Boxes/a.xml"),
    ),
    "large suffixes": (("images/a.JPG", "annotations/a.XML"),),
}


@pytest.mark.parametrize("pairs", [pytest.param(each, id=name) for name, each in LAYOUTS.items()])
def test_without_parts_all_images_grow_with_their_annotation(
    tmp_path: Path, pairs: tuple[tuple[str, str], ...]
) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    for image, label in pairs:
        pair(src, image, label)
    with opened(src, layout="voc") as data:
        count = "1 image" if len(pairs) == 1 else "2 images"
        grow_all = "it has no parts, so all of them grow"
        assert data.title == f"Pascal VOC, boxes, {count}; {grow_all}"
        assert (data.notes, data.problems, data.split) == ((), 0, "")
    assert grow(src, out, layout="voc") == []
    assert len(files(out)) == 4 * len(pairs)
    for image, label in pairs:
        copy, written = (
            out / each.replace("a.", "a_v1.").replace("b.", "b_v1.") for each in (image, label)
        )
        assert boxes(written) == [("cat", seen(copy, "cat"))]


PARTS = {
    "Roboflow": ("train/{}.jpg", "train/{}.xml", "valid/{}.jpg", "valid/{}.xml"),
    "parts in images and annotations": (
        "images/train/{}.jpg",
        "annotations/train/{}.xml",
        "images/val/{}.jpg",
        "annotations/val/{}.xml",
    ),
    "images and annotations in parts": (
        "train/images/{}.jpg",
        "train/annotations/{}.xml",
        "test/images/{}.jpg",
        "test/annotations/{}.xml",
    ),
    "parts in names": (
        "train_images/{}.jpg",
        "train_annotations/{}.xml",
        "val_images/{}.jpg",
        "val_annotations/{}.xml",
    ),
}


@pytest.mark.parametrize("names", [pytest.param(each, id=name) for name, each in PARTS.items()])
def test_the_training_folder_grows_and_the_others_are_kept(
    tmp_path: Path, names: tuple[str, str, str, str]
) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    image, label, other, other_label = names
    pair(src, image.format("a"), label.format("a"))
    pair(src, other.format("a"), other_label.format("a"))
    put(src / "README.txt", "Drawn.")
    with opened(src) as data:
        assert data.title.startswith("Pascal VOC, boxes, train")
        assert data.title.endswith("left as it is")
    assert grow(src, out) == []
    named = (image, label)
    added = sorted(each.format("a_v1") for each in named)
    assert sorted({*files(out)} - {*files(src)}) == added
    assert boxes(out / label.format("a_v1")) == [("cat", seen(out / image.format("a_v1"), "cat"))]
    for each in files(src):
        assert (out / each).read_bytes() == (src / each).read_bytes()


def test_one_of_several_parts_can_be_asked_for_and_others_are_refused(tmp_path: Path) -> None:
    for part in ("train", "valid"):
        pair(tmp_path / "src", f"{part}/a.jpg", f"{part}/a.xml")
    grow(tmp_path / "src", tmp_path / "out", split="valid")
    assert (tmp_path / "out/valid/a_v1.xml").exists()
    assert not (tmp_path / "out/train/a_v1.xml").exists()
    with pytest.raises(ExpandError, match='no part "test" with images; it has "train", "valid"'):
        opened(tmp_path / "src", split="test")


def test_an_image_without_annotation_is_a_background_in_every_view(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    pair(src, "images/a.jpg", "annotations/a.xml")
    save_picture(src / "images/b.jpg", picture(()))
    put(src / "annotations/c.xml", annotation("c", ()))
    save_picture(src / "images/c.jpg", picture(()))
    assert grow(src, out) == []
    assert sorted(path.name for path in (out / "annotations").iterdir()) == [
        "a.xml",
        "a_v1.xml",
        "c.xml",
        "c_v1.xml",
    ]
    assert (out / "images/b_v1.jpg").exists()
    assert boxes(out / "annotations/c_v1.xml") == []


def test_a_folder_of_images_can_be_called_annotated(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    pair(src, "annotated/a.png", "annotated/a.xml")
    save_picture(src / "annotated/b.png", picture(()))
    assert grow(src, out) == []
    assert [name.rpartition("/")[2] for name in files(out)] == [
        "a.png",
        "a.xml",
        "a_v1.png",
        "a_v1.xml",
        "b.png",
        "b_v1.png",
    ]


def test_annotations_without_an_image_are_kept_and_a_fault(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    pair(src, "images/a.jpg", "annotations/a.xml")
    put(src / "annotations/lost.xml", annotation("lost"))
    with opened(src) as data:
        assert data.notes == ('"annotations/lost.xml" has no image: it is kept',)
        assert data.problems == 1
    grow(src, out)
    assert (out / "annotations/lost.xml").exists()


def test_labels_in_another_format_beside_annotations_are_kept_and_noted(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    pair(src, "JPEGImages/train_1.jpg", "Annotations/train_1.xml")
    put(src / "labels/train_1.txt", "0 0.5 0.5 0.1 0.1\n")
    put(src / "labels.csv", "file,label\ntrain_1.jpg,cat\n")
    put(src / "coco.json", '{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": []}')
    put(src / "classes.txt", "cat\n")
    with opened(src, layout="voc") as data:
        (note,) = data.notes
        assert note.startswith("3 files have labels in another format: they are kept, and say")
        assert note.endswith('the first is "coco.json"')
    assert grow(src, out, layout="voc") == []
    assert "labels/train_1_v1.txt" not in files(out)


@pytest.mark.parametrize("home", ["", "cells/"])
def test_annotations_go_before_a_table_beside_them(tmp_path: Path, home: str) -> None:
    src = tmp_path / "src"
    pair(src, f"{home}JPEGImages/a.jpg", f"{home}Annotations/a.xml")
    save_picture(src / "example.jpg", picture((CAT,)))
    put(src / "test.csv", "file,xmin\nexample.jpg,5\n")
    with opened(src) as data:
        assert data.layout == "voc"
        assert data.notes[-1].startswith('"test.csv" has labels in another format: it is kept')


def test_two_annotations_of_one_image_are_a_bad_source(tmp_path: Path) -> None:
    src = tmp_path / "src"
    for stem in ("a", "b"):
        pair(src, f"images/{stem}.jpg", f"annotations/{stem}.xml")
    put(src / "images/a.xml", annotation("a"))
    assert grow(src, tmp_path / "out") == [
        'images/a.jpg has two annotations: "annotations/a.xml" and "images/a.xml"'
    ]


def test_two_images_of_one_annotation_are_bad_sources(tmp_path: Path) -> None:
    src = tmp_path / "src"
    for stem in ("a", "b"):
        pair(src, f"{stem}.jpg", f"{stem}.xml")
    save_picture(src / "a.png", picture((CAT,)))
    with_both = 'shares "a.xml" with another image: "a.jpg" and "a.png"'
    assert grow(src, tmp_path / "out") == [f"a.jpg {with_both}", f"a.png {with_both}"]


def test_names_with_characters_of_xml_and_without_ascii_work(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    save_picture(src / "ü & <b>.jpg", picture((CAT,)))
    put(src / "ü & <b>.xml", annotation("ü &amp; &lt;b&gt;", (CAT,)))
    assert grow(src, out) == []
    assert "<filename>ü &amp; &lt;b&gt;_v1.jpg</filename>" in (out / "ü & <b>_v1.xml").read_text()


def test_a_name_that_xml_cannot_hold_is_replaced(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    save_picture(src / "a\x01.jpg", picture((CAT,)))
    put(src / "a\x01.xml", annotation("a", (CAT,)))
    assert grow(src, out) == []
    assert boxes(out / "a\x01_v1.xml") == [("cat", seen(out / "a\x01_v1.jpg", "cat"))]


def test_a_name_that_is_not_utf_8_is_a_bad_source(tmp_path: Path) -> None:
    src = tmp_path / "src"
    pair(src, "a.jpg", "a.xml")
    for suffix in ("jpg", "xml"):
        odd = os.fsdecode(b"\xff." + suffix.encode())
        (src / odd).write_bytes((src / f"a.{suffix}").read_bytes())
    (problem,) = grow(src, tmp_path / "out")
    assert problem.endswith("has a name that is not UTF-8")


def test_another_format_of_copies_changes_the_name_of_their_annotations(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    pair(src, "JPEGImages/a.jpg", "Annotations/a.xml")
    put(src / "ImageSets/Main/train.txt", "a\n")
    assert grow(src, out, format="png") == []
    assert "<filename>a.jpg_v1.png</filename>" in (out / "Annotations/a.jpg_v1.xml").read_text()
    assert (out / "JPEGImages/a.jpg_v1.png").exists()
    assert (out / "ImageSets/Main/train.txt").read_text() == "a\na.jpg_v1\n"


def test_a_file_called_like_a_copy_is_refused(tmp_path: Path) -> None:
    src = tmp_path / "src"
    pair(src, "images/a.jpg", "annotations/a.xml")
    put(src / "annotations/a_v1.xml", annotation("a_v1"))
    with pytest.raises(ExpandError, match="would give files of one name"):
        grow(src, tmp_path / "out")


def test_a_folder_without_annotations_is_refused(tmp_path: Path) -> None:
    save_picture(tmp_path / "src/images/a.jpg", picture((CAT,)))
    with pytest.raises(ExpandError, match="is not a Pascal VOC dataset: none of its images has an"):
        opened(tmp_path / "src", layout="voc")


def test_without_defusedxml_the_command_to_install_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "defusedxml.ElementTree", None)
    pair(tmp_path / "src", "images/a.jpg", "annotations/a.xml")
    with pytest.raises(ExpandError, match=r'need defusedxml: pip install "\.\[labels\]"'):
        opened(tmp_path / "src", layout="voc")


def test_two_folders_of_annotations_with_other_names_are_two_for_each_image(tmp_path: Path) -> None:
    src = tmp_path / "src"
    for folder in ("Horizontal Bounding Boxes", "Oriented Bounding Boxes"):
        pair(src, "JPEGImages DIOR/a.jpg", f"Annotations/{folder}/a.xml")
    with pytest.raises(ExpandError, match='"JPEGImages DIOR/a.jpg" has two annotations: "Annot'):
        grow(src, tmp_path / "out")


def test_tables_of_the_images_in_a_folder_beside_theirs_are_named(tmp_path: Path) -> None:
    pair(src := tmp_path / "src", "images/a.jpg", "annotations/a.xml")
    put(src / "data/train_labels.csv", b"filename,class,xmin,ymin,xmax,ymax\na.jpg,cat,1,1,5,5\n")
    with opened(src) as data:
        assert "labels in another format" in data.notes[0]
        assert "data/train_labels.csv" in data.notes[0]


@pytest.mark.parametrize(("suffix", "reading"), [("csv", "table"), ("json", "coco")])
def test_parts_that_only_files_in_another_format_tell_are_ambiguous(
    suffix: str, reading: str, tmp_path: Path
) -> None:
    pair(src := tmp_path / "src", "images/a.jpg", "annotations/a.xml")
    table = b"filename,class,xmin,ymin,xmax,ymax\na.jpg,cat,1,1,5,5\n"
    coco = b'{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": []}'
    for part in ("train", "test"):
        put(src / f"data/{part}.{suffix}", table if suffix == "csv" else coco)
    with pytest.raises(ExpandError, match=f'"data/test.{suffix}" say .* --as {reading};.*--as voc'):
        opened(src)
    with opened(src, layout="voc") as data:
        assert len(data.listing) == 1
