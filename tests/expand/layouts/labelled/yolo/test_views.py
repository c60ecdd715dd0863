"""Labels follow the pixels: after a view, the colour of each object is where its row says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from expand.recipes.recipe import Recipe
from tests.expand.layouts.labelled.yolo.drawn import (
    COLOURS,
    MARKS,
    Floats,
    Image,
    draw_detect,
    draw_obb,
    draw_pose,
    draw_segment,
    inside,
    of_colour,
    read_image,
)
from tests.expand.layouts.labelled.yolo.expanding import expanded
from tests.expand.layouts.labelled.yolo.reader import Labelled, label_of, read_label

MOVES = """
techniques:
  - flip
  - rotate: {degrees: [-40, 40]}
  - translate: {x: [-0.3, 0.3], y: [-0.3, 0.3]}
  - scale: {zoom: [0.8, 1.5]}
"""
RECIPES = {
    "moves": Recipe.parse(MOVES),
    "classic": Recipe.load("classic"),
    "detect": Recipe.load("detect"),
}
FACTOR = 5


def named_views(
    out: Path, shape: tuple[int, int] | None = None
) -> Iterator[tuple[str, Image, Labelled]]:
    """Yield the images of the training part that have a label file, with what it says."""
    for path in sorted((out / "images/train").iterdir()):
        if label_of(path).exists():
            name = path.relative_to(out).as_posix()
            yield name, read_image(path), read_label(label_of(path), 3, shape)


def views(out: Path) -> Iterator[tuple[Image, Labelled]]:
    """Yield the same without names."""
    return ((image, labelled) for _, image, labelled in named_views(out))


def edges(box: Floats, image: Image) -> list[float]:
    """Return left, top, right and bottom of a box, in pixels."""
    height, width = image.shape[:2]
    x, y, w, h = (box * [width, height, width, height]).tolist()
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2]


def bounds(image: Image, kind: int) -> list[int]:
    """Return left, top, right and bottom of the pixels of a class."""
    found = of_colour(image, COLOURS[kind])
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    return [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_colour_of_an_object_lies_inside_its_box(recipe: str, tmp_path: Path) -> None:
    root, out = draw_detect(tmp_path / "set"), tmp_path / "out"
    assert expanded(root, out, RECIPES[recipe], FACTOR) == {}
    count = 0
    for image, labelled in views(out):
        for kind, box in zip(labelled.classes, labelled.boxes, strict=True):
            left, top, right, bottom = edges(box, image)
            own = bounds(image, kind)
            assert left - 1.5 <= own[0] <= own[2] <= right + 1.5
            assert top - 1.5 <= own[1] <= own[3] <= bottom + 1.5
            count += 1
    assert count > 15


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_polygon_covers_the_pixels_of_its_object(recipe: str, tmp_path: Path) -> None:
    root, out = draw_segment(tmp_path / "set"), tmp_path / "out"
    assert expanded(root, out, RECIPES[recipe], FACTOR) == {}
    overlaps = [
        overlap(image, kind, ring)
        for image, labelled in views(out)
        for kind, ring in zip(labelled.classes, labelled.rings, strict=True)
    ]
    assert len(overlaps) > 15
    assert min(overlaps) > 0.75
    assert np.mean(overlaps) > 0.9


@pytest.mark.parametrize("recipe", RECIPES)
def test_an_oriented_box_covers_the_pixels_of_its_object(recipe: str, tmp_path: Path) -> None:
    root, out = draw_obb(tmp_path / "set"), tmp_path / "out"
    assert expanded(root, out, RECIPES[recipe], FACTOR) == {}
    count = 0
    for image, labelled in views(out):
        for kind, ring in zip(labelled.classes, labelled.rings, strict=True):
            assert len(ring) == 4
            height, width = image.shape[:2]
            outside = of_colour(image, COLOURS[kind]) & ~inside(
                grown(ring * [width, height]), width, height
            )
            assert not outside.any()
            whole = (ring >= 0).all() and (ring <= 1).all()
            assert not whole or overlap(image, kind, ring) > 0.8
            count += 1
    assert count > 15


def overlap(image: Image, kind: int, ring: Floats) -> float:
    """Return the area that a polygon and the pixels of its class share, of the area of both."""
    height, width = image.shape[:2]
    own, drawn = of_colour(image, COLOURS[kind]), inside(ring * [width, height], width, height)
    return float((own & drawn).sum() / (own | drawn).sum())


def grown(corners: Floats) -> Floats:
    """Return corners a pixel and a half further out."""
    away = corners - corners.mean(axis=0)
    further: Floats = corners + away / np.linalg.norm(away, axis=1, keepdims=True) * 1.5
    return further


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("recipe", RECIPES)
def test_each_point_lies_on_its_own_mark(recipe: str, dims: int, tmp_path: Path) -> None:
    root, out = draw_pose(tmp_path / "set", dims=dims), tmp_path / "out"
    assert expanded(root, out, RECIPES[recipe], FACTOR) == {}
    present, missing, mirrored = 0, 0, mirrored_files(out)
    assert mirrored
    for path, image, labelled in named_views(out, (3, dims)):
        height, width = image.shape[:2]
        sides = (0, 2, 1) if path in mirrored else (0, 1, 2)
        for point in labelled.points.reshape(-1, 3, dims):
            for side, values in zip(sides, point.tolist(), strict=True):
                if values[-1] == 0 or min(values) < 0:
                    missing += 1
                    continue
                y, x = np.nonzero(of_colour(image, MARKS[side], 90))
                assert np.hypot(x + 0.5 - values[0] * width, y + 0.5 - values[1] * height).min() < 3
                present += 1
    assert present > 30
    assert missing > 3


def mirrored_files(out: Path) -> set[str]:
    """Return the images that are mirrored, as the manifest says."""
    rows = map(json.loads, (out / "expand.jsonl").read_text().splitlines())
    return {row["file_name"] for row in rows if row["params"].get("flip", {}).get("horizontal")}


def test_a_mirror_exchanges_left_and_right(tmp_path: Path) -> None:
    root, out = draw_pose(tmp_path / "set", count=2), tmp_path / "out"
    expanded(root, out, Recipe.parse("techniques: [flip]"), 2)
    for number in (0, 1):
        before, after = (
            read_label(out / f"labels/train/0{number}{view}.txt", 3, (3, 3)).points
            for view in ("", "_v1")
        )
        mirrored = before[:, [0, 2, 1]]
        labelled = mirrored[..., 2:] > 0
        mirrored = np.where(labelled, [1, 0, 0] + mirrored * [-1, 1, 1], 0)
        assert np.abs(after - mirrored).max() < 2e-6


@pytest.mark.parametrize("draw", [draw_detect, draw_segment, draw_pose, draw_obb])
def test_originals_keep_their_bytes_and_background_stays_background(draw, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    root, out = draw(tmp_path / "set", count=8), tmp_path / "out"
    assert expanded(root, out, RECIPES["classic"], 3) == {}
    for path in (root / "labels").rglob("*.txt"):
        assert (out / path.relative_to(root)).read_bytes() == path.read_bytes()
    assert (out / "data.yaml").read_bytes() == (root / "data.yaml").read_bytes()
    labels = {path.name for path in (out / "labels/train").iterdir()}
    assert not {name for name in labels if name.startswith("03")}
    assert (out / "labels/train/07_v2.txt").read_bytes() == b""
    assert len(labels) == 7 * 3
