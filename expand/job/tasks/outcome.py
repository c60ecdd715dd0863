"""Tasks and their outcomes: the rows of the manifest of one source, or why it is bad."""

from __future__ import annotations

import json
from typing import NamedTuple

from expand.job.tasks.context import Files
from expand.job.tasks.copies import File
from expand.job.tasks.labels import LabelCounts, count_labels
from expand.layouts.groups import group_of
from expand.layouts.source import Source
from expand.records.rows import Row, files_of


class Task(NamedTuple):
    """One source, and the manifest lines that earlier runs wrote for it."""

    source: Source
    lines: list[str]
    begun: bool = False
    """Whether a run that ended early may have written files that have no line."""


class Outcome(NamedTuple):
    """The result of a task: the manifest lines of all files of the source, or why it is bad."""

    source: Source
    lines: list[str]
    made: int = 0
    """Files that were written now."""
    bytes: int = 0
    same: int = 0
    """Views with the pixels of an earlier view."""
    problem: str = ""
    labels: LabelCounts | None = None
    """What became of its labels."""
    changed: tuple[str, ...] = ()
    """The classes of files that have another one than their source."""


class Entry(NamedTuple):
    """A row of the manifest, and its line."""

    row: Row
    line: str


def bad_outcome(folder: Files, task: Task, problem: str) -> Outcome:
    """Return the outcome of a source that cannot be used, and say which files it has."""
    names = {name for line in task.lines for name in files_of(json.loads(line))}
    kept = sum(folder.size(name) is not None for name in names)
    if kept:
        files = "1 file" if kept == 1 else f"{kept:,} files"
        problem = f"{problem}; {files} of an earlier run stay, without rows in the manifest"
    return Outcome(task.source, [], problem=problem)


def row_of(source: Source, file: File, group_by: str | None = None) -> Row:
    """Return the row of a file in the manifest; it has the group that --group-by finds."""
    row = Row(
        file_name=file.name,
        label=file.label or source.label,
        source=source.id,
        view=file.view,
        params=file.params,
        width=file.width,
        height=file.height,
        bytes=len(file.data),
        sha256=file.sha256,
        source_sha256=file.source_sha256,
        same_as=file.same_as,
    )
    if group_by is not None:
        row["group"] = group_of(source.id, source.annotation, group_by)
    if file.labels:
        row["labels"] = file.labels.row
    return row


def outcome_of(source: Source, entries: list[Entry], made: int) -> Outcome:
    """Return the outcome of a source with these files, of which some were `made` now."""
    rows = [entry.row for entry in entries]
    labels = [row["labels"] for row in rows if "labels" in row]
    return Outcome(
        source,
        [entry.line for entry in entries],
        made,
        sum(row["bytes"] for row in rows),
        sum(row["same_as"] != row["view"] for row in rows),
        labels=count_labels(labels) if labels else None,
        changed=tuple([row["label"] for row in rows if row["label"] != source.label]),
    )
