"""Cityscapes: torchvision finds each copy, with its own masks and polygons."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import Cityscapes, wrap_dataset_for_transforms_v2

from expand.images.pixels import Pixels
from tests.expand.layouts.labelled.masks import drawn
from tests.expand.layouts.labelled.masks.written import expanded

SHIFTS = np.array([1 << 16, 1 << 8, 1])
"""What makes one number of a colour."""
LABELS = ("road", "car", "person", "sky")


def frame(kind: str, part: str, city: str, number: int) -> dict[str, bytes]:
    """Return the files of one image, as Cityscapes calls them."""
    stem = f"{city}_000000_{number:06d}"
    classes = drawn.scene(number)
    instances = np.where(classes > 0, classes.astype(np.uint16) * 1000 + 3, 0).astype(np.uint16)
    colours = np.dstack([drawn.shown(classes), np.full(classes.shape, 255, np.uint8)])
    start = f"{kind}/{part}/{city}/{stem}_{kind}"
    return {
        f"leftImg8bit/{part}/{city}/{stem}_leftImg8bit.png": drawn.as_png(drawn.shown(classes)),
        f"{start}_labelIds.png": drawn.as_png(classes),
        f"{start}_instanceIds.png": drawn.as_png(instances),
        f"{start}_color.png": drawn.as_png(colours),
        f"{start}_polygons.json": json.dumps(polygons(classes), indent=4).encode(),
    }


def polygons(classes: Pixels) -> dict[str, object]:
    """Return the outlines of the classes, as pixel indices."""
    height, width = classes.shape
    objects = [
        {"label": LABELS[value], "polygon": outline[:, 0].tolist(), "id": value}
        for value in (1, 2, 3)
        for outline in cv2.findContours(
            (classes == value).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )[0]
    ]
    return {"imgHeight": height, "imgWidth": width, "objects": objects}


def cityscapes(root: Path) -> Path:
    files: dict[str, bytes] = {"README": b"Cityscapes", "license.txt": b"free"}
    for city, part in (("aachen", "train"), ("bochum", "train"), ("frankfurt", "val")):
        for number in (19, 294):
            files |= frame("gtFine", part, city, number)
    return drawn.write(root, files)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cityscapes")
    moves = "techniques: [flip: {factor: 4}, rotate: {degrees: [-20, 20]}, translate]"
    dataset, bad = expanded(cityscapes(root / "set"), root / "out", moves, 3)
    assert dataset.title == (
        "images with masks, train split 4 images with 12 masks; val left as it is"
    )
    assert not bad
    assert not dataset.notes
    return root / "out"


def test_torchvision_finds_each_copy_with_its_own_masks(out: Path) -> None:
    targets = ["semantic", "instance", "color", "polygon"]
    dataset = Cityscapes(str(out), "train", "fine", targets)
    assert len(dataset) == 12
    for image, (classes, instances, colours, outlines) in dataset:
        values = np.array(classes)
        assert drawn.agree(np.array(image), values) >= 0.95
        assert np.array_equal(np.array(instances), values.astype(int) * 1000 + 3 * (values > 0))
        objects = values > 0
        assert np.array_equal(np.array(colours)[objects, :3], drawn.shown(values)[objects])
        assert drawn.agree(drawn.shown(values), filled(outlines)) >= 0.85


def filled(outlines: dict[str, object]) -> Pixels:
    """Draw polygons as Cityscapes does."""
    shape = outlines["imgHeight"], outlines["imgWidth"]
    classes = np.zeros(shape, np.uint8)  # type: ignore[call-overload]
    for each in outlines["objects"]:  # type: ignore[attr-defined]
        cv2.fillPoly(classes, [np.array(each["polygon"], np.int32)], LABELS.index(each["label"]))
    return classes


def test_torchvision_makes_tensors_of_them(out: Path) -> None:
    # not of "instance": its comparison is not implemented for 16 bits, for the source neither
    wrapped = wrap_dataset_for_transforms_v2(Cityscapes(str(out), "train", "fine", "semantic"))
    for image, mask in wrapped:
        assert mask.shape[-2:] == (image.height, image.width)
        assert set(mask.unique().tolist()) <= {0, 1, 2, 3}


def test_the_other_parts_stay_as_they_are(out: Path) -> None:
    val = Cityscapes(str(out), "val", "fine", "semantic")
    assert len(val) == 2
    assert (out / "README").read_bytes() == b"Cityscapes"


def test_colours_are_opaque_and_black_where_a_view_shows_nothing(out: Path) -> None:
    known = {*(drawn.COLOURS.astype(int) @ SHIFTS).tolist(), 0}
    for path in out.glob("gtFine/train/*/*_color.png"):
        with Image.open(path) as image:
            assert image.mode == "RGBA"
            values = np.array(image)
        assert (values[..., 3] == 255).all()
        assert {*np.unique(values[..., :3].astype(int) @ SHIFTS).tolist()} <= known


def test_instances_keep_16_bits(out: Path) -> None:
    for path in out.glob("gtFine/train/*/*_instanceIds.png"):
        data = path.read_bytes()
        assert data[24] == 16
        with Image.open(path) as image:
            assert set(np.unique(np.array(image)).tolist()) <= {0, 1003, 2003, 3003}


def test_polygons_keep_what_else_their_file_says(out: Path) -> None:
    for path in out.glob("gtFine/train/*/*_v1_gtFine_polygons.json"):
        content = json.loads(path.read_text())
        assert content["imgWidth"], content["imgHeight"]
        assert all(each["id"] == LABELS.index(each["label"]) for each in content["objects"])
