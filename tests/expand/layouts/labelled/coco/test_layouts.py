"""Folder orders of COCO datasets: which images grow, which files are written anew, what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from expand import ExpandError
from expand.layouts.labelled.dataset import Request
from expand.layouts.labelled.open import open_dataset, open_labelled
from expand.layouts.labelled.opening import Opening
from tests.expand.layouts.labelled.coco.drawn import (
    NAMES,
    Drawn,
    annotations,
    boxes_only,
    document,
    draw_coco,
    image,
)
from tests.expand.layouts.labelled.coco.grown import RECORDS, grow

INSTANCES = "annotations/instances_train2017.json"


@pytest.fixture
def drawn(tmp_path: Path) -> Drawn:
    return Drawn(tmp_path / "src")


def names(path: Path) -> list[str]:
    return [each["file_name"] for each in json.loads(path.read_text())["images"]]


def tree(root: Path) -> set[str]:
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    return files - {*RECORDS}


def added(src: Path, out: Path) -> list[str]:
    """Return the new files, all of them images; nothing of the source is missing."""
    assert tree(src) <= tree(out)
    return sorted(tree(out) - tree(src))


def check(drawn: Drawn, expected: list[str], **options: Any) -> Any:
    out = drawn.root.parent / "out"
    grown = grow(drawn.root, out, 2, **options)
    assert (added(drawn.root, out), grown.bad) == (expected, {})
    return grown


def title(root: Path, split: str = "") -> str:
    with open_labelled(Opening(root, Request("coco", split), 2, "keep")) as dataset:
        return dataset.title


def test_the_training_images_of_coco_grow_and_its_other_parts_stay(drawn: Drawn) -> None:
    draw_coco(drawn.root)
    grown = check(drawn, [f"train2017/{n:06d}_v1.png" for n in (7, 31, 100)])
    assert (grown.notes, grown.status) == ((), 0)
    assert (grown.dataset.split, grown.dataset.parts) == ("train2017", ("train2017", "val2017"))
    out = drawn.root.parent / "out"
    assert names(out / "annotations/instances_val2017.json") == ["000002.png"]


def test_folders_of_the_parts_can_lie_in_images(drawn: Drawn) -> None:
    drawn.part("images/train2017/", INSTANCES, {1: "a.png"})
    drawn.part("images/val2017/", "annotations/instances_val2017.json", {1: "a.png"})
    check(drawn, ["images/train2017/a_v1.png"])


@pytest.mark.parametrize("name", ["trainval", "crowdpose_trainval", "train_test2017"])
def test_a_file_for_several_parts_grows_no_image_of_another_part(name: str, drawn: Drawn) -> None:
    for path, ids in (("train", (1, 2)), ("val", (3,)), (name, (1, 2, 3))):
        drawn.part("images/", f"annotations/{path}.json", {n: f"{n}.png" for n in ids})
    grown = check(drawn, ["images/1_v1.png", "images/2_v1.png"])
    assert (grown.notes, grown.status) == ((), 0)
    out = drawn.root.parent / "out"
    assert len(names(out / f"annotations/{name}.json")) == 5
    assert len(names(out / "annotations/val.json")) == 1


def test_trainval_alone_is_the_training_part(drawn: Drawn) -> None:
    for path, number in (("trainval", 1), ("test", 2)):
        drawn.part("images/", f"annotations/{path}.json", {number: f"{number}.png"})
    check(drawn, ["images/1_v1.png"])


def test_the_training_part_of_an_export_of_roboflow_grows(drawn: Drawn) -> None:
    for part in ("train", "valid", "test"):
        drawn.part(f"{part}/", f"{part}/_annotations.coco.json", {0: "a_jpg.rf.1.png"})
    (drawn.root / "README.roboflow.txt").write_text("hello")
    grown = check(drawn, ["train/a_jpg.rf.1_v1.png"])
    assert grown.title == (
        "COCO segmentation and keypoints, 3 classes, train split 1 image; test and valid left as they are"
    )


def test_all_images_of_an_export_of_cvat_without_subsets_grow(drawn: Drawn) -> None:
    drawn.part("images/default/", "annotations/instances_default.json", {1: "a.png"})
    grown = check(drawn, ["images/default/a_v1.png"])
    assert grown.title == "COCO segmentation and keypoints, 3 classes, 1 image"


def test_the_training_subset_of_an_export_of_cvat_grows(drawn: Drawn) -> None:
    drawn.part("images/Train/", "annotations/instances_Train.json", {1: "a.png"})
    drawn.part("images/Validation/", "annotations/instances_Validation.json", {1: "a.png"})
    grown = check(drawn, ["images/Train/a_v1.png"])
    assert grown.title.endswith("Train split 1 image; Validation left as it is")


def test_names_of_label_studio_with_backslashes_are_found_and_kept(drawn: Drawn) -> None:
    drawn.part("", "result.json", {0: "images/a.png"})
    path = drawn.root / "result.json"
    path.write_text(path.read_text().replace("images/a.png", r"images\\a.png"))
    check(drawn, ["images/a_v1.png"])
    assert names(drawn.root.parent / "out/result.json") == [r"images\a.png", r"images\a_v1.png"]


def test_the_training_part_of_a_dataset_for_mmdetection_grows(drawn: Drawn) -> None:
    drawn.part("train/", "annotation_coco_train.json", {1: "a.png"})
    drawn.part("val/", "annotation_coco_val.json", {1: "a.png"})
    check(drawn, ["train/a_v1.png"])


def test_all_parts_can_have_their_images_in_one_folder(drawn: Drawn) -> None:
    drawn.part("images/", "annotations/train.json", {1: "a.png"})
    drawn.part("images/", "annotations/val.json", {1: "b.png"})
    drawn.picture("images/c.png")
    grown = check(drawn, ["images/a_v1.png"])
    assert grown.notes == ('1 image ("images/c.png") that no COCO file names is kept',)


def test_file_names_can_have_folders(drawn: Drawn) -> None:
    drawn.part("data/", "labels.json", {1: "one/a.png", 2: "two/a.png"})
    check(drawn, ["data/one/a_v1.png", "data/two/a_v1.png"])
    out = drawn.root.parent / "out"
    assert names(out / "labels.json")[2:] == ["one/a_v1.png", "two/a_v1.png"]


def test_parts_in_one_file_are_told_by_the_folders_of_their_images(drawn: Drawn) -> None:
    drawn.part("", "labels.json", {1: "train/a.png", 2: "val/a.png"})
    grown = check(drawn, ["train/a_v1.png"])
    assert names(drawn.root.parent / "out/labels.json") == [
        "train/a.png",
        "val/a.png",
        "train/a_v1.png",
    ]
    assert grown.title.endswith("train split 1 image; val left as it is")


def test_a_file_for_all_parts_gets_the_copies_too(drawn: Drawn) -> None:
    drawn.part("images/", "annotations/train.json", {1: "a.png"})
    drawn.part("images/", "annotations/val.json", {2: "b.png"})
    drawn.part("images/", "annotations/all.json", {1: "a.png", 2: "b.png"})
    check(drawn, ["images/a_v1.png"])
    out = drawn.root.parent / "out/annotations"
    assert names(out / "all.json") == ["a.png", "b.png", "a_v1.png"]
    assert names(out / "val.json") == ["b.png"]


def test_images_without_labels_and_without_a_part_are_kept(drawn: Drawn) -> None:
    draw_coco(drawn.root)
    drawn.picture("unlabeled2017/1.png")
    info = document([image(900, "1.png")], [])
    del info["annotations"]
    drawn.json("annotations/image_info_unlabeled2017.json", info)
    grown = check(drawn, [f"train2017/{n:06d}_v1.png" for n in (7, 31, 100)])
    assert (grown.notes, grown.status) == ((), 0)


def test_lvis_has_addresses_for_file_names(drawn: Drawn) -> None:
    entry = image(5, "x") | {"coco_url": "http://images.cocodataset.org/train2017/a.png"}
    del entry["file_name"]
    drawn.picture("train2017/a.png")
    drawn.json("lvis_v1_train.json", document([entry], annotations(5, 1)))
    check(drawn, ["train2017/a_v1.png"])
    written = json.loads((drawn.root.parent / "out/lvis_v1_train.json").read_text())["images"][1]
    assert written["coco_url"] == "http://images.cocodataset.org/train2017/a_v1.png"
    assert "file_name" not in written


def test_all_files_about_an_image_are_written_anew_with_the_same_ids(drawn: Drawn) -> None:
    draw_coco(drawn.root)
    images = [image(7, "000007.png"), image(31, "000031.png")]
    people = [each for each in annotations(7, 900) if "keypoints" in each]
    captions = [{"id": n, "image_id": 31, "caption": f"caption {n}"} for n in (1, 2)]
    drawn.json("annotations/person_keypoints_train2017.json", document(images, people))
    drawn.json("annotations/captions_train2017.json", document(images, captions))
    grown = check(drawn, [f"train2017/{n:06d}_v1.png" for n in (7, 31, 100)])
    out = drawn.root.parent / "out/annotations"
    ids = {}
    for kind in ("instances", "person_keypoints", "captions"):
        written = json.loads((out / f"{kind}_train2017.json").read_text())
        ids[kind] = {each["file_name"]: each["id"] for each in written["images"]}
    assert ids["instances"].items() >= ids["person_keypoints"].items() == ids["captions"].items()
    assert written["annotations"][2:] == [
        {"id": 3, "image_id": 102, "caption": "caption 1"},
        {"id": 4, "image_id": 102, "caption": "caption 2"},
    ]
    assert grown.title.startswith("COCO segmentation, keypoints and captions, 3 classes")
    boxes = [{"id": 1, "image_id": 7, "category_id": 1, "bbox": [1, 2, 30, 40]}]
    for kind in ("instances", "person_keypoints"):
        drawn.json(f"annotations/{kind}_train2017.json", document(images, boxes))
    with open_dataset(drawn.root, Request()) as dataset:
        assert dataset.title.startswith("COCO detection and captions, 3 classes")


def test_boxes_alone_are_detection(drawn: Drawn) -> None:
    drawn.picture("images/a.png")
    drawn.json("labels.json", document([image(1, "a.png")], boxes_only(annotations(1, 1))))
    grown = check(drawn, ["images/a_v1.png"])
    assert grown.title.startswith("COCO detection")
    assert grown.dataset.detects
    assert grown.dataset.classes == ("thing", "person", "thing")


def test_copies_of_images_whose_ids_are_texts_get_ids_that_are_texts(drawn: Drawn) -> None:
    listed = [each | {"id": f"n{each['id']}"} for each in annotations("x", 1)]
    drawn.picture("images/a.png")
    drawn.json("labels.json", document([image("x", "a.png")], listed))
    check(drawn, ["images/a_v1.png"])
    written = json.loads((drawn.root.parent / "out/labels.json").read_text())
    assert written["images"][1]["id"] == "x_v1"
    assert {each["id"] for each in written["annotations"][5:]} == {"n1_v1", "n8_v1", "n10_v1", "n11_v1", "n13_v1"}  # fmt: skip


def test_another_part_can_grow(drawn: Drawn) -> None:
    draw_coco(drawn.root)
    check(drawn, ["val2017/000002_v1.png"], split="val2017")
    assert title(drawn.root, "val").endswith("val2017 split 1 image; train2017 left as it is")


def test_masks_of_the_same_names_are_no_images_of_the_file(drawn: Drawn) -> None:
    drawn.part("images/", "labels.json", {1: "a.png"})
    drawn.picture("masks/a.png")
    check(drawn, ["images/a_v1.png"])


def test_an_image_in_two_parts_is_a_fault(drawn: Drawn) -> None:
    drawn.part("images/", "annotations/train.json", {1: "a.png"})
    drawn.part("images/", "annotations/val.json", {1: "a.png"})
    grown = check(drawn, ["images/a_v1.png"])
    assert grown.status == 1
    assert grown.notes[0] == '1 image ("images/a.png") of the part that grows is in "val"'


def test_categories_that_are_not_there_or_there_twice_are_faults(drawn: Drawn) -> None:
    drawn.picture("images/a.png")
    boxes = [
        {"id": 1, "image_id": 1, "category_id": 7, "bbox": [10, 10, 30, 30]},
        {"id": 2, "image_id": 1, "category_id": 9, "bbox": [50, 10, 30, 30]},
    ]
    made = document([image(1, "a.png")], boxes)
    made["categories"] = [{"id": 7, "name": "cat"}, {"id": 7, "name": "dog"}]
    drawn.json("labels.json", made)
    grown = grow(drawn.root, drawn.root.parent / "out", 2)
    assert grown.status == 1
    assert grown.notes == (
        '"labels.json": annotations are of a category that it does not have (id 9)',
        '"labels.json": 7 is the id of several categories',
    )


def test_ids_and_names_that_are_there_twice_are_faults(drawn: Drawn) -> None:
    for name in "abc":
        drawn.picture(f"images/{name}.png")
    images = [image(1, "a.png"), image(2, "b.png"), image(2, "c.png"), image(4, "a.png")]
    listed = [
        *annotations(1, 1),
        *annotations(4, 1),
        *annotations(2, 50),
        {"id": 98, "image_id": 77},
    ]
    drawn.json("labels.json", document(images, listed))
    out = drawn.root.parent / "out"
    grown = grow(drawn.root, out, 2)
    assert grown.status == 1
    assert grown.notes == (
        '"labels.json": 1 annotation is of an image that it does not have (id 77)',
        '"labels.json": 1 and 4 others are in several annotations',
        '"labels.json": "a.png" is as file_name of several images',
    )
    assert grown.bad["images/b.png"] == '"labels.json": its id, 2, is that of other images'
    written = json.loads((out / "labels.json").read_text())
    ids = {each["id"]: each["file_name"] for each in written["images"]}
    assert ids == {1: "a.png", 4: "a.png", 5: "a_v1.png", 6: "a_v1.png"}
    assert [each["image_id"] for each in written["annotations"]] == [1] * 5 + [4] * 5 + [77] + [5] * 5 + [6] * 5  # fmt: skip


def test_images_that_are_missing_are_left_out(drawn: Drawn) -> None:
    drawn.part("images/", "labels.json", {1: "a.png", 2: "b.png"})
    (drawn.root / "images/b.png").unlink()
    out = drawn.root.parent / "out"
    grown = grow(drawn.root, out, 2)
    assert grown.status == 1
    assert grown.notes[0].startswith('1 image ("images/b.png") that the COCO files name cannot be')
    assert names(out / "labels.json") == ["a.png", "a_v1.png"]


def test_one_image_of_thousands_is_enough_to_find_the_folder(drawn: Drawn) -> None:
    images = [image(number, f"{number}.png") for number in range(2000)]
    drawn.picture("deep/images/1234.png")
    drawn.json("labels.json", document(images, annotations(1234, 1)))
    out = drawn.root.parent / "out"
    assert grow(drawn.root, out, 2).notes[0].startswith("1,999 images")
    assert names(out / "labels.json") == ["1234.png", "1234_v1.png"]


def test_images_of_another_part_with_the_same_names_are_not_taken(drawn: Drawn) -> None:
    names = {number: f"{number}.png" for number in range(4)}
    for part in ("train", "val"):
        drawn.part(f"{part}/", f"annotations/{part}.json", names)
    for number in (1, 2, 3):
        (drawn.root / f"train/{number}.png").unlink()
    grown = grow(drawn.root, drawn.root.parent / "out", 2)
    assert added(drawn.root, drawn.root.parent / "out") == ["train/0_v1.png"]
    assert grown.notes[0].startswith('3 images ("train/1.png" is the first) that the COCO files')


def test_images_of_one_folder_can_be_in_several_parts(drawn: Drawn) -> None:
    drawn.part("train/", "train.json", {1: "a.png"})
    drawn.part("train/", "val.json", {1: "b.png"})
    check(drawn, ["train/a_v1.png"])


def test_accents_are_compared_however_they_are_encoded(drawn: Drawn) -> None:
    drawn.part("images/", "labels.json", {1: "e\u0301.png"})
    text = (drawn.root / "labels.json").read_text()
    (drawn.root / "labels.json").write_text(text.replace("e\\u0301", "é"), encoding="utf-8")
    grown = grow(drawn.root, drawn.root.parent / "out", 2)
    assert (grown.notes, grown.bad) == ((), {})
    written = (drawn.root.parent / "out/labels.json").read_text(encoding="utf-8")
    assert "é.png" in written
    assert "e\u0301_v1.png" in written


CASES: dict[str, tuple[Any, str]] = {
    "no object": ("[1, 2]", '"train.json" is not a COCO file: that is a JSON object {…}'),
    "no images": ('{"annotations": []}', '"train.json" is not a COCO file: it has no list "images"'),
    "cut off": ('{"images": [\n{"id": 1', "\"train.json\", line 2, column 9: expecting ',' delimiter"),
    "no id": ('{"images": [\n\n{"file_name": "a.png"}]}', '"train.json", line 3: an image needs a number or text as id, got None'),
    "no name": ('{"images": [{"id": 1}]}', '"train.json", line 1: an image needs a file_name, got None'),
    "two kinds of id": ('{"images": [{"id": 1, "file_name": "a.png"}, {"id": "1", "file_name": "b.png"}]}', '"train.json": some ids of images are numbers and some are texts'),
    "ids like copies": ('{"images": [{"id": "a", "file_name": "a.png"}, {"id": "a_v2", "file_name": "b.png"}]}', '"train.json": among ids of images are "a" and "a_v2", which is what a copy of the first would be called; rename one of them'),
    "a long number": ('{"images": [], "info": ' + "9" * 5000 + "}", '"train.json" has a number of more than 4,300 digits'),
    "nested": ('{"images": ' + "[" * 100_000, '"train.json" is nested too deeply'),
    "outside": ('{"images": [{"id": 1, "file_name": "../a.png"}]}', '"train.json", line 1: an image is called "../a.png", which is outside the dataset; write the path relative to a folder in the dataset'),
    "absolute": ('{"images": [{"id": 1, "file_name": "/data/a.png"}]}', '"train.json", line 1: an image is called "/data/a.png", an absolute path or address; write the path relative to a folder in the dataset, for example "a.png"'),
    "an address": ('{"images": [{"id": 1, "file_name": "https://x.y/a.png"}]}', '"train.json", line 1: an image is called "https://x.y/a.png", an absolute path or address; write the path relative to a folder in the dataset, for example "a.png"'),
    "another case": ('{"images": [{"id": 1, "file_name": "A.PNG"}]}', '"train.json": none of its images is in the dataset, "A.PNG" for example. There is "images/a.png": write names as those of the files'),
    "no image": ('{"images": [{"id": 1, "file_name": "z.png"}]}', '"train.json": none of its images is in the dataset, "z.png" for example'),
    "not its image": ('{"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"image_id": "1"}]}', "\"train.json\": no annotation is of one of its images; image_id is, for example, '1', and the id of an image 1"),
    "panoptic": ('{"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"image_id": 1, "segments_info": [{}]}]}', '"train.json", line 1: a panoptic annotation needs a file_name, and segments_info with a number as id each'),
    "unknown places": ('{"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"image_id": 1, "id": 1, "category_id": 1, "iscrowd": 0, "foot_kpts": [1, 2, 2]}]}', '"train.json", line 1: an annotation has "foot_kpts", which says where something is and cannot be moved; remove it, or give it another name if it says something else'),
    "not UTF-8": (b'{"images": [\n"\xff"]}', '"train.json", line 2: is not UTF-8 text; save the file as UTF-8'),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_dataset_that_cannot_be_used_is_refused_in_words(drawn: Drawn, case: str) -> None:
    text, message = CASES[case]
    drawn.picture("images/a.png")
    path = drawn.root / "train.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ExpandError) as raised:
        title(drawn.root)
    assert str(raised.value) == message


def test_ambiguous_datasets_are_refused_with_what_to_do(drawn: Drawn) -> None:
    drawn.part("images/", "labels.json", {1: "a.png"})
    drawn.picture("images_small/a.png")
    with pytest.raises(ExpandError) as raised:
        title(drawn.root)
    assert str(raised.value) == (
        '"labels.json": its images can be those in "images/" or in "images_small/"; move one of '
        "these folders out of the dataset"
    )


def test_a_dataset_without_a_training_part_is_refused_with_the_commands(drawn: Drawn) -> None:
    for part in ("val", "test"):
        drawn.part(f"{part}/", f"{part}/_annotations.coco.json", {1: "a.png"})
    with pytest.raises(ExpandError) as raised:
        title(drawn.root)
    assert str(raised.value) == (
        f'"{drawn.root}" has no part for training; it has "test", "val". To expand one of these: '
        '--split "test"'
    )
    with pytest.raises(ExpandError, match='has no part "train"; it has "test", "val"'):
        title(drawn.root, "train")


def test_a_bad_file_of_another_part_is_kept_and_said(drawn: Drawn) -> None:
    drawn.part("train/", "train/_annotations.coco.json", {1: "a.png"})
    drawn.picture("valid/a.png")
    (drawn.root / "valid/_annotations.coco.json").write_text('{"images": [')
    grown = check(drawn, ["train/a_v1.png"])
    assert grown.notes[1] == (
        'kept as it is: "valid/_annotations.coco.json", line 1, column 13: expecting value'
    )
    assert grown.status == 0


def test_a_training_file_that_is_damaged_is_not_taken_for_none(drawn: Drawn) -> None:
    draw_coco(drawn.root)
    path = drawn.root / INSTANCES
    path.write_text(path.read_text().replace('"images": ', '"images" ').replace("image_id", "id"))
    with pytest.raises(
        ExpandError, match=r'instances_train2017.json", line 1, column \d+: expecting'
    ):
        grow(drawn.root, drawn.root.parent / "out", 2)


def test_other_json_files_are_kept(drawn: Drawn) -> None:
    drawn.part("images/", "labels.json", {1: "a.png"})
    drawn.json("results.json", [{"image_id": 1, "category_id": 18, "bbox": [1, 2, 3, 4]}])
    drawn.json("settings.json", {"a": 1})
    check(drawn, ["images/a_v1.png"])


def test_a_single_file_of_a_validation_part_grows(drawn: Drawn) -> None:
    drawn.part("val2017/", "annotations/instances_val2017.json", {1: "a.png"})
    check(drawn, ["val2017/a_v1.png"])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_and_other_encodings_are_read(drawn: Drawn, encoding: str) -> None:
    drawn.part("images/", "labels.json", {1: "a.png"})
    path = drawn.root / "labels.json"
    path.write_text(json.dumps(json.loads(path.read_text()), indent=2), encoding=encoding)
    check(drawn, ["images/a_v1.png"])
    assert names(drawn.root.parent / "out/labels.json") == ["a.png", "a_v1.png"]
    assert NAMES
