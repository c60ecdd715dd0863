"""A task: one source and its missing files. This is what a worker runs."""

from __future__ import annotations

from typing import NamedTuple

import cv2

from expand.errors import BadImageError
from expand.images.memory import keep_buffers
from expand.job.settings import Settings
from expand.job.tasks.context import (
    PROBLEMS,
    Context,
    Files,
    TaskContext,
    check_card,
    check_output,
    problem_of,
)
from expand.job.tasks.copies import File, make_files
from expand.job.tasks.drawing import DrawnSource, draw_sources
from expand.job.tasks.files import check_free, find_existing, remove_stale, write_files
from expand.job.tasks.kept import keep_file
from expand.job.tasks.labels import LoadedLabels, classes_of
from expand.job.tasks.outcome import Entry, Outcome, Task, bad_outcome, outcome_of, row_of
from expand.job.tasks.sources import OpenSource, open_labelled, open_source
from expand.layouts.labelled.dataset import Labels
from expand.layouts.source import Source
from expand.records.rows import Row, line_of
from expand.storage.reading import LINE_BYTES
from expand.storage.removal import open_output


class Begun(NamedTuple):
    """A task whose source is open; `problem` says why it cannot be used."""

    task: Task
    entries: dict[int, Entry]
    """The files that earlier runs made, by view."""
    source: OpenSource | None = None
    """None if no file is missing."""
    problem: str = ""


def do_chunk(context: TaskContext, tasks: list[Task]) -> list[Outcome]:
    """Do a few tasks on this machine; raise ExpandError with status 3 if a folder went away."""
    check_output(context.out, context.output)
    with open_output(context.out, durable=context.durable) as folder:
        check_card(folder, context.card)
        outcomes = do_tasks(context, folder, tasks)
        if context.durable:
            folder.sync()
    return outcomes


def do_tasks(context: Context, folder: Files, tasks: list[Task]) -> list[Outcome]:
    """Do a few tasks, wherever their files lie.

    The views of all of them are drawn together: with small images, that is most of the work.
    """
    cv2.setNumThreads(0)
    keep_buffers()
    begun = [begin_task(context, folder, task) for task in tasks]
    drawn = iter(draw_sources(context.settings, [each.source for each in begun if each.source]))
    return [
        finish_task(context, folder, each, next(drawn) if each.source else None) for each in begun
    ]


def begin_task(context: Context, folder: Files, task: Task) -> Begun:
    """Read a source, and find out which of its files are missing."""
    source, settings = task.source, context.settings
    if source.kept:
        return Begun(task, {})
    try:
        written = settings.written_for(source)
        context.limits.check(source.id, written, settings.format)
        data = context.read(source)
        labels = context.load_labels(source)
        entries = find_existing(folder, written, task.lines, data, labels) if task.lines else {}
        missing = [k for k in written if k not in entries]
        rows = [entry.row for entry in entries.values()]
        opened = _open(settings, source, data, missing, rows, labels) if missing else None
        return Begun(task, entries, opened)
    except PROBLEMS as error:
        return Begun(task, {}, problem=problem_of(context, error))


def _open(
    settings: Settings,
    source: Source,
    data: bytes,
    missing: list[int],
    rows: list[Row],
    labels: tuple[Labels, LoadedLabels] | None,
) -> OpenSource:
    if labels is None:
        classes = classes_of(settings, source, None)
        return open_source(source.id, data, missing, rows, classes, source.label)
    return open_labelled(settings, source, data, missing, rows, labels)


def finish_task(
    context: Context, folder: Files, begun: Begun, drawn: DrawnSource | None
) -> Outcome:
    """Make the files of one source that do not exist yet; a bad source gives an `Outcome` too."""
    task, entries, source, problem = begun
    if task.source.kept:
        return keep_file(context, folder, task)
    made: dict[int, Entry] = {}
    if source:
        try:
            files = list(make_files(source, context.settings, drawn))
            made = {file.view: entry_of(context.settings, task.source, file) for file in files}
            if context.careful and not task.begun:
                check_free(folder, files, task.lines)
            write_files(context, folder, task.source, files)
        except PROBLEMS as error:
            problem = problem_of(context, error)
    if problem:
        return bad_outcome(folder, task, problem)
    entries |= made
    remove_stale(context, folder, task, [entry.row for entry in entries.values()])
    written = context.settings.written_for(task.source)
    return outcome_of(task.source, [entries[k] for k in written], len(made))


def entry_of(settings: Settings, source: Source, file: File) -> Entry:
    """Return the entry of a file; raise BadImageError if its line would be too long to be read."""
    row = row_of(source, file, settings.group_by)
    line = line_of(row)
    if 4 * len(line) > LINE_BYTES and len(line.encode()) > LINE_BYTES:
        raise BadImageError(f"has labels of more than {LINE_BYTES >> 20} MiB of text")
    return Entry(row, line)
