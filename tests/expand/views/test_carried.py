"""Views with targets: one placement for pixels and targets, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from expand import Boxes, ExpandError, Mask, Points, Polygons, Recipe, Targets, Views, view
from expand.errors import BadImageError
from expand.techniques.catalogue.transform import Catalogue
from expand.views.carried import carry_view
from tests.conftest import noise_image

IMAGE = noise_image(60, 80, 3)
BOXES = Targets(Boxes([[10, 10, 40, 50]]))


def recipe(*techniques: str, fill: str = "0") -> Recipe:
    """Return a recipe of these techniques."""
    return Recipe.parse("\n- ".join([f"fill: {fill}\ntechniques:", *techniques]))


@pytest.mark.parametrize("name", ["classic", "blog"])
@pytest.mark.parametrize("sampling", ["stratified", "random"])
def test_targets_change_no_pixel_and_view_0_is_as_it_was(name: str, sampling: str) -> None:
    for k in range(5):
        pixels, carried = view(IMAGE, "a.png", k, name, 3, sampling, targets=BOXES)
        assert np.array_equal(pixels, view(IMAGE, "a.png", k, name, 3, sampling))
        assert (carried.kept.tolist() == [0]) or k
    _, carried = view(IMAGE, "a.png", 0, name, targets=BOXES)
    assert carried.targets.boxes
    assert carried.targets.boxes.edges.tolist() == [[10, 10, 40, 50]]
    assert carried.shares.tolist() == [1]


def test_a_painted_object_lies_in_its_box_mask_and_polygon() -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    image[10:50, 10:40] = 255
    ring = [[10, 10], [40, 10], [40, 50], [10, 50]]
    targets = Targets(
        Boxes([[10, 10, 40, 50]]), polygons=Polygons([[ring]]), masks=(Mask(image[..., 0]),)
    )
    still = recipe("flip", "rotate90", "rotate: {degrees: [-30, 30]}", "translate")
    for k in range(1, 9):
        pixels, carried = view(image, "a.png", k, still, targets=targets)
        (mask,) = carried.targets.masks
        assert mask.pixels.shape == pixels.shape[:2]
        assert (mask.pixels[pixels[..., 0] > 250] == 255).all()
        rows, columns = np.nonzero(pixels[..., 0] > 127)
        assert carried.targets.boxes
        left, top, right, bottom = carried.targets.boxes.edges[0]
        assert abs(left - columns.min()) <= 1
        assert abs(right - columns.max() - 1) <= 1
        assert abs(top - rows.min()) <= 1
        assert abs(bottom - rows.max() - 1) <= 1


@pytest.mark.parametrize("order", [("erase: {factor: 1}", "rotate90"), ("rotate90", "erase: {factor: 1}")])  # fmt: skip
def test_the_erased_box_counts_wherever_erase_is_listed(order: tuple[str, str]) -> None:
    image = np.zeros((60, 80), np.uint8)
    whole = Targets(Boxes([[0, 0, 80, 60]]))
    for k in range(1, 7):
        pixels, carried = view(image, "a.png", k, recipe(*order), targets=whole)
        erased = (pixels != 0).mean()
        assert erased > 0
        assert carried.shares[0] == pytest.approx(1 - erased)
    small = Targets(
        Boxes([[x, y, x + 10, y + 10] for x in range(0, 80, 10) for y in range(0, 60, 10)])
    )
    views, shares = Views(recipe(*order)), []
    for k in range(1, 7):
        params = views.params("a.png", k)
        pixels, _ = views.render(image, params)
        carried = carry_view(views, small, params, image.shape, visible=0)
        assert carried.targets.boxes
        for row, edges in zip(carried.kept, carried.targets.boxes.edges.astype(int), strict=True):
            shown = (pixels[edges[1] : edges[3], edges[0] : edges[2]] == 0).mean()
            shares.append((shown, carried.shares[row]))
    np.testing.assert_allclose(*zip(*shares, strict=True), atol=1e-9)


def test_a_reflecting_fill_is_refused_with_objects_but_not_with_masks_alone() -> None:
    reflecting = recipe("rotate", fill="reflect")
    for targets in (BOXES, Targets(points=Points([[[1, 2]]]))):
        with pytest.raises(ExpandError, match="fill: reflect shows parts of objects again"):
            view(IMAGE, "a.png", 1, reflecting, targets=targets)
    view(IMAGE, "a.png", 1, reflecting, targets=Targets(masks=(Mask(IMAGE[..., 0], 255),)))


def test_a_flip_is_refused_in_every_view_if_keypoints_have_no_sides() -> None:
    targets = Targets(points=Points([[[1, 2], [3, 4]]]))
    for k in range(3):
        with pytest.raises(ExpandError, match="cannot be mirrored without flip_idx"):
            view(IMAGE, "a.png", k, "classic", targets=targets)
    view(IMAGE, "a.png", 1, recipe("rotate"), targets=targets)


@pytest.mark.parametrize("name", ["Affine", "CoarseDropout", "RandomRotate90", "OneOf"])
def test_transforms_that_move_or_cover_pixels_are_refused_by_name(name: str) -> None:
    import albumentations as library

    if name == "OneOf":
        mixed = library.OneOf([library.ToGray(), library.HorizontalFlip()])
        saved = json.dumps(library.to_dict(mixed)["transform"], sort_keys=True)
        with_it, name = Recipe("mixed", (Catalogue("pipeline", saved),)), "HorizontalFlip"
    else:
        with_it = recipe("flip", name)
    with pytest.raises(ExpandError, match=f"{name} may move or cover pixels"):
        view(IMAGE, "a.png", 1, with_it, targets=BOXES)


def test_transforms_that_change_values_only_work_with_targets() -> None:
    _, carried = view(IMAGE, "a.png", 1, recipe("flip", "RandomGamma"), targets=BOXES)
    assert carried.targets.boxes
    assert carried.targets.boxes.edges.tolist() == [[40, 10, 70, 50]]


def test_a_mask_of_another_size_is_a_fault_of_the_image() -> None:
    targets = Targets(masks=(Mask(np.zeros((60, 79), np.uint8)),))
    with pytest.raises(BadImageError, match="its mask has 79×60 pixels, and it has 80×60"):
        view(IMAGE, "a.png", 1, targets=targets)
