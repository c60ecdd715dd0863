"""The run: every source's missing copies are one task; rows come back in order and go to the manifest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import NamedTuple

from expand.engines.local import map_ordered
from expand.errors import STOPPED, ExpandError
from expand.job.plan import Plan
from expand.job.task import Outcome, Task, do_chunk
from expand.records.manifest import ManifestWriter, order, read_records

CHUNK_SOURCES, CHUNK_BYTES = 64, 1 << 20
Progress = Callable[[int], None]


class BadSource(NamedTuple):
    """A source that could not be used, and why."""

    source: str
    reason: str


@dataclass
class Tally:
    """What a run did: counts and costs."""

    sources: int = 0
    files: int = 0
    made: int = 0
    bytes: int = 0
    same: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    bad: list[BadSource] = field(default_factory=list)
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one source."""
        if outcome.problem:
            self.bad.append(BadSource(outcome.source, outcome.problem))
            return
        label = outcome.source.partition("/")[0]
        self.sources += 1
        self.files += len(outcome.lines)
        self.made += outcome.made
        self.bytes += outcome.bytes
        self.same += outcome.same
        self.labels[label] = self.labels.get(label, 0) + len(outcome.lines)


def run(plan: Plan, workers: int, strict: bool, progress: Progress) -> Tally:
    """Make every file of the plan that is not there yet, write the manifest, and return the tally.

    `progress` is called with the number of files that are there for each source. A bad source is noted and left out, or
    ends the run if `strict`.
    """
    tally, started = Tally(), _clocks()
    writer = ManifestWriter(plan.out)
    try:
        do = partial(do_chunk, plan.src, plan.out, plan.settings)
        with closing(map_ordered(do, _chunks(plan, writer), workers)) as chunks:
            for outcome in chain.from_iterable(chunks):
                if outcome.problem and strict:
                    raise ExpandError(f'"{outcome.source}" {outcome.problem} (--strict)', STOPPED)
                tally.add(outcome)
                writer.write(outcome.lines)
                progress(len(plan.settings.written))
        writer.publish()
    finally:
        writer.close()
        tally.wall_seconds, tally.cpu_seconds = (
            now - then for now, then in zip(_clocks(), started, strict=True)
        )
    return tally


def known_sources(plan: Plan) -> tuple[int, list[str]]:
    """Return how many sources earlier runs have done, and the ones among them that the input no longer has."""
    done, gone, sources = 0, [], plan.sources()
    source = next(sources, None)
    for record in read_records(plan.out):
        while source and order(source.id) < order(record.source):
            source = next(sources, None)
        if source and source.id == record.source:
            done += 1
        else:
            gone.append(record.source)
    return done, gone


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
    """Yield every source with what earlier runs recorded of it: two sorted streams, side by side."""
    records = read_records(plan.out, skip=writer.path)
    record = next(records, None)
    for source in plan.sources():
        while record and order(record.source) < order(source.id):
            record = next(records, None)
        yield Task(source, record.lines if record and record.source == source.id else [])


def _clocks() -> tuple[float, float]:
    """Return wall seconds, and CPU seconds of this process and of its children that have ended."""
    return time.perf_counter(), sum(os.times()[:4])
