"""Every transform of albumentations on every kind of image: what docs/transforms.md says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from expand import ExpandError, Recipe
from expand.errors import BadImageError
from expand.images.pixels import Pixels
from expand.techniques.catalogue.library import load_library
from expand.techniques.catalogue.probe import example
from expand.techniques.invariants import broken_by
from expand.views.views import Views

PAGE = Path(__file__).parents[3] / "docs" / "transforms.md"
SIZE = (40, 52)
KINDS = {
    "grey": example(SIZE, "uint8", 1),
    "RGB": example(SIZE, "uint8", 3),
    "RGBA": example(SIZE, "uint8", 4),
    "grey, 16 bits": example(SIZE, "uint16", 1),
    "RGB, 16 bits": example(SIZE, "uint16", 3),
    "7 channels": example(SIZE, "uint8", 7),
}
ARGUMENTS: dict[str, dict[str, object]] = {
    "AtLeastOneBBoxRandomCrop": {"height": 24, "width": 24},
    "CenterCrop": {"height": 24, "width": 24},
    "RandomCrop": {"height": 24, "width": 24},
    "Resize": {"height": 24, "width": 24},
    "LongestMaxSize": {"max_size": 48},
    "SmallestMaxSize": {"max_size": 48},
    "Crop": {"x_max": 24, "y_max": 24},
    "CropAndPad": {"px": 3},
    "GridElasticDeform": {"num_grid_xy": [4, 4], "magnitude": 5},
    "Pad": {"padding": 3},
    "PadIfNeeded": {"min_height": 48, "min_width": 48},
    "RandomResizedCrop": {"size": [24, 24]},
    "RandomSizedCrop": {"min_max_height": [16, 24], "size": [24, 24]},
    "XYMasking": {"num_masks_x": 1, "mask_x_length": 5},
}
"""Arguments of the transforms that need some."""
SLOW = ("Superpixels", "PiecewiseAffine")
"""Transforms that take longer than 30 ms for a small image."""


def transform_names() -> list[str]:
    """Return the names of all public transforms, abstract ones too."""
    library = load_library()
    kinds = [
        name
        for name, kind in vars(library).items()
        if isinstance(kind, type) and issubclass(kind, library.BasicTransform)
    ]
    others = ["ToTensorV2", "ToTensor3D", "ReplayCompose", "SelectiveChannelTransform"]
    return sorted({*kinds, *others})


def outcome(name: str) -> str:
    """Return the row of a transform in the page's table of transforms, or of those refused."""
    arguments = json.dumps({"p": 1, **ARGUMENTS.get(name, {})})
    try:
        recipe = Recipe.parse(f"techniques: [{{{name}: {arguments}}}]", "")
    except ExpandError as error:
        message = str(error).partition(": ")[2].partition("; did you")[0]
        return f"| `{name}` | {message.removeprefix(name).strip()} |"
    marks = ["yes" if is_good(recipe, pixels) else "no" for pixels in KINDS.values()]
    return f"| `{name}` | {' | '.join(marks)} |"


def is_good(recipe: Recipe, pixels: Pixels) -> bool:
    """Return whether a recipe makes copies of an image; what it makes is of the image's kind."""
    views, before = Views(recipe), pixels.copy()
    try:
        copies = [views.render(pixels, views.params("x", k)).pixels for k in (1, 2, 3)]
    except BadImageError:
        return False
    finally:
        assert np.array_equal(pixels, before)
    for k, copy in enumerate(copies, 1):
        assert broken_by(pixels, copy) is None
        assert copy.flags.c_contiguous
        assert copy.max() > 1
        assert np.array_equal(copy, views.render(pixels, views.params("x", k)).pixels)
    return True


def rows() -> dict[str, str]:
    """Return the rows of the page's tables, by the name of the transform."""
    lines = PAGE.read_text("utf-8").splitlines()
    return {line.split("`")[1]: line for line in lines if line.startswith("| `")}


def test_the_page_lists_every_transform() -> None:
    assert sorted(rows()) == transform_names()


def test_every_transform_does_what_the_page_says() -> None:
    said = rows()
    names = [name for name in transform_names() if name not in SLOW]
    assert [outcome(name) for name in names] == [said[name] for name in names]


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_transform_does_what_the_page_says(name: str) -> None:
    assert outcome(name) == rows()[name]


if __name__ == "__main__":
    print("\n".join(map(outcome, transform_names())))  # noqa: T201
