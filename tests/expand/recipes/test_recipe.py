"""Recipes: what they can give, how they are written, and which errors they raise."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from expand import ExpandError, Recipe
from expand.techniques.geometric.flip import Flip
from expand.techniques.geometric.rotate import Rotate


def test_the_named_recipes_have_the_ranges_that_they_promise() -> None:
    classic, blog = Recipe.load("classic").to_dict(), Recipe.load("blog").to_dict()
    by_name = {name: settings for entry in blog["techniques"] for name, settings in entry.items()}
    assert by_name["flip"]["axes"] == ["horizontal", "vertical"]
    assert by_name["rotate"]["degrees"] == [-90, 90]
    assert by_name["translate"]["x"] == by_name["translate"]["y"] == [-0.3, 0.3]
    assert by_name["scale"]["zoom"] == [1.0, 2.0]
    assert [next(iter(entry)) for entry in classic["techniques"]] == list(by_name)
    by_name = {
        name: settings for entry in classic["techniques"] for name, settings in entry.items()
    }
    assert by_name["flip"]["axes"] == ["horizontal"]
    assert (by_name["rotate"]["degrees"], by_name["translate"]["x"], by_name["scale"]["zoom"]) == (
        [-15, 15],
        [-0.1, 0.1],
        [0.9, 1.1],
    )
    assert by_name["noise"]["amount"] == [0.01, 0.02]
    assert classic["fill"] == blog["fill"] == "background"


def test_the_recipe_detect_rotates_nothing_and_gives_as_many_views_as_asked() -> None:
    recipe = Recipe.load("detect")
    assert [technique.name for technique in recipe.techniques] == ["flip", "translate", "scale", "noise"]  # fmt: skip
    assert recipe.distinct is None
    assert recipe.fill.value == "background"
    assert recipe.is_native


@pytest.mark.parametrize(
    ("factors", "nominal", "distinct"),
    [
        ({"flip": 2}, 2, 2),
        ({"flip": 4, "noise": 2}, 8, 8),
        ({"flip": 4, "rotate90": 4}, 16, 8),
        ({"flip": 2, "rotate90": 4}, 8, 8),
        ({"flip": 4, "rotate90": 4, "noise": 3}, 48, 24),
        ({"rotate": 5, "translate": 3, "scale": 2}, 30, 30),
    ],
)
def test_nominal_and_distinct(factors: dict[str, int], nominal: int, distinct: int) -> None:
    recipe = Recipe.load("classic").with_factors(factors)
    assert (recipe.nominal, recipe.distinct) == (nominal, distinct)


def test_a_technique_without_a_factor_gives_as_many_as_asked() -> None:
    assert Recipe.load("classic").nominal is None
    assert Recipe.load("classic").combinations == 4


def test_factors_keep_the_ranges_of_the_recipe_and_the_order() -> None:
    recipe = Recipe.load("blog").with_factors({"noise": 2, "rotate": 3, "crop": 2})
    assert [technique.name for technique in recipe.techniques] == ["rotate", "crop", "noise"]
    assert recipe.techniques[0] == Rotate((-90, 90), 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"rotat": 3}, {"noise": 1}, {"flip": 3}])
def test_a_wrong_factor_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ExpandError):
        Recipe.load("classic").with_factors(wrong)


FULL = """
name: everything
fill: [10, 20, 30]
techniques:
  - flip: {axes: [horizontal, vertical]}
  - rotate90
  - rotate: {degrees: 20}
  - translate: {x: 3, y: [-2, 2], unit: pixel, factor: 5}
  - scale: {zoom: [0.8, 1.2], factor: 3}
  - crop: {area: [0.5, 1], aspect: [0.9, 1.1]}
  - pad: {by: 2, unit: pixel}
  - resize: {size: [32, 24]}
  - noise: {amount: 0.05, salt: [0.2, 0.8]}
"""


def test_a_recipe_survives_being_written_down() -> None:
    recipe = Recipe.parse(FULL)
    assert recipe.fill.value == (10, 20, 30)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_a_recipe_file_may_be_yaml_or_json(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(FULL)
    (tmp_path / "a.json").write_text(json.dumps(Recipe.parse(FULL).to_dict()))
    assert Recipe.load(tmp_path / "a.yaml") == Recipe.load(tmp_path / "a.json")
    (tmp_path / "unnamed.yaml").write_text("techniques: [flip]")
    assert Recipe.load(tmp_path / "unnamed.yaml").name == "unnamed"


def test_a_technique_may_name_the_fill_if_all_agree() -> None:
    assert (
        Recipe.parse("techniques: [rotate: {fill: edge}, scale: {fill: edge}]").fill.value == "edge"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "techniques:\n  - rotate: {degree: 3}",
            'line 2: rotate has no setting "degree"; it has degrees, factor, fill; did you mean "degrees"?',
        ),
        (
            "techniques:\n  - flip\n  - rotate:\n      degrees: [9, 3]",
            'line 4: "degrees" must rise',
        ),
        (
            "techniques:\n  - rotate: {}\n  - noise:\n      amount: 3",
            'line 4: "amount" must rise from at least 0 to at most 1',
        ),
        (
            "techniques:\n  - scale:\n      zoom: 2\n      factor: 3",
            "line 4: scale has one strength only",
        ),
        (
            'techniques:\n  - flip:\n      factor: 2\n      axes: ["factor"]',
            'line 4: "axes" of flip must be horizontal, vertical or both',
        ),
        (
            "name: rotate\ntechniques:\n  - rotate\n  - rotate",
            'line 1: recipe "rotate" has rotate twice',
        ),
        ("techniques:\n  - wobble: {}", 'line 2: "wobble" is not a technique'),
        ("techniques:\n  - rotat: {}", 'did you mean "rotate"?'),
        (
            "techniques:\n  - flip: {}\n    noise: {}",
            "line 2: each technique is one entry of the list",
        ),
        ("techniques:\n  - flip\n  - flip", "has flip twice"),
        (
            "techniques:\n  - flip: {axes: horizontal, axes: vertical}",
            'line 2: "axes" is set twice',
        ),
        ("techniques: {flip: {}}", '"techniques" must be a list'),
        ("techniques: []", "has no techniques"),
        ("name: x", 'a recipe needs "techniques"'),
        (
            "technique: [flip]",
            'a recipe has no setting "technique"; it has name, fill, techniques, classes; did you mean "techniques"?',
        ),
        ("- flip", "expected settings (key: value)"),
        ("", "expected settings (key: value)"),
        ("techniques: [flip", "line 1: not valid YAML"),
        ("fill: rainbow\ntechniques: [flip]", 'line 1: "fill" must be edge, reflect, background'),
        (
            "techniques:\n  - rotate: {fill: edge}\n  - scale: {fill: reflect}",
            "line 3: \"fill\" is 'reflect' here, 'edge' before",
        ),
        ("techniques:\n  - noise: {fill: edge}", 'noise has no setting "fill"'),
        (
            "techniques:\n  - rotate: {}\n  - noise: {}\n  - scale: {}",
            "has scale apart from rotate",
        ),
        ("techniques:\n  - rotate: 15", "line 2: expected settings (key: value), got 15"),
        (
            "techniques:\n  - rotate: {degrees: [1e-2, 2]}",
            '"degrees" must be a number or [low, high]',
        ),
    ],
)
def test_an_error_names_the_key_and_the_line(text: str, message: str) -> None:
    with pytest.raises(ExpandError) as error:
        Recipe.parse(text, "my.yaml")
    assert message in str(error.value)
    assert "my.yaml" in str(error.value) or "recipe" in str(error.value)


def test_an_unknown_recipe_and_an_unreadable_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ExpandError, match=r'"nosuch" is neither a recipe \(classic, blog, detect\) nor a file'
    ):
        Recipe.load("nosuch")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(ExpandError, match="cannot be read"):
        Recipe.load(tmp_path / "binary.yaml")


def test_beside_quarter_turns_a_flip_along_both_axes_counts_as_one() -> None:
    recipe = Recipe.parse("techniques: [flip: {factor: 4}, rotate90]")
    assert recipe.walked[0] == Flip(("horizontal",))
    assert recipe.techniques[0] == Flip(factor=4)


@pytest.mark.parametrize(
    "text",
    [
        "techniques: [{rotate: {degrees: 2024-01-01}}]",
        "techniques: [{rotate: {degrees: !!timestamp 2024-13-01}}]",
        "techniques: [{rotate: {degrees: !!int abc}}]",
        "techniques: [{rotate: {degrees: !!bool abc}}]",
        "techniques: [{flip: {axes: 3}}]",
        "techniques: [{flip: {axes: [[1]]}}]",
        "techniques: [{flip: {axes: null}}]",
        "techniques: [{resize: {size: 1.5}}]",
        "techniques: [{resize: {size: .nan}}]",
        "fill: {a: 1}\ntechniques: [flip]",
        "techniques: [{noise: {amount: {a: 1}}}]",
        "techniques: " + "[" * 3000,
        "? {a: 1}\n: 2",
    ],
)
def test_a_value_that_makes_no_sense_is_an_error_with_the_name_of_the_file(text: str) -> None:
    with pytest.raises(ExpandError, match='"mine.yaml"'):
        Recipe.parse(text, "mine.yaml")


@pytest.mark.parametrize("value", [date(2024, 1, 1), {1, 2}])
def test_a_recipe_from_python_must_be_plain_data(value: object) -> None:
    with pytest.raises(ExpandError, match="a recipe must be plain data"):
        Recipe.from_dict({"techniques": [{"rotate": {"degrees": value}}]})


def test_a_circular_recipe_is_refused() -> None:
    circle: dict[str, object] = {}
    circle["techniques"] = [circle]
    with pytest.raises(ExpandError, match="a recipe must be plain data"):
        Recipe.from_dict(circle)
