"""The benchmark of worth: sets are cut by class, and an interrupted study resumes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.worth import __main__ as worth


def test_cut_copies_the_same_number_of_each_class_spread_over_its_files(tmp_path: Path) -> None:
    assert worth.cut(Path("data/train"), tmp_path / "few", 3) == 24
    chosen = sorted(path.name for path in (tmp_path / "few/cup").iterdir())
    every = sorted(path.name for path in Path("data/train/cup").iterdir())
    assert chosen == [every[0], every[12], every[24]]


@pytest.mark.slow
def test_a_command_that_is_refused_ends_the_benchmark(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ended with status 2"):
        worth.study(tmp_path / "missing", tmp_path / "out", time.monotonic() + 60, [])
