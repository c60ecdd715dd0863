"""Screens of several seeds, merged."""

from __future__ import annotations

import pytest

from train.ablate.findings.screens import merge_screens
from train.ablate.results import Flag, ScreenRow


def test_a_class_is_flagged_where_most_trials_flag_it() -> None:
    flags = [
        (Flag("6", 1.0, 0.25, "9"), Flag("2", 0.5, 0.0, "5")),
        (Flag("6", 0.5, 0.0, "9"), Flag("9", 1.0, 0.0, "6")),
        (Flag("6", 0.75, 0.125, "8"), Flag("9", 0.5, 0.25, "6")),
    ]
    screens = [
        (ScreenRow("flip vertical", "mirrored", 0.8, accuracy, own),)
        for own, accuracy in zip(flags, (0.5, 0.3, 0.4), strict=True)
    ]
    (merged,) = merge_screens(screens)
    assert (merged.technique, merged.strength) == ("flip vertical", "mirrored")
    assert [merged.plain, merged.accuracy] == pytest.approx([0.8, 0.4])
    assert merged.flags == (Flag("6", 0.75, 0.125, "9", 3), Flag("9", 0.75, 0.125, "6", 2))


def test_without_screens_there_is_nothing_to_merge() -> None:
    assert merge_screens([]) == ()
