"""The contact sheet: every view, legible, whatever the images."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import expand
from expand import ExpandError, Recipe, Settings
from expand.previews.preview import Preview, preview
from expand.previews.rows import caption
from expand.previews.sheet import CELL, GAP, fit
from expand.views.views import Views
from tests.conftest import Folder, noise_image


def sheet(src: Path, rows: int = 3, recipe: str = "classic", factor: int = 4) -> Image.Image:
    shown = Preview.of(src, Settings(Recipe.load(recipe), factor), rows)
    return Image.open(io.BytesIO(shown.png()))


def test_a_row_a_source_and_a_column_a_view(class_folder: Folder) -> None:
    image = sheet(class_folder(5), rows=3)
    assert image.width == GAP + 4 * (CELL + GAP)
    pixels = np.asarray(image.convert("L"))
    ink = (pixels < 250).any(axis=0)
    for column in range(4):
        assert ink[GAP + column * (CELL + GAP) : (column + 1) * (CELL + GAP)].mean() > 0.8
    one = sheet(class_folder(5), rows=1)
    assert 2.0 < (image.height - 60) / (one.height - 60) < 4.0


def test_the_first_column_is_the_original(class_folder: Folder) -> None:
    red = np.zeros((10, 10, 3), np.uint8) + np.array([200, 10, 10], np.uint8)
    image = sheet(class_folder({"a/red.png": red}), rows=1).convert("RGB")
    assert image.getpixel((GAP + 20, 100)) == (200, 10, 10)


def test_bad_images_are_passed_over_and_nothing_usable_is_refused(class_folder: Folder) -> None:
    assert (
        sheet(class_folder({"a/1.png": b"bad", "a/2.png": noise_image(9, 9)}), rows=2).height > CELL
    )
    with pytest.raises(ExpandError, match="no image of"):
        sheet(class_folder({"b/1.png": b"bad"}, "worse"))


@pytest.mark.parametrize(
    "shape", [(5, 9), (5, 9, 2), (5, 9, 3), (5, 9, 4), (5, 9, 7), (900, 300, 3), (1, 700)]
)
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_any_image_fits_a_cell(shape: tuple[int, ...], depth: type) -> None:
    image = fit(noise_image(*shape, depth=depth))
    assert image.mode == "RGB"
    assert max(image.size) <= CELL
    assert max(image.size) > CELL / 2


def test_captions_say_what_was_done_in_plain_ascii_and_leave_out_what_was_not() -> None:
    everything = "techniques: [flip: {factor: 4}, rotate90, rotate, translate, scale, crop, pad: {factor: 2}, resize: {factor: 2}, noise]"
    recipe = Recipe.parse(everything)
    texts = [caption(Views(recipe).params("a", k), recipe) for k in range(1, 40)]
    words = "\n".join(texts)
    for word in (
        "flip horizontal",
        "turn 90°",
        "rotate +",
        "move ",
        "zoom ",
        "crop ",
        "pad 0.1",
        "resized",
        "noise 1.",
    ):
        assert word in words
    assert caption(recipe.neutral(), recipe) == "nothing changed"
    assert "-0 %" not in words
    assert words.replace("°", "").isascii()  # the built-in font has little more
    pixels = Recipe.parse("techniques: [translate: {x: 3, y: 3, unit: pixel}]")
    assert "px" in caption({"translate": {"x": 2.0, "y": -1.0}}, pixels)


def test_a_catalogue_technique_is_named_where_it_fired() -> None:
    views = Views(Recipe.parse("techniques: [GaussianBlur: {p: 0.5}]"))
    texts = {
        caption(views.render(noise_image(8, 8), views.params("a", k)).params, views.recipe)
        for k in range(1, 20)
    }
    assert texts == {"GaussianBlur", "nothing changed"}


def test_a_notebook_shows_what_the_command_draws(class_folder: Folder) -> None:
    src = class_folder(3)
    shown = preview(src, "blog", 3, sources=2, seed=5)
    assert len(shown.rows) == 2
    assert shown.title == "recipe blog, seed 5, stratified views"
    assert shown._repr_png_() == shown.png()
    assert shown.png() == Preview.of(src, Settings(Recipe.load("blog"), 3, seed=5), 2).png()
    assert expand.preview is preview


def test_a_source_whose_name_is_not_utf_8_is_passed_over(class_folder: Folder) -> None:
    src = class_folder({"a/1.png": noise_image(9, 9), "a/2.png": noise_image(9, 9)})
    (src / "a/1.png").rename(src / "a" / os.fsdecode(b"\xff.png"))
    assert sheet(src, rows=2).height > CELL


def test_a_sheet_of_more_views_than_memory_holds_is_refused(class_folder: Folder) -> None:
    with pytest.raises(ExpandError, match="a contact sheet holds at most 10,000 views"):
        preview(class_folder(), factor=1_000_000)
