"""What leaves a recipe is of the kind that came in: transforms that change it are refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from expand import ExpandError, Recipe, expand
from expand.errors import BadImageError
from expand.images.pixels import Pixels
from expand.techniques.catalogue.library import load_library
from expand.techniques.invariants import broken_by
from expand.views.batches import ViewBatches
from expand.views.views import Views
from tests.conftest import noise_image

FLIP = {"__class_fullname__": "HorizontalFlip", "p": 0.5}


def save(path: Path, transforms: Sequence[Any], kind: str = "yaml") -> Path:
    """Save transforms as albumentations does."""
    library = load_library()
    library.save(library.Compose(transforms), path, data_format=kind)
    return path


def training_ends() -> list[tuple[list[Any], str]]:
    """Return ends of pipelines that are for training, and how they are named."""
    library = load_library()
    invert, normalize, to_float = library.InvertImg(p=1), library.Normalize(), library.ToFloat()
    return [
        ([invert, normalize], "Normalize"),
        ([invert, to_float], "ToFloat"),
        ([invert, normalize, library.ToTensorV2()], "Normalize and ToTensorV2"),
        (
            [library.Sequential([invert, to_float], p=1), library.ToTensorV2()],
            "ToFloat and ToTensorV2",
        ),
        ([invert, library.Compose([normalize, library.ToTensorV2()])], "Normalize and ToTensorV2"),
    ]


@pytest.mark.parametrize("number", range(5))
def test_the_end_of_a_pipeline_that_is_for_training_is_left_out_and_named(
    number: int, tmp_path: Path
) -> None:
    transforms, names = training_ends()[number]
    library = load_library()
    with_end = Recipe.load(save(tmp_path / "p.yaml", transforms))
    without = Recipe.load(save(tmp_path / "q.yaml", [library.InvertImg(p=1)]))
    assert with_end.notes == (
        f'"{tmp_path / "p.yaml"}": {names} left out at the end: for training, not for copies.',
    )
    assert not without.notes
    pixels = noise_image(16, 20, 3)
    copies = [
        Views(recipe).render(pixels, Views(recipe).params("x", 3)) for recipe in (with_end, without)
    ]
    assert np.array_equal(copies[0].pixels, copies[1].pixels)
    assert not np.array_equal(copies[0].pixels, pixels)


def test_copies_of_a_training_pipeline_have_the_levels_of_their_source(tmp_path: Path) -> None:
    library = load_library()
    pipeline = save(tmp_path / "n.yaml", [library.HorizontalFlip(p=0.5), library.Normalize()])
    (tmp_path / "s" / "a").mkdir(parents=True)
    pixels = noise_image(20, 24, 3)
    cv2.imwrite(str(tmp_path / "s" / "a" / "0.png"), pixels)
    report = expand(tmp_path / "s", tmp_path / "o", 4, str(pipeline), workers=1)
    assert report.notes == (
        f'"{pipeline}": Normalize left out at the end: for training, not for copies.',
    )
    for copy in sorted((tmp_path / "o" / "a").glob("*_v*.png")):
        read = cv2.imread(str(copy))
        assert np.array_equal(np.sort(read, axis=None), np.sort(pixels, axis=None))


@pytest.mark.parametrize(
    ("transforms", "message"),
    [
        ("ToFloat(), Blur()", "ToFloat cannot make copies: it turns an image into what a network"),
        ("OneOf([Blur(), Normalize()])", "Normalize cannot make copies"),
        ("Sequential([Normalize()], p=0.5)", "Normalize cannot make copies"),
        ("HorizontalFlip(), FromFloat()", "FromFloat cannot make copies: 8-bit pixels become"),
        ("Blur(), ToGray(num_output_channels=1)", "ToGray cannot make copies: 3 channels become 1"),
        ("ToRGB()", "ToRGB cannot make copies: 1 channel becomes 3 channels"),
        ("Normalize(), ToTensorV2()", "it only has Normalize and ToTensorV2"),
        (
            "RandomBrightnessContrast(brightness_limit=(-1, -1))",
            "RandomBrightnessContrast cannot make copies: it leaves the levels 0 … 0 only",
        ),
    ],
)
def test_a_transform_that_changes_the_kind_of_an_image_is_refused(
    transforms: str, message: str, tmp_path: Path
) -> None:
    library = load_library()
    built = eval(f"[{transforms}]", vars(library).copy())  # written above
    with pytest.raises(ExpandError) as error:
        Recipe.load(save(tmp_path / "p.json", built, "json"))
    assert message in str(error.value)
    assert '"' + str(tmp_path / "p.json") + '", line 1' in str(error.value)


@pytest.mark.parametrize("name", ["Normalize", "ToFloat", "FromFloat", "ToRGB"])
def test_a_recipe_of_its_own_cannot_name_such_a_transform(name: str) -> None:
    with pytest.raises(ExpandError, match=f'"my.yaml", line 3: {name} cannot make copies'):
        Recipe.parse(f"techniques:\n  - flip\n  - {name}", "my.yaml")


@pytest.mark.parametrize(
    ("transform", "reason"),
    [
        ("RandomGamma: {p: 1}", "RandomGamma cannot change it: 16-bit pixels become float64"),
        ("Downscale: {p: 1}", "Downscale cannot change it: 16-bit pixels become float32"),
        ("Solarize: {p: 1}", "Solarize cannot change it: its levels are those of 8-bit images"),
        ("Pad: {p: 1, padding: 2, fill: 255}", 'Pad cannot change it: "fill" is a level of 8-bit'),
        ("Affine: {p: 1, fill: [0, 9, 0]}", 'Affine cannot change it: "fill" is a level of 8-bit'),
        (
            "CoarseDropout: {p: 1, fill: 255, hole_height_range: [0.01, 0.01]}",
            'CoarseDropout cannot change it: "fill" is a level of 8-bit images',
        ),
        ("PixelDropout: {p: 1, drop_value: 200}", 'PixelDropout cannot change it: "drop_value" is'),
        ("Posterize: {p: 1}", "Posterize failed on it: Only single-byte integral types"),
    ],
)
def test_16_bit_images_that_a_transform_spoils_are_bad_images(transform: str, reason: str) -> None:
    views = Views(Recipe.parse(f"techniques: [{transform}]"))
    pixels = noise_image(16, 16, 3).astype(np.uint16) * 257
    with pytest.raises(BadImageError, match=reason):
        views.render(pixels, views.params("x", 1))


def test_a_transform_that_writes_into_its_image_does_not_change_the_source() -> None:
    views = Views(Recipe.parse("techniques: [AutoContrast: {p: 1, cutoff: 5}]"))
    pixels = noise_image(16, 16) // 2 + 40
    before = pixels.copy()
    first = views.render(pixels, views.params("x", 1)).pixels
    assert np.array_equal(pixels, before)
    assert not np.array_equal(first, before)


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize(
    "transform", ["InvertImg", "Solarize", "RandomBrightnessContrast", "GaussNoise", "ToSepia"]
)
def test_a_transform_of_colours_keeps_alpha_as_it_is(transform: str, channels: int) -> None:
    views = Views(Recipe.parse(f"techniques: [{transform}: {{p: 1}}]"))
    pixels = noise_image(16, 12, channels)
    grey_or_rgb = pixels[..., 0] if channels == 2 else np.ascontiguousarray(pixels[..., :3])
    params = views.params("x", 1)
    changed = views.render(pixels, params).pixels
    assert np.array_equal(changed[..., -1], pixels[..., -1])
    assert np.array_equal(
        changed[..., 0] if channels == 2 else changed[..., :3],
        views.render(grey_or_rgb, params).pixels,
    )


def test_alpha_moves_with_the_pixels(tmp_path: Path) -> None:
    library = load_library()
    mixed = [library.HorizontalFlip(p=1), library.InvertImg(p=1), library.HueSaturationValue(p=1)]
    views = Views(Recipe.load(save(tmp_path / "p.yaml", mixed)))
    pixels = noise_image(16, 12, 4)
    changed = views.render(pixels, views.params("x", 1)).pixels
    assert np.array_equal(changed[..., 3], pixels[:, ::-1, 3])


@pytest.mark.parametrize(
    ("transform", "changes"),
    [
        ("Blur: {p: 0.5}", False),
        ("D4: {p: 1}", False),
        ("RandomRotate90: {p: 0.1}", False),
        ("RandomScale: {p: 0.01}", True),
        ("RandomResizedCrop: {size: [16, 16]}", True),
        ("Resize: {height: 9000, width: 9000}", True),
        ("Rotate: {crop_border: true}", True),
    ],
)
def test_a_transform_says_whether_it_changes_the_size(transform: str, changes: bool) -> None:
    (technique,) = Recipe.parse(f"techniques: [{transform}]").techniques
    assert technique.changes_size is changes


IMAGE = np.zeros((4, 5, 3), np.uint8)


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (IMAGE, None),
        (IMAGE[:2], None),
        (IMAGE.astype(np.float32), "8-bit pixels become float32"),
        (IMAGE.astype(np.uint16), "8-bit pixels become 16-bit"),
        (IMAGE[..., 0], "3 channels become 1 channel"),
        (IMAGE[..., :2], "3 channels become 2 channels"),
        (IMAGE[None], "3 channels become 4 dimensions"),
        (IMAGE[:0], "no pixels are left"),
        (IMAGE.tolist(), "the image becomes a list"),
    ],
)
def test_what_a_change_breaks_is_named(after: Pixels, reason: str | None) -> None:
    assert broken_by(IMAGE, after) == reason


class Spoils(type(Recipe.load("classic").techniques[-1])):  # type: ignore[misc]
    """Noise that makes floating point of an image."""

    def apply_within(self, pixels: Pixels, choice: Any, *_: Any) -> tuple[Any, Any]:
        """Return the image as floats."""
        return pixels / 255, choice

    def apply_batch_within(self, pixels: Pixels, choices: Any, _source: Any) -> Any:
        """Return the images as floats."""
        return pixels / 255


def test_single_views_and_batches_are_both_checked() -> None:
    views = Views(Recipe("spoilt", (Spoils(),)))
    pixels = noise_image(8, 8, 3)
    with pytest.raises(BadImageError, match="noise cannot change it: 8-bit pixels become float64"):
        views.render(pixels, views.params("x", 1))
    batches, rows = ViewBatches(views, ["x", "y"]), np.array([0, 1])
    with pytest.raises(BadImageError, match="noise cannot change it: 8-bit pixels become float64"):
        batches.render(np.stack([pixels, pixels]), batches.choices(rows, 1))
