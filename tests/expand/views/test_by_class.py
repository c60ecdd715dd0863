"""Views under rules for classes: the same in a batch, and what the rules leave out never happens."""

from __future__ import annotations

import numpy as np
import pytest

from expand import Recipe
from expand.views.batches import ViewBatches
from expand.views.by_class import ClassBatches, view_batches
from expand.views.drawn import DrawnViews, WantedViews
from expand.views.views import Views
from tests.conftest import noise_image

RECIPES = {
    "native": "techniques: [flip: {factor: 4}, rotate90, rotate: {degrees: 30}, translate, noise: {factor: 3}]",
    "factors": "techniques: [flip: {factor: 4}, rotate: {degrees: 30, factor: 3}, noise]",
    "noise first": "techniques: [noise, flip, rotate]",
    "catalogue": "techniques: [flip, rotate, GaussNoise: {p: 0.5}]",
}  # fmt: skip
RULES = """
classes:
  a: {flip: never, noise: never, rotate: {degrees: [-5, 10]}}
  b: {flip.horizontal: never}
  c: {flip: never, rotate90: never, rotate: never, translate: never, noise: never%s}
"""
LABELS = [("a",), ("b",), ("c",), ("d",), ("a", "b"), ("a", "d"), ()] * 5
IDS = [f"{'+'.join(labels)}/{number}.png" for number, labels in enumerate(LABELS)]


def views_of(name: str, sampling: str = "stratified") -> Views:
    more = ", GaussNoise: never" if name == "catalogue" else ""
    return Views(Recipe.parse(RECIPES[name] + RULES % more), 4, sampling)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("sampling", ["stratified", "random"])
def test_a_batch_has_the_bits_of_its_views(name: str, sampling: str) -> None:
    views = views_of(name, sampling)
    pixels = np.stack([noise_image(12, 12, 3, seed=i) for i in range(len(IDS))])
    batches = view_batches(views, IDS, LABELS)
    assert isinstance(batches, ClassBatches)
    rows = np.array([3, 17, 17, 0, 33, 21, 22, 23, 24, 25, 2, 9])
    for k in (1, 2, 7, 31):
        choices = batches.choices(rows, k)
        rendered = batches.render(pixels[rows], choices)
        for place, row in enumerate(rows):
            params = views.params(IDS[row], k, LABELS[row])
            assert batches.params(int(row), k) == params
            for key, choice in params.items():
                for setting, value in choice.items():
                    assert np.broadcast_to(choices[key][setting], len(rows))[place] == value
            assert np.array_equal(rendered[place], views.render(pixels[row], params).pixels)


@pytest.mark.parametrize("name", RECIPES)
def test_drawn_views_are_those_of_each_image(name: str) -> None:
    views = views_of(name)
    wanted = [WantedViews(IDS[row], 9, 7, range(4), LABELS[row]) for row in range(len(IDS))]
    for image, drawn in zip(wanted, DrawnViews(views, wanted).by_image(), strict=True):
        assert {k: view.params for k, view in drawn.items()} == {
            k: views.params(image.source_id, k, image.labels) for k in range(4)
        }


def test_what_rules_leave_out_never_happens() -> None:
    views = views_of("native")
    neutral = views.recipe.neutral()
    for k in range(1, 200):
        own = views.params("a/1.png", k, ["a"])
        assert own["flip"] == neutral["flip"]
        assert own["noise"] == neutral["noise"]
        assert -5 <= own["rotate"]["degrees"] <= 10
        assert views.params("c/1.png", k, ["c"]) == neutral
    assert len({str(views.params("a/1.png", k, ["a"])) for k in range(200)}) == 200


def test_images_without_rules_have_the_views_that_they_had() -> None:
    views = views_of("native")
    plain = Views(Recipe.parse(RECIPES["native"]), 4)
    for k in range(20):
        assert views.params("d/1.png", k, ["d"]) == plain.params("d/1.png", k)
        assert views.params("d/1.png", k) == plain.params("d/1.png", k)
    assert type(view_batches(plain, IDS, LABELS)) is ViewBatches
