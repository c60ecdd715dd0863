"""Rules for classes: what they leave of a recipe, how they are read, and what is refused."""

from __future__ import annotations

import pickle

import pytest

from expand import ExpandError, Recipe
from expand.geometry import stretch
from expand.recipes.rules import describe_unknown
from expand.techniques import Technique

TEXT = """
techniques:
  - flip: {factor: 4}
  - rotate: {degrees: 30, factor: 5}
  - translate: {x: [-3, 3], y: 0, unit: pixel}
  - noise
classes:
  "6": {flip: never, rotate: {degrees: [-15, 15]}}
  7: {rotate: {degrees: 0}, translate: {x: [-1, 1]}}
  arrow: {flip.horizontal: never}
"""


def technique(recipe: Recipe | None, name: str) -> Technique | None:
    assert recipe
    return next((each for each in recipe.techniques if each.name == name), None)


def test_a_class_takes_what_its_rules_allow() -> None:
    recipe = Recipe.parse(TEXT)
    six, seven = recipe.for_classes(["6"]), recipe.for_classes(["7"])
    assert technique(six, "flip") is None
    assert technique(six, "rotate").degrees == (-15, 15)  # type: ignore[union-attr]
    assert technique(seven, "rotate") is None  # no angle is left
    assert technique(seven, "translate").factor == 3  # type: ignore[union-attr]
    assert technique(recipe.for_classes(["arrow"]), "flip").axes == ("vertical",)  # type: ignore[union-attr]
    assert recipe.for_classes(["cat"]) is recipe
    assert recipe.for_classes([]) is recipe


def test_an_image_takes_what_all_its_classes_allow() -> None:
    recipe = Recipe.parse(TEXT)
    both = recipe.for_classes(["6", "7", "cat"])
    assert technique(both, "flip") is None
    assert technique(both, "rotate") is None
    assert technique(both, "translate").factor == 3  # type: ignore[union-attr]
    overlap = Recipe.parse(
        "techniques: [rotate: {degrees: 30}]\n"
        "classes: {a: {rotate: {degrees: [-10, 20]}}, b: {rotate: {degrees: [5, 90]}}}"
    )
    assert technique(overlap.for_classes(["a", "b"]), "rotate").degrees == (5, 20)  # type: ignore[union-attr]
    assert technique(overlap.for_classes(["b"]), "rotate").degrees == (5, 30)  # type: ignore[union-attr]


def test_distinct_views_are_counted_for_each_class() -> None:
    recipe = Recipe.parse("techniques: [flip: {factor: 4}, noise]\nclasses: {a: {flip: never}, b: {flip: never, noise: never}}")  # fmt: skip
    assert [recipe.distinct_for([name]) for name in "cab"] == [8, 2, 1]
    assert recipe.for_classes(["b"]) is None


@pytest.mark.parametrize("turning", ["rotate90", "rotate: {degrees: 180}"])
def test_where_views_turn_over_a_rule_against_one_axis_of_flip_is_against_both(
    turning: str,
) -> None:
    recipe = Recipe.parse(
        f"techniques: [flip: {{factor: 4}}, {turning}]\nclasses: {{a: {{flip.vertical: never}}}}"
    )
    assert technique(recipe.for_classes(["a"]), "flip") is None


def test_a_transform_of_albumentations_can_be_left_out() -> None:
    recipe = Recipe.parse("techniques: [GaussNoise, flip]\nclasses: {a: {GaussNoise: never}}")
    assert [each.name for each in recipe.for_classes(["a"]).techniques] == ["flip"]  # type: ignore[union-attr]


def test_rules_survive_plain_data_and_processes() -> None:
    recipe = Recipe.parse(TEXT)
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert pickle.loads(pickle.dumps(recipe)) == recipe
    assert "classes" not in Recipe.load("classic").to_dict()
    assert recipe.with_factors({"flip": 2}).classes == recipe.classes


def test_a_recipe_of_some_of_its_techniques_can_be_read_from_its_record() -> None:
    recipe = Recipe.parse(
        "techniques: [flip, translate: {x: 9, y: 0, unit: pixel}, GaussNoise]\n"
        "classes: {a: {GaussNoise: never, translate: {x: [-2, 2]}}, b: {GaussNoise: never}}"
    )
    fewer = recipe.with_factors({"flip": 2})
    assert Recipe.from_dict(fewer.to_dict()) == fewer
    assert [rules.label for rules in fewer.classes] == ["a"]


def test_rules_hold_for_a_technique_that_is_added() -> None:
    recipe = Recipe.parse("techniques: [noise]\nclasses: {a: {flip: never, rotate: {degrees: 3}}}")
    more = recipe.with_factors({"flip": 2, "rotate": 4})
    assert technique(more.for_classes(["a"]), "flip") is None
    assert technique(more.for_classes(["a"]), "rotate").degrees == (-3, 3)  # type: ignore[union-attr]


def test_names_of_classes_are_compared_however_accents_are_encoded() -> None:
    recipe = Recipe.parse("techniques: [flip, noise]\nclasses: {caf\u00e9: {flip: never}}")
    assert technique(recipe.for_classes(["cafe\u0301"]), "flip") is None


def test_a_rule_says_what_it_forbids() -> None:
    assert list(map(str, Recipe.parse(TEXT).classes)) == [
        "without flip; rotate: degrees -15 … 15",
        "rotate: degrees 0; translate: x -1 … 1",
        "without flip.horizontal",
    ]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("[a]", "line 3: expected settings (key: value), got ['a']"),
        ("{a: never}", "line 3: expected settings (key: value), got 'never'"),
        ("{a: {}}", 'line 3: class "a" has no rules; leave it out'),
        ("{a: {filp: never}}", 'line 3: "filp" is not a technique; there are flip, rotate'),
        ("{a: {filp: never}}", 'did you mean "flip"?'),
        ("{a: {flip.Horizontal: never}}", 'did you mean "flip.horizontal"?'),
        ("{a: {flip: {becoms: b}}}", 'it can only be "never" or {becomes: a class}; did you mean "becomes"?'),
        ("{a: {flip.diagonal: never}}", '"flip.diagonal" is not a part of a technique; there are flip.horizontal and'),
        ("{a: {rotate.x: never}}", '"rotate.x" is not a part of a technique'),
        ("{a: {rotate: sometimes}}", "a rule is never, or ranges that a class allows"),
        ("{a: {rotate: {angle: 3}}}", 'rotate has no range "angle" to narrow; it has degrees'),
        ("{a: {rotate: {degrees: 900}}}", '"degrees" must rise from at least -360 to at most 360'),
        ("{a: {rotate: {degrees: {}}}}", '"degrees" must be a number or [low, high]'),
        ("{a: {flip: {factor: 2}}}", 'flip has no range "factor" to narrow; it can only be "never"'),
        ("{a: {flip.horizontal: {becomes: 6}}}", '"becomes" must be the name of a class, in quotes, got 6'),
        ("{a: {rotate: {becomes: b}}}", "rotate cannot have becomes: only flip and its axes can"),
        ("{a: {flip: {becomes: b, factor: 2}}}", "flip has becomes, and cannot have anything beside it"),
        ("{a: {flip: {becomes: b}}}", 'class "a" becomes "b" by flip, and "b" does not become "a". Add b: {flip: {becomes: a}}, or b: {flip: never}'),
        ("{a: {flip: {becomes: b}, flip.vertical: {becomes: c}}}", "has becomes for flip and for one of its axes"),
        ("{a: {flip: never}, a: {flip: never}}", '"a" is set twice'),
        ("{caf\u00e9: {flip: never}, cafe\u0301: {flip: never}}", "is set twice"),
        ("{a: {flip: never, flip: never}}", '"flip" is set twice'),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_are_refused_with_the_line(rules: str, message: str) -> None:
    with pytest.raises(ExpandError) as refused:
        Recipe.parse(f"techniques: [flip, rotate]\nclasses:\n  {rules}")
    assert message in str(refused.value)


def test_a_direction_cannot_become_another_where_views_turn() -> None:
    text = (
        "techniques: [flip, rotate: {degrees: 180}]\n"
        "classes: {a: {flip.horizontal: {becomes: b}MORE}, b: {flip.horizontal: {becomes: a}MORE}}"
    )
    with pytest.raises(ExpandError, match="for one axis of flip, and rotate turns directions too"):
        Recipe.parse(text.replace("MORE", ""))
    Recipe.parse(text.replace("MORE", ", rotate: {degrees: [-45, 45]}"))
    Recipe.parse(text.replace(".horizontal", "").replace("MORE", ""))


def test_a_rule_with_becomes_leaves_views_as_they_are_and_survives_plain_data() -> None:
    recipe = Recipe.parse(
        "techniques: [flip, noise]\nclasses: {a: {flip: {becomes: b}}, b: {flip: {becomes: a}}}"
    )
    assert recipe.for_classes(["a"]) is recipe
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert pickle.loads(pickle.dumps(recipe)) == recipe
    assert str(recipe.classes[0]) == "flip: becomes b"


def test_names_follow_one_axis_after_the_other() -> None:
    corners = {"tl": ("tr", "bl"), "tr": ("tl", "br"), "bl": ("br", "tl"), "br": ("bl", "tr")}
    rules = "".join(
        f"  {name}: {{flip.horizontal: {{becomes: {h}}}, flip.vertical: {{becomes: {v}}}}}\n"
        for name, (h, v) in corners.items()
    )
    exchanges = Recipe.parse(f"techniques: [flip: {{factor: 4}}]\nclasses:\n{rules}").exchanges
    assert exchanges.names(stretch(1, 1)) == {}
    assert exchanges.names(stretch(-1, 1))["tl"] == "tr"
    assert exchanges.names(stretch(1, -1))["tl"] == "bl"
    assert exchanges.names(stretch(-1, -1)) == {"tl": "br", "br": "tl", "tr": "bl", "bl": "tr"}


def test_rules_for_classes_that_are_not_there_are_said() -> None:
    classes = Recipe.parse(TEXT).classes
    assert describe_unknown(classes, ["6", "7", "arrow", "cat"]) == []
    assert describe_unknown(classes, []) == []
    (line,) = describe_unknown(classes, ["6", "cat", "Arow"])
    assert line == (
        'the dataset has no class "7", "arrow" (did you mean "Arow"?), for which the recipe has '
        'rules; it has "6", "cat", "Arow"'
    )
    (line,) = describe_unknown(classes, [f"c{number}" for number in range(11)])
    assert line.endswith('"c9", …')
