"""Previews of labelled datasets: labels are drawn on every view, where their objects are."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from expand import ExpandError, preview
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
    for index in (1, 2):
        (src / f"masks/{index}.png").write_bytes(b"bad")
    with pytest.raises(ExpandError, match="no image of"):
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
