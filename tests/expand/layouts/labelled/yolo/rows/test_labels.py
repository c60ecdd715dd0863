"""Reading a label file: what is mended and counted, and what makes the image bad."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from expand.errors import BadImageError
from expand.geometry import IDENTITY, Placement, Size
from expand.layouts.labelled.dataset import Frame, LabelledView
from expand.layouts.labelled.yolo.folder.place import USUAL
from expand.layouts.labelled.yolo.rows.image import YoloImage
from expand.layouts.labelled.yolo.rows.labels import YoloLabels
from expand.layouts.labelled.yolo.rows.task import Task
from expand.layouts.source import Source
from expand.targets import carry

SIZE = Size(200.0, 100.0)
SOURCE = Source("images/a.png", 0, "")
NAME = "labels/a.txt"
DETECT, SEGMENT, OBB = Task("detect", 3), Task("segment", 3), Task("obb", 3)
POSE, FLAT_POSE = Task("pose", 3, 2, 3), Task("pose", 3, 2, 2)


def parse(task: Task, data: str | bytes) -> YoloImage:
    """Read a label file of an image of 200×100 pixels."""
    raw = data.encode() if isinstance(data, str) else data
    return YoloLabels(task, USUAL).parse(SOURCE, {NAME: raw}, Frame(SIZE, SIZE))


def original(image: YoloImage) -> bytes:
    """Return the label file of view 0."""
    carried = carry(image.targets, Placement(IDENTITY, SIZE), visible=0)
    written = image.write(LabelledView(0, "images/a.png", SIZE, carried, {}))
    assert [file.name for file in written.files] == [NAME]
    return written.files[0].data


def test_boxes_become_pixels() -> None:
    image = parse(DETECT, "2 0.5 0.5 0.2 0.4\n")
    assert image.targets.boxes
    np.testing.assert_allclose(image.targets.boxes.edges, [[80, 30, 120, 70]])
    assert list(image.classes) == ["2"]
    assert image.notes == {}


def test_polygons_corners_and_points_become_pixels() -> None:
    triangle = parse(SEGMENT, "0 0 0 1 0 0.5 1\n").targets.polygons
    assert triangle
    np.testing.assert_allclose(triangle.parts(0)[0], [[0, 0], [200, 0], [100, 100]])
    corners = parse(OBB, "0 0.1 0.1 0.2 0.1 0.2 0.3 0.1 0.3\n").targets.oriented
    assert corners
    np.testing.assert_allclose(corners.corners[0], [[20, 10], [40, 10], [40, 30], [20, 30]])
    points = parse(POSE, "0 0.5 0.5 0.2 0.4 0.5 0.5 2 0 0 0\n").targets.points
    assert points
    np.testing.assert_allclose(points.places, [[[100, 50], [0, 0]]])
    assert points.visibility.tolist() == [[2, 0]]


def test_points_of_two_numbers_are_missing_if_negative_or_0_0() -> None:
    points = parse(FLAT_POSE, "0 0.5 0.5 0.2 0.4 0 0 -0.005 0.5\n1 0.5 0.5 0.2 0.4 0 0.1 1 1\n")
    assert points.targets.points
    assert points.targets.points.visibility.tolist() == [[0, 0], [2, 2]]


@pytest.mark.parametrize(
    "data",
    [
        b"0 0.5 0.5 0.2 0.4",
        b"0 0.5 0.5 0.2 0.4  \r\n1\t0.1 0.1 0.05 0.05\r\n\r\n",
        b"\n\n0.0 5e-1 .5 0.2 0.4\n",
        b"",
        b"\n \n",
        b"0 1.005 0.5 0.2 0.4\n",
        b"0 0.5 0.5 0.2 0.4\n0 0.5 0.5 0.2 0.4\n",
    ],
)
def test_a_file_that_ultralytics_reads_is_kept_as_it_is(data: bytes) -> None:
    assert original(parse(DETECT, data)) == data


def test_a_file_that_it_does_not_read_is_mended_row_by_row() -> None:
    image = parse(DETECT, "0 0.50 0.5 0.2 0.4\n1 1.02 0.5 0.2 0.4\n2 1.2 0.5 0.1 0.1\n")
    assert original(image) == b"0 0.50 0.5 0.2 0.4\n1 0.960000 0.500000 0.080000 0.400000\n"
    assert image.notes == {"clipped": 1, "outside": 1}
    for encoding in ("utf-8-sig", "utf-16"):
        assert original(parse(DETECT, "0 .5 .5 .2 .4\n".encode(encoding))) == b"0 .5 .5 .2 .4\n"
    assert original(parse(DETECT, "0 .5 .5 .2 .4\n \n1 .5 .5 .2 .4\n")).count(b"\n") == 2


def test_rounding_is_not_counted_as_clipped() -> None:
    assert parse(DETECT, "0 0.95003 0.5 0.1 1.0001\n").notes == {}
    assert parse(SEGMENT, "0 -0.00005 0 1 0 0.5 1.00009\n").notes == {}
    assert parse(DETECT, "0 0.951 0.5 0.1 0.5\n").notes == {"clipped": 1}


def test_a_point_that_rounding_puts_outside_stays() -> None:
    points = parse(POSE, "0 0.5 0.5 1 1 1.00001 0.5 2 1.005 0.5 2\n")
    assert points.targets.points
    assert points.targets.points.visibility.tolist() == [[2, 0]]
    assert points.notes == {"clipped": 1}


def test_equal_rows_are_one_object_and_counted() -> None:
    image = parse(DETECT, "0 0.5 0.5 0.2 0.4\n0.0 0.50 0.500000001 0.2 0.4\n1 0.5 0.5 0.2 0.4\n")
    assert len(image.targets) == 2
    assert image.notes == {"duplicate": 1}


def test_an_object_outside_is_left_out_and_counted() -> None:
    image = parse(SEGMENT, "0 1.2 0 1.4 0 1.3 1\n1 0 0 1 0 0.5 1\n")
    assert list(image.classes) == ["1"]
    assert image.notes == {"outside": 1}


@pytest.mark.parametrize(
    ("task", "text", "reason"),
    [
        (DETECT, "0 0.5 0.5 0.2 0.4\n\n0 0.5\n", "line 3: has 2 columns; a box needs 5"),
        (DETECT, "0 .5 .5 .2 .4 .9", "line 1: has 6 columns, one more than a box; remove the con"),
        (DETECT, "0 0.5 0,5 0.2 0.4", 'line 1: "0,5" is not a number'),
        (DETECT, "0 nan 0.5 0.2 0.4", 'line 1: "nan" is not a number'),
        (DETECT, "0 1_0 0.5 0.2 0.4", 'line 1: "1_0" is not a number'),
        (DETECT, "dog 0.5 0.5 0.2 0.4", 'line 1: the class must be a number, got "dog"'),
        (DETECT, "1.5 0.5 0.5 0.2 0.4", "line 1: the class must be a whole number from 0"),
        (DETECT, "-1 0.5 0.5 0.2 0.4", "line 1: the class must be a whole number from 0"),
        (DETECT, "3 0.5 0.5 0.2 0.4", r"line 1: class 3; the dataset names 3 \(0 to 2\)"),
        (DETECT, "0 320 240 50 50", "line 1: 320 is far outside the image; coordinates are shares"),
        (DETECT, "0 0.5 0.5 -0.001 0.4", "the width and the height of a box cannot be negative"),
        (DETECT, "0 0 0 1 0 1 1\n0 0.5 0.5 0.2 0.4", "line 2: is a box; other rows of the file"),
        (SEGMENT, "0 0.5 0.5 0.2 0.4", "line 1: is a box; a polygon is needed"),
        (SEGMENT, "0 0 0 1 0 1 1 1", "line 1: has 8 columns; a polygon needs a class, and x and y"),
        (OBB, "0 0 0 1 0 1 1", "line 1: has 7 columns; YOLO obb needs 9"),
        (POSE, "0 0.5 0.5 0.2 0.4 0.5 0.5 2", "line 1: has 8 columns; YOLO pose needs 11"),
        (POSE, "0 .5 .5 .2 .4 .5 .5 0.9 0 0 0", "the third number of a point is 0, 1 or 2"),
    ],
)
def test_what_no_rule_can_mend_is_bad_with_file_and_line(
    task: Task, text: str, reason: str
) -> None:
    with pytest.raises(BadImageError, match=reason) as bad:
        parse(task, text)
    assert str(bad.value).startswith('"labels/a.txt", line ')


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"0 0.5 \xe9", b"0\x00 \x000\x00", b"\x89PNG"])
def test_a_file_that_is_no_text_is_bad(data: bytes) -> None:
    with pytest.raises(BadImageError, match='"labels/a.txt" is not '):
        parse(DETECT, data)


def test_a_label_file_that_cannot_be_read_is_bad(tmp_path: Path) -> None:
    labels = YoloLabels(DETECT, USUAL)
    assert labels.load(str(tmp_path), SOURCE) == {}
    (tmp_path / "labels/a.txt").mkdir(parents=True)
    with pytest.raises(BadImageError, match='"labels/a.txt" is not a regular file'):
        labels.load(str(tmp_path), SOURCE)
    (tmp_path / "labels/a.txt").rmdir()
    (tmp_path / "labels/a.txt").symlink_to("a.txt")
    with pytest.raises(BadImageError, match='"labels/a.txt" cannot be read'):
        labels.load(str(tmp_path), SOURCE)
    (tmp_path / "labels/a.txt").unlink()
    with (tmp_path / "labels/a.txt").open("wb") as file:
        file.truncate(20 << 20)
    with pytest.raises(BadImageError, match='"labels/a.txt" has more than 16,777,216 bytes'):
        labels.load(str(tmp_path), SOURCE)
