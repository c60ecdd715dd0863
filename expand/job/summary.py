"""The summary of a run: counts, bad sources and costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from expand.job.task import Outcome


class BadSource(NamedTuple):
    """A source that cannot be used, and why."""

    source: str
    reason: str


@dataclass
class RunSummary:
    """What a run did."""

    sources: int = 0
    files: int = 0
    """Files of the expanded dataset."""
    made: int = 0
    """Those of them that were written now."""
    bytes: int = 0
    same: int = 0
    """Views with the pixels of an earlier view."""
    labels: dict[str, int] = field(default_factory=dict)
    """Files of each class."""
    bad: list[BadSource] = field(default_factory=list)
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one source."""
        if outcome.problem:
            self.bad.append(BadSource(printable(outcome.source.id), outcome.problem))
            return
        label, files = outcome.source.label, len(outcome.lines)
        self.sources += 1
        self.files += files
        self.made += outcome.made
        self.bytes += outcome.bytes
        self.same += outcome.same
        self.labels[label] = self.labels.get(label, 0) + files


def printable(source_id: str) -> str:
    """Return an id in valid UTF-8: bytes of a file name that are not become escapes."""
    return source_id.encode("utf-8", "backslashreplace").decode()
