"""Laws that hold for any recipe, any image and any settings."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from expand import ExpandError, Recipe
from expand.errors import BadImageError
from expand.images.pixels import Pixels
from expand.recipes.fill import Fill
from expand.techniques import NATIVE, GeometricTechnique, Technique
from expand.techniques.geometric.rotate90 import Rotate90
from expand.views.batches import ViewBatches
from expand.views.views import Views
from tests.conftest import examples, noise_image

T = TypeVar("T")


def ranges(low: float, high: float) -> st.SearchStrategy[list[float]]:
    """Draw a range between two numbers, wide enough to hold many different ones, or one number."""
    ends = st.lists(st.floats(low, high), min_size=2, max_size=2).map(sorted)
    return ends.filter(lambda pair: pair[0] == pair[1] or pair[1] - pair[0] > 1e-6)


FACTORS = st.sampled_from([None, 2, 3, 5])
SETTINGS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "flip": st.sampled_from([{}, {"axes": "vertical"}, {"factor": 4}]),
    "rotate90": st.sampled_from([{}, {"factor": 2}]),
    "rotate": st.fixed_dictionaries({"degrees": ranges(-360, 360), "factor": FACTORS}),
    "translate": st.one_of(
        st.fixed_dictionaries({"x": ranges(-1, 1), "y": ranges(-1, 1), "factor": FACTORS}),
        st.just({"x": 3, "y": 2, "unit": "pixel"}),
    ),
    "scale": st.fixed_dictionaries({"zoom": ranges(0.01, 100), "factor": FACTORS}),
    "crop": st.fixed_dictionaries(
        {"area": ranges(0.001, 1), "aspect": ranges(0.01, 100), "factor": FACTORS}
    ),
    "pad": st.fixed_dictionaries({"by": st.floats(0, 2), "factor": st.sampled_from([1, 2])}),
    "resize": st.fixed_dictionaries(
        {"size": st.one_of(st.integers(1, 30), st.tuples(st.integers(1, 30), st.integers(1, 30)))}
    ),
    "noise": st.fixed_dictionaries(
        {"amount": ranges(0, 1), "salt": ranges(0, 1), "factor": FACTORS}
    ),
    "erase": st.fixed_dictionaries(
        {
            "area": ranges(0.001, 1),
            "aspect": ranges(0.01, 100),
            "level": st.integers(0, 255),
            "factor": FACTORS,
        }
    ),
}
FILLS = st.sampled_from(["background", "edge", "reflect", 0, 255, (10, 20, 30), (1, 2)])


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Draw a recipe of native techniques in an order that it can have."""
    names = draw(st.lists(st.sampled_from(list(NATIVE)), min_size=1, max_size=5, unique=True))
    techniques = [build(name, draw(SETTINGS[name])) for name in names]
    moves = [item for item in techniques if isinstance(item, GeometricTechnique)]
    changes = [item for item in techniques if not isinstance(item, GeometricTechnique)]
    first = draw(st.integers(0, len(changes)))
    return Recipe("drawn", (*changes[:first], *moves, *changes[first:]), Fill(draw(FILLS)))


def build(name: str, values: dict[str, Any]) -> Technique:
    """Build a technique; with a factor of 2 or 1 where it has one strength, or changes nothing."""
    for factor in ({}, {"factor": 2}, {"factor": 1}):
        with contextlib.suppress(ExpandError):
            return NATIVE[name](**{**values, **factor})
    raise AssertionError(f"{name} cannot have {values}")


def attempt(build: Callable[[], T]) -> T | ExpandError:
    """Return what a function returns, or its error, which is short."""
    try:
        return build()
    except ExpandError as error:
        problem = error
    assert len(str(problem)) < 400
    return problem


SIDES = st.one_of(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.just(1), st.integers(1, 400)),
    st.tuples(st.integers(1, 400), st.just(1)),
)
IMAGES = st.builds(
    lambda side, channels, depth: noise_image(*side, channels, depth=depth),
    SIDES,
    st.sampled_from([None, 2, 3, 4, 7]),
    st.sampled_from([np.uint8, np.uint16]),
)
SAMPLINGS = st.sampled_from(["stratified", "random"])


def rendered(views: Views, pixels: Pixels, k: int) -> Pixels | None:
    """Return a view; None where the image cannot have it."""
    try:
        return views.render(pixels, views.params("a/x.png", k)).pixels
    except BadImageError:
        return None


@settings(max_examples=examples(150))
@given(recipes(), IMAGES, SAMPLINGS, st.integers(0, 2**64 - 1))
@example(Recipe.load("blog"), noise_image(1, 5000, 3), "stratified", 0)
@example(Recipe.load("blog"), noise_image(5000, 1), "random", 0)
@example(Recipe.load("classic"), noise_image(1, 1, 4, depth=np.uint16), "stratified", 1)
def test_any_view_of_any_image_is_of_its_kind_and_a_pure_function(
    recipe: Recipe, pixels: Pixels, sampling: str, seed: int
) -> None:
    views = Views(recipe, seed, sampling)
    pixels.flags.writeable = False
    first = [rendered(views, pixels, k) for k in range(1, 5)]
    again = [rendered(views, pixels, k) for k in range(4, 0, -1)][::-1]
    for k, (view, other) in enumerate(zip(first, again, strict=True), 1):
        if view is None or other is None:
            assert view is other
            continue
        assert np.array_equal(view, other)
        assert view.dtype == pixels.dtype
        assert view.shape[2:] == pixels.shape[2:]
        assert view.flags.c_contiguous
        assert view.size > 0
        assert view.shape[:2] == expected_size(views, pixels, k)


def expected_size(views: Views, pixels: Pixels, k: int) -> tuple[int, ...]:
    """Return the height and width of a view by what its techniques say about sizes."""
    height, width = pixels.shape[:2]
    params = views.params("a/x.png", k)
    for key, technique in zip(views.recipe.keys, views.recipe.walked, strict=True):
        choice = params[key]
        if isinstance(technique, Rotate90) and choice["degrees"] in (90, 270):
            height, width = width, height
        elif key == "pad":
            height += 2 * math.floor(choice["by"] * height + 0.5)
            width += 2 * math.floor(choice["by"] * width + 0.5)
        elif key == "resize" and choice["resized"]:
            size = technique.settings()["size"]
            if isinstance(size, list):
                width, height = size
            else:
                step = size / min(width, height)
                width, height = math.floor(width * step + 0.5), math.floor(height * step + 0.5)
    return height, width


@settings(max_examples=examples(150))
@given(recipes(), SAMPLINGS, st.integers(0, 2**64 - 1))
def test_any_recipe_gives_as_many_different_views_as_it_says(
    recipe: Recipe, sampling: str, seed: int
) -> None:
    views = Views(recipe, seed, sampling)
    count = min(recipe.distinct or 12, 12)
    params = [views.params("a/x.png", k) for k in range(count)]
    assert params[0] == recipe.neutral()
    assert len({json.dumps(one, sort_keys=True) for one in params}) == count
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@settings(max_examples=examples(60))
@given(recipes(), IMAGES, st.integers(1, 9))
def test_any_batch_has_the_bits_of_its_views(recipe: Recipe, pixels: Pixels, k: int) -> None:
    views, ids = Views(recipe), ["a/x.png", "a/y.png"]
    batches, rows = ViewBatches(views, ids), np.arange(2)
    images = np.stack([pixels, pixels[::-1]])
    batch = attempt(lambda: batches.render(images, batches.choices(rows, k)))
    if isinstance(batch, ExpandError):  # other sizes, or a fill for other channels
        assert "views of one batch" in str(batch) or isinstance(batch, BadImageError)
        return
    for image, name, view in zip(images, ids, batch, strict=True):
        assert np.array_equal(views.render(image, views.params(name, k)).pixels, view)


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**40, -(10**400), 65535, 65536, 2**63]),
    st.floats(),
    st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -0.0, 5e-324]),
    st.text(max_size=5),
    st.sampled_from(["horizontal", "vertical", "pixel", "fraction", "edge", "reflect"]),
    st.binary(max_size=3),
    st.dates(),
)
VALUES = st.one_of(
    ODD,
    st.lists(ODD, max_size=3),
    st.tuples(ODD, ODD),
    st.lists(st.lists(ODD, max_size=2), max_size=2),
    st.dictionaries(st.text(max_size=3), ODD, max_size=2),
    st.just({date(2024, 1, 1)}),
)


@pytest.mark.parametrize("name", NATIVE)
@settings(max_examples=examples(120))
@given(data=st.data())
def test_any_settings_make_a_technique_or_an_error(name: str, data: st.DataObject) -> None:
    known = [item.name for item in fields(NATIVE[name])]  # type: ignore[arg-type]
    values = data.draw(st.dictionaries(st.sampled_from(known), VALUES, min_size=1))
    recipe = attempt(lambda: Recipe("odd", (NATIVE[name](**values),)))
    if isinstance(recipe, ExpandError):
        return
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    for k in range(min(recipe.distinct or 3, 3)):
        rendered(Views(recipe), noise_image(5, 6, 3), k)


@settings(max_examples=examples(150))
@given(VALUES)
def test_any_fill_is_a_fill_or_an_error(value: Any) -> None:
    fill = attempt(lambda: Fill(value))
    if isinstance(fill, ExpandError):
        return
    recipe = Recipe("filled", (NATIVE["rotate"](),), fill)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    for channels in (None, 2, 3, 4, 7):
        rendered(Views(recipe), noise_image(5, 6, channels), 1)
