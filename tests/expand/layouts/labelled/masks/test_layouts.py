"""Layouts of images with masks: what grows, what is kept, and how copies are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.expand.layouts.labelled.masks import drawn
from tests.expand.layouts.labelled.masks.written import expanded

LAYOUTS: dict[str, tuple[dict[str, str], list[str]]] = {
    "images and masks": (
        {"images/a.png": "masks/a.png", "images/b.jpg": "masks/b.png"},
        ["images/a_v1.png", "masks/a_v1.png", "images/b_v1.jpg", "masks/b_v1.png"],
    ),
    "masks in GIF": (
        {"train/a_01.jpg": "train_masks/a_01_mask.gif", "train/b.jpg": "train_masks/b_mask.gif"},
        [
            "train/a_01_v1.jpg",
            "train_masks/a_01_v1_mask.gif",
            "train/b_v1.jpg",
            "train_masks/b_v1_mask.gif",
        ],
    ),
    "masks in GIF beside images": ({"a/x.png": "a/x_mask.gif"}, ["a/x_v1.png", "a/x_v1_mask.gif"]),
    "img and gt": ({"img/1.png": "gt/1.png"}, ["img/1_v1.png", "gt/1_v1.png"]),
    "image and label": ({"image/1.tif": "label/1.tif"}, ["image/1_v1.tif", "label/1_v1.tif"]),
    "imgs and depth": ({"rgb/1.png": "depth/1.png"}, ["rgb/1_v1.png", "depth/1_v1.png"]),
    "a word in the name of the mask": (
        {"images/a.jpg": "masks/a_mask.png"},
        ["images/a_v1.jpg", "masks/a_v1_mask.png"],
    ),
    "a word in both names": (
        {"images/image_1.png": "labels/label_1.png"},
        ["images/image_1_v1.png", "labels/label_1_v1.png"],
    ),
    "the name of the image in that of the mask": (
        {"images/a.jpg": "masks/a.jpg.png"},
        ["images/a_v1.jpg", "masks/a_v1.jpg.png"],
    ),
    "a letter behind the name": (
        {"images/0001TP_1.png": "labels/0001TP_1_L.png"},
        ["images/0001TP_1_v1.png", "labels/0001TP_1_v1_L.png"],
    ),
    "folders of classes": (
        {"images/cat/a.png": "masks/cat/a.png", "images/dog/a.png": "masks/dog/a.png"},
        ["images/cat/a_v1.png", "masks/cat/a_v1.png", "images/dog/a_v1.png", "masks/dog/a_v1.png"],
    ),
    "masks beside images": (
        {"a.png": "a_mask.png", "b.png": "b_mask.png"},
        ["a_v1.png", "a_v1_mask.png", "b_v1.png", "b_v1_mask.png"],
    ),
    "masks beside images in class folders": (
        {"benign/x (1).png": "benign/x (1)_mask.png", "normal/y.png": "normal/y_mask.png"},
        [
            "benign/x (1)_v1.png",
            "benign/x (1)_v1_mask.png",
            "normal/y_v1.png",
            "normal/y_v1_mask.png",
        ],
    ),
    "a folder called with ground truth": (
        {"Data_with_GT/benign/x.png": "Data_with_GT/benign/x_mask.png"},
        ["Data_with_GT/benign/x_v1.png", "Data_with_GT/benign/x_v1_mask.png"],
    ),
    "a word in the name of the image too": (
        {"train/1_sat.jpg": "train/1_mask.png", "train/2_sat.jpg": "train/2_mask.png"},
        ["train/1_v1_sat.jpg", "train/1_v1_mask.png", "train/2_v1_sat.jpg", "train/2_v1_mask.png"],
    ),
    "a folder of images and one of masks, with parts and long names": (
        {
            "X2018_Task1-2_Training_Input/I_0.jpg": "X2018_Task1_Training_GroundTruth/I_0_segmentation.png"
        },
        [
            "X2018_Task1-2_Training_Input/I_0_v1.jpg",
            "X2018_Task1_Training_GroundTruth/I_0_v1_segmentation.png",
        ],
    ),
    "images at the top": ({"a.png": "masks/a.png"}, ["a_v1.png", "masks/a_v1.png"]),
    "a folder of any name": (
        {"CXR_png/a.png": "masks/a_mask.png", "CXR_png/b.png": "masks/b_mask.png"},
        ["CXR_png/a_v1.png", "masks/a_v1_mask.png", "CXR_png/b_v1.png", "masks/b_v1_mask.png"],
    ),
    "differing names with a number": (
        {"images/21_training.tif": "1st_manual/21_manual1.png"},
        ["images/21_v1_training.tif", "1st_manual/21_v1_manual1.png"],
    ),
    "a folder for each image, names alone": (
        {"a/s1/image.png": "a/s1/mask.png", "a/s2/image.png": "a/s2/mask.png"},
        ["a/s1_v1/image.png", "a/s1_v1/mask.png", "a/s2_v1/image.png", "a/s2_v1/mask.png"],
    ),
    "a folder for each image, masks of any name": (
        {
            "train/0a/images/0a.png": "train/0a/masks/77.png",
            "train/1b/images/1b.png": "train/1b/masks/c.png",
        },
        [
            "train/0a_v1/images/0a_v1.png",
            "train/0a_v1/masks/77.png",
            "train/1b_v1/images/1b_v1.png",
            "train/1b_v1/masks/c.png",
        ],
    ),
    "channel numbers": (
        {"imagesTr/a_0000.png": "labelsTr/a.png", "imagesTr/b_0000.png": "labelsTr/b.png"},
        [
            "imagesTr/a_v1_0000.png",
            "labelsTr/a_v1.png",
            "imagesTr/b_v1_0000.png",
            "labelsTr/b_v1.png",
        ],
    ),
    "sequences with the same numbers": (
        {"images/s1/001.png": "masks/s1/001.png", "images/s2/001.png": "masks/s2/001.png"},
        [
            "images/s1/001_v1.png",
            "masks/s1/001_v1.png",
            "images/s2/001_v1.png",
            "masks/s2/001_v1.png",
        ],
    ),
}
PARTS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "parts inside": (
        {"images/train/a.png": "masks/train/a.png"},
        {"images/val/a.png": "masks/val/a.png", "images/test/c.png": "masks/test/c.png"},
    ),
    "parts outside": (
        {"train/images/a.png": "train/masks/a.png"},
        {"valid/images/a.png": "valid/masks/a.png"},
    ),
    "training and validation": (
        {"images/training/ADE_train_1.jpg": "annotations/training/ADE_train_1.png"},
        {"images/validation/ADE_val_1.jpg": "annotations/validation/ADE_val_1.png"},
    ),
    "folders such as trainannot": (
        {"train/a.png": "trainannot/a.png"},
        {"val/b.png": "valannot/b.png", "test/c.png": "testannot/c.png"},
    ),
    "folders such as train_masks": (
        {"train/a.jpg": "train_masks/a_mask.png"},
        {"test/b.jpg": "test_masks/b_mask.png"},
    ),
    "names of files": (
        {"glas/train_1.png": "glas/train_1_anno.png"},
        {"glas/testA_1.png": "glas/testA_1_anno.png"},
    ),
    "numbered folders": (
        {"training/image_2/0_1.png": "training/semantic/0_1.png"},
        {"testing/image_2/0_1.png": "testing/semantic/0_1.png"},
    ),
}

NAMED = ("a folder of any name", "differing names with a number")
"""Those that --as has to name."""
MOVES = "techniques: [flip, rotate: {degrees: [-15, 15]}, translate, scale]"


def names(root: Path) -> set[str]:
    written = ("expand.json", "expand.jsonl")
    found = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return {path for path in found if path not in written}


def agreement(out: Path, image: str, mask: str) -> float:
    with Image.open(out / image) as one, Image.open(out / mask) as other:
        return drawn.agree(np.array(one.convert("RGB")), np.array(other))


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_copy_has_its_mask(name: str, tmp_path: Path) -> None:
    pairs, copies = LAYOUTS[name]
    root = drawn.write(tmp_path / "set", drawn.pairs(pairs))
    out = tmp_path / "out"
    layout = "masks" if name in NAMED else "auto"
    dataset, bad = expanded(root, out, MOVES, 2, layout=layout)
    assert not bad
    assert not dataset.notes
    assert not dataset.problems
    assert names(out) == {*pairs, *pairs.values(), *copies}
    for image, mask in zip(copies[::2], copies[1::2], strict=True):
        assert agreement(out, image, mask) >= 0.95
    for mask in pairs.values():
        assert (out / mask).read_bytes() == (root / mask).read_bytes()


@pytest.mark.parametrize("name", PARTS)
def test_only_the_training_part_grows(name: str, tmp_path: Path) -> None:
    grow, kept = PARTS[name]
    root = drawn.write(tmp_path / "set", drawn.pairs(grow | kept))
    out = tmp_path / "out"
    dataset, bad = expanded(root, out, MOVES, 3)
    assert not bad
    assert not dataset.notes
    (image, mask), *_ = grow.items()
    made = names(out) - {*grow, *grow.values(), *kept, *kept.values()}
    assert len(made) == 4
    assert all(
        each.startswith((image.rpartition("/")[0], mask.rpartition("/")[0])) for each in made
    )
    assert dataset.split in image
    assert "left as" in dataset.title
    assert len(dataset.listing) == 1


def test_a_folder_of_any_name_is_recognised_by_what_it_shows(tmp_path: Path) -> None:
    files = drawn.pairs({"CXR_png/a.png": "masks/a.png", "CXR_png/b.png": "masks/b.png"})
    noise = np.random.default_rng(1).integers(0, 256, (120, 160, 3)).astype(np.uint8)
    files |= {name: drawn.as_png(noise) for name in files if name.startswith("CXR")}
    dataset, _ = expanded(drawn.write(tmp_path / "set", files), tmp_path / "out")
    assert dataset.layout == "masks"
    assert "masks/a_v2.png" in names(tmp_path / "out")


def test_photographs_with_masks_of_the_same_name_beside_them_are_recognised(
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(1)
    files = drawn.pairs({f"Imgs/{name}.jpg": f"Imgs/{name}.png" for name in "abc"})
    for name in "abc":
        noise = rng.integers(0, 256, (120, 160, 3)).astype(np.uint8)
        files[f"Imgs/{name}.jpg"] = drawn.as_image("x.jpg", noise)
    dataset, bad = expanded(drawn.write(tmp_path / "set", files), tmp_path / "out", MOVES, 2)
    assert not bad
    assert dataset.title == "images with masks, 3 images with 3 masks"
    with Image.open(tmp_path / "out/Imgs/a_v1.png") as mask:
        assert set(np.unique(np.array(mask))) <= {0, 1, 2, 3}


def test_photographs_in_two_formats_are_no_masks(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (120, 160, 3)).astype(np.uint8)
    names = [f"{label}/{name}" for label in ("cat", "dog") for name in ("a.jpg", "a.png")]
    root = drawn.write(tmp_path / "set", {name: drawn.as_image(name, noise) for name in names})
    dataset, _ = expanded(root, tmp_path / "out", factor=2)
    assert dataset.layout == "folders"


def test_pets_with_trimaps_boxes_and_lists(tmp_path: Path) -> None:
    files = drawn.pairs({f"images/{name}.jpg": f"annotations/trimaps/{name}.png" for name in "ab"})
    files["annotations/list.txt"] = b"#Image CLASS-ID SPECIES BREED ID\na 1 1 1\nb 2 1 1\n"
    files["annotations/trainval.txt"] = b"a 1 1 1\nb 2 1 1\n"
    root = drawn.write(tmp_path / "set", files)
    dataset, _ = expanded(root, tmp_path / "out", factor=2)
    assert dataset.layout == "masks"
    written = (tmp_path / "out/annotations/trainval.txt").read_bytes()
    assert written == b"a 1 1 1\na_v1 1 1 1\nb 2 1 1\nb_v1 2 1 1\n"
    assert (tmp_path / "out/annotations/trimaps/b_v1.png").exists()


def test_the_number_of_a_copy_is_at_one_place_in_all_its_masks(tmp_path: Path) -> None:
    images = {
        f"training/images/{n}_training.tif": f"training/1st_manual/{n}_manual1.gif" for n in (1, 2)
    }
    files = drawn.pairs(images)
    files |= {
        f"training/mask/{n}_training_mask.gif": files[f"training/1st_manual/{n}_manual1.gif"]
        for n in (1, 2)
    }
    expanded(drawn.write(tmp_path / "set", files), tmp_path / "out", MOVES, 2)
    assert names(tmp_path / "out") - {*files} == {
        f"training/{name}"
        for n in (1, 2)
        for name in (
            f"images/{n}_v1_training.tif",
            f"1st_manual/{n}_v1_manual1.gif",
            f"mask/{n}_v1_training_mask.gif",
        )
    }
