"""What every technique tells of itself: its label, captions, strengths, parts and settings."""

from __future__ import annotations

import pytest

from expand.recipes.recipe import Recipe
from expand.techniques import NATIVE, Technique
from expand.techniques.geometric.crop import Crop
from expand.techniques.geometric.flip import Flip
from expand.techniques.geometric.rotate import Rotate
from expand.techniques.geometric.scale import Scale
from expand.techniques.geometric.translate import Translate

LABELS = {
    "flip": "flip horizontal",
    "rotate90": "rotate90",
    "rotate": "rotate ±15°",
    "translate": "translate ±10 %",
    "scale": "scale × 0.9 … 1.1",
    "crop": "crop to 60 %",
    "pad": "pad",
    "resize": "resize",
    "noise": "noise",
    "erase": "erase up to 20 %",
}


def test_a_label_is_the_name_with_the_range() -> None:
    assert {name: kind().label for name, kind in NATIVE.items()} == LABELS
    assert Rotate((-5, 30)).label == "rotate −5 … 30°"  # type: ignore[arg-type]
    assert Translate(3, 0, "pixel").label == "translate ±3 px"  # type: ignore[arg-type]
    assert Flip(factor=4).label == "flip horizontal + vertical"


@pytest.mark.parametrize("name", NATIVE)
def test_the_choice_that_changes_nothing_has_no_caption(name: str) -> None:
    technique = NATIVE[name]()
    assert technique.caption(technique.neutral()) == ""
    always = technique.choose(1.0, [0.4] * (technique.spread + technique.seeds))
    assert technique.caption(always) != ""


@pytest.mark.parametrize("name", NATIVE)
def test_a_strength_is_a_choice_with_the_keys_of_any_other(name: str) -> None:
    technique = NATIVE[name]()
    strengths = technique.strengths()
    assert strengths
    for strength in strengths:
        if strength.choice is not None:
            assert strength.choice.keys() == technique.neutral().keys()
            assert technique.caption(strength.choice) != ""


def test_strengths_lie_towards_the_ends_of_the_range() -> None:
    assert [strength.choice for strength in Scale((1, 2)).strengths()] == [  # type: ignore[arg-type]
        {"zoom": 1.25},
        {"zoom": 1.5},
        {"zoom": 2.0},
    ]
    assert Crop((0.25, 1)).strengths()[0].choice == {  # type: ignore[arg-type]
        "x": 0.25,
        "y": 0.25,
        "width": 0.5,
        "height": 0.5,
    }


@pytest.mark.parametrize("technique", [*(kind() for kind in NATIVE.values()), Flip(factor=4)])
def test_the_parts_of_a_technique_merge_to_it_again(technique: Technique) -> None:
    whole, *others = technique.parts()
    for part in others:
        merged = whole.merge(part)
        assert merged is not None
        whole = merged
    assert whole == technique


def test_a_flip_along_both_axes_is_two_flips_and_other_techniques_stay_apart() -> None:
    assert Flip(factor=4).parts() == (Flip(("horizontal",)), Flip(("vertical",)))
    assert Flip().merge(Rotate()) is None
    assert Rotate().merge(Flip()) is None


@pytest.mark.parametrize("name", NATIVE)
def test_settings_are_what_a_recipe_file_holds(name: str) -> None:
    technique = NATIVE[name]()
    recipe = Recipe("mine", (technique,))
    assert recipe.to_dict()["techniques"] == [{name: technique.settings()}]
    assert Recipe.from_dict(recipe.to_dict()).techniques == (technique,)
