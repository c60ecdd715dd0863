"""What a worker does with a block: its missing files, then its part of the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

from expand import interrupts
from expand.job.blocks.files import StoredContext, StoredFiles
from expand.job.blocks.lists import ListedBlock
from expand.job.blocks.parts import PartName, begun_name, digest_settings, write_part
from expand.job.settings import Settings
from expand.job.summary import RunSummary
from expand.job.tasks.outcome import Task
from expand.job.tasks.task import do_tasks
from expand.layouts.limits import NameLimits
from expand.layouts.source import Source
from expand.storage.stores.open import open_store
from expand.storage.stores.url import Place

SOURCES, BYTES = 64, 8 << 20
"""How many sources are read side by side, and how many bytes of them."""


@dataclass(frozen=True)
class BlockJob:
    """What all blocks of a run have in common."""

    src: Place
    out: Place
    settings: Settings
    limits: NameLimits
    careful: bool = False
    """Whether files that no row names may be the user's."""
    begun: bool = False
    """Whether a run that ended early may have written files that no row names."""


class BlockDone(NamedTuple):
    """What was done of a block."""

    part: PartName
    summary: RunSummary


def do_block(job: BlockJob, block: ListedBlock) -> BlockDone:
    """Make the files of a block that do not exist yet, then write its part of the manifest.

    That can be done again, and at the same time by another worker: all writes are whole, and of the
    same bytes. Raise StoreError with status 3 if a store cannot be used.
    """
    summary, lines = RunSummary(), list[str]()
    context = StoredContext(job.src, job.settings, job.limits, job.careful)
    with closing(open_store(job.out)) as store:
        store.write(begun_name(block.number), b"")
        files = StoredFiles(store, block.existing)
        for sources in _together(block.sources):
            interrupts.check()
            context.fetch(sources)
            tasks = [Task(each, block.lines.get(each.id, []), job.begun) for each in sources]
            for outcome in do_tasks(context, files, tasks):
                summary.add(outcome)
                lines += outcome.lines
            files.flush()
        part = PartName(block.number, block.digest)
        settings = digest_settings(job.settings.to_dict())
        store.write(str(part), write_part(summary, lines, settings))
    return BlockDone(part, summary)


def _together(sources: list[Source]) -> Iterator[list[Source]]:
    """Yield sources that are read side by side."""
    some: list[Source] = []
    size = 0
    for source in sources:
        some.append(source)
        size += 0 if source.kept else source.size
        if len(some) == SOURCES or size >= BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some
