"""A COCO dataset is expanded: read by pycocotools, every label fits the pixels of its image."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from expand.errors import ExpandError
from expand.job.job import expand
from expand.job.remaking.replay import replay
from expand.recipes.recipe import Recipe
from tests.expand.layouts.labelled.coco.drawn import (
    HEIGHT,
    WIDTH,
    Drawn,
    annotations,
    box_of,
    compressed,
    document,
    draw_coco,
    image,
    shapes,
)
from tests.expand.layouts.labelled.coco.grown import grow

TRAIN = "annotations/instances_train2017.json"
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
FIGURE = 3
TURNS = "techniques: [flip: {axes: [horizontal, vertical]}, rotate90]"


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def pixels_of(path: Path) -> NDArray[np.int64]:
    return cv2.imread(str(path))[..., ::-1].astype(np.int64)


def overlap(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))


def edges(box: list[float]) -> NDArray[np.float64]:
    return np.array([box[0], box[1], box[0] + box[2], box[1] + box[3]])


def test_factor_1_writes_the_same_bytes(tmp_path: Path) -> None:
    draw_coco(tmp_path / "src")
    grown = grow(tmp_path / "src", tmp_path / "out", factor=1)
    for path in (tmp_path / "src").rglob("*.json"):
        assert (
            tmp_path / "out" / path.relative_to(tmp_path / "src")
        ).read_bytes() == path.read_bytes()
    assert grown.title == (
        "COCO segmentation and keypoints, 3 classes, train2017 split 3 images; val2017 left as it is"
    )


def test_what_the_source_has_stays_and_copies_follow_it(tmp_path: Path) -> None:
    before = draw_coco(tmp_path / "src")
    grow(tmp_path / "src", tmp_path / "out", factor=3)
    after = read(tmp_path / "out" / TRAIN)
    for key, value in before.items():
        assert after[key][: len(value)] == value if isinstance(value, list) else after[key] == value
    assert list(after) == list(before)
    assert [each["id"] for each in after["images"]] == [31, 7, 100, 101, 102, 103, 104, 105, 106]
    assert [each["file_name"] for each in after["images"][3:5]] == [
        "000007_v1.png",
        "000007_v2.png",
    ]
    last = max(each["id"] for each in before["annotations"])
    added = after["annotations"][15:]
    assert [each["id"] for each in added] == list(range(last + 1, last + 1 + len(added)))
    first = added[0]
    assert (first["category_id"], first["image_id"], first["odd"]) == (18, 101, {"deep": [1, None]})
    assert list(first) == list(before["annotations"][0])
    assert not (tmp_path / "out/val2017/000002_v1.png").exists()


@pytest.mark.parametrize("recipe", ["techniques: [flip, rotate: {degrees: [-15, 15]}]", TURNS])
def test_masks_cover_their_shapes_and_boxes_fit_their_masks(tmp_path: Path, recipe: str) -> None:
    draw_coco(tmp_path / "src")
    grow(tmp_path / "src", tmp_path / "out", 4, recipe)
    coco = COCO(str(tmp_path / "out" / TRAIN))
    assert len(coco.imgs) == 12
    for entry in coco.imgs.values():
        pixels = pixels_of(tmp_path / "out/train2017" / entry["file_name"])
        assert pixels.shape[:2] == (entry["height"], entry["width"])
        listed = coco.imgToAnns[entry["id"]]
        assert len(listed) == 5
        for annotation, (colour, _) in zip(listed, shapes(), strict=True):
            bits = coco.annToMask(annotation)
            assert bits.shape == pixels.shape[:2]
            near = np.abs(pixels - colour).max(axis=-1) < 60
            assert overlap(bits > 0, near) > 0.94
            box = edges(annotation["bbox"])
            assert (box >= 0).all()
            assert (box <= [entry["width"], entry["height"]] * 2).all()
            assert np.abs(box - edges(coco_mask.toBbox(coco.annToRLE(annotation)))).max() < 2
            assert abs(annotation["area"] / float(bits.sum()) - 1) < 0.03
    assert len({each["id"] for each in coco.dataset["annotations"]}) == 60


def test_a_mask_keeps_its_hole_and_its_kind(tmp_path: Path) -> None:
    draw_coco(tmp_path / "src")
    grow(tmp_path / "src", tmp_path / "out", 2, TURNS)
    written = read(tmp_path / "out" / TRAIN)["annotations"][15:20]
    assert [type(each["segmentation"]) for each in written] == [list, dict, dict, dict, list]
    assert [type(each["segmentation"]["counts"]) for each in written[1:4]] == [str, list, str]
    assert (written[1]["area"], written[2]["iscrowd"]) == (1200, 1)


def test_keypoints_are_on_their_pixels_and_mirrors_swap_sides(tmp_path: Path) -> None:
    draw_coco(tmp_path / "src")
    grow(tmp_path / "src", tmp_path / "out", 2, "techniques: [flip]")
    written = read(tmp_path / "out" / TRAIN)["annotations"][15 + FIGURE]
    right = WIDTH - 1 - 92
    assert written["keypoints"] == [WIDTH - 1 - 100, 64, 2, 0, 0, 0, right, 80, 2]
    assert written["num_keypoints"] == 2


def test_keypoints_outside_a_view_are_not_labelled(tmp_path: Path) -> None:
    draw_coco(tmp_path / "src")
    moved = "techniques: [translate: {x: [-95, -95], y: [0, 0], unit: pixel}]"
    grow(tmp_path / "src", tmp_path / "out", 2, moved)
    written = read(tmp_path / "out" / TRAIN)["annotations"]
    figure = next(each for each in written[15:] if "keypoints" in each)
    assert (figure["keypoints"], figure["num_keypoints"]) == ([5, 64, 2, *[0] * 6], 1)
    bits = coco_mask.decode(figure["segmentation"])
    assert figure["area"] == bits.sum()
    assert figure["bbox"] == coco_mask.toBbox(figure["segmentation"]).tolist()


def test_a_crowd_is_kept_if_any_of_it_is_visible(tmp_path: Path) -> None:
    draw_coco(tmp_path / "src")
    grow(tmp_path / "src", tmp_path / "out", 2, "techniques: [translate: {x: [-150, -150], y: [0, 0], unit: pixel}]")  # fmt: skip
    written = read(tmp_path / "out" / TRAIN)["annotations"][15:]
    assert [each["bbox"] for each in written] == [[0, 4, 6, 16]] * 3
    assert {each["area"] for each in written} == {6 * 16}
    assert Counter(each["iscrowd"] for each in written) == {1: 3}


def test_images_without_annotations_and_bad_ones(tmp_path: Path) -> None:
    drawn = Drawn(tmp_path / "src")
    for name in "abc":
        drawn.picture(f"images/{name}.png")
    listed = [
        *annotations(1, 1),
        {"id": 99, "image_id": 3, "category_id": 1, "bbox": [1, 2, "x", 4]},
    ]
    images = [image(number, f"{name}.png") for number, name in enumerate("abc", 1)]
    drawn.json("annotations/all.json", document(images, listed))
    grown = grow(tmp_path / "src", tmp_path / "out", 2)
    after = read(tmp_path / "out/annotations/all.json")
    assert grown.bad == {
        "images/c.png": '"annotations/all.json", annotation 99: its bbox must be numbers, got '
        "[1, 2, 'x', 4]"
    }
    assert [each["file_name"] for each in after["images"]] == ["a.png", "b.png", "a_v1.png", "b_v1.png"]  # fmt: skip
    assert {each["image_id"] for each in after["annotations"]} == {1, 4}
    assert (after["images"][2]["height"], after["images"][2]["width"]) == (HEIGHT, WIDTH)


def test_without_originals_only_copies_are_in_the_file(tmp_path: Path) -> None:
    draw_coco(tmp_path / "src")
    recipe = Recipe.parse(TURNS)
    expand(tmp_path / "src", tmp_path / "out", 2, recipe, workers=1, originals="none", format="jpg")
    after = read(tmp_path / "out" / TRAIN)
    names = [f"{number:06d}.png_v1.jpg" for number in (7, 31, 100)]
    assert [each["file_name"] for each in after["images"]] == names
    assert {each["image_id"] for each in after["annotations"]} == {101, 102, 103}
    assert sorted(path.name for path in (tmp_path / "out/train2017").iterdir()) == names


def test_annotations_that_changed_since_are_not_mixed_with_older_copies(tmp_path: Path) -> None:
    draw_coco(tmp_path / "src")
    grow(tmp_path / "src", tmp_path / "out", 2)
    changed = read(tmp_path / "src" / TRAIN)
    del changed["annotations"][2:9]
    (tmp_path / "src" / TRAIN).write_text(json.dumps(changed))
    with pytest.raises(ExpandError, match='has other labels of ".*" than when its copies were'):
        replay(tmp_path / "out", TRAIN)
    grow(tmp_path / "src", tmp_path / "out", 2)
    grow(tmp_path / "src", tmp_path / "fresh", 2)
    assert (tmp_path / "out" / TRAIN).read_bytes() == (tmp_path / "fresh" / TRAIN).read_bytes()
    assert replay(tmp_path / "out", TRAIN) == (tmp_path / "out" / TRAIN).read_bytes()


def stored_map(bits: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return the stored pixels of an upright image, as a camera held otherwise writes them."""
    turned = {
        1: bits,
        2: bits[:, ::-1],
        3: bits[::-1, ::-1],
        4: bits[::-1],
        5: bits.swapaxes(0, 1),
        6: bits.swapaxes(0, 1)[::-1],
        7: bits[::-1, ::-1].swapaxes(0, 1),
        8: bits.swapaxes(0, 1)[:, ::-1],
    }
    return np.ascontiguousarray(turned[orientation])


@pytest.mark.parametrize("drawn_on", ["stored", "upright"])
def test_labels_are_on_their_pixels_whatever_the_orientation(tmp_path: Path, drawn_on: str) -> None:
    drawn, images, listed = Drawn(tmp_path / "src"), [], []
    for orientation in range(1, 9):
        bits = np.zeros((HEIGHT, WIDTH), np.uint8)
        bits[20:50, 30:90] = 1
        stored = stored_map(bits, orientation)
        pixels = np.where(stored[..., None] > 0, 250, 20).astype(np.uint8).repeat(3, axis=2)
        name = f"{orientation}.jpg"
        (tmp_path / "src/images").mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(pixels).save(tmp_path / "src/images" / name, quality=95, exif=exif)
        seen = stored if drawn_on == "stored" and orientation > 4 else bits
        height, width = seen.shape
        images.append(image(orientation, name) | {"height": height, "width": width})
        listed.append({
            "id": orientation, "image_id": orientation, "category_id": 18, "iscrowd": 0,
            "bbox": box_of(seen), "segmentation": compressed(seen), "area": int(seen.sum()),
        })  # fmt: skip
    drawn.json("labels.json", document(images, listed))
    grown = grow(tmp_path / "src", tmp_path / "out", 3, TURNS)
    assert (grown.bad, grown.status) == ({}, 0)
    coco = COCO(str(tmp_path / "out/labels.json"))
    assert len(coco.imgs) == 24
    for entry in coco.imgs.values():
        pixels = pixels_of(tmp_path / "out/images" / entry["file_name"])
        (annotation,) = coco.imgToAnns[entry["id"]]
        assert pixels.shape[:2] == (entry["height"], entry["width"])
        assert overlap(coco.annToMask(annotation) > 0, pixels[..., 0] > 128) > 0.99
        assert annotation["bbox"] == coco_mask.toBbox(coco.annToRLE(annotation)).tolist()
