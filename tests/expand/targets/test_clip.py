"""Clipping: areas, parts of concave rings, and no edges along the border."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from expand.geometry import Size
from expand.targets.clip import clip_convex, clip_rings, in_convex
from expand.targets.rings import Rings
from tests.expand.targets.scenes import drawn, star

SIZE = Size(40.0, 30.0)


def clip(ring: np.ndarray, size: Size = SIZE) -> list[np.ndarray]:
    clipped = clip_rings(Rings.of([np.asarray(ring, float)]), size)
    return [clipped.pieces.ring(index) for index in range(len(clipped.ring))]


def test_a_concave_ring_falls_into_parts() -> None:
    comb = np.array([[-5, 5], [10, 5], [10, 8], [-2, 8], [-2, 12], [10, 12], [10, 15], [-5, 15]])
    parts = clip(comb)
    assert [sorted(map(tuple, part.tolist())) for part in parts] == [
        [(0, 5), (0, 8), (10, 5), (10, 8)],
        [(0, 12), (0, 15), (10, 12), (10, 15)],
    ]


def test_a_ring_inside_keeps_its_corners_in_order_and_one_outside_is_gone() -> None:
    ring = star(20, 15, 10)
    assert np.array_equal(clip(ring)[0], ring)
    assert clip(ring + 100) == []
    assert clip(ring * [1, 0] - [20, 15]) == []


def test_a_ring_that_holds_the_view_becomes_the_view() -> None:
    (part,) = clip(np.array([[-9, -9], [99, -9], [99, 99], [-9, 99]]))
    assert sorted(map(tuple, part.tolist())) == [(0, 0), (0, 30), (40, 0), (40, 30)]


def test_a_part_that_only_touches_the_border_is_outside() -> None:
    assert clip(np.array([[-5, 5], [0, 5], [0, 9], [-5, 9]])) == []
    assert clip(np.array([[-5, 5], [0, 7], [-5, 9]])) == []


@given(
    st.floats(-20, 60), st.floats(-20, 50), st.floats(3, 40), st.integers(2, 12), st.floats(0, 3)
)
def test_what_is_left_of_any_star_is_what_pixels_say(
    x: float, y: float, radius: float, half: int, angle: float
) -> None:
    ring = star(x, y, radius, 2 * half, angle)
    parts = clip(ring)
    assert all((part >= 0).all() and (part <= [40, 30]).all() for part in parts)
    # pixels of a finer grid, whose centres are inside
    fine, expected = 4, drawn([4 * ring], 120, 160)
    found = drawn([fine * part for part in parts], 120, 160)
    assert np.count_nonzero(found != expected) <= 2
    area = Rings.of(parts).areas().sum()
    assert abs(area - expected.sum() / fine**2) <= 0.05 * Rings.of([ring]).areas()[0] + 3


@given(st.lists(st.tuples(st.integers(-9, 49), st.integers(-9, 39)), min_size=1, max_size=9))
def test_any_ring_at_all_is_clipped(corners: list[tuple[int, int]]) -> None:
    """Rings that cross themselves, have repeated corners, or corners on the border."""
    ring = np.array(corners, float)
    parts = clip(ring)
    centres = np.stack(np.meshgrid(np.arange(40) + 0.4713, np.arange(30) + 0.4938), axis=-1)
    expected, found = (
        np.logical_xor.reduce([_odd(part, centres) for part in rings] or [centres[..., 0] < 0])
        for rings in ([ring], parts)
    )
    assert np.array_equal(expected, found)


def _odd(ring: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return which places are inside a ring by the even-odd rule."""
    odd, (columns, rows) = np.zeros(places.shape[:-1], bool), np.moveaxis(places, -1, 0)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if y0 != y1:
            odd ^= ((y0 > rows) != (y1 > rows)) & (
                columns < x0 + (rows - y0) * (x1 - x0) / (y1 - y0)
            )
    return odd


def test_many_rings_are_clipped_as_each_alone() -> None:
    """Some cross a side of the view twice, some often, some not at all."""
    drawn_at = np.random.default_rng(0).uniform(-10, 50, (60, 2))
    rings = [star(x, y, 12, 2 * (3 + i % 5), i) for i, (x, y) in enumerate(drawn_at)]
    clipped = clip_rings(Rings.of(rings), SIZE)
    alone = [clip(ring) for ring in rings]
    assert clipped.ring.tolist() == [i for i, parts in enumerate(alone) for _ in parts]
    assert max(map(len, alone)) > 1
    for index, part in enumerate(part for parts in alone for part in parts):
        assert np.array_equal(clipped.pieces.ring(index), part)
    np.testing.assert_allclose(clipped.areas, clipped.pieces.areas())


def test_a_convex_area_may_run_either_way_round() -> None:
    area = np.array([[10, 0], [20, 10], [10, 20], [0, 10]]) * 1.0
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]]) * 1.0
    for corners in (area, area[::-1]):
        parts, _ = clip_convex(Rings.of([square]), corners)
        assert parts.areas().tolist() == [50]
        places = np.array([[10, 10], [1, 1], [0, 10]]) * 1.0
        assert in_convex(places, corners).tolist() == [True, False, True]
