"""albumentations as a catalogue: keyed per view, `p` honoured, draws recorded, licence guarded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from expand import ExpandError, Recipe
from expand.errors import BadImageError
from expand.techniques.catalogue import library
from expand.techniques.catalogue.transform import Catalogue
from expand.views.views import Views
from tests.conftest import noise_image

IDS = [f"a/{i}.png" for i in range(400)]
THREE = """techniques:
  - HorizontalFlip: {p: 0.5}
  - VerticalFlip: {p: 0.5}
  - Transpose: {p: 0.5}
"""


def fired(views: Views, source: str, k: int = 1) -> list[str]:
    """Return the names of the transforms that were applied in a view."""
    params = views.render(noise_image(8, 8, 3), views.params(source, k)).params
    return [
        name
        for choice in params.values()
        for name, _ in json.loads(choice["drawn"])
        if name != "Compose"
    ]


def test_p_is_honoured_and_transforms_fire_independently() -> None:
    views = Views(Recipe.parse(THREE))
    counts = [len(fired(views, source)) for source in IDS]
    mean = np.mean(counts)
    assert 1.3 < mean < 1.7
    histogram = np.bincount(counts, minlength=4) / len(IDS)
    assert (
        np.abs(histogram - [1 / 8, 3 / 8, 3 / 8, 1 / 8]).max() < 0.09
    )  # all or none, were they seeded alike


def test_children_of_a_saved_pipeline_fire_independently_too(tmp_path: Path) -> None:
    albumentations = library.load_library()
    flips = [
        albumentations.HorizontalFlip(p=0.5),
        albumentations.VerticalFlip(p=0.5),
        albumentations.Transpose(p=0.5),
    ]
    for name, kind in (("p.yaml", "yaml"), ("p.json", "json")):
        albumentations.save(albumentations.Compose(flips), tmp_path / name, data_format=kind)
        views = Views(Recipe.load(tmp_path / name))
        counts = [len(fired(views, source)) for source in IDS[:200]]
        histogram = np.bincount(counts, minlength=4) / 200
        assert np.abs(histogram - [1 / 8, 3 / 8, 3 / 8, 1 / 8]).max() < 0.13


def test_a_view_is_the_same_in_any_order_and_differs_from_the_next() -> None:
    views = Views(
        Recipe.parse(
            "techniques: [GaussianBlur: {sigma_limit: [0.5, 3], p: 1}, GaussNoise: {p: 1}]"
        )
    )
    pixels = noise_image(16, 16, 3)
    forward = [views.render(pixels, views.params("x", k)).pixels.tobytes() for k in range(6)]
    backward = [
        views.render(pixels, views.params("x", k)).pixels.tobytes() for k in reversed(range(6))
    ]
    assert forward == backward[::-1]
    assert len(set(forward)) == 6
    assert forward[0] == pixels.tobytes()


def test_what_was_drawn_is_recorded_and_readable() -> None:
    views = Views(
        Recipe.parse("techniques: [Affine: {rotate: [-20, 20], p: 1}, GaussNoise: {p: 1}]")
    )
    params = views.render(noise_image(16, 16, 3), views.params("x", 1)).params
    (name, drawn), *_ = [
        entry for entry in json.loads(params["Affine"]["drawn"]) if entry[0] == "Affine"
    ]
    assert name == "Affine"
    assert -20 <= drawn["rotate"] <= 20
    assert "array 16×16×3" in params["GaussNoise"]["drawn"]
    json.dumps(params)


def test_the_same_transform_twice_has_two_keys_and_two_draws() -> None:
    recipe = Recipe.parse(
        "techniques: [RandomGamma: {p: 1}, flip, RandomGamma: {p: 1}]".replace("flip", "noise")
    )
    assert recipe.keys == ("RandomGamma_1", "noise", "RandomGamma_2")
    params = Views(recipe).params("x", 1)
    assert params["RandomGamma_1"]["seed"] != params["RandomGamma_2"]["seed"]


def test_a_factor_walks_without_and_with() -> None:
    recipe = Recipe.parse("techniques: [GaussianBlur: {p: 1, factor: 3}]")
    assert recipe.distinct == 3
    seeds = [Views(recipe).params("x", k)["GaussianBlur"]["seed"] for k in range(3)]
    assert seeds[0] == 0
    assert len(set(seeds)) == 3


def test_a_recipe_with_transforms_survives_being_written_down() -> None:
    recipe = Recipe.parse(
        "fill: 3\ntechniques: [flip, GaussianBlur: {sigma_limit: [0.5, 3], p: 0.7, factor: 4}]"
    )
    again = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert again == recipe


def test_a_pipeline_survives_being_written_down(tmp_path: Path) -> None:
    albumentations = library.load_library()
    albumentations.save(
        albumentations.Compose([albumentations.RandomGamma(p=0.5)]), tmp_path / "p.json"
    )
    recipe = Recipe.load(tmp_path / "p.json")
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "GausianBlur: {}",
            'line 1: "GausianBlur" is neither a technique nor a transform of albumentations 2.0.8; did you mean "GaussianBlur"?',
        ),
        ("GaussianBlur: {sigma: 3}", 'GaussianBlur has no argument "sigma"; it has'),
        ("GaussianBlur: {p: many}", "GaussianBlur does not take these arguments"),
        ("Compose: {transforms: []}", '"Compose" is neither a technique nor a transform'),
    ],
)
def test_what_the_catalogue_does_not_have_is_refused_with_the_reason(
    text: str, message: str
) -> None:
    with pytest.raises(ExpandError) as error:
        Recipe.parse(f"techniques: [{text}]", "my.yaml")
    assert message in str(error.value)
    assert "http" not in str(error.value)


def test_a_pipeline_that_cannot_be_rebuilt_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(
        json.dumps(
            {"__version__": "2.0.8", "transform": {"__class_fullname__": "Nonsense", "p": 1}}
        )
    )
    with pytest.raises(
        ExpandError, match=r'line 1: "Nonsense" is neither a technique nor a transform'
    ):
        Recipe.load(path)


def test_a_transform_that_fails_makes_the_image_bad_and_not_the_run() -> None:
    views = Views(Recipe.parse("techniques: [ToSepia: {p: 1}]"))
    with pytest.raises(BadImageError, match="ToSepia failed on it"):
        views.render(noise_image(8, 8, 7), views.params("x", 1))


@pytest.mark.parametrize("name", ["CLAHE", "Equalize", "GaussNoise"])
def test_what_opencv_does_not_support_is_said_in_words(name: str) -> None:
    views = Views(Recipe.parse(f"techniques: [{name}: {{p: 1}}]"))
    reason = "does not support it for 8×9 pixels with 1 channel of 16 bits"
    with pytest.raises(BadImageError, match=f"{name} failed on it: OpenCV {reason}"):
        views.render(noise_image(9, 8).astype(np.uint16), views.params("x", 1))


@pytest.mark.parametrize(
    ("installed", "message"),
    [({"albumentationsx": "2.3.2"}, "AGPL"), ({"albumentations": "2.1.0"}, "found 2.1.0")],
)
def test_another_library_under_the_same_name_is_refused(
    installed: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "_version", installed.get)
    library.load_library.cache_clear()
    try:
        with pytest.raises(ExpandError, match=message):
            Catalogue.named("GaussianBlur", {})
    finally:
        library.load_library.cache_clear()
