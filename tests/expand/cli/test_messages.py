"""What the command prints."""

from __future__ import annotations

import pytest

from expand.cli import progress
from expand.cli.formatting import format_bytes, format_count, format_seconds
from expand.cli.progress import progress_bar


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1500, "1.5 kB"),
        (150_000, "150 kB"),
        (2_345_678, "2.3 MB"),
        (7.8e10, "78.0 GB"),
        (5e15, "5000 TB"),
    ],
)
def test_bytes_are_given_in_decimal_units_with_three_digits(count: float, text: str) -> None:
    assert format_bytes(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "under 1 s"), (42.4, "42 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_durations_are_given_in_seconds_minutes_or_hours(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def test_a_count_has_its_noun_in_the_right_number() -> None:
    assert [format_count(*pair) for pair in ((1, "source"), (1234, "source"), (2, "class"))] == [
        "1 source",
        "1,234 sources",
        "2 classes",
    ]


def test_a_log_gets_a_line_every_few_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 1000, 4))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    with progress_bar(100, "files", quiet=False) as advance:
        for _ in range(10):
            advance(10)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0] == "30 of 100 files, 2.5 files/s, 28 s left"


def test_without_a_total_no_time_left_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 1000, 4))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    with progress_bar(None, "images", quiet=False) as advance:
        for _ in range(3):
            advance(1000)
    assert capsys.readouterr().err == "3,000 images, 250 images/s\n"


def test_quiet_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(100, "files", quiet=True) as progress:
        progress(100)
    assert capsys.readouterr() == ("", "")
