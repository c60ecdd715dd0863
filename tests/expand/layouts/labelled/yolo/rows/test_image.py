"""Writing the rows of a view: what readers accept, in six decimals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from expand.geometry import Affine, Placement, Size
from expand.layouts.labelled.dataset import LabelledView
from expand.layouts.labelled.yolo.rows.image import YoloImage
from expand.layouts.labelled.yolo.rows.task import Task
from expand.targets import Boxes, Targets, carry
from tests.expand.layouts.labelled.yolo.reader import read_label
from tests.expand.layouts.labelled.yolo.rows.test_labels import DETECT, OBB, POSE, SEGMENT, parse

SIZE = Size(200.0, 100.0)
FLAT = Task("pose", 3, 2, 2)


def moved(image: YoloImage, source: Affine, size: Size = SIZE) -> tuple[str, object]:
    """Return the label file of a view, by its map from output to input, and its annotation."""
    carried = carry(image.targets, Placement(source, size))
    written = image.write(LabelledView(1, "images/a_v1.png", size, carried, {}))
    assert [file.name for file in written.files] == ["labels/a_v1.txt"]
    return written.files[0].data.decode(), written.annotation


def shifted(x: float, y: float = 0.0) -> Affine:
    """Return the map of a view that is moved by some pixels to the right and down."""
    return Affine(1.0, 0.0, -x, 0.0, 1.0, -y)


def turned(degrees: float) -> Affine:
    """Return the map of a view that is turned about the centre."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return Affine(c, -s, 100 - c * 100 + s * 50, s, c, 50 - s * 100 - c * 50)


def test_a_class_stays_as_it_is_written() -> None:
    text = moved(parse(DETECT, "2.0 0.5 0.5 0.2 0.4\n01 0.2 0.5 0.2 0.4\n"), shifted(20))[0]
    assert (
        text == "2.0 0.600000 0.500000 0.200000 0.400000\n01 0.300000 0.500000 0.200000 0.400000\n"
    )


def test_an_object_that_leaves_is_no_row_and_the_file_stays() -> None:
    assert moved(parse(DETECT, "0 0.9 0.5 0.1 0.4\n"), shifted(40)) == ("", None)
    assert moved(parse(DETECT, ""), shifted(40)) == ("", None)


def test_a_polygon_is_clipped_with_new_corners_at_the_border() -> None:
    text = moved(parse(SEGMENT, "0 0.5 0.2 0.9 0.2 0.9 0.8 0.5 0.8\n"), shifted(40))[0]
    corners = np.reshape([float(word) for word in text.split()[1:]], (-1, 2))
    expected = [[0.7, 0.2], [1, 0.2], [1, 0.8], [0.7, 0.8]]
    assert sorted(corners.tolist()) == sorted(expected)


def test_a_polygon_that_is_cut_in_two_becomes_one_ring() -> None:
    fork = "0 0.1 0.1 0.5 0.1 0.5 0.3 0.2 0.3 0.2 0.7 0.5 0.7 0.5 0.9 0.1 0.9\n"
    text, annotation = moved(parse(SEGMENT, fork), shifted(-50))
    assert annotation == {"joined": 1}
    ring = np.reshape([float(word) for word in text.split()[1:]], (-1, 2))
    x, y = ring.T
    area = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    assert abs(area - 2 * 0.25 * 0.2) < 1e-6
    assert text.count("\n") == 1


def test_boxes_do_not_leave_the_view_by_rounding() -> None:
    third = parse(DETECT, "0 0.833333 0.5 0.333333 1\n1 0.1666667 0.5 0.3333335 1\n")
    for x in (0.0, 0.1, 33.337, -33.3333, 61.23457):
        for line in moved(third, shifted(x))[0].splitlines():
            _, cx, cy, w, h = map(float, line.split())
            assert 0 <= round(cx - w / 2, 9) < round(cx + w / 2, 9) <= 1
            assert 0 <= round(cy - h / 2, 9) < round(cy + h / 2, 9) <= 1


@given(low=st.floats(0, 0.99), side=st.floats(1e-3, 1), size=st.sampled_from([7, 640, 4096]))
def test_a_written_box_holds_its_box_within_a_millionth(low: float, side: float, size: int) -> None:
    high = min(1.0, low + side)
    image = YoloImage(
        parse(DETECT, "").place,
        DETECT,
        b"x",
        parse(DETECT, "0 .5 .5 .1 .1\n").rows,
        Targets(boxes=Boxes([[low * size, 0, high * size, size]])),
    )
    view = Size(float(size), float(size))
    carried = carry(image.targets, Placement(shifted(0), view), visible=0)
    written = image.write(LabelledView(1, "images/a.png", view, carried, {})).files[0].data
    _, x, y, w, h = map(float, written.split())
    assert (y, h) == (0.5, 1)
    assert abs(x - w / 2 - low) < 1.6e-6
    assert abs(x + w / 2 - high) < 1.6e-6
    assert -1e-12 <= x - w / 2 <= x + w / 2 <= 1 + 1e-12


def test_boxes_that_become_equal_are_written_once() -> None:
    wide = parse(DETECT, "0 0.5 0.5 0.9 0.9\n0 0.5 0.5 0.8 0.8\n")
    zoomed = Affine(0.5, 0.0, 50.0, 0.0, 0.5, 25.0)
    assert moved(wide, zoomed)[0] == "0 0.500000 0.500000 1.000000 1.000000\n"


def test_points_outside_are_0_0_0_or_negative_without_visibility() -> None:
    text = moved(parse(POSE, "0 0.5 0.5 0.6 0.4 0.3 0.5 2 0.75 0.5 1\n"), shifted(80))[0]
    assert text == "0 0.800000 0.500000 0.400000 0.400000 0.700000 0.500000 2 0 0 0\n"
    text = moved(parse(FLAT, "0 0.5 0.5 0.6 0.4 0.3 0.5 0.75 0.5\n"), shifted(80))[0]
    assert text.endswith(" 0.700000 0.500000 -0.000001 -0.000001\n")


def test_an_oriented_box_that_is_cut_keeps_its_angle() -> None:
    image = parse(OBB, "0 0.70 0.1 0.95 0.5 0.85 0.7 0.60 0.3\n")
    text, annotation = moved(image, shifted(40))
    assert annotation is None
    corners = np.reshape([float(word) for word in text.split()[1:]], (4, 2)) * [200, 100]
    before = np.array([[0.70, 0.1], [0.95, 0.5], [0.85, 0.7], [0.60, 0.3]]) * [200, 100]
    for sides in (corners, before):
        sides[:] = np.roll(sides, -1, axis=0) - sides
        sides /= np.linalg.norm(sides, axis=1, keepdims=True)
    np.testing.assert_allclose(corners, before, atol=1e-3)


def test_an_oriented_box_that_readers_would_refuse_becomes_upright(tmp_path: Path) -> None:
    image = parse(OBB, "0 0.05 0.05 0.95 0.05 0.95 0.95 0.05 0.95\n")
    zoomed = Affine(*(0.5 * part for part in turned(45)))._replace(c=40.0, f=20.0)
    text, annotation = moved(image, zoomed)
    assert annotation == {"upright": 1}
    (tmp_path / "a.txt").write_text(text)
    ring = read_label(tmp_path / "a.txt", 3).rings[0]
    assert (ring >= 0).all()
    assert (ring <= 1).all()


def test_an_oriented_box_that_is_stretched_is_a_rectangle_again() -> None:
    image = parse(OBB, "0 0.4 0.2 0.5 0.4 0.4 0.6 0.3 0.4\n")
    text = moved(image, Affine(1.0, 0.0, 0.0, 0.0, 0.5, 0.0), Size(200.0, 200.0))[0]
    corners = np.reshape([float(word) for word in text.split()[1:]], (4, 2)) * 200
    first, second = corners[1] - corners[0], corners[3] - corners[0]
    assert abs(first @ second) < 0.01 * np.linalg.norm(first) * np.linalg.norm(second)
    np.testing.assert_allclose(corners.mean(axis=0), [80, 80], atol=0.01)


def test_an_image_without_a_label_file_gets_none() -> None:
    image = YoloImage(parse(DETECT, "").place, DETECT, None)
    carried = carry(image.targets, Placement(shifted(3), SIZE))
    for k in (0, 1):
        assert image.write(LabelledView(k, "images/a.png", SIZE, carried, {})).files == ()
