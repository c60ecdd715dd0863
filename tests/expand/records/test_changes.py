"""Changes: messages name the options that differ, as they are typed."""

from __future__ import annotations

import pytest

from expand.recipes.recipe import Recipe
from expand.records.changes import describe_changes


def test_options_are_named_as_they_are_typed() -> None:
    earlier = {"seed": 0, "shard_size": 100, "group_by": None, "factor": 4}
    now = {"seed": 0, "shard_size": 200, "group_by": "x", "factor": 2}
    assert describe_changes(earlier, now, now) == (
        "--tar-size was 100, is 200; --group-by was not given, is x; --factor was 4, is 2"
    )


def test_of_the_reading_of_a_dataset_each_option_is_named() -> None:
    earlier = {"layout": "masks", "split": "", "visible": 0.1}
    now = {"layout": "voc", "split": "val", "visible": 0.1}
    assert describe_changes({"dataset": earlier}, {"dataset": now}, ["dataset"]) == (
        "--as was masks, is voc; --split was not given, is val"
    )
    assert describe_changes({"dataset": None}, {"dataset": now}, ["dataset"]) == (
        "the reading of the input (--as) was not given, is voc"
    )


def test_recipes_of_two_names_are_named() -> None:
    classic, blog = Recipe.load("classic").to_dict(), Recipe.load("blog").to_dict()
    assert describe_changes({"recipe": classic}, {"recipe": blog}, ["recipe"]) == (
        '--recipe was "classic", is "blog"'
    )


@pytest.mark.parametrize(
    ("text", "change"),
    [
        (
            "{name: mine, techniques: [flip, rotate: {degrees: 20}]}",
            "rotate was {degrees: [-15, 15]}, is {degrees: [-20, 20]}",
        ),
        (
            "{name: mine, fill: edge, techniques: [flip]}",
            "rotate was {degrees: [-15, 15]}, is absent, and fill was background, is edge",
        ),
        (
            "{name: mine, techniques: [rotate: {degrees: 15}, flip]}",
            "its techniques have another order",
        ),
        (
            "{name: mine, techniques: [flip, rotate: {degrees: 15}], classes: {a: {rotate: never}}}",
            'class "a" was absent, is {rotate: never}',
        ),
    ],
)
def test_of_a_recipe_that_kept_its_name_the_changed_parts_are_named(text: str, change: str) -> None:
    earlier = Recipe.parse("{name: mine, techniques: [flip, rotate: {degrees: 15}]}").to_dict()
    now = Recipe.parse(text).to_dict()
    assert describe_changes({"recipe": earlier}, {"recipe": now}, ["recipe"]) == (
        f'--recipe "mine" was changed: {change}'
    )
