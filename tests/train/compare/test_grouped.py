"""Results grouped by arm and length, and what each trial got right."""

from __future__ import annotations

from tests.train.compare.studies import ask, grouped, row_of
from train.compare.arms import Arm

RIGHT = ([1, 1, 1, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 0, 1])


def test_rows_are_kept_by_arm_and_length_whatever_their_order() -> None:
    rows = [
        row_of(arm, length, n, RIGHT[n])
        for n in (1, 0)
        for arm in ("fly", "none")
        for length in (4, 2)
    ]
    runs = grouped(ask("none,fly", (2, 4)), rows, 8)
    assert runs.sources == 10
    assert [
        (each.arm, each.epochs_asked, each.replicate) for each in runs.trials(Arm("fly"), 4)
    ] == [
        ("fly", 4, 0),
        ("fly", 4, 1),
    ]
    assert runs.values(Arm("none"), 2, lambda each: each.steps) == [4.0, 4.0]
    assert runs.epoch_seconds(Arm("none"), 4) == [0.5, 0.5]
    assert runs.right(runs.trials(Arm("none"), 2)).tolist() == [list(row) for row in RIGHT]


def test_test_images_that_fill_no_byte_are_counted_as_they_are() -> None:
    right = [1, 0, 1, 1, 0, 0, 1, 1, 0, 1]
    runs = grouped(ask("none,fly"), [row_of(arm, 4, 0, right) for arm in ("none", "fly")], 10)
    assert runs.right(runs.trials(Arm("fly"), 4)).tolist() == [right]
