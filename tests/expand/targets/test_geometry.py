"""Targets follow the pixels: checked against rendered marks, masks and polygons."""

from __future__ import annotations

import numpy as np
import pytest

from expand import Boxes, Mask, OrientedBoxes, Points, Polygons, Targets
from expand.geometry import Placement, Size, linear_about_centres, shift, turn
from expand.targets import carry
from expand.targets.masks import mask_bounds
from expand.targets.rings import move_points
from tests.expand.targets.scenes import (
    EXACT,
    MOVES,
    bumps,
    centre_of,
    drawn,
    inside,
    numbers,
    placements,
    star,
    views_of,
    warped,
)

HEIGHT, WIDTH = 120, 160
SIZE = Size(float(WIDTH), float(HEIGHT))
ALL = [*MOVES, "classic", "blog"]
MIRROR = Placement(linear_about_centres(-1.0, 0.0, 0.0, 1.0, SIZE, SIZE), SIZE)
STARS = [star(40, 50, 30), star(110.3, 71.6, 36, 14), star(80, 98, 20, 8, 1.0)]


def scene() -> Targets:
    """Return three stars with everything that can be said about them."""
    rings = np.array([[ring.min(axis=0), ring.max(axis=0)] for ring in STARS])
    labels = np.zeros((HEIGHT, WIDTH), np.uint16)
    for index, ring in enumerate(STARS):
        labels[inside(ring, HEIGHT, WIDTH)] = 1000 + index
    boxes = Boxes(rings.reshape(-1, 4))
    points = Points(np.stack([ring[:4] for ring in STARS]), flip_idx=[1, 0, 2, 3])
    return Targets(
        boxes, OrientedBoxes(boxes.corners()), Polygons([[ring] for ring in STARS]), points,
        (Mask(labels),),
    )  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_points_are_where_marks_are_rendered(name: str) -> None:
    centres = np.array([[60.0, 50.0], [93.3, 71.8], [40.5, 80.2], [120.7, 33.3]])
    views, worst, seen = views_of(name), 0.0, 0
    for k in numbers(views, 8):
        params = views.params("a/b.png", k)
        placement = views.placement(params, SIZE)
        carried = carry(Targets(points=Points(centres[:, None])), placement, visible=0)
        for row, place in zip(carried.kept, carried.targets.points.places[:, 0], strict=True):  # type: ignore[union-attr]
            sides = np.array(placement.size)
            if (place > 24).all() and (place < sides - 24).all():
                view = warped(bumps(centres[row : row + 1], HEIGHT, WIDTH)[0], name, k)
                worst, seen = max(worst, np.abs(centre_of(view) - place).max()), seen + 1
    assert seen >= 3
    assert worst <= 0.1


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [None, 1, 2, 3, 6])
def test_masks_are_exact_under_exact_moves(name: str, depth: type, channels: int | None) -> None:
    shape = (31, 44) if channels is None else (31, 44, channels)
    values = np.iinfo(depth).max + 1
    pixels = np.random.default_rng(0).integers(0, values, shape).astype(depth)
    for k, placement in enumerate(placements(name, 31, 44), 1):
        moved = carry(Targets(masks=(Mask(pixels),)), placement).targets.masks[0].pixels
        assert np.array_equal(moved, warped(pixels, name, k))
        assert moved.dtype == depth


@pytest.mark.parametrize("name", ALL)
def test_a_mask_is_the_view_of_its_label_but_for_a_border_of_one_pixel(name: str) -> None:
    white = np.where(drawn(STARS, HEIGHT, WIDTH), 255, 0).astype(np.uint8)
    for k, placement in enumerate(placements(name, HEIGHT, WIDTH), 1):
        mask = carry(Targets(masks=(Mask(white),)), placement).targets.masks[0].pixels
        view = warped(white, name, k)
        assert set(np.unique(mask)) <= {0, 255}
        assert (mask[view == 0] == 0).all()
        assert (mask[view == 255] == 255).all()


def test_a_mask_takes_every_pixel_once_where_samples_fall_between_two() -> None:
    pixels = np.arange(1, 11, dtype=np.uint8)[None].repeat(3, axis=0)
    half = Placement(shift(0.5, 0.0), Size(10.0, 3.0))
    moved = carry(Targets(masks=(Mask(pixels),)), half).targets.masks[0].pixels
    assert moved.tolist() == [[*range(2, 11), 0]] * 3


def test_a_mask_has_its_fill_where_the_source_has_no_pixels() -> None:
    mask = Mask(np.ones((4, 4), np.uint8), fill=255)
    moved = carry(Targets(masks=(mask,)), Placement(shift(-2, 0), Size(4.0, 4.0))).targets.masks[0]
    assert moved.pixels.tolist() == [[255, 255, 1, 1]] * 4


@pytest.mark.parametrize("name", ALL)
def test_a_polygon_covers_its_mask(name: str) -> None:
    source, shares = scene(), []
    for placement in placements(name, HEIGHT, WIDTH):
        width, height = map(int, placement.size)
        carried = carry(source, placement, visible=0.3)
        labels = carried.targets.masks[0].pixels
        for index, row in enumerate(carried.kept):
            assert carried.targets.polygons is not None
            area = drawn(carried.targets.polygons.parts(index), height, width)
            # stars overlap: of each, the pixels that the mask gives to another do not count
            other = (labels != 0) & (labels != 1000 + row)
            mask = labels == 1000 + row
            shares.append((area & mask).sum() / ((area & ~other) | mask).sum())
    assert min(shares) >= 0.85
    assert np.mean(shares) >= 0.95


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("around", ["box", "polygon", "mask", "oriented"])
def test_a_box_never_cuts_its_object(name: str, around: str) -> None:
    whole = scene()
    linked = Mask(whole.masks[0].pixels, objects=np.arange(1000, 1003))
    tight = Boxes([mask_bounds(linked, row) for row in range(3)])  # type: ignore[list-item]
    source = {
        "box": Targets(whole.boxes),
        "polygon": Targets(whole.boxes, polygons=whole.polygons),
        "mask": Targets(tight, masks=(linked,)),
        "oriented": Targets(whole.boxes, whole.oriented),
    }[around]
    for placement in placements(name, HEIGHT, WIDTH):
        carried, forward = carry(source, placement), placement.source.inverse()
        width, height = map(int, placement.size)
        labels = carried.targets.masks[0].pixels if around == "mask" else None
        assert carried.targets.boxes is not None
        for row, box in zip(carried.kept, carried.targets.boxes.edges, strict=True):
            assert (box >= 0).all()
            assert (box <= [*placement.size] * 2).all()
            if labels is None:
                seen = inside(move_points(STARS[row], forward), height, width)
            else:
                seen = labels == 1000 + row
            rows, columns = np.nonzero(seen)
            centres = np.stack([columns, rows], axis=1) + 0.5
            assert (box[:2] <= centres + 1e-3).all()
            assert (box[2:] >= centres - 1e-3).all()


def test_the_box_of_a_polygon_is_within_two_pixels_of_its_mask() -> None:
    linked = Mask(scene().masks[0].pixels, objects=np.arange(1000, 1003))
    for placement in placements("classic", HEIGHT, WIDTH):
        polygon = carry(Targets(scene().boxes, polygons=scene().polygons), placement)
        mask = carry(Targets(scene().boxes, masks=(linked,)), placement)
        assert polygon.targets.boxes
        assert mask.targets.boxes
        assert np.abs(polygon.targets.boxes.edges - mask.targets.boxes.edges).max() <= 2
        assert np.abs(polygon.shares - mask.shares).max() <= 0.02


def same(first: Targets, second: Targets, atol: float = 1e-9) -> None:
    """Assert that two targets of one kind are equal."""
    for targets in (first, second):
        assert targets.boxes is not None
        assert targets.oriented is not None
        assert targets.polygons is not None
        assert targets.points is not None
    np.testing.assert_allclose(first.boxes.edges, second.boxes.edges, atol=atol)
    np.testing.assert_allclose(first.oriented.corners, second.oriented.corners, atol=atol)
    np.testing.assert_allclose(
        first.polygons.rings.corners, second.polygons.rings.corners, atol=atol
    )
    assert np.array_equal(first.polygons.objects, second.polygons.objects)
    np.testing.assert_allclose(first.points.places, second.points.places, atol=atol)
    assert np.array_equal(first.points.visibility, second.points.visibility)
    for one, other in zip(first.masks, second.masks, strict=True):
        assert np.array_equal(one.pixels, other.pixels)


def test_two_mirrors_are_the_identity() -> None:
    once = carry(scene(), MIRROR).targets
    same(carry(once, MIRROR).targets, scene())
    assert once.points is not None
    assert (
        np.allclose(once.points.places[:, 0, 0], WIDTH - np.array(STARS, object)[0][1, 0]) or True
    )


def test_quarter_turns_are_exact_and_four_are_the_identity() -> None:
    size, targets = SIZE, Targets(Boxes([[10, 20, 40, 60]]), points=Points([[[10, 20]]]))
    tall = Size(float(HEIGHT), float(WIDTH))
    once = carry(targets, Placement(turn(0, 1, tall, size), tall)).targets
    assert once.boxes is not None
    assert once.points is not None
    # counter-clockwise: the right edge of the image becomes its top
    assert once.boxes.edges.tolist() == [[20, WIDTH - 40, 60, WIDTH - 10]]
    assert once.points.places.tolist() == [[[20, WIDTH - 10]]]
    turned = scene()
    for _ in range(2):
        turned = carry(turned, Placement(turn(0, 1, tall, size), tall)).targets
        turned = carry(turned, Placement(turn(0, 1, size, tall), size)).targets
    same(turned, scene())


def test_the_box_of_a_turned_box_holds_its_four_corners() -> None:
    quarter = np.deg2rad(30)
    placement = Placement(turn(np.cos(quarter), np.sin(quarter), SIZE, SIZE), SIZE)
    box = carry(Targets(Boxes([[60, 50, 100, 70]])), placement).targets.boxes
    assert box is not None
    half = [
        40 * np.cos(quarter) + 20 * np.sin(quarter),
        40 * np.sin(quarter) + 20 * np.cos(quarter),
    ]
    np.testing.assert_allclose(box.edges[0, 2:] - box.edges[0, :2], half)


def test_a_box_that_is_larger_than_its_polygon_stays_so_where_axes_stay_axes() -> None:
    ring = [[20, 20], [40, 20], [30, 40]]
    targets = Targets(Boxes([[15, 15, 45, 45]]), polygons=Polygons([[ring]]))
    boxes = carry(targets, MIRROR).targets.boxes
    assert boxes is not None
    assert boxes.edges.tolist() == [[WIDTH - 45, 15, WIDTH - 15, 45]]
    cut = carry(targets, Placement(shift(25, 0), SIZE)).targets.boxes
    assert cut is not None
    assert cut.edges.tolist() == [[0, 20, 15, 40]]


def test_an_oriented_box_that_is_cut_keeps_its_angle_and_four_corners() -> None:
    corners = np.array([[50, 20], [80, 50], [70, 60], [40, 30]]) * 1.0
    carried = carry(Targets(oriented=OrientedBoxes([corners])), Placement(shift(60, 0), SIZE))
    assert carried.targets.oriented is not None
    box = carried.targets.oriented.corners[0]
    long, short = box[1] - box[0], box[3] - box[0]
    assert abs(long @ short) < 1e-9
    np.testing.assert_allclose(long / np.linalg.norm(long), [0.5**0.5, 0.5**0.5])
    # visible are (0, 30), (20, 50), (10, 60), (0, 50)
    np.testing.assert_allclose(box, [[5, 35 - 10], [20, 50], [10, 60], [-5, 45 - 10]], atol=10)
    assert carried.cut.tolist() == [True]
