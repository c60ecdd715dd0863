"""A task: one source and its missing files; what a worker does."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import cv2

from expand.errors import BadImageError
from expand.job.copies import make_files
from expand.job.settings import Settings
from expand.layouts.source import Source, read_source
from expand.records.manifest import Record, line_of
from expand.storage.files import link, write_whole


class Task(NamedTuple):
    """One source, and what an earlier run wrote of it."""

    source: Source
    lines: list[str]


class Outcome(NamedTuple):
    """What became of a task: the source's rows; how many files were made now; or why the source is bad."""

    source: str
    lines: list[str]
    made: int = 0
    bytes: int = 0
    same: int = 0
    problem: str = ""


def do_chunk(src: Path, out: Path, settings: Settings, tasks: list[Task]) -> list[Outcome]:
    """Do a few tasks; what a worker process runs."""
    cv2.setNumThreads(0)
    return [do_task(src, out, settings, task) for task in tasks]


def do_task(src: Path, out: Path, settings: Settings, task: Task) -> Outcome:
    """Make the files of one source, unless they are there; a bad source is a plain result with the reason."""
    source_id = task.source.id
    try:
        data = read_source(src / source_id)
        if task.lines and (
            there := _already_there(
                out, settings, Record(source_id, task.lines), sha256(data).hexdigest()
            )
        ):
            return there
        files = list(make_files(source_id, data, settings, settings.written))
    except BadImageError as error:
        return Outcome(_printable(source_id), [], problem=str(error))
    except (MemoryError, cv2.error) as error:
        reason = (
            "does not fit into memory"
            if isinstance(error, MemoryError)
            else f"cannot be transformed ({error})"
        )
        return Outcome(_printable(source_id), [], problem=reason)
    for file in files:
        path = f"{out}/{file.row['file_name']}"
        if file.as_source and settings.originals == "link":
            link(src / source_id, Path(path))
        else:
            write_whole(path, file.data)
    rows = [file.row for file in files]
    size = sum(row["bytes"] for row in rows)
    same = sum(row["same_as"] != row["view"] for row in rows)
    return Outcome(source_id, [line_of(row) for row in rows], len(rows), size, same)


def _already_there(
    out: Path, settings: Settings, record: Record, source_hash: str
) -> Outcome | None:
    """Return the outcome of a source that an earlier run has done, if its files are all there and it has not changed."""
    rows = {row["view"]: (row, line) for row, line in zip(record.rows(), record.lines, strict=True)}
    rows = {view: pair for view, pair in rows.items() if pair[0]["source_sha256"] == source_hash}
    if list(rows) != list(settings.written):
        return None
    for row, _ in rows.values():
        try:
            if os.stat(out / row["file_name"]).st_size != row["bytes"]:
                return None
        except OSError:
            return None
    size = sum(row["bytes"] for row, _ in rows.values())
    same = sum(row["same_as"] != row["view"] for row, _ in rows.values())
    return Outcome(record.source, [line for _, line in rows.values()], 0, size, same)


def _printable(source_id: str) -> str:
    """Return an id as UTF-8 can hold it."""
    return source_id.encode("utf-8", "backslashreplace").decode()
