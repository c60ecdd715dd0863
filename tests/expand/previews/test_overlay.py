"""The overlay: labels are drawn where they are, in colours that stay the same."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from expand import Boxes, Mask, OrientedBoxes, Points, Polygons, Targets
from expand.images.pixels import Pixels
from expand.previews.areas import IGNORED
from expand.previews.colours import FIRST, colour, colours
from expand.previews.overlay import draw
from expand.previews.tags import LONGEST, Tag, draw_tags, shorten
from tests.conftest import noise_image

GREY = np.full((120, 160, 3), 90, np.uint8)
SQUARE = np.array([[40.0, 40], [90, 40], [90, 80], [40, 80]])
BOX = Boxes([[40, 40, 90, 80]])


def changed(targets: Targets, names: Sequence[str] = ()) -> Pixels:
    """Return which pixels of a grey image the targets change."""
    plain = draw(GREY, Targets(), cell=160)
    return np.asarray((draw(GREY, targets, names, cell=160) != plain).any(axis=-1))


def near(pixels: Pixels, own: tuple[int, int, int], tolerance: int = 40) -> Pixels:
    return np.asarray((np.abs(pixels.astype(int) - own) <= tolerance).all(axis=-1))


@pytest.mark.parametrize(
    "targets",
    [Targets(BOX), Targets(oriented=OrientedBoxes(SQUARE[None]))],
    ids=["box", "oriented"],
)
def test_a_line_with_a_dark_outline_runs_along_a_box(targets: Targets) -> None:
    drawn = draw(GREY, targets, cell=160)
    rows, columns = np.nonzero(near(drawn, FIRST[0]))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (40, 80, 40, 90)
    assert near(drawn, (0, 0, 0), 60).sum() > 200
    inside = changed(targets)[43:77, 43:87]
    assert not inside.any()


def test_the_inside_of_a_polygon_is_faintly_coloured() -> None:
    drawn = draw(GREY, Targets(polygons=Polygons([[SQUARE], []])), cell=160)
    assert (drawn[60, 60] != 90).any()
    assert near(drawn[60:61, 60:61], (90, 90, 90), 50).all()
    assert (drawn[20, 20] == 90).all()


def test_lines_at_the_border_of_the_image_are_within_it() -> None:
    drawn = draw(GREY, Targets(Boxes([[0, 0, 160, 120]])), cell=160)
    for side in (drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]):
        assert near(side[None], FIRST[0]).mean() > 0.9


def test_a_mask_is_translucent_and_coloured_by_value() -> None:
    pixels = np.zeros((120, 160), np.uint16)
    pixels[:40], pixels[40:80, :80], pixels[40:80, 80:] = 1, 26001, 65535
    drawn = draw(noise_image(120, 160, 3), Targets(masks=(Mask(pixels, fill=65535),)), cell=160)
    plain = draw(noise_image(120, 160, 3), Targets(), cell=160)
    assert np.array_equal(drawn[81:], plain[81:])
    means = [drawn[area].reshape(-1, 3).mean(axis=0) for area in np.s_[5:35, 45:75]]
    assert np.abs(means[0] - means[1]).max() > 20
    tone = plain[45:75, 100:150] * 0.55 + np.array(IGNORED) * 0.45
    assert np.abs(drawn[45:75, 100:150] - tone).max() <= 1


def test_an_object_has_one_colour_in_its_mask_and_its_box() -> None:
    pixels = np.zeros((120, 160), np.uint8)
    pixels[40:80, 40:90] = 7
    linked = Mask(pixels, objects=np.array([7]))
    drawn = draw(GREY, Targets(BOX, masks=(linked,)), numbers=[3], cell=160)
    assert np.abs(drawn[60, 60] - (90 * 0.55 + np.array(colour(3)) * 0.45)).max() <= 1
    layers = Mask(np.stack([pixels, pixels], axis=-1), objects=np.array([1]))
    assert (draw(GREY, Targets(BOX, masks=(layers,)), numbers=[3], cell=160)[60, 60] != 90).any()


def test_a_mask_of_colours_shows_its_own() -> None:
    pixels = np.zeros((120, 160, 3), np.uint8)
    pixels[50:] = (0, 200, 0)
    drawn = draw(GREY, Targets(masks=(Mask(pixels),)), cell=160)
    assert drawn[60, 60].tolist() == [50, 140, 50]
    assert drawn[20, 20].tolist() == [90, 90, 90]


def test_points_are_discs_or_rings_and_those_without_a_label_are_not_drawn() -> None:
    points = Points(np.array([[[30.5, 30.5], [80.5, 30.5], [0, 0]]]), [[2, 1, 0]])
    drawn = draw(GREY, Targets(points=points), cell=160)
    assert tuple(drawn[30, 30]) == colour(0)
    assert tuple(drawn[30, 80]) == (0, 0, 0)
    assert near(drawn[26:35, 76:85], colour(1)).any()
    assert (drawn[:8, :8] == 90).all()


def test_objects_of_one_name_have_one_colour_and_those_without_a_name_their_own() -> None:
    boxes = Boxes([[10, 60, 30, 80], [50, 60, 70, 80], [90, 60, 110, 80], [120, 60, 140, 80]])
    drawn = draw(GREY, Targets(boxes), ["cat", "dog", "cat"], cell=160)
    lines = [tuple(drawn[80, x]) for x in (20, 60, 100, 130)]
    assert lines[0] == lines[2]
    assert len(set(lines)) == 3


@pytest.mark.parametrize("name", ["person", "traffic light", "Fußgänger", "行人"])
def test_a_name_is_written_above_its_box(name: str) -> None:
    written = changed(Targets(BOX), [name]) & ~changed(Targets(BOX))
    rows, columns = np.nonzero(written)
    assert 20 < rows.min() < rows.max() < 40 <= columns.min()


def test_a_long_name_stays_in_the_image() -> None:
    written = changed(Targets(Boxes([[130, 40, 150, 80]])), ["traffic light"])
    assert near(
        draw(GREY, Targets(Boxes([[130, 40, 150, 80]])), ["traffic light"], cell=160)[30:35],
        FIRST[0],
    ).any()
    assert written[30, 100:159].all()


def test_the_name_of_an_oriented_box_is_at_its_highest_corner_in_the_image() -> None:
    corners = np.array([[[60.0, -30], [130, 60], [60, 110], [10, 40]]])
    drawn = draw(GREY, Targets(oriented=OrientedBoxes(corners)), ["cat"], cell=160)
    assert near(drawn[25:40, 10:20], FIRST[0], 0).mean() > 0.5


def test_names_do_not_cover_each_other() -> None:
    shown, tags = GREY.copy(), [Tag("cat", colour(i), (40, 40), (40, 80), 100) for i in range(9)]
    draw_tags(shown, tags)
    written = [int(near(shown, colour(i), 0).sum()) for i in range(9)]
    assert sum(map(bool, written)) == 4
    alone = GREY.copy()
    draw_tags(alone, tags[:1])
    assert set(written) <= {0, int(near(alone, colour(0), 0).sum())}


def test_among_many_objects_the_largest_have_names() -> None:
    columns, rows = np.meshgrid(np.arange(0, 540, 36.0), np.arange(16, 480, 26.0))
    sides = np.linspace(24, 34, columns.size)
    edges = [columns.ravel(), rows.ravel(), columns.ravel() + sides, rows.ravel() + 8]
    targets = Targets(Boxes(np.stack(edges, axis=1)))
    image = np.full((500, 600, 3), 90, np.uint8)
    drawn = [draw(image, targets, names, [0] * columns.size, 600) for names in ([], ["cat"] * columns.size)]  # fmt: skip
    written = (drawn[0] != drawn[1]).any(axis=-1)
    assert 0.1 < written.mean() < 0.16
    assert written[300:460].mean() > 1.2 * written.mean()
    assert not written[:100].any()


@pytest.mark.parametrize("name", ["a\nb\x00", "\ud800", "..." * 30])
def test_a_name_is_shown_as_one_short_line(name: str) -> None:
    assert shorten(name).isprintable()
    assert len(shorten(name)) <= LONGEST


@pytest.mark.parametrize(
    "shape",
    [(32, 32), (32, 32, 3), (5, 9, 1), (5, 9, 2), (5, 9, 4), (5, 9, 7), (1, 700), (900, 300, 3)],
)
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_all_kinds_of_labels_are_drawn_on_any_image(shape: tuple[int, ...], depth: type) -> None:
    height, width = shape[:2]
    box = np.array([[0.25, 0.25, 0.75, 0.75]]) * [width, height, width, height]
    corners = Boxes(box).corners()
    mask: Pixels = np.zeros((height, width), depth)
    mask[: height // 2 + 1] = 255
    image = noise_image(*shape, depth=depth)
    for targets in (
        Targets(Boxes(box)),
        Targets(oriented=OrientedBoxes(corners)),
        Targets(polygons=Polygons([[corners[0]]])),
        Targets(points=Points(corners, flip_idx=[1, 0, 3, 2])),
        Targets(masks=(Mask(mask),)),
    ):
        drawn = draw(image, targets, ["name"])
        assert drawn.dtype == np.uint8
        assert drawn.shape == draw(image, Targets()).shape
        assert (drawn != draw(image, Targets())).any()
        assert np.array_equal(drawn, draw(image, targets, ["name"]))


def test_corners_far_outside_are_drawn_as_far_as_they_are_seen() -> None:
    far = OrientedBoxes(np.array([[[-1e7, 60], [80, 60], [80, 1e9], [-1e7, 1e9]]]))
    assert changed(Targets(oriented=far))[60, :80].all()


def test_an_image_is_not_changed_by_drawing_on_it() -> None:
    before = GREY.copy()
    draw(GREY, Targets(BOX, points=Points([[[5, 5]]])), ["cat"])
    assert np.array_equal(GREY, before)


def test_neighbouring_colours_differ_and_are_bright() -> None:
    for one, other in itertools.combinations(range(len(FIRST)), 2):
        assert np.abs(np.subtract(colour(one), colour(other))).sum() > 80
    many = colours(np.arange(66_000).reshape(2, -1))
    assert many.shape == (2, 33_000, 3)
    assert many.max(axis=-1).min() >= 150
    assert tuple(many[1, 7]) == colour(33_007)
