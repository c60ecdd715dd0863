"""Whether Ultralytics reads rows: checked against an independent reader of its rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from expand.layouts.labelled.yolo.rows.numbers import Numbers
from expand.layouts.labelled.yolo.rows.task import Task
from expand.layouts.labelled.yolo.rows.text import read_rows
from expand.layouts.labelled.yolo.rows.ultralytics_check import is_accepted
from tests.expand.layouts.labelled.yolo.reader import read_label

DETECT, SEGMENT, OBB, POSE = Task("detect"), Task("segment"), Task("obb"), Task("pose", 0, 1, 3)


@pytest.mark.parametrize(
    ("task", "text", "accepted"),
    [
        (DETECT, "", True),
        (DETECT, "0 0.5 0.5 0.2 0.4", True),
        (DETECT, "0 1.01 0.5 0.2 0.4", True),
        (DETECT, "0 1.0101 0.5 0.2 0.4", False),
        (DETECT, "0 0.5 -0.01 0.2 0.4", True),
        (DETECT, "0 0.5 -0.0101 0.2 0.4", False),
        (DETECT, "0 0.5 0.5 1.02 0.4", False),
        (SEGMENT, "0 -0.2 0 0.5 0 0.5 1", True),
        (SEGMENT, "0 -0.2 0 0.9 0 0.5 1", False),
        (SEGMENT, "0 -0.5 0 0.4 0 0.4 1", False),
        (OBB, "0 -0.1 0.4 0.4 -0.1 0.6 0.1 0.1 0.6", True),
        (OBB, "0 0.5 -0.1 1.2 0.5 0.5 1.2 -0.1 0.5", False),
        (POSE, "0 0.5 0.5 1.5 0.4 0.5 0.5 2", True),
        (POSE, "0 0.5 0.5 0.2 0.4 1.02 0.5 2", False),
        (POSE, "0 0.5 0.5 0.2 0.4 0.5 -0.02 0", False),
    ],
)
def test_limits_are_those_of_the_dataset_check(
    task: Task, text: str, accepted: bool, tmp_path: Path
) -> None:
    numbers = Numbers.of(read_rows("a.txt", text.encode()).rows)
    assert is_accepted(numbers, task, polygons=task.name == "segment") == accepted
    (tmp_path / "a.txt").write_text(text)
    try:
        read_label(tmp_path / "a.txt", 1, (1, 3) if task is POSE else None)
    except AssertionError:
        assert not accepted
    else:
        assert accepted
