"""Telling the task of a dataset from its rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from expand.errors import ExpandError
from expand.geometry import Size
from expand.layouts.labelled.yolo.rows.tell import Question, Sample, look, tell
from expand.layouts.labelled.yolo.rows.text import read_rows

BOX = "0 0.5 0.5 0.2 0.4"
TRIANGLE = "0 0.1 0.1 0.9 0.1 0.5 0.8"
TILTED = "0 0.5 0.2 0.6 0.4 0.5 0.6 0.4 0.4"
"""A rectangle in an image of 200×100, and none in one of 100×100."""
QUADRILATERAL = "0 0.1 0.1 0.9 0.1 0.8 0.8 0.2 0.5"


def told(*texts: str, asked: str = "", columns: int = 0, width: float = 200.0) -> str:
    """Return the task of a dataset with label files of these texts."""
    size = Size(width, 100.0)
    samples = [
        Sample(read_rows(f"{index}.txt", text.encode()), lambda: size)
        for index, text in enumerate(texts)
    ]
    return tell(Question(Path("a b"), asked, columns), look(samples))


def test_the_columns_tell_the_task() -> None:
    assert told(BOX, "") == "detect"
    assert told() == told("") == "detect"
    assert told(TRIANGLE) == told(QUADRILATERAL) == told(TRIANGLE, TILTED) == "segment"
    assert told(TILTED) == "obb"
    assert told("0 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2", TILTED, "") == "obb"
    assert told(TILTED, width=150.0) == "segment"
    assert told("0 .5 .5 .2 .4 .5 .5 2", columns=8) == "pose"
    assert told("", columns=8) == "pose"


def test_the_task_that_is_asked_for_is_taken() -> None:
    assert told(BOX, TRIANGLE, asked="detect") == "detect"
    assert told(TILTED, asked="segment") == "segment"


def test_polygons_in_the_middle_of_the_image_are_no_poses() -> None:
    middle = "0 0.5 0.4 0.6 0.5 0.5 0.7 0.4 0.5"
    assert told(*[middle] * 20, width=100.0) == "segment"
    assert told(*["0 0.5 0.4 0.6 0.4 0.6 0.6 0.5 0.6"] * 20) == "obb"
    assert told("0 .5 .4 .6 .5 .5 .6 .45 .55 .4 .5") == "segment"


def test_a_file_that_mixes_boxes_and_polygons_does_not_count() -> None:
    assert told(f"{BOX}\n{TRIANGLE}", TRIANGLE) == "segment"
    assert told(f"{BOX}\n{TRIANGLE}", BOX) == "detect"


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (
            (BOX, TRIANGLE),
            (
                '"0.txt" has boxes, and "1.txt" has polygons. Choose a reading: detect: expand '
                "'a b' OUT --as yolo-detect; segment: expand 'a b' OUT --as yolo-segment"
            ),
        ),
        ((TILTED, BOX), "; obb: expand 'a b' OUT --as yolo-obb"),
        ((f"{BOX} 0.9",), 'the rows of "0.txt" have 6 columns, one more than a box; remove'),
        ((f"{BOX} 0.5 0.5 2",), "for pose data.yaml needs kpt_shape"),
        ((f"{BOX} 0.5 0.5 0.45 0.6 0.5 0.4\n" * 10,), "look like a box and points in it"),
        (("0 1",), "neither a box, nor a polygon"),
    ],
)
def test_rows_that_say_several_things_are_refused(texts: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ExpandError) as refused:
        told(*texts)
    assert reason in str(refused.value)


def test_a_task_that_no_row_fits_is_refused() -> None:
    for asked, text, reason in (
        ("segment", BOX, 'x and y of at least 3 corners, and those of "0.txt" have 5 columns'),
        ("obb", TRIANGLE, '9 columns, and those of "0.txt" have 7 columns'),
    ):
        with pytest.raises(ExpandError, match=f"--as yolo-{asked}: its rows have {reason}"):
            told(text, asked=asked)
    with pytest.raises(ExpandError, match="its rows have 56 columns"):
        told(BOX, asked="pose", columns=56)
    assert told("", asked="segment") == "segment"
    with pytest.raises(ExpandError, match="its rows have 5 columns"):
        told("0 1 2", asked="detect")


def test_four_corners_that_are_rectangles_only_here_and_there_are_ambiguous() -> None:
    rectangle, other = "0 .1 .1 .5 .1 .5 .4 .1 .4", "0 .1 .1 .6 .1 .5 .4 .1 .4"
    with pytest.raises(ExpandError, match='"1.txt" are not. Choose a reading: .*--as yolo-obb'):
        told(rectangle, other)
    assert told(rectangle, other, asked="obb") == "obb"
    assert told(other, other) == told(rectangle, other, TRIANGLE) == "segment"


def test_poses_are_not_read_as_polygons() -> None:
    for asked in ("detect", "segment"):
        with pytest.raises(ExpandError, match="are poses. Choose a reading: pose: .* yolo-pose"):
            told(f"{BOX} 0.5 0.5", asked=asked, columns=7)


def test_kpt_shape_that_does_not_fit_is_refused_with_both_readings() -> None:
    with pytest.raises(ExpandError, match='gives a row 56 columns, and those of "0.txt" have'):
        told(BOX, columns=56)
    assert told(BOX, columns=56, asked="detect") == "detect"
