"""An engine of another kind: whatever has `workers` and `map` can run a job."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import TypeVar

import pytest

from expand import ExpandError, expand
from expand.engines.engine import Engine
from expand.job.checks.verify import verify
from tests.conftest import Folder, tree

Work = TypeVar("Work")
Result = TypeVar("Result")


class Backwards:
    """Takes a few items at a time, and does the last one first."""

    workers = 3
    loses_workers = False

    def check(self, files: Mapping[str, str]) -> None:
        assert files

    def map(
        self, function: Callable[[Work], Result], work: Iterable[Work]
    ) -> Generator[Result, None, None]:
        remaining = iter(work)
        while batch := list(islice(remaining, self.workers)):
            yield from reversed([function(item) for item in reversed(batch)])


def test_a_job_and_a_check_run_on_any_engine(class_folder: Folder, tmp_path: Path) -> None:
    engine: Engine = Backwards()
    src, out = class_folder(5), tmp_path / "out"
    report = expand(src, out, engine=engine, strict=True)
    assert (report.workers, report.summary.files) == (3, 40)
    expand(src, tmp_path / "local", workers=1)
    assert tree(out) == tree(tmp_path / "local")
    assert verify(out, engine).problems == []


def test_workers_and_an_engine_exclude_each_other(class_folder: Folder, tmp_path: Path) -> None:
    with pytest.raises(ExpandError, match="not both"):
        expand(class_folder(2), tmp_path / "out", workers=2, engine=Backwards())
    assert not (tmp_path / "out").exists()
