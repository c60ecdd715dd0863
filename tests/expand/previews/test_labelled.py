"""Previews of labelled datasets: labels are drawn on every view, where their objects are."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from expand import ExpandError, preview
from expand.images.pixels import Pixels
from expand.previews.colours import colour
from expand.previews.preview import Preview
from expand.previews.rows import LABELLED_CELL
from expand.previews.sheet import GAP
from tests.expand.layouts.labelled.masks import drawn

MOVES = "techniques: [flip, rotate: {degrees: [-20, 20]}, translate]"


def masks(root: Path, sources: int = 3) -> Path:
    names = {f"images/{i}.png": f"masks/{i}.png" for i in range(sources)}
    return drawn.write(root, drawn.pairs(names))


def recipe_file(folder: Path, text: str = MOVES) -> str:
    path = folder / "recipe.yaml"
    path.write_text(text, "utf-8")
    return str(path)


def test_each_area_of_a_mask_is_coloured_where_its_object_is(tmp_path: Path) -> None:
    shown = preview(masks(tmp_path / "set"), recipe_file(tmp_path), 3, sources=2)
    assert "3 images" in shown.found
    tones = 0.55 * drawn.COLOURS + 0.45 * np.array([(0, 0, 0), *map(colour, (1, 2, 3))])
    for row in shown.rows:
        for _, pixels in row:
            away = np.abs(pixels[..., None, :].astype(float) - tones).sum(axis=-1)
            covered = [(away[..., value] < 12).sum() for value in (1, 2, 3)]
            bare = [
                (np.abs(pixels.astype(float) - drawn.COLOURS[value]).sum(axis=-1) < 12).sum()
                for value in (1, 2, 3)
            ]
            assert min(covered) > 400
            assert max(bare) < 40


def test_a_sheet_of_a_labelled_dataset_has_larger_images(tmp_path: Path) -> None:
    shown = preview(masks(tmp_path / "set"), "classic", 3, sources=2)
    image = Image.open(io.BytesIO(shown.png()))
    assert image.width == GAP + 3 * (LABELLED_CELL + GAP)
    assert shown.png() == preview(tmp_path / "set", "classic", 3, sources=2).png()


def test_a_source_whose_labels_are_bad_is_passed_over(tmp_path: Path) -> None:
    src = masks(tmp_path / "set")
    (src / "masks/0.png").write_bytes(b"bad")
    shown = preview(src, "classic", 2)
    assert [row[0][0] for row in shown.rows] == ["images/1.png", "images/2.png"]
    (note,) = shown.notes
    reason = '"images/0.png": its mask "masks/0.png" is not an image'
    assert note == f"1 image passed over; the first: {reason}"
    for index in (1, 2):
        (src / f"masks/{index}.png").write_bytes(b"bad")
    with pytest.raises(ExpandError, match="no image of .* can be used; the first: " + reason):
        preview(src)


def test_a_sheet_of_more_labelled_views_than_memory_holds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExpandError, match="a contact sheet holds at most 4,444 views"):
        preview(masks(tmp_path / "set"), factor=1000)


def test_a_dataset_without_places_is_drawn_as_class_folders_are(tmp_path: Path) -> None:
    files = {f"{part}/cat/{i}.png": drawn.as_png(drawn.shown(drawn.scene(i))) for part in ("train", "test") for i in range(2)}  # fmt: skip
    src = drawn.write(tmp_path / "set", files)
    shown = preview(src, factor=2)
    assert [row[0][0] for row in shown.rows] == ["train/cat/0.png", "train/cat/1.png"]
    alone = preview(src / "train", factor=2)
    assert isinstance(alone, Preview)
    assert shown.cell == alone.cell


def yolo(root: Path, rows: dict[str, str], data: str = "names: [cat, dog]") -> Path:
    """Write a YOLO dataset whose images are black, with a white square where each box is."""
    files = {"data.yaml": f"train: images/train\n{data}\n".encode()}
    for name, text in rows.items():
        pixels = np.zeros((120, 180, 3), np.uint8)
        for line in text.splitlines():
            x, y, width, height = (float(number) for number in line.split()[1:5])
            left, right = round((x - width / 2) * 180), round((x + width / 2) * 180)
            pixels[round((y - height / 2) * 120) : round((y + height / 2) * 120), left:right] = 255
        files |= {f"images/train/{name}.png": drawn.as_png(pixels), f"labels/train/{name}.txt": text.encode()}  # fmt: skip
    return drawn.write(root, files)


def near(pixels: Pixels, own: tuple[int, int, int]) -> Pixels:
    return np.asarray(np.abs(pixels.astype(int) - own).max(axis=-1) < 40)


def test_boxes_lie_round_their_objects_in_the_colours_of_their_classes(tmp_path: Path) -> None:
    rows = {"a": "1 0.5 0.5 0.2 0.3\n", "b": "0 0.5 0.5 0.3 0.2\n", "c": "1 0.5 0.5 0.4 0.4\n"}
    src = yolo(tmp_path / "set", rows)
    shown = preview(src, recipe_file(tmp_path, "techniques: [flip, translate: {x: 0.2, y: 0.2}]"))
    for row, number in zip(shown.rows, (1, 0, 1), strict=True):
        for _, pixels in row:
            line = near(pixels, colour(number))
            line[: np.nonzero(pixels.min(axis=-1) > 200)[0].min() - 3] = False  # the name
            square = np.nonzero(pixels.min(axis=-1) > 200)
            for inside, around in zip(square, np.nonzero(line), strict=True):
                assert -4 <= around.min() - inside.min() <= 0
                assert 0 <= around.max() - inside.max() <= 4
            assert not near(pixels, colour(1 - number)).any()


def test_without_a_recipe_that_of_the_dataset_is_drawn_and_objects_are_counted(
    tmp_path: Path,
) -> None:
    shown = preview(yolo(tmp_path / "set", {"a": "1 0.5 0.5 0.2 0.3\n0 0.2 0.2 0.2 0.2\n"}))
    assert shown.settings.recipe.name == "detect"
    assert shown.title.startswith("recipe detect")
    assert shown.found == "YOLO detect, 2 classes, train split 1 image"
    assert shown.rows[0][0][0] == "images/train/a.png"
    assert all(text.endswith("\nobjects: 2 of 2") for text, _ in shown.rows[0][1:])
    assert preview(masks(tmp_path / "masks")).settings.recipe.name == "classic"


def test_a_recipe_that_labels_cannot_follow_is_refused(tmp_path: Path) -> None:
    src = yolo(tmp_path / "set", {"a": "1 0.5 0.5 0.2 0.3\n"})
    with pytest.raises(ExpandError, match="fill: reflect shows parts of objects again"):
        preview(src, recipe_file(tmp_path, "fill: reflect\ntechniques: [rotate]"))


LEFT_RIGHT = """
techniques: [flip]
classes: {left: {flip.horizontal: {becomes: right}}, right: {flip.horizontal: {becomes: left}}}
"""


def test_the_class_of_a_row_is_named_and_that_of_a_mirrored_view(tmp_path: Path) -> None:
    files = {f"images/{i}.png": drawn.as_png(drawn.shown(drawn.scene(i))) for i in range(2)}
    table = b"image,label\n0.png,left\n1.png,right\n"
    src = drawn.write(tmp_path / "set", {**files, "labels.csv": table})
    rows = preview(src, recipe_file(tmp_path, LEFT_RIGHT), 2, sources=2).rows
    assert [[text.splitlines()[-1] for text, _ in row] for row in rows] == [
        ["class: left", "class: right"],
        ["class: right", "class: left"],
    ]


def test_a_mirrored_view_of_class_folders_has_its_new_class_below_it(tmp_path: Path) -> None:
    picture = drawn.as_png(drawn.shown(drawn.scene(0)))
    src = drawn.write(tmp_path / "set", {f"{name}/1.png": picture for name in ("left", "right")})
    rows = preview(src, recipe_file(tmp_path, LEFT_RIGHT), 2, sources=2).rows
    assert [[text.splitlines()[-1] for text, _ in row] for row in rows] == [
        ["left/1.png", "class: right"],
        ["right/1.png", "class: left"],
    ]
