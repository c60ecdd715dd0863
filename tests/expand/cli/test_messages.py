"""What the command says."""

from __future__ import annotations

import pytest

from expand.cli import progress
from expand.cli.formatting import format_bytes, format_count, format_seconds
from expand.cli.progress import progress_bar


@pytest.mark.parametrize(
    ("count", "said"),
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
def test_bytes(count: float, said: str) -> None:
    assert format_bytes(count) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "under a second"), (42.4, "42 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_seconds(seconds: float, said: str) -> None:
    assert format_seconds(seconds) == said


def test_counts() -> None:
    assert [format_count(*pair) for pair in ((1, "source"), (1234, "source"), (2, "class"))] == [
        "1 source",
        "1,234 sources",
        "2 classes",
    ]


def test_a_log_line_comes_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 1000, 4))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    with progress_bar(100, "files", quiet=False) as advance:
        for _ in range(10):
            advance(10)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0] == "30 of 100 files, 2 a second, about 28 s left"


def test_where_nobody_knows_how_many_there_are_no_end_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 1000, 4))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    with progress_bar(None, "images", quiet=False) as advance:
        for _ in range(3):
            advance(1000)
    assert capsys.readouterr().err == "3,000 images, 250 a second\n"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(100, "files", quiet=True) as progress:
        progress(100)
    assert capsys.readouterr() == ("", "")
