"""The run: one task per source; the rows come back in order and go to the manifest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TypeVar

from expand.engines.engine import Engine
from expand.errors import STOPPED, ExpandError, about
from expand.job.derived import NOTHING, Earlier, write_derived
from expand.job.planning.plan import Plan
from expand.job.summary import BadSource, RunSummary
from expand.job.tasks.context import TaskContext, check_card, check_input, check_output
from expand.job.tasks.outcome import Outcome, Task
from expand.job.tasks.task import do_chunk
from expand.layouts.source import Source
from expand.records.claims import has_old_parts
from expand.records.join import join
from expand.records.manifest import read_records
from expand.records.writer import ManifestWriter

CHUNK_SOURCES, CHUNK_BYTES = 64, 1 << 20
LABELLED_BYTES = 8 << 20
"""Bytes of the images of a labelled chunk: the labels of many views at once take half the time."""


class StrictError(ExpandError):
    """A bad image that ends a run."""

    def __init__(self, bad: BadSource, made: int) -> None:
        super().__init__(f"{about(bad.source, bad.reason)} (--strict)", STOPPED)
        self.made = made
        """The files that the run has written."""


Progress = Callable[[int], None]
Work = TypeVar("Work")


@dataclass(frozen=True)
class Means:
    """How a run is done: where its tasks are mapped, what a bad image does, who hears of it."""

    engine: Engine
    strict: bool = False
    """Whether nothing new is begun after a bad image, and StrictError is raised."""
    progress: Progress = lambda _files: None
    """Called with the number of files of each source that is done."""


def run(
    plan: Plan,
    context: TaskContext,
    means: Means,
    earlier: Earlier = NOTHING,
) -> RunSummary:
    """Make every file of the plan that does not exist yet, and write the manifest.

    A bad source is noted and left out.
    """
    summary, started = RunSummary(), clocks()
    old = has_old_parts(plan.records)
    settings = plan.settings
    columns = None if plan.shard else settings.manifest_columns  # shards are merged line by line
    writer = ManifestWriter(plan.records, labelled=settings.dataset is not None, columns=columns)
    try:
        chunks = _chunks(plan, context, writer, old)
        if means.strict:
            chunks = until(lambda: bool(summary.bad), chunks)
        for outcome in _outcomes(context, means.engine, chunks):
            summary.add(outcome)
            writer.write(outcome.lines)
            means.progress(
                1 if outcome.source.kept else len(plan.settings.written_for(outcome.source))
            )
        if summary.bad:
            check_input(context.src, context.input)
        if means.strict and summary.bad:
            if not summary.made:
                writer.discard()
            raise StrictError(summary.bad[0], summary.made)
        _check_records(context, writer)
        if plan.shard is None:  # one for all shards is written when they are merged
            summary.derived = write_derived(plan.dataset, writer.folder, writer.rows, earlier)
        writer.publish()
    finally:
        writer.close()
        wall, cpu = clocks()
        summary.wall_seconds, summary.cpu_seconds = wall - started[0], cpu - started[1]
    return summary


def until(stopped: Callable[[], bool], work: Iterator[Work]) -> Iterator[Work]:
    """Yield work until something has happened; then begin no other."""
    for each in work:
        yield each
        if stopped():
            return


def _outcomes(
    context: TaskContext, engine: Engine, chunks: Iterator[list[Task]]
) -> Iterator[Outcome]:
    with closing(engine.map(partial(do_chunk, context), chunks)) as done:
        yield from chain.from_iterable(done)


def _chunks(
    plan: Plan, context: TaskContext, writer: ManifestWriter, old: bool
) -> Iterator[list[Task]]:
    """Yield tasks a few at a time: many small images, or one large one."""
    chunk: list[Task] = []
    size, most = 0, LABELLED_BYTES if context.labels else CHUNK_BYTES
    for task in _tasks(plan, writer, old):
        chunk.append(task)
        views = 1 if task.source.kept else plan.settings.views_of(task.source)
        size += task.source.size * views
        if len(chunk) == CHUNK_SOURCES or size >= most:
            yield _note_begun(chunk, context, writer)
            chunk, size = [], 0
    if chunk:
        yield _note_begun(chunk, context, writer)


def _note_begun(chunk: list[Task], context: TaskContext, writer: ManifestWriter) -> list[Task]:
    """Record that files of these sources are written from now on; return the chunk."""
    _check_records(context, writer)
    writer.begin(_names(context, task.source) for task in chunk)
    return chunk


def _names(context: TaskContext, source: Source) -> tuple[str, ...]:
    """Return the id of a source, and the label files that its views can have."""
    labels, settings = context.labels, context.settings
    if labels is None or source.kept:
        return (source.id,)
    images = (
        labels.image_name(source, k, settings.format) if k else source.id
        for k in settings.written_for(source)
    )
    return (source.id, *(name for image in images for name in labels.names(source, image)))


def _check_records(context: TaskContext, writer: ManifestWriter) -> None:
    """Raise ExpandError with status 3 if the output folder or a record in it went away."""
    check_output(context.out, context.output)
    writer.check()
    check_card(writer.folder)


def _tasks(plan: Plan, writer: ManifestWriter, old: bool) -> Iterator[Task]:
    """Yield every source with its lines from earlier runs; `old`: they did not note what began."""
    for source, record in join(plan.listing.files(), read_records(plan.records, skip=writer.paths)):
        if source:
            yield Task(
                source,
                record.lines if record else [],
                old or (record is not None and record.begun),
            )


def clocks() -> tuple[float, float]:
    """Return wall seconds, and CPU seconds of this process and of its children that have ended."""
    return time.perf_counter(), sum(os.times()[:4])
