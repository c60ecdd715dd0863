"""The local engine: this process, or processes on this machine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from expand import interrupts
from expand.engines.engine import Result, Work


@dataclass(frozen=True)
class LocalEngine:
    """Runs work in this process if `workers` is 1, else in that many processes."""

    workers: int
    loses_workers: ClassVar[bool] = False

    def check(self, files: Mapping[str, str]) -> None:
        """Refuse nothing: its workers are on this machine, with the same libraries."""

    def map(
        self, function: Callable[[Work], Result], work: Iterable[Work]
    ) -> Generator[Result, None, None]:
        """Yield the result of `function` for each item of `work`, in order."""
        if self.workers > 1:
            from expand.engines.pool import map_in_processes

            yield from map_in_processes(function, work, self.workers)
            return
        for item in work:
            interrupts.check()
            yield function(item)
        interrupts.check()
