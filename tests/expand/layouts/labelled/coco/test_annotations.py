"""One image's annotations: what odd ones become in copies, and which make the image a bad one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from expand.errors import BadImageError, ExpandError
from expand.geometry import IDENTITY, Affine, Placement, Size, shift
from expand.layouts.labelled.coco.labels import CocoLabels
from expand.layouts.labelled.coco.objects.rle import decode, encode
from expand.layouts.labelled.coco.objects.skeletons import find_skeletons
from expand.layouts.labelled.dataset import Frame, ImageLabels, LabelledView
from expand.layouts.source import Source
from expand.targets import carry
from tests.expand.layouts.labelled.coco.drawn import (
    CATEGORIES,
    HEIGHT,
    WIDTH,
    annotations,
    compressed,
    crowd,
    ring,
    uncompressed,
)

SIZE = Size(float(WIDTH), float(HEIGHT))
UPRIGHT = Frame(SIZE, SIZE)
MIRROR = Affine(-1.0, 0.0, SIZE.width, 0.0, 1.0, 0.0)
BOX = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 40]}
Json = dict[str, Any]
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


def parse(listed: list[Json], frame: Frame = UPRIGHT, size: Any = (WIDTH, HEIGHT)) -> ImageLabels:
    flat = [part for each in listed for part in (0, each)]
    said = [[["a.json", *size, ""]], flat]
    labels = CocoLabels({"a.json": find_skeletons(CATEGORIES)}, {"a.json": {"1": "person"}})
    return labels.parse(Source("a.png", 1, "", json.dumps(said)), {}, frame)


def moved(labels: ImageLabels, source: Affine = MIRROR, size: Size = SIZE, k: int = 1) -> list[Any]:
    """Return the patches of a view with this output-to-input map."""
    carried = carry(labels.targets, Placement(source, size), 0.1 if k else 0)
    view = LabelledView(k, "a_v1.png", size, carried, {}, source.inverse())
    written = labels.write(view).annotation
    assert json.loads(json.dumps(written)) == written
    return written[1] if written else []


def patch(annotation: Json, source: Affine = MIRROR, **more: Any) -> Json:
    [(place, patch)] = moved(parse([annotation]), source, **more)
    assert place == 0
    return dict(patch)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"bbox": [120, 20, 30, 40]}),
        ({"bbox": [10.0, 20, 30, 40]}, {"bbox": [120.0, 20.0, 30.0, 40.0]}),
        ({"bbox": ["10", "20.5", "30", "4"]}, {"bbox": [120.0, 20.5, 30.0, 4.0]}),
        ({"bbox": [10, 20, 0, 40]}, {"bbox": [150, 20, 0, 40]}),
        ({"bbox": [10, 20, 0, 0]}, {"bbox": [150, 20, 0, 0]}),
        ({"segmentation": []}, {"bbox": [120, 20, 30, 40], "segmentation": []}),
        ({"segmentation": [[]]}, {"bbox": [120, 20, 30, 40], "segmentation": [[]]}),
        ({"segmentation": None}, {"bbox": [120, 20, 30, 40]}),
        (
            {"segmentation": [[10, 20, 40, 60]]},
            {"bbox": [120, 20, 30, 40], "segmentation": [[150, 20, 120, 60]]},
        ),
        (
            {"segmentation": [[10, 20, 40, 20, 10, 60], [1, 2, 3, 4]]},
            {"bbox": [120, 20, 30, 40], "segmentation": [[150, 20, 120, 20, 150, 60]]},
        ),
        (
            {"bbox": None, "segmentation": [[10, 20, 40.5, 20, 10, 60]]},
            {"segmentation": [[150.0, 20.0, 119.5, 20.0, 150.0, 60.0]]},
        ),
        ({"bbox": []}, {}),
        ({"bbox": [], "caption": "a cat"}, {}),
        ({"area": 1200}, {"bbox": [120, 20, 30, 40], "area": 1200}),
        ({"area": 700.5}, {"bbox": [120, 20, 30, 40], "area": 700.5}),
        ({"area": None}, {"bbox": [120, 20, 30, 40]}),
        (
            {"keypoints": [0] * 9, "num_keypoints": 0},
            {"bbox": [120, 20, 30, 40], "keypoints": [0] * 9, "num_keypoints": 0},
        ),
        ({"keypoints": []}, {"bbox": [120, 20, 30, 40]}),
        (
            {"bbox": None, "keypoints": [1, 2, 2, 3, 4, 1, 5.5, 6, 2]},
            {"keypoints": [158.0, 2.0, 2, 153.5, 6.0, 2, 156.0, 4.0, 1]},
        ),
    ],
)
def test_odd_annotations_are_moved(given: Json, expected: Json) -> None:
    assert patch(BOX | given) == expected


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"bbox": [1, 2, 3]}, "its bbox must be 4 numbers, got [1, 2, 3]"),
        ({"bbox": {"x": 1}}, "its bbox must be 4 numbers, got {'x': 1}"),
        ({"bbox": [1, 2, -3, 4]}, "its bbox has a negative width or height: [1, 2, -3, 4]"),
        (
            {"bbox": [1, 2, float("nan"), 4]},
            "its bbox must be numbers of pixels, got [1, 2, nan, 4]",
        ),
        ({"bbox": [[1, 2], [3, 4]]}, "its bbox must be numbers of pixels, got [[1, 2], [3, 4]]"),
        (
            {"segmentation": [1, 2, 3, 4, 5, 6]},
            "its segmentation must be a list of polygons or an RLE mask, got [1, 2, 3, 4, 5, 6]",
        ),
        ({"segmentation": [[1, 2, 3, 4, 5]]}, "its segmentation has a polygon of 5 numbers"),
        ({"segmentation": [["a", 2]]}, "its segmentation must be numbers, got ['a', 2]"),
        (
            {"segmentation": {"size": [10, 10], "counts": [100]}},
            "its RLE mask has the size [10, 10], and height and width of the image are [120, 160]",
        ),
        (
            {"segmentation": {"size": [120, 160], "counts": [100]}},
            "its RLE counts are of 100 pixels, and the image has 19200",
        ),
        (
            {"segmentation": {"size": [120, 160], "counts": [-1, 19201]}},
            "its RLE counts have a negative length, -1",
        ),
        (
            {"segmentation": {"size": [120, 160]}},
            "its RLE counts must be text or whole numbers, got None",
        ),
        (
            {"segmentation": {"size": [120, 160], "counts": "é"}},
            "its RLE counts have the character 'Ã'",
        ),
        (
            {"attributes": {"rotation": 30.5}},
            (
                "its box is rotated by 30.5°, which a COCO file cannot say of a copy; export it as "
                "a polygon"
            ),
        ),
        ({"keypoints": [1, 2]}, "its keypoints must be x, y and visibility of each, got [1, 2]"),
        ({"keypoints": [1, 2, 7]}, "its keypoints have visibility 0, 1 or 2, got [1, 2, 7]"),
    ],
)
def test_bad_annotations_make_the_image_a_bad_one(given: Json, reason: str) -> None:
    with pytest.raises(BadImageError) as raised:
        parse([BOX | given])
    assert str(raised.value) == f'"a.json", annotation 1: {reason}'


def test_labels_outside_the_image_are_clipped_and_counted() -> None:
    listed = [
        BOX | {"bbox": [-5, 10, 20, 20]},
        BOX | {"bbox": [200, 10, 20, 20]},
        BOX | {"bbox": [130, 10, 30.001, 20]},
        BOX | {"segmentation": [[150, 10, 170, 10, 170, 30, 150, 30]], "bbox": [150, 10, 20, 20]},
    ]
    labels = parse(listed)
    assert labels.notes == {"clipped": 2, "outside": 1}
    assert moved(labels, IDENTITY) == [
        [0, {"bbox": [0, 10, 15, 20]}],
        [2, {"bbox": [130.0, 10.0, 30.0, 20.0]}],
        [3, {"bbox": [150, 10, 10, 20], "segmentation": [[150, 10, 160, 10, 160, 30, 150, 30]]}],
    ]
    assert not moved(labels, k=0)


def test_a_box_never_leaves_its_view() -> None:
    for right in np.arange(100.0, 100.4, 0.001).tolist():
        x, _, width, _ = patch(BOX | {"bbox": [70.07, 10.0, 80.0, 20.0]}, shift(right, 0.0))["bbox"]
        assert x >= 0
        assert x + width <= WIDTH


@pytest.mark.parametrize(
    ("given", "area", "expected"),
    [
        ({}, 1200, 600),  # that of the box
        ({}, 700, 350),
        ({"segmentation": [[10, 20, 40, 20, 40, 60]]}, 600.0, 450.0),
        ({"segmentation": [[10, 20, 40, 20, 40, 60]]}, 1200.0, 600.0),  # the box's
        ({"segmentation": [[10, 20, 40, 20, 40, 60]]}, 500.0, 375.0),
    ],
)
def test_areas_follow_what_they_were_of(given: Json, area: float, expected: float) -> None:
    written = patch(BOX | given | {"area": area}, shift(25.0, 0.0))
    assert written["area"] == pytest.approx(expected)
    assert type(written["area"]) is type(area)


def test_masks_that_overlap_stay_apart() -> None:
    whole = np.ones((HEIGHT, WIDTH), np.uint8)
    masks = [whole, ring(), whole, crowd()]
    listed = [BOX | {"segmentation": compressed(bits), "id": n} for n, bits in enumerate(masks)]
    labels = parse(listed)
    assert len(labels.targets.masks) == 3
    for (place, written), bits in zip(moved(labels), masks, strict=True):
        assert (coco_mask.decode(written["segmentation"]) == bits[:, ::-1]).all()
        assert listed[place]["id"] == place


def test_an_empty_mask_counts_as_its_box() -> None:
    empty = np.zeros((HEIGHT, WIDTH), np.uint8)
    for written in (compressed(empty), uncompressed(empty)):
        assert patch(BOX | {"segmentation": written}) == {
            "bbox": [120, 20, 30, 40],
            "segmentation": written,
        }


def test_categories_with_other_skeletons_swap_their_own_sides() -> None:
    listed = [
        BOX | {"keypoints": [1, 1, 2, 2, 2, 2, 3, 3, 2]},
        BOX | {"category_id": 5, "keypoints": [4, 4, 2, 5, 5, 2]},
    ]
    flat = [part for each in listed for part in (0, each)]
    categories = [*CATEGORIES, {"id": 5, "keypoints": ["head", "tail"], "flip_idx": [0, 1]}]
    labels = CocoLabels({"a.json": find_skeletons(categories)})
    read = labels.parse(
        Source("a", 1, "", json.dumps([[["a.json", None, None, ""]], flat])), {}, UPRIGHT
    )
    assert [written["keypoints"] for _, written in moved(read)] == [
        [158, 1, 2, 156, 3, 2, 157, 2, 2],
        [155, 4, 2, 154, 5, 2],
    ]


def test_keypoints_without_names_cannot_be_mirrored() -> None:
    labels = parse([BOX | {"category_id": 18, "keypoints": [1, 1, 2, 2, 2, 2]}])
    with pytest.raises(ExpandError, match="cannot be mirrored"):
        moved(labels)
    assert moved(labels, IDENTITY)[0][1]["keypoints"] == [1, 1, 2, 2, 2, 2]


TURNED = Frame(Size(SIZE.height, SIZE.width), SIZE, Affine(0.0, -1.0, SIZE.width, 1.0, 0.0, 0.0))
"""EXIF orientation 6: the stored pixels are turned clockwise to be upright."""


def test_labels_of_the_stored_pixels_are_turned_upright_with_them() -> None:
    stored = np.ascontiguousarray(np.rot90(ring()))
    annotation = BOX | {
        "bbox": [60, 110, 40, 40],
        "segmentation": compressed(stored),
        "keypoints": [0, 159, 2, 119, 159, 2, 0, 0, 0],
    }
    labels = parse([annotation], TURNED, (HEIGHT, WIDTH))
    [(_, written)] = moved(labels, IDENTITY, k=0)
    assert written["bbox"] == [10, 60, 40, 40]
    assert (coco_mask.decode(written["segmentation"]) == ring()).all()
    assert written["keypoints"] == [0, 0, 2, 0, 119, 2, 0, 0, 0]


def test_labels_of_the_upright_image_stay() -> None:
    labels = parse([BOX | {"segmentation": compressed(ring())}], TURNED)
    assert not moved(labels, k=0)
    assert parse([BOX | {"segmentation": compressed(ring())}], TURNED, (None, None)).targets.masks


def test_labels_of_another_size_make_the_image_a_bad_one() -> None:
    for size in ((100, 100), (HEIGHT, WIDTH)):
        with pytest.raises(BadImageError) as raised:
            parse([BOX], size=size)
        assert str(raised.value) == (
            f'"a.json" says that it has {size[0]}×{size[1]} pixels, and it has 160×120'
        )


@given(st.integers(1, 12), st.integers(1, 12), st.randoms(use_true_random=False))
def test_run_lengths_are_those_of_pycocotools(height: int, width: int, random: Any) -> None:
    bits = np.array([random.random() < 0.5 for _ in range(height * width)], np.uint8)
    bits = bits.reshape(height, width)
    size = Size(float(width), float(height))
    for written in (compressed(bits), uncompressed(bits)):
        runs = decode(written, size)
        assert encode(runs, compressed=isinstance(written["counts"], str)) == written
        columns = np.zeros(height * width, np.uint8)
        columns[runs.pixels()] = 1
        assert (bits == columns.reshape(width, height).T).all()
        assert runs.area == bits.sum()
        if runs.area:
            left, top, right, bottom = coco_mask.toBbox(compressed(bits)).tolist()
            assert runs.bounds().tolist() == [left, top, left + right, top + bottom]


@given(st.text(max_size=20))
def test_any_text_is_a_mask_or_a_bad_one(counts: str) -> None:
    try:
        runs = decode({"size": [2, 3], "counts": counts}, Size(3.0, 2.0))
    except BadImageError:
        return
    assert set(runs.pixels().tolist()) <= set(range(6))


def test_classes_are_named_for_pictures(tmp_path: Path) -> None:
    labels = parse(annotations(1, 1))
    assert labels.classes == ["", "", "person", ""]
