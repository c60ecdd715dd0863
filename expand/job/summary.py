"""The summary of a run: counts, bad sources and costs."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from expand.archives.index import Tar
from expand.job.tasks.labels import LabelCounts
from expand.job.tasks.outcome import Outcome
from expand.records.rows import LabelFileRow

_ESCAPE = re.compile(r"\\u(dc[89a-f][0-9a-f])")
"""How `printable` writes a byte that is not UTF-8."""
COUNTS = (
    "sources",
    "files",
    "made",
    "bytes",
    "same",
    "kept",
    "kept_bytes",
    "label_files",
    "label_bytes",
    "objects",
)


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
    kept: int = 0
    """Files that were copied as they are."""
    kept_bytes: int = 0
    label_files: int = 0
    label_bytes: int = 0
    objects: int = 0
    """Labelled objects in all files."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Objects that views do not show, by reason."""
    mended: Counter[str] = field(default_factory=Counter)
    """What was mended in labels of the sources."""
    derived: list[LabelFileRow] = field(default_factory=list)
    """Set-wide files."""
    tars: list[Tar] = field(default_factory=list)
    """Tars that the files are in; none for a folder."""
    bad: list[BadSource] = field(default_factory=list)
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one source."""
        if outcome.problem:
            self.bad.append(BadSource(printable(outcome.source.id), outcome.problem))
            return
        self.made += outcome.made
        if outcome.source.kept:
            self.kept += 1
            self.kept_bytes += outcome.bytes
            return
        label, files = outcome.source.label, len(outcome.lines)
        self.sources += 1
        self.files += files
        self.bytes += outcome.bytes
        self.same += outcome.same
        self.labels[label] = self.labels.get(label, 0) + files - len(outcome.changed)
        for label in outcome.changed:
            self.labels[label] = self.labels.get(label, 0) + 1
        if outcome.labels:
            self._add_labels(outcome.labels)

    def merge(self, other: RunSummary) -> None:
        """Add what another part of the run did; its times are not added."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for label, files in other.labels.items():
            self.labels[label] = self.labels.get(label, 0) + files
        self.dropped.update(other.dropped)
        self.mended.update(other.mended)
        self.bad += other.bad
        self.tars += other.tars

    def _add_labels(self, labels: LabelCounts) -> None:
        self.label_files += labels.files
        self.label_bytes += labels.bytes
        self.objects += labels.objects
        self.dropped.update(labels.dropped)
        self.mended.update(labels.mended)


def printable(source_id: str) -> str:
    """Return an id in valid UTF-8: bytes of a file name that are not become escapes."""
    return source_id.encode("utf-8", "backslashreplace").decode()


def unprintable(text: str) -> str:
    """Return the id that `printable` made a text of."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
