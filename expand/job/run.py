"""The run: one task per source; the rows come back in order and go to the manifest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import chain

from expand.engines.engine import Engine
from expand.errors import STOPPED, ExpandError
from expand.job.plan import Plan
from expand.job.summary import RunSummary, printable
from expand.job.task import Outcome, Task, do_chunk
from expand.records.join import join
from expand.records.manifest import ManifestWriter, read_records

CHUNK_SOURCES, CHUNK_BYTES = 64, 1 << 20
Progress = Callable[[int], None]


def run(plan: Plan, engine: Engine, strict: bool, progress: Progress) -> RunSummary:
    """Make every file of the plan that does not exist yet, and write the manifest.

    `progress` is called for each source with its number of files. A bad source is noted and left
    out; with `strict`, it ends the run.
    """
    summary, started = RunSummary(), _clocks()
    writer = ManifestWriter(plan.out)
    try:
        for outcome in _outcomes(plan, engine, writer):
            if outcome.problem and strict:
                name = printable(outcome.source.id)
                raise ExpandError(f'"{name}" {outcome.problem} (--strict)', STOPPED)
            summary.add(outcome)
            writer.write(outcome.lines)
            progress(len(plan.settings.written))
        writer.publish()
    finally:
        writer.close()
        wall, cpu = _clocks()
        summary.wall_seconds, summary.cpu_seconds = wall - started[0], cpu - started[1]
    return summary


def _outcomes(plan: Plan, engine: Engine, writer: ManifestWriter) -> Iterator[Outcome]:
    do = partial(do_chunk, plan.src, plan.out, plan.settings)
    with closing(engine.map(do, _chunks(plan, writer))) as chunks:
        yield from chain.from_iterable(chunks)


def _chunks(plan: Plan, writer: ManifestWriter) -> Iterator[list[Task]]:
    """Yield tasks a few at a time: many small images, or one large one."""
    chunk: list[Task] = []
    size = 0
    for task in _tasks(plan, writer):
        chunk.append(task)
        size += task.source.size * plan.settings.factor
        if len(chunk) == CHUNK_SOURCES or size >= CHUNK_BYTES:
            writer.flush()
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _tasks(plan: Plan, writer: ManifestWriter) -> Iterator[Task]:
    """Yield every source with its lines from earlier runs."""
    for source, record in join(plan.listing, read_records(plan.out, skip=writer.path)):
        if source:
            yield Task(source, record.lines if record else [])


def _clocks() -> tuple[float, float]:
    """Return wall seconds, and CPU seconds of this process and of its children that have ended."""
    return time.perf_counter(), sum(os.times()[:4])
