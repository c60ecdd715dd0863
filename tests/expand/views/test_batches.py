"""Batches of views: the same bits as one view at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expand import ExpandError, Recipe
from expand.views.batches import ViewBatches
from expand.views.views import Views
from tests.conftest import examples, noise_image

IDS = [f"class/{i}.png" for i in range(40)]
RECIPES = {
    "classic": Recipe.load("classic"),
    "blog": Recipe.load("blog"),
    "factors": Recipe.load("classic").with_factors({"flip": 4, "rotate": 3, "noise": 3}),
    "many": Recipe.load("classic").with_factors({"rotate": 1000, "scale": 7, "noise": 1000}),
    "turns": Recipe.load("classic").with_factors({"flip": 4, "rotate90": 4}),
    "crops": Recipe.parse("fill: edge\ntechniques: [crop, noise: {salt: [0.2, 0.9], factor: 4}]"),
    "pixels": Recipe.parse("fill: 9\ntechniques: [translate: {x: 3, y: 2, unit: pixel}]"),
    "far": Recipe.parse("fill: reflect\ntechniques: [scale: {zoom: [0.3, 1.2]}, pad]"),
    "small": Recipe.parse("techniques: [flip, resize: {size: 7}]"),
    "noise first": Recipe.parse("techniques: [noise, rotate]"),
    "catalogue": Recipe.parse("techniques: [flip, GaussNoise: {p: 0.5}]"),
}


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("sampling", ["stratified", "random"])
@pytest.mark.parametrize("shape", [(20, 20), (20, 20, 3), (20, 20, 2)])
def test_a_batch_has_the_bits_of_its_views(
    name: str, sampling: str, shape: tuple[int, ...]
) -> None:
    if name == "catalogue" and shape[-1] == 2:
        pytest.skip("albumentations takes one or three channels")
    if name == "many" and sampling == "random":
        pytest.skip("too many combinations to shuffle")
    views = Views(RECIPES[name], seed=4, sampling=sampling)
    pixels = np.stack([noise_image(*shape, seed=i) for i in range(len(IDS))])
    batches = ViewBatches(views, IDS)
    rows = np.array([3, 17, 17, 0, 39, 21, 22, 23, 24, 25])
    for k in (1, 2, 3, 7, 31, 1000):
        choices = batches.choices(rows, k)
        rendered = batches.render(
            pixels[rows],
            choices,
            batches.fill_colours(pixels)[rows] if name != "noise first" else None,
        )
        for place, row in enumerate(rows):
            params = views.params(IDS[row], k)
            for key, choice in params.items():
                for setting, value in choice.items():
                    assert np.broadcast_to(choices[key][setting], len(rows))[place] == value, (
                        key,
                        setting,
                    )
            np.testing.assert_array_equal(rendered[place], views.render(pixels[row], params).pixels)


@given(
    st.integers(0, 2**64 - 1),
    st.integers(1, 10**9),
    st.sampled_from(["classic", "blog", "crops", "factors"]),
)
@settings(max_examples=examples(40), deadline=None)
def test_any_seed_and_any_view_have_the_same_parameters(seed: int, k: int, name: str) -> None:
    views = Views(RECIPES[name], seed)
    choices = ViewBatches(views, IDS).choices(np.arange(5), k)
    for row in range(5):
        for key, choice in views.params(IDS[row], k).items():
            assert {
                setting: np.broadcast_to(value, 5)[row] for setting, value in choices[key].items()
            } == choice


def test_views_of_different_sizes_are_no_batch() -> None:
    batches = ViewBatches(Views(RECIPES["turns"]), IDS)
    pixels = np.stack([noise_image(10, 14, seed=i) for i in range(len(IDS))])
    with pytest.raises(ExpandError, match="different sizes"):
        batches.render(pixels, batches.choices(np.arange(len(IDS)), 1))


@pytest.mark.parametrize("shape", [(9, 12), (9, 12, 1), (9, 12, 3), (60, 50, 3), (9, 12, 5)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_any_kind_of_image_has_the_same_bits_in_a_batch(
    shape: tuple[int, ...], dtype: type[np.generic]
) -> None:
    views = Views(Recipe.parse("techniques: [flip, rotate: {factor: 3}, scale: {zoom: [0.3, 1]}]"))
    pixels = np.stack([noise_image(*shape, seed=i) for i in range(len(IDS))]).astype(dtype)
    batches = ViewBatches(views, IDS)
    spread = np.stack([pixels, pixels], axis=-1)[..., 0]  # its pixels do not lie side by side
    for given_pixels in (pixels, spread):
        rendered = batches.render(given_pixels, batches.choices(np.arange(len(IDS)), 2))
        for source_id, image, view in zip(IDS, pixels, rendered, strict=True):
            alone = views.render(image, views.params(source_id, 2)).pixels
            np.testing.assert_array_equal(view, alone.reshape(view.shape))
