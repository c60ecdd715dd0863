"""What is carried and what is dropped: shares, erased areas, keypoints, refused values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand import Boxes, ExpandError, Mask, OrientedBoxes, Points, Polygons, Targets
from expand.geometry import IDENTITY, Affine, Placement, Size, linear_about_centres, shift, stretch
from expand.targets import carry, flip_by_names
from expand.targets.rings import Rings
from tests.expand.targets.scenes import star

SIZE = Size(100.0, 80.0)
STILL = Placement(IDENTITY, SIZE)
MIRROR = Placement(linear_about_centres(-1.0, 0.0, 0.0, 1.0, SIZE, SIZE), SIZE)


def moved(x: float, y: float = 0) -> Placement:
    """Return the placement that moves an image by pixels."""
    return Placement(shift(-x, -y), SIZE)


def test_the_visible_share_is_the_area_inside() -> None:
    box, square = [10, 10, 30, 30], [[10, 10], [30, 10], [30, 30], [10, 30]]
    mask = np.zeros((80, 100), np.uint8)
    mask[10:30, 10:30] = 7
    for targets in (
        Targets(Boxes([box])),
        Targets(oriented=OrientedBoxes([square])),
        Targets(polygons=Polygons([[square]])),
        Targets(masks=(Mask(mask, objects=np.array([7])),)),
        Targets(masks=(Mask(mask[..., None], objects=np.array([0])),)),
    ):
        for x, share in ((5, 1), (-10, 1), (-15, 0.75), (-20, 0.5), (75, 0.75)):
            carried = carry(targets, moved(x))
            assert carried.shares.tolist() == [share]
            assert carried.cut.tolist() == [share < 1]
            assert carried.kept.tolist() == [0]


def test_what_is_hardly_visible_is_dropped_with_the_reason() -> None:
    boxes = Boxes([[10, 10, 30, 30], [0, 0, 19, 20], [40, 40, 60, 60], [21, 5, 22, 30]])
    carried = carry(Targets(boxes), moved(-28.5), visible=0.08)
    assert [(item.row, item.reason) for item in carried.dropped] == [
        (0, "too little visible"),
        (1, "outside the view"),
        (3, "outside the view"),
    ]
    assert carried.dropped[0].share == pytest.approx(0.075)
    assert carried.kept.tolist() == [2]
    assert carried.targets.boxes
    assert carried.targets.boxes.edges.tolist() == [[11.5, 40, 31.5, 60]]
    kept = carry(Targets(boxes), moved(-28.5), visible=0.05)
    assert kept.dropped[0].reason == "smaller than 2 pixels"


def test_an_object_of_less_than_two_pixels_stays_unless_it_becomes_smaller() -> None:
    thin = Targets(Boxes([[10, 10, 11.5, 30]]))
    assert len(carry(thin, moved(5)).kept) == 1
    assert len(carry(thin, MIRROR).kept) == 1
    half = carry(thin, Placement(stretch(1.2, 1.2), SIZE))
    assert [item.reason for item in half.dropped] == ["smaller than 2 pixels"]


def test_objects_without_an_area_are_seen_by_their_corners() -> None:
    flat = Targets(Boxes([[10, 10, 10, 30], [20, 20, 20, 20]]), polygons=None)
    lines = Targets(polygons=Polygons([[[[10, 10], [10, 30]]], [[[20, 20]]]]))
    for targets in (flat, lines):
        assert carry(targets, moved(5)).shares.tolist() == [1, 1]
        assert carry(targets, moved(0, -20)).shares.tolist() == [0.5, 1]
        assert carry(targets, moved(-15)).shares.tolist() == [0, 1]


def test_an_erased_area_counts_against_visibility_and_hides_points() -> None:
    square = [[10, 10], [30, 10], [30, 30], [10, 30]]
    mask = np.zeros((80, 100), np.uint16)
    mask[10:30, 10:30] = 300
    erased = np.array([[0, 0], [100, 0], [100, 25], [0, 25]]) * 1.0
    for targets in (
        Targets(Boxes([[10, 10, 30, 30]])),
        Targets(polygons=Polygons([[square]])),
        Targets(masks=(Mask(mask, objects=np.array([300])),)),
    ):
        carried = carry(targets, STILL, hidden=[erased])
        assert carried.shares.tolist() == [0.25]
        assert carried.cut.tolist() == [False]
        gone = carry(targets, STILL, visible=0.3, hidden=[erased])
        assert [item.reason for item in gone.dropped] == ["too little visible"]
    points = Points([[[15, 20], [15, 28]]], [[2, 2]])
    carried = carry(Targets(points=points), STILL, hidden=[erased])
    assert carried.targets.points
    assert carried.targets.points.visibility.tolist() == [[1, 2]]
    assert carried.targets.points.places.tolist() == [[[15, 20], [15, 28]]]
    assert carried.shares.tolist() == [0.5]


def test_points_outside_are_not_labelled_any_more() -> None:
    points = Points([[[5, 5], [50, 5], [1, 2]]], [[2, 1, 0]], flip_idx=[0, 1, 2])
    carried = carry(Targets(Boxes([[0, 0, 60, 20]]), points=points), moved(-10)).targets.points
    assert carried
    assert carried.visibility.tolist() == [[0, 1, 0]]
    assert carried.places.tolist() == [[[0, 0], [40, 5], [0, 0]]]


def test_a_mirror_swaps_left_and_right_or_is_refused() -> None:
    places = [[[20, 10], [30, 10], [25, 20]]]
    names = ["left_eye", "right_eye", "nose"]
    for points in (Points(places, flip_idx=[1, 0, 2]), Points(places, names=names)):
        carried = carry(Targets(points=points), MIRROR).targets.points
        assert carried
        assert carried.places.tolist() == [[[70, 10], [80, 10], [75, 20]]]
    for points in (Points(places), Points(places, names=["a", "b", "c"])):
        with pytest.raises(ExpandError, match="3 points an object cannot be mirrored"):
            carry(Targets(points=points), MIRROR)
        carry(Targets(points=points), moved(1))
    assert carry(Targets(points=Points([[[1, 2]]])), MIRROR).kept.tolist() == [0]


def test_names_tell_what_is_left_and_what_is_right() -> None:
    assert flip_by_names(["nose", "left_ear", "right_ear"]) == (0, 2, 1)
    assert flip_by_names(["LeftHand", "RightHand"]) == (1, 0)
    assert flip_by_names(["left_ear", "nose"]) is None
    assert flip_by_names(["nose", "tail"]) is None


def test_the_rows_of_what_is_kept_stay_together() -> None:
    boxes = Boxes([[0, 0, 10, 10], [50, 50, 60, 60], [20, 0, 40, 10]])
    polygons = Polygons([[star(5, 5, 5)], [star(55, 55, 5), star(58, 55, 2)], []])
    layers = Mask(np.ones((80, 100, 2), np.uint8), objects=np.array([0, 1, -1]))
    targets = Targets(boxes, polygons=polygons, points=Points(np.ones((3, 1, 2))), masks=(layers,))
    carried = carry(targets, moved(-15))
    assert carried.kept.tolist() == [1, 2]
    assert len(carried.targets) == 2
    assert carried.targets.polygons
    assert [len(carried.targets.polygons.parts(row)) for row in (0, 1)] == [2, 0]
    assert carried.targets.masks[0].objects is not None
    assert carried.targets.masks[0].objects.tolist() == [1, -1]
    assert carried.targets.masks[0].pixels.shape == (80, 100, 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Boxes([[3, 0, 1, 2]]), "one ends before it begins"),
        (lambda: Boxes([[3, 0, 1]]), "boxes must be N×4 numbers"),
        (lambda: Boxes([[3, 0, 1, float("nan")]]), "finite"),
        (lambda: Boxes("ab"), "boxes must be numbers"),
        (lambda: OrientedBoxes([[1, 2, 3, 4]]), "oriented boxes must be N×4×2"),
        (lambda: Polygons([[[[1, 2, 3]]]]), "a polygon must be N×2"),
        (lambda: Polygons([[[]]]), "must have corners"),
        (lambda: Points([[[1, 2]]], [[3]]), "0, 1 or 2"),
        (lambda: Points([[[1, 2]]], names=["a", "b"]), "2 names"),
        (lambda: Points([[[1, 2], [3, 4]]], flip_idx=[0, 0]), "permutation of 0 … 1"),
        (lambda: Mask(np.zeros((2, 2), np.int32)), "uint8 or uint16; got int32"),
        (lambda: Mask([[1]]), "a mask is H×W"),  # type: ignore[arg-type]
        (lambda: Mask(np.zeros((2, 2), np.uint8), fill=300), "cannot be 300"),
        (lambda: Mask(np.zeros((2, 2, 3), np.uint8), objects=np.array([3])), "-1 … 2"),
        (lambda: Targets(Boxes([]), polygons=Polygons([[]])), "boxes: 0, polygons: 1"),
        (
            lambda: Targets(masks=(Mask(np.zeros((2, 2), np.uint8)), Mask(np.zeros((2, 3), np.uint8)))),
            "differ in size",
        ),
    ],
)  # fmt: skip
def test_what_is_no_target_is_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ExpandError, match=message):
        make()


def test_no_objects_at_all_are_carried() -> None:
    nothing = Targets(Boxes([]), OrientedBoxes([]), Polygons([]), Points(np.empty((0, 3, 2))))
    for targets in (nothing, Targets()):
        carried = carry(targets, moved(3), hidden=[np.array([[0, 0], [9, 0], [9, 9]]) * 1.0])
        assert len(carried.targets) == len(carried.kept) == len(carried.shares) == 0
        assert carried.dropped == ()


NUMBERS = st.floats(0, 1)


@st.composite
def any_targets(draw: st.DrawFn) -> Targets:
    """Draw objects inside an image of 100×80 pixels; some are lines or single points."""
    count = draw(st.integers(0, 4))
    rows = draw(st.lists(st.lists(NUMBERS, min_size=8, max_size=8), min_size=count, max_size=count))
    corners = np.array(rows, float).reshape(count, 4, 2) * [100, 80]
    edges = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    labels = np.arange(80 * 100, dtype=np.uint16).reshape(80, 100) // 2000
    kinds = draw(st.sets(st.sampled_from(["boxes", "oriented", "polygons", "points", "mask"])))
    return Targets(
        Boxes(edges) if "boxes" in kinds else None,
        OrientedBoxes(corners) if "oriented" in kinds else None,
        Polygons([[ring] for ring in corners]) if "polygons" in kinds else None,
        Points(corners, flip_idx=[1, 0, 3, 2]) if "points" in kinds else None,
        (Mask(labels, objects=np.arange(count)),) if "mask" in kinds else (),
    )


MAPS = st.builds(
    lambda turn, wide, high, x, y, mirror: Affine(
        np.cos(turn) * wide * mirror, -np.sin(turn) * high, x,
        np.sin(turn) * wide * mirror, np.cos(turn) * high, y,
    ),
    st.floats(-4, 4), st.floats(0.3, 3), st.floats(0.3, 3), st.floats(-90, 90), st.floats(-90, 90),
    st.sampled_from([-1, 1]),
)  # fmt: skip
ERASED = st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS).map(
    lambda ends: Boxes(
        [[100 * min(ends[:2]), 80 * min(ends[2:]), 101 * max(ends[:2]) + 1, 81 * max(ends[2:]) + 1]]
    ).corners()[0]
)


@given(any_targets())
def test_a_view_that_moves_nothing_changes_nothing(targets: Targets) -> None:
    carried = carry(targets, STILL)
    assert carried.kept.tolist() == list(range(len(targets)))
    assert (carried.shares == 1).all()
    assert not carried.cut.any()
    for kind in targets.kinds:
        before, after = getattr(targets, kind), getattr(carried.targets, kind)
        for name, value in vars(before).items():
            mine, theirs = value, getattr(after, name)
            if isinstance(value, Rings):
                mine, theirs = value.corners, theirs.corners
            assert np.array_equal(mine, theirs), (kind, name)
    for mask, same in zip(targets.masks, carried.targets.masks, strict=True):
        assert np.array_equal(mask.pixels, same.pixels)


@given(any_targets(), MAPS, st.lists(ERASED, max_size=2), st.floats(0, 1))
def test_any_targets_are_carried_into_any_view(
    targets: Targets, source: Affine, hidden: list[np.ndarray], visible: float
) -> None:
    carried = carry(targets, Placement(source, SIZE), visible, hidden)
    rows, shares = [*carried.kept, *(item.row for item in carried.dropped)], carried.shares
    assert sorted(rows) == list(range(len(targets)))
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (shares[carried.kept] >= visible).all()
    assert all(len(getattr(carried.targets, kind)) == len(carried.kept) for kind in targets.kinds)
    if carried.targets.boxes is not None:
        edges = carried.targets.boxes.edges
        assert ((edges >= 0) & (edges <= [*SIZE] * 2)).all()
    if carried.targets.polygons is not None:
        corners = carried.targets.polygons.rings.corners
        assert ((corners >= 0) & (corners <= SIZE)).all()
    if carried.targets.points is not None:
        places = carried.targets.points.places
        assert ((places >= 0) & (places <= SIZE)).all()


def test_a_line_of_which_rounding_leaves_nothing_is_outside() -> None:
    line = np.array([[-5e-7, 5], [-1, 9], [-5e-7, 5]])
    carried = carry(Targets(polygons=Polygons([[line]])), Placement(IDENTITY, Size(40.0, 30.0)), 0)
    assert [dropped.reason for dropped in carried.dropped] == ["outside the view"]
    assert len(carried.targets) == 0
