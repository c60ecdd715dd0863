"""A task: one source and its missing files. This is what a worker runs."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import cv2

from expand.errors import BadImageError
from expand.job.copies import File, make_files
from expand.job.settings import Settings
from expand.layouts.source import Source, read_source
from expand.records.manifest import Row, line_of
from expand.storage.files import link, write_whole


class Task(NamedTuple):
    """One source, and the manifest lines that earlier runs wrote for it."""

    source: Source
    lines: list[str]


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


class Entry(NamedTuple):
    """A row of the manifest, and its line."""

    row: Row
    line: str


def do_chunk(src: Path, out: Path, settings: Settings, tasks: list[Task]) -> list[Outcome]:
    """Do a few tasks."""
    cv2.setNumThreads(0)
    return [do_task(src, out, settings, task) for task in tasks]


def do_task(src: Path, out: Path, settings: Settings, task: Task) -> Outcome:
    """Make the files of one source that do not exist yet; a bad source gives an `Outcome` too."""
    source = task.source
    try:
        data = read_source(src / source.id)
        entries = _existing(out, settings, task.lines, data) if task.lines else {}
        missing = [k for k in settings.written if k not in entries]
        rows = [entry.row for entry in entries.values()]
        files = list(make_files(source.id, data, settings, missing, rows)) if missing else []
    except BadImageError as error:
        return Outcome(source, [], problem=str(error))
    except MemoryError:
        return Outcome(source, [], problem="does not fit into memory")
    except cv2.error as error:
        return Outcome(source, [], problem=f"cannot be transformed ({error})")
    for file in files:
        _write(src / source.id, f"{out}/{file.name}", file, settings)
        row = _row(source, file)
        entries[file.view] = Entry(row, line_of(row))
    return _outcome(source, [entries[k] for k in settings.written], len(files))


def _existing(out: Path, settings: Settings, lines: list[str], data: bytes) -> dict[int, Entry]:
    """Return the files, by view, that earlier runs made from these bytes of the source.

    If one of them is gone or has another size, none is trusted and all are made again.
    """
    source_hash = sha256(data).hexdigest()
    entries = [Entry(json.loads(line), line) for line in lines]
    known = {
        row["view"]: Entry(row, line)
        for row, line in entries
        if row["source_sha256"] == source_hash and row["view"] in settings.written
    }
    return known if all(_is_whole(out, row) for row, _ in known.values()) else {}


def _is_whole(out: Path, row: Row) -> bool:
    """Tell whether the file of a row exists and has its size."""
    try:
        return os.stat(f"{out}/{row['file_name']}").st_size == row["bytes"]
    except OSError:
        return False


def _write(original: Path, path: str, file: File, settings: Settings) -> None:
    if file.as_source and settings.originals == "link":
        link(original, Path(path))
    else:
        write_whole(path, file.data)


def _row(source: Source, file: File) -> Row:
    return Row(
        file_name=file.name,
        label=source.label,
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


def _outcome(source: Source, entries: list[Entry], made: int) -> Outcome:
    return Outcome(
        source,
        [entry.line for entry in entries],
        made,
        sum(entry.row["bytes"] for entry in entries),
        sum(entry.row["same_as"] != entry.row["view"] for entry in entries),
    )
