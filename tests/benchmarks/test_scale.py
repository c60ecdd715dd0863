"""The benchmark of scale: it makes sources, and measures processes and what they start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.expanding.machine import FailedError
from benchmarks.scale.__main__ import REPOSITORY, Measured, growth, line
from benchmarks.scale.processes import Peak, run
from benchmarks.scale.sources import link_sources, missing_room
from expand.layouts.class_folders import list_sources

linux = pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
MEGABYTES = 80
HOLD = f"import time; held = bytearray(b'x' * {MEGABYTES << 20}); time.sleep(0.6)"
START = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}])"


def test_sources_are_links_in_class_folders(tmp_path: Path) -> None:
    link_sources(tmp_path, 1000)
    sources = list(list_sources(tmp_path / "src"))
    assert len(sources) == 1000
    assert len({source.label for source in sources}) == 10
    inodes = {(tmp_path / "src" / source.id).stat().st_ino for source in sources}
    assert len(inodes) == 160


def test_what_does_not_fit_is_said_before_it_is_begun(tmp_path: Path) -> None:
    assert missing_room(tmp_path, 10, 1) == ""
    assert "GB of free space" in missing_room(tmp_path, 10**12, 1)


@linux
def test_the_peak_of_a_worker_is_not_that_of_the_parent() -> None:
    peak = run([sys.executable, "-c", START], dict(os.environ))
    assert peak.worker > MEGABYTES > peak.parent > 1
    assert peak.wall > 0.6


@linux
def test_a_command_that_fails_is_said_with_its_last_words() -> None:
    with pytest.raises(FailedError, match="no such thing"):
        run([sys.executable, "-c", "raise SystemExit('no such thing')"], dict(os.environ))


def test_growth_compares_time_without_start() -> None:
    start = Peak(1.0, 1.0, 50, 40)
    few = Measured(1000, 1000, 0.1, 0.1, 20, Peak(2.0, 3.0, 60, 50), start)
    many = Measured(10_000, 10_000, 1.0, 1.0, 20, Peak(12.0, 21.0, 66, 50), start)
    assert growth(few, many) == (
        "from 1,000 to 10,000 sources: parent +10.0 %, worker +0.0 %, "
        "time for each file +10.0 %, CPU time for each file +0.0 %"
    )
    assert line(few).split() == ["1,000", "10,000", "20.0", "60.0", "50.0", "1000.0", "2000.0"]


@linux
@pytest.mark.slow
def test_the_command_measures_each_number_of_sources(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.scale", "--sources", "300,600"]
    done = subprocess.run(
        [*command, "--scratch", tmp_path, "--out", tmp_path / "scale.json"],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=True,
    )
    assert [text.split()[0] for text in done.stdout.splitlines()] == [
        "sources",
        "300",
        "600",
        "from",
    ]
    assert list(tmp_path.iterdir()) == [tmp_path / "scale.json"]
