"""Progress: what a log says of how fast the work is, and how long it still takes."""

from __future__ import annotations

import pytest

from expand.cli import progress
from expand.cli.progress import LogMeter


@pytest.mark.parametrize(
    ("done", "seconds", "line"),
    [
        (30, 10, "30 of 36 trials, 3 trials/s, 2 s left"),
        (3, 30, "3 of 36 trials, 10 s each, 6 min left"),
        (1, 21, "1 of 36 trials, 21 s each"),  # the start of its process included
    ],
)
def test_a_log_says_how_long_a_slow_item_takes(
    done: int,
    seconds: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(progress.time, "monotonic", lambda: 0.0)
    meter = LogMeter(36, "trials", "", 0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(seconds))
    meter.advance(done)
    assert capsys.readouterr().err == f"{line}\n"


def test_a_log_says_nothing_of_the_time_left_while_workers_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress.time, "monotonic", lambda: 0.0)
    meter = LogMeter(1600, "files", "", 0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: 40.0)
    meter.advance(4)
    monkeypatch.setattr(progress.time, "monotonic", lambda: 50.0)
    meter.advance(796)
    assert capsys.readouterr().err.splitlines() == [
        "4 of 1,600 files, 10 s each",
        "800 of 1,600 files, 16 files/s, 50 s left",
    ]
