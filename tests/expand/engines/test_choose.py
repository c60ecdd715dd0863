"""The choice of an engine: how many workers, and that everything asks here."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

import pytest
from click.testing import CliRunner

from expand import ExpandError, expand
from expand.cli.command import command
from expand.engines import choose
from expand.engines.choose import available_cores, check_workers, make_engine
from expand.job.checks.verify import verify
from tests.conftest import Folder

Work = TypeVar("Work")
Result = TypeVar("Result")


def test_the_default_is_one_worker_per_core_but_fewer_for_short_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choose, "can_fork", lambda: False)
    assert make_engine(3, 0.0).workers == 3
    assert make_engine(None, 1e6).workers == available_cores() >= 1
    assert make_engine(None, 0.1).workers == 1  # not worth the start of a second
    monkeypatch.setattr(choose, "available_cores", lambda: 2)
    assert make_engine(None, 0.9).workers == 1  # two take 0.5 seconds to start, and save 0.45
    assert make_engine(None, 1.1).workers == 2
    monkeypatch.undo()
    monkeypatch.setattr(choose, "can_fork", lambda: True)
    assert make_engine(None, 0.25).workers == min(available_cores(), 3)
    assert make_engine(None, 0.05).workers == 1
    with pytest.raises(ExpandError, match="at least 1"):
        check_workers(0)


USED: list[int] = []


@dataclass(frozen=True)
class Counting:
    """An engine that notes how many workers it was asked for."""

    workers: int
    loses_workers: ClassVar[bool] = False

    def check(self, files: Mapping[str, str]) -> None:
        assert files

    def map(
        self, function: Callable[[Work], Result], work: Iterable[Work]
    ) -> Generator[Result, None, None]:
        USED.append(self.workers)
        yield from map(function, work)


def test_another_engine_in_one_module_runs_everything(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "LocalEngine", Counting)
    USED.clear()
    src, out = class_folder(5), tmp_path / "out"
    for arguments in ([src, out, "--workers", 5], ["verify", out, "--workers", 6]):
        result = CliRunner().invoke(command, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
    expand(src, tmp_path / "library", workers=7)
    assert verify(out).problems == []
    assert USED == [5, 6, 7, 1]
