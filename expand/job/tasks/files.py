"""The files of one source: which exist already in the output folder, and how new ones get there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from expand.errors import BadImageError
from expand.job.tasks.context import Context, Files
from expand.job.tasks.copies import File
from expand.job.tasks.labels import LoadedLabels
from expand.job.tasks.outcome import Entry, Task
from expand.layouts.labelled.dataset import Labels
from expand.layouts.source import Source
from expand.records.rows import Row, files_of
from expand.storage.writing import LongNameError

NO_LABELS: dict[str, None] = {"sha256": None}


def check_free(folder: Files, files: list[File], lines: list[str]) -> None:
    """Raise BadImageError if a file would replace one that is not expand's.

    One with the same bytes, or none, may be what a run left whose records did not reach the disk.
    """
    known = {name for line in lines for name in files_of(json.loads(line))}
    for name, data, _ in _contents(files):
        if name in known or (size := folder.size(name)) is None:
            continue
        if size and folder.read(name).strip(b"\0") not in (b"", data):
            raise BadImageError(
                f'would be written to "{name}", where the output folder has a file that '
                "expand did not write; move that file away"
            )


class _Content(NamedTuple):
    """What becomes one file; `as_source`: a link to the file of the source can stand for it."""

    name: str
    data: bytes
    as_source: bool = False


def _contents(files: list[File]) -> Iterator[_Content]:
    """Yield what is written, in this order: all labels before any image.

    Files of one folder after each other open it once.
    """
    for file in files:
        for label in file.labels.files if file.labels else ():
            yield _Content(label.name, label.data)
    for file in files:
        yield _Content(file.name, file.data, file.as_source)


def write_files(context: Context, folder: Files, source: Source, files: list[File]) -> None:
    """Write the files of a source; raise BadImageError if the name of one cannot exist."""
    links, begun = context.settings.originals == "link", list[str]()
    try:
        for name, data, as_source in _contents(files):
            begun.append(name)
            if as_source and links:
                folder.link(context.path_of(source), name)
            else:
                folder.write(name, data)
    except LongNameError as error:
        for name in begun:
            folder.remove(name)
        raise BadImageError(f"has a name that is too long: {error}") from error


def remove_stale(context: Context, folder: Files, task: Task, rows: Iterable[Row]) -> None:
    """Remove label files that earlier runs wrote for a source and that it does not have any more.

    An image whose label file was removed becomes background; so its copies must have none either.
    """
    labels, source = context.labels, task.source
    if labels is None or not (task.lines or task.begun):
        return
    rows = list(rows)
    earlier = {name for line in task.lines for name in files_of(json.loads(line))[1:]}
    if task.begun:
        earlier.update(name for row in rows for name in labels.names(source, row["file_name"]))
    for name in sorted(earlier - {name for row in rows for name in files_of(row)}):
        folder.remove(name)


def find_existing(
    folder: Files,
    written: range,
    lines: list[str],
    data: bytes,
    labels: tuple[Labels, LoadedLabels] | None,
) -> dict[int, Entry]:
    """Return the files of `written` views, by view, that earlier runs made from these bytes.

    If one of them is gone or has another size, none is trusted and all are made again; and so if
    the labels have changed.
    """
    source_hash = sha256(data).hexdigest()
    label_hash = labels and labels[1].sha256
    entries = [Entry(json.loads(line), line) for line in lines]
    known = {
        row["view"]: Entry(row, line)
        for row, line in entries
        if row["source_sha256"] == source_hash
        and row["view"] in written
        and row.get("labels", NO_LABELS)["sha256"] == label_hash
    }
    return known if all(is_whole(folder, row) for row, _ in known.values()) else {}


def is_whole(folder: Files, row: Row) -> bool:
    """Tell whether the files of a row exist and have their sizes."""
    sizes = [(row["file_name"], row["bytes"])]
    if "labels" in row:
        sizes += [(file["file_name"], file["bytes"]) for file in row["labels"]["files"]]
    return all(folder.size(name) == size for name, size in sizes)
