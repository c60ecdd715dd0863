"""Recorded recipes: the first noise had no version."""

from __future__ import annotations

from typing import Any

import pytest

from expand import Recipe
from expand.recipes.recorded import as_recorded, is_older

CLASSIC = Recipe.load("classic").to_dict()


def of(*techniques: Any) -> dict[str, Any]:
    return {"name": "x", "fill": "edge", "techniques": list(techniques)}


def test_noise_without_a_version_is_of_the_first() -> None:
    noise = {"amount": [0.1, 0.2], "factor": 2}
    recipe = of({"flip": {}}, {"noise": noise})
    assert is_older(recipe)
    assert as_recorded(recipe) == of({"flip": {}}, {"noise": {**noise, "version": 1}})


@pytest.mark.parametrize(
    "recipe",
    [
        CLASSIC, of(), of({"flip": {}}), of("noise"), of({"noise": None}), of(7), {}, None, [], "noise",
        {"techniques": 3}, {"techniques": {"noise": {}}},
    ],
)  # fmt: skip
def test_any_other_record_stays_as_it_is(recipe: Any) -> None:
    assert not is_older(recipe)
    assert as_recorded(recipe) == recipe
