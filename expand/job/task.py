"""A task: one source and its missing files. This is what a worker runs."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import cv2

from expand.errors import STOPPED, BadImageError, ExpandError
from expand.images.memory import keep_buffers
from expand.job.copies import DrawnSource, File, OpenSource, draw_sources, make_files, open_source
from expand.job.settings import Settings
from expand.layouts.limits import NameLimits
from expand.layouts.source import Source, read_source
from expand.records.card import CARD, has_card
from expand.records.rows import Row, line_of
from expand.storage.folder import OutputFolder
from expand.storage.identity import Identity
from expand.storage.removal import open_output
from expand.storage.writing import LongNameError


class Task(NamedTuple):
    """One source, and the manifest lines that earlier runs wrote for it."""

    source: Source
    lines: list[str]
    begun: bool = False
    """Whether a run that ended early may have written files that have no line."""


@dataclass(frozen=True)
class TaskContext:
    """Where the tasks of a run read and write, and how."""

    src: Path
    out: Path
    settings: Settings
    input: Identity
    output: Identity
    limits: NameLimits
    careful: bool = False
    """Whether the output folder had files before the run, which may be the user's."""
    durable: bool = False
    """Whether files are on the disk before the manifest names them."""

    def path_of(self, source: Source) -> str:
        """Return the path of a source's file."""
        return os.path.join(self.src, source.id)


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


class Begun(NamedTuple):
    """A task whose source is open; `problem` says why it cannot be used."""

    task: Task
    entries: dict[int, Entry]
    """The files that earlier runs made, by view."""
    source: OpenSource | None = None
    """None if no file is missing."""
    problem: str = ""


def do_chunk(context: TaskContext, tasks: list[Task]) -> list[Outcome]:
    """Do a few tasks; raise ExpandError with status 3 if a folder went away.

    The views of all of them are drawn together: with small images, that is most of the work.
    """
    cv2.setNumThreads(0)
    keep_buffers()
    check_output(context.out, context.output)
    with open_output(context.out, durable=context.durable) as folder:
        check_card(folder)
        begun = [begin_task(context, folder, task) for task in tasks]
        drawn = iter(draw_sources(context.settings, [each.source for each in begun if each.source]))
        outcomes = [
            finish_task(context, folder, each, next(drawn) if each.source else None)
            for each in begun
        ]
        if context.durable:
            folder.sync()
    return outcomes


def begin_task(context: TaskContext, folder: OutputFolder, task: Task) -> Begun:
    """Read a source, and find out which of its files are missing."""
    source, settings = task.source, context.settings
    try:
        context.limits.check(source.id, settings.written, settings.format)
        data = read_source(context.path_of(source))
        entries = _existing(folder, settings, task.lines, data) if task.lines else {}
        missing = [k for k in settings.written if k not in entries]
        rows = [entry.row for entry in entries.values()]
        return Begun(
            task, entries, open_source(source.id, data, missing, rows) if missing else None
        )
    except PROBLEMS as error:
        return Begun(task, {}, problem=_problem(context, error))


def finish_task(
    context: TaskContext, folder: OutputFolder, begun: Begun, drawn: DrawnSource | None
) -> Outcome:
    """Make the files of one source that do not exist yet; a bad source gives an `Outcome` too."""
    task, entries, source, problem = begun
    files: list[File] = []
    if source:
        try:
            files = list(make_files(source, context.settings, drawn))
            if context.careful and not task.begun:
                _check_free(folder, files, task.lines)
            _write_files(context, folder, task.source, files)
        except PROBLEMS as error:
            problem = _problem(context, error)
    if problem:
        return _bad(folder, task, problem)
    for file in files:
        row = _row(task.source, file)
        entries[file.view] = Entry(row, line_of(row))
    return _outcome(task.source, [entries[k] for k in context.settings.written], len(files))


PROBLEMS = (BadImageError, MemoryError, cv2.error)
"""What makes a source bad."""


def _problem(context: TaskContext, error: Exception) -> str:
    """Return why a source cannot be used; raise ExpandError if the whole input went away."""
    if isinstance(error, BadImageError):
        check_input(context.src, context.input)
        return str(error)
    if isinstance(error, MemoryError) or getattr(error, "code", 0) == cv2.Error.StsNoMem:
        return "does not fit into memory"
    return "cannot be transformed by OpenCV"  # its message names places in its own code


def check_input(src: Path, identity: Identity) -> None:
    """Raise ExpandError with status 3 if the input folder is no longer the one that was listed."""
    if not identity.is_at(src):
        raise ExpandError(
            f'the input folder "{src}" went away during the run. Finished files are kept; when it '
            "is back, run the same command again to resume.",
            STOPPED,
        )


def check_output(out: Path, identity: Identity) -> None:
    """Raise ExpandError with status 3 if the output folder is no longer the one that was locked."""
    if not identity.is_at(out):
        raise ExpandError(
            f'"{out}" was removed, renamed or replaced during the run. Nothing was written '
            "anywhere else.",
            STOPPED,
        )


def check_card(folder: OutputFolder) -> None:
    """Raise ExpandError with status 3 if the run card is gone: the folder is being removed."""
    if not has_card(folder):
        raise ExpandError(
            f'"{folder.path}/{CARD}" was removed or renamed during the run; without it, expand '
            "does not know the folder. Put it back, or remove the folder, and run the same command "
            "again.",
            STOPPED,
        )


def _bad(folder: OutputFolder, task: Task, problem: str) -> Outcome:
    """Return the outcome of a source that cannot be used, and say which files it has."""
    names = {json.loads(line)["file_name"] for line in task.lines}
    kept = sum(folder.status(name) is not None for name in names)
    if kept:
        files = "1 file" if kept == 1 else f"{kept:,} files"
        problem = f"{problem}; {files} of an earlier run stay, without rows in the manifest"
    return Outcome(task.source, [], problem=problem)


def _check_free(folder: OutputFolder, files: list[File], lines: list[str]) -> None:
    """Raise BadImageError if a file would replace one that is not expand's.

    One with the same bytes, or none, may be what a run left whose records did not reach the disk.
    """
    known = {json.loads(line)["file_name"] for line in lines}
    for file in files:
        if file.name in known or (found := folder.status(file.name)) is None:
            continue
        if found.st_size and folder.read(file.name).strip(b"\0") not in (b"", file.data):
            raise BadImageError(
                f'would be written to "{file.name}", where the output folder has a file that '
                "expand did not write; move that file away"
            )


def _write_files(
    context: TaskContext, folder: OutputFolder, source: Source, files: list[File]
) -> None:
    """Write the files of a source; raise BadImageError if the name of one cannot exist."""
    for number, file in enumerate(files):
        try:
            if file.as_source and context.settings.originals == "link":
                folder.link(context.path_of(source), file.name)
            else:
                folder.write(file.name, file.data)
        except LongNameError as error:
            for written in files[:number]:
                folder.remove(written.name)
            raise BadImageError(f"has a name that is too long: {error}") from error


def _existing(
    folder: OutputFolder, settings: Settings, lines: list[str], data: bytes
) -> dict[int, Entry]:
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
    return known if all(_is_whole(folder, row) for row, _ in known.values()) else {}


def _is_whole(folder: OutputFolder, row: Row) -> bool:
    """Tell whether the file of a row exists and has its size."""
    found = folder.status(row["file_name"])
    return found is not None and found.st_size == row["bytes"]


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
