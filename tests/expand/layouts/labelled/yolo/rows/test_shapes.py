"""Shapes that a row can hold."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from expand.geometry import Size
from expand.layouts.labelled.yolo.rows.shapes import (
    STRETCHED,
    join_parts,
    rectangle_error,
    write_corners,
)
from expand.targets.rings import Floats

SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])


def area(ring: Floats) -> float:
    """Return the area of a ring (M×2)."""
    x, y = ring.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def test_parts_are_linked_at_their_nearest_corners() -> None:
    parts = [SQUARE, np.add(SQUARE, [30, 0])[::-1], np.add(SQUARE, [60, 40])]
    ring = join_parts(parts)
    assert area(ring) == 300
    assert {tuple(corner) for corner in ring} == {tuple(c) for part in parts for c in part}
    lengths = np.linalg.norm(np.roll(ring, -1, axis=0) - ring, axis=1)
    assert sorted(lengths[lengths > 10.1].tolist()) == [20, 20, *[np.hypot(20, 30)] * 2]


def test_one_part_stays_as_it_is() -> None:
    assert join_parts([SQUARE]).tolist() == SQUARE.tolist()


def test_parts_of_many_corners_take_little_time() -> None:
    angles = np.linspace(0, 2 * np.pi, 60_000, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    begin = time.process_time()
    ring = join_parts([circle, np.add(circle, [3, 0])])
    assert time.process_time() - begin < 5
    assert abs(area(ring) - 2 * np.pi) < 1e-3


@given(
    angle=st.floats(-3.2, 3.2),
    sides=st.tuples(st.floats(5, 90), st.floats(5, 90)),
    stretch=st.tuples(st.floats(0.4, 2), st.floats(0.4, 2)),
    mirrored=st.booleans(),
)
def test_a_stretched_box_becomes_the_rectangle_that_holds_it(
    angle: float, sides: tuple[float, float], stretch: tuple[float, float], mirrored: bool
) -> None:
    c, s = np.cos(angle), np.sin(angle)
    before = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * sides @ np.array([[c, s], [-s, c]])
    before = before[::-1] if mirrored else before
    before += 500
    corners = before * stretch
    after = write_corners(corners[None], before[None], Size(2e3, 2e3))[0][0]
    assert rectangle_error(after) < STRETCHED + 1e-6
    first, second = after[1] - after[0], after[3] - after[0]
    shares = np.linalg.solve(np.stack([first, second]).T, (corners - after[0]).T)
    assert shares.min() > -0.01
    assert shares.max() < 1.01
    turns = [a[0] * b[1] - a[1] * b[0] for a, b in ((first, second), _sides(corners))]
    assert turns[0] * turns[1] > 0


def _sides(corners: Floats) -> tuple[Floats, Floats]:
    return corners[1] - corners[0], corners[3] - corners[0]


def test_a_quadrilateral_that_was_no_rectangle_stays() -> None:
    odd = np.array([[[0.0, 0.0], [20.0, 3.0], [30.0, 30.0], [0.0, 12.0]]])
    after, changed = write_corners(odd * [1, 2], odd, Size(100.0, 100.0))
    assert (after.tolist(), changed) == ((odd * [1, 2]).tolist(), 0)


def test_an_oriented_box_stays_while_its_upright_box_fits_the_view() -> None:
    size = Size(100.0, 100.0)
    tilted = np.array([[-5.0, 40.0], [40.0, -5.0], [60.0, 15.0], [15.0, 60.0]])
    both = np.stack([tilted, tilted * 2])
    corners, changed = write_corners(both, both, size)
    assert changed == 1
    assert corners[0].tolist() == tilted.tolist()
    assert corners[1].tolist() == [[0, 0], [100, 0], [100, 100], [0, 100]]
