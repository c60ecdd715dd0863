"""Switches: the techniques of a recipe, recipes of some of them, and their strengths."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest

from expand.recipes.recipe import Recipe
from expand.techniques.geometric.flip import Flip
from expand.techniques.pixel.noise import Noise
from expand.views.views import Views
from tests.conftest import noise_image
from tests.train.ablate.ablations import BLOG, CLASSIC, recipe
from train.ablate.switches import Switch, check_switches, combine, switches_of
from train.errors import TrainError

RECIPES = {
    "classic": CLASSIC,
    "blog": BLOG,
    "one axis": recipe("flip: {axes: vertical}", "noise: {amount: 0.1, salt: [0.2, 0.6]}"),
    "ranges": recipe(
        "rotate: {degrees: [-5, 30]}",
        "scale: {zoom: [0.5, 1.0]}",
        "translate: {x: [-0.2, 0.4], y: 0}",
        "noise",
    ),
    "whole pixels": recipe(
        "rotate90", "translate: {x: 3, y: [0, 1], unit: pixel}", "crop: {area: [0.25, 1]}"
    ),
    "half turns": recipe(
        "rotate90: {factor: 2}", "pad: {by: 2, unit: pixel}", "resize: {size: 16}"
    ),
    "catalogue": recipe(
        "Blur: {blur_limit: 3, p: 1}", "flip", "Blur: {blur_limit: 5, p: 1}", "noise"
    ),
    "erasing": recipe("flip: {axes: horizontal}", "erase"),
    "filled": Recipe.parse("{name: filled, fill: [1, 2, 3], techniques: [rotate, crop]}"),
}
NAMES = {
    "classic": ["flip horizontal", "rotate ±15°", "translate ±10 %", "scale × 0.9 … 1.1", "noise"],
    "blog": [
        "flip horizontal",
        "flip vertical",
        "rotate ±90°",
        "translate ±30 %",
        "scale × 1 … 2",
        "noise",
    ],
    "one axis": ["flip vertical", "noise"],
    "ranges": ["rotate −5 … 30°", "scale × 0.5 … 1", "translate −20 … 40 %", "noise"],
    "whole pixels": ["rotate90", "translate ±3 px", "crop to 25 %"],
    "half turns": ["rotate90", "pad", "resize"],
    "catalogue": ["Blur_1", "flip horizontal", "Blur_2", "noise"],
    "erasing": ["flip horizontal", "erase up to 20 %"],
    "filled": ["rotate ±15°", "crop to 60 %"],
}


def strengths_of(switch: Switch) -> list[str]:
    return [strength.label for strength in switch.technique.strengths()]


@pytest.mark.parametrize("name", RECIPES)
def test_the_name_of_a_switch_has_its_technique_and_range(name: str) -> None:
    assert [switch.name for switch in switches_of(RECIPES[name])] == NAMES[name]


@pytest.mark.parametrize("name", RECIPES)
def test_all_switches_together_are_the_recipe(name: str) -> None:
    whole = RECIPES[name]
    assert combine(whole, switches_of(whole), whole.name) == whole


@pytest.mark.parametrize("name", RECIPES)
def test_some_switches_are_those_techniques_in_their_order(name: str) -> None:
    whole = RECIPES[name]
    switches = switches_of(whole)
    for count in range(1, len(switches)):
        for chosen in combinations(switches, count):
            part = combine(whole, chosen, "part")
            assert part is not None
            assert (part.name, part.fill) == ("part", whole.fill)
            assert {axis for t in part.techniques if isinstance(t, Flip) for axis in t.axes} == {
                axis
                for switch in chosen
                if isinstance(switch.technique, Flip)
                for axis in switch.technique.axes
            }
            others = [
                switch.technique for switch in chosen if not isinstance(switch.technique, Flip)
            ]
            assert [
                technique for technique in part.techniques if not isinstance(technique, Flip)
            ] == others


def test_no_switch_is_no_recipe() -> None:
    assert combine(CLASSIC, [], "none") is None


def test_flips_along_both_axes_are_one_flip_again() -> None:
    across, down, *_ = switches_of(BLOG)
    both = combine(BLOG, [across, down], "both")
    alone = combine(BLOG, [down], "down")
    assert both is not None
    assert alone is not None
    assert both.techniques == (Flip(("horizontal", "vertical")),)
    assert alone.techniques == (Flip(("vertical",)),)
    assert (both.distinct, alone.distinct) == (4, 2)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "classic",
            [
                ["mirrored"],
                ["−15°", "−7.5°", "−3.75°", "+3.75°", "+7.5°", "+15°"],
                [f"{shift} % {way}" for way in ("across", "down") for shift in ("−10", "−5", "−2.5", "+2.5", "+5", "+10")],
                ["× 0.90", "× 0.95", "× 0.97", "× 1.02", "× 1.05", "× 1.10"],
                ["0.5 % of the pixels", "1.0 % of the pixels", "2.0 % of the pixels"],
            ],
        ),
        (
            "ranges",
            [
                ["−5°", "−2.5°", "−1.25°", "+7.5°", "+15°", "+30°"],
                ["× 0.50", "× 0.75", "× 0.88"],
                [f"{shift} % across" for shift in ("−20", "−10", "−5", "+10", "+20", "+40")],
                ["0.5 % of the pixels", "1.0 % of the pixels", "2.0 % of the pixels"],
            ],
        ),
        (
            "whole pixels",
            [
                ["90°", "180°", "270°"],
                ["−3 px across", "−2 px across", "−1 px across", "+1 px across", "+2 px across", "+3 px across", "+1 px down"],
                ["25 % of the area, centred", "62 % of the area, centred", "81 % of the area, centred"],
            ],
        ),
        ("erasing", [["mirrored"], [f"{area} % of the area, in the middle" for area in (2, 11, 20)]]),
        ("half turns", [["180°"], ["as drawn"], ["as drawn"]]),
        ("catalogue", [["as drawn"], ["mirrored"], ["as drawn"], ["0.5 % of the pixels", "1.0 % of the pixels", "2.0 % of the pixels"]]),
    ],
)  # fmt: skip
def test_each_technique_is_tried_at_a_few_strengths(name: str, expected: list[list[str]]) -> None:
    assert [strengths_of(switch) for switch in switches_of(RECIPES[name])] == expected


def changes(whole: Recipe, switch: Switch, image: np.ndarray) -> Sequence[bool]:
    """Tell for each strength of a switch whether it changes an image."""
    alone = combine(whole, [switch], switch.name)
    assert alone is not None
    views = Views(alone)
    changed = []
    for strength in switch.technique.strengths():
        params = (
            views.params("cat/1.png", 1)
            if strength.choice is None
            else {alone.keys[0]: strength.choice}
        )
        rendered = views.render(image, params).pixels
        changed.append(rendered.shape != image.shape or bool((rendered != image).any()))
    return changed


@pytest.mark.parametrize("name", RECIPES)
def test_no_strength_leaves_an_image_as_it_is(name: str) -> None:
    image = noise_image(32, 32, 3)
    for switch in switches_of(RECIPES[name]):
        changed = changes(RECIPES[name], switch, image)
        assert changed == [True] * len(changed)
        assert changed


def test_a_range_with_one_end_at_neutral_is_tried_towards_the_other() -> None:
    (switch,) = switches_of(recipe("translate: {x: [0, 8], y: [-1, 0], unit: pixel}"))
    assert strengths_of(switch) == ["+2 px across", "+4 px across", "+8 px across", "−1 px down"]
    (switch,) = switches_of(recipe("crop: {area: 1, aspect: [0.5, 2], factor: 2}"))
    assert strengths_of(switch) == []


def test_the_share_of_salt_is_the_middle_of_its_range() -> None:
    noise = Noise(amount=0.4, salt=(0.2, 0.6)).strengths()  # type: ignore[arg-type]
    assert [strength.choice for strength in noise] == [
        {"amount": a, "salt": pytest.approx(0.4), "seed": 7} for a in (0.1, 0.2, 0.4)
    ]


def test_a_recipe_of_one_technique_is_refused() -> None:
    alone = recipe("flip: {axes: vertical}")
    with pytest.raises(TrainError) as refused:
        check_switches(alone, switches_of(alone))
    assert (
        str(refused.value) == 'recipe "mine" has only one technique; an ablation needs at least two'
    )
    check_switches(recipe("flip: {factor: 4}"), switches_of(recipe("flip: {factor: 4}")))
