"""What views do to boxes, counted on drawn boxes; the figures of the documentation."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from expand import Boxes, Mask, OrientedBoxes, Points, Polygons, Recipe, Targets, Views
from expand.geometry import IDENTITY, Placement, Size, shift, turn
from expand.job.planning.box_survival import BoxShares, ellipse_fit, percent
from expand.targets import carry

SIZE = Size(640.0, 480.0)
DOCS = Path(__file__).parents[3] / "docs" / "targets.md"


def drawn_boxes(rng: np.random.Generator, count: int) -> Boxes:
    """Draw boxes anywhere in an image, with sides in proportions of 1:2 to 2:1.

    Their longer side is 5 to 60 % of the image's width; both are log-uniform.
    """
    longer = SIZE.width * np.exp(rng.uniform(math.log(0.05), math.log(0.6), count))
    tall = rng.uniform(-1, 1, (count, 1)) * [-1, 1] / 2  # log2 of the sides, for an area of 1
    sides = longer[:, None] * np.exp2(tall - tall.max(axis=1, keepdims=True))
    places = rng.uniform(0, 1, (count, 2)) * (np.array(SIZE) - sides)
    return Boxes(np.concatenate([places, places + sides], axis=1))


def measured(recipe: str, images: int) -> BoxShares:
    """Return what three copies each of some images do to 20 boxes each."""
    views, shares = Views(Recipe.load(recipe)), BoxShares()
    for image in range(images):
        targets = Targets(boxes=drawn_boxes(np.random.default_rng(image), 20))
        for k in range(1, 4):
            placement = views.placement(views.params(f"{image}.jpg", k), SIZE)
            shares.add(targets, carry(targets, placement), placement)
    return shares


def of(targets: Targets, placement: Placement) -> BoxShares:
    shares = BoxShares()
    shares.add(targets, carry(targets, placement), placement)
    return shares


@pytest.mark.parametrize("name", ["classic", "blog", "detect"])
def test_the_documented_shares_are_what_the_recipes_do(name: str) -> None:
    shares = measured(name, 150)
    row = re.search(
        rf"^\| `{name}` \| ([\d.]+) % \| ([\d.]+) % \| ([\d.]+) % \| ([\d.]+) \|$",
        DOCS.read_text("utf-8"),
        re.MULTILINE,
    )
    assert row
    whole, cut, lost, fit = map(float, row.groups())
    assert 100 * shares.whole / shares.count == pytest.approx(whole, abs=1)
    assert 100 * shares.cut / shares.count == pytest.approx(cut, abs=1)
    assert 100 * shares.lost / shares.count == pytest.approx(lost, abs=0.5 + lost / 50)
    assert shares.fit / shares.loose == pytest.approx(fit, abs=0.01)


def test_boxes_are_whole_cut_or_lost() -> None:
    targets = Targets(boxes=Boxes([[0, 0, 9, 9], [100, 0, 200, 50], [300, 0, 400, 50]]))
    moved = of(targets, Placement(shift(150, 0), SIZE))
    assert (moved.whole, moved.cut, moved.lost) == (1, 1, 1)
    covered = BoxShares()
    half = [np.array([[0.0, 0], [4.5, 0], [4.5, 9], [0, 9]])]
    still = Placement(IDENTITY, SIZE)
    covered.add(targets, carry(targets, still, hidden=half), still)
    assert (covered.whole, covered.cut, covered.lost) == (2, 1, 0)


@pytest.mark.parametrize(("degrees", "square", "drawn"), [(5, 0.852, 0.84), (15, 0.667, 0.66)])
def test_rotated_boxes_are_looser_than_the_ellipse_in_them(
    degrees: float, square: float, drawn: float
) -> None:
    angle = math.radians(degrees)
    forward = turn(math.cos(angle), math.sin(angle), SIZE, SIZE).inverse()
    assert ellipse_fit(np.array([[10.0, 10, 50, 50]]), forward) == pytest.approx(square, abs=1e-3)
    edges = drawn_boxes(np.random.default_rng(0), 2000).edges
    assert ellipse_fit(edges, forward).mean() == pytest.approx(drawn, abs=0.015)


def test_the_fit_is_that_of_a_drawn_ellipse() -> None:
    angle = math.radians(23)
    placement = Placement(turn(math.cos(angle), math.sin(angle), SIZE, SIZE), SIZE)
    box = np.array([[250.0, 200, 350, 260]])
    carried = carry(Targets(boxes=Boxes(box)), placement)
    around = np.linspace(0, 2 * np.pi, 2000)
    ring = np.stack([300 + 50 * np.cos(around), 230 + 30 * np.sin(around)], axis=1)
    ellipse = carry(Targets(polygons=Polygons([[ring]])), placement).targets.polygons
    assert carried.targets.boxes
    assert ellipse
    left, top, right, bottom = ellipse.rings.bounds()[0]
    wide = carried.targets.boxes.edges[0]
    share = (right - left) * (bottom - top) / ((wide[2] - wide[0]) * (wide[3] - wide[1]))
    fit = ellipse_fit(box, placement.source.inverse())
    assert fit == pytest.approx(share, abs=1e-4)


def test_only_boxes_that_have_no_outline_are_called_loose() -> None:
    placement = Placement(turn(math.cos(0.2), math.sin(0.2), SIZE, SIZE), SIZE)
    boxes = Boxes([[200, 200, 300, 300], [300, 200, 400, 300]])
    triangle = [[200, 300], [250, 200], [300, 300]]
    labels = np.zeros((480, 640), np.uint8)
    labels[200:300, 200:300] = 1
    assert of(Targets(boxes), placement).loose == 2
    assert of(Targets(boxes, polygons=Polygons([[triangle], []])), placement).loose == 1
    mask = Mask(labels, objects=np.array([1, -1]))
    assert of(Targets(boxes, masks=(mask,)), placement).loose == 1
    oriented = of(Targets(oriented=OrientedBoxes(boxes.corners())), placement)
    assert (oriented.whole, oriented.loose) == (2, 0)
    assert oriented.sentence() == ("Of 2 boxes in sampled copies: 100 % whole, 0 % cut, 0 % lost.")


def test_the_sentence_says_the_shares_and_the_fit() -> None:
    shares = BoxShares(1128, 99, 13, 1128, 0.97 * 1128)
    assert shares.sentence() == (
        "Of 1,240 boxes in sampled copies: 91 % whole, 8 % cut, 1 % lost; "
        "boxes fit with IoU 0.97 (1 is tight)."
    )
    loose = BoxShares(10, 0, 0, 10, 7.8).sentence()
    assert loose.endswith(
        "IoU 0.78 (1 is tight). Rotation makes boxes looser; --recipe detect has none."
    )


def test_polygons_and_points_without_boxes_are_called_objects() -> None:
    triangle = [[200, 300], [250, 200], [300, 300]]
    shares = of(Targets(polygons=Polygons([[triangle]])), Placement(shift(250, 0), SIZE))
    shares.add(Targets(), carry(Targets(), Placement(IDENTITY, SIZE)), Placement(IDENTITY, SIZE))
    away = Targets(points=Points([[[5, 5]]]))
    shares.add(away, carry(away, Placement(shift(9, 9), SIZE)), Placement(shift(9, 9), SIZE))
    assert shares.sentence() == ("Of 2 objects in sampled copies: 0 % whole, 50 % cut, 50 % lost.")


def test_no_objects_are_no_sentence() -> None:
    shares = BoxShares()
    shares.add(Targets(), carry(Targets(), Placement(IDENTITY, SIZE)), Placement(IDENTITY, SIZE))
    assert (shares.count, shares.sentence()) == (0, "")


def test_an_empty_box_fits() -> None:
    assert ellipse_fit(np.array([[5.0, 5, 5, 5]]), IDENTITY) == 1


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (1, "100 %"), (0.0004, "under 0.1 %"), (0.0042, "0.4 %"), (0.99951, "over 99.9 %"), (0.995, "99.5 %"), (0.0775, "8 %")],
)  # fmt: skip
def test_a_share_in_percent_never_calls_a_few_none(share: float, text: str) -> None:
    assert percent(share) == text
