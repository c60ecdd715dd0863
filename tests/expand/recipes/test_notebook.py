"""The HTML table that a notebook shows for a recipe."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from expand import Recipe


def table(recipe: Recipe) -> tuple[str, list[list[str]]]:
    """Return the caption and the rows of a recipe's table."""
    root = ElementTree.fromstring(recipe._repr_html_())
    assert root.tag == "table"
    caption = root.findtext("caption")
    assert caption
    return caption, [[cell.text or "" for cell in row] for row in root.iter("tr")]


def test_a_row_for_each_technique_with_its_settings_and_factor() -> None:
    _, rows = table(Recipe.load("classic"))
    assert rows == [
        ["technique", "settings", "factor"],
        ["flip", "axes: [horizontal]", "2"],
        ["rotate", "degrees: [-15.0, 15.0]", "unlimited"],
        ["translate", "x: [-0.1, 0.1], y: [-0.1, 0.1], unit: fraction", "unlimited"],
        ["scale", "zoom: [0.9, 1.1]", "unlimited"],
        ["noise", "amount: [0.01, 0.02], salt: [0.5, 0.5]", "2"],
    ]


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        (
            "{name: turns, fill: edge, techniques: [flip: {factor: 4}, rotate90]}",
            "Recipe turns. Fill: edge. Views of an image: 16 nominal, 8 distinct.",
        ),
        (
            "{name: free, fill: [1, 2, 3], techniques: [rotate]}",
            "Recipe free. Fill: [1, 2, 3]. Views of an image: unlimited nominal, unlimited distinct.",
        ),
    ],
)
def test_the_caption_has_the_fill_and_the_number_of_views(text: str, caption: str) -> None:
    assert table(Recipe.parse(text))[0] == caption


def test_a_recipe_of_any_technique_is_valid_html_with_its_name_escaped() -> None:
    recipe = Recipe.parse(
        "{name: '<b>&', techniques: [crop, pad: {by: 2, unit: pixel}, resize: {size: [8, 9]}, "
        "noise, erase, GaussianBlur: {p: 0.5}]}"
    )
    caption, rows = table(recipe)
    assert caption.startswith("Recipe <b>&.")
    assert [row[0] for row in rows[1:]] == [
        "crop",
        "pad",
        "resize",
        "noise",
        "erase",
        "GaussianBlur",
    ]
    assert "blur_limit" in rows[-1][1]
    assert "size: [8, 9]" in rows[3][1]
