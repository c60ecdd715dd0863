"""The run that writes tars: one block at a time in each worker; manifest and index at the end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from expand.archives.index import Index
from expand.archives.names import INDEX
from expand.job.archives.block import Block, do_block
from expand.job.archives.by_block import SourcesByBlock
from expand.job.archives.plan import Archives
from expand.job.archives.records import read_index, remove_records
from expand.job.planning.plan import Plan
from expand.job.run import Means, StrictError, clocks, until
from expand.job.sharding.records import merge_parts
from expand.job.summary import RunSummary
from expand.job.tasks.context import TaskContext, check_card, check_input, check_output
from expand.records.manifest import BLOCK_ROWS, LABELLED_MANIFEST, MANIFEST, as_parquet, order
from expand.records.writer import write_stored
from expand.storage.appending import growing_file, publish
from expand.storage.folder import OutputFolder
from expand.storage.names import temporary_name

FLUSHED = 1 << 20
"""Bytes of the manifest that are written together."""


def run_archives(
    plan: Plan,
    archives: Archives,
    context: TaskContext,
    means: Means,
    folder: OutputFolder,
) -> RunSummary:
    """Write every tar of the plan that does not exist yet, then the manifest and the index.

    A bad source is noted and left out.
    """
    summary, started = RunSummary(), clocks()
    try:
        with closing(_results(plan, archives, context, means, summary)) as results:
            for result in results:
                summary.merge(result)
                bad = len(result.bad) * len(plan.settings.views_written)
                means.progress(result.files + bad)
        summary.bad.sort(key=lambda bad: order(bad.source))
        summary.labels = dict(sorted(summary.labels.items()))
        if summary.bad:
            check_input(context.src, context.input)
        if means.strict and summary.bad:
            raise StrictError(summary.bad[0], summary.made)
        check_output(context.out, context.output)
        check_card(folder)
        _write_manifest(plan, archives, folder)
        index = archives.index(plan.settings.factor, summary.tars)
        folder.write(INDEX, index.to_json(), sync=True)
        remove_records(folder, archives.blocks)
    finally:
        wall, cpu = clocks()
        summary.wall_seconds, summary.cpu_seconds = wall - started[0], cpu - started[1]
    return summary


def _results(
    plan: Plan, archives: Archives, context: TaskContext, means: Means, summary: RunSummary
) -> Generator[RunSummary, None, None]:
    """Yield the results of all blocks; if `strict`, of those begun before a bad source."""
    with closing(SourcesByBlock(plan.listing, archives.blocks)) as by_block:
        blocks = _blocks(by_block, read_index(context.out))
        if means.strict:
            blocks = until(lambda: bool(summary.bad), blocks)
        work = partial(do_block, context, archives, means.strict)
        with closing(means.engine.map(work, blocks)) as done:
            yield from done


def _blocks(by_block: SourcesByBlock, known: Index | None) -> Iterator[Block]:
    """Yield all blocks, with the tars that the index of an earlier run has."""
    for number, sources in enumerate(by_block):
        yield Block(number, sources, known.of_block(number) if known else ())


def _write_manifest(plan: Plan, archives: Archives, folder: OutputFolder) -> None:
    """Write the manifest from the rows of all blocks."""
    name = LABELLED_MANIFEST if plan.settings.dataset else MANIFEST
    paths = [plan.target / BLOCK_ROWS.format(block) for block in range(archives.blocks)]
    columns = plan.settings.manifest_columns
    with _scratch(folder) as scratch, growing_file(folder) as file:
        if columns is not None:
            write_stored(folder, as_parquet(name), merge_parts(paths, scratch), columns)
            return
        lines = bytearray()
        for line in merge_parts(paths, scratch):
            lines += line
            if len(lines) >= FLUSHED:
                file.append(bytes(lines))
                lines.clear()
        file.append(bytes(lines))
        publish(file, name, sync=True)


@contextmanager
def _scratch(folder: OutputFolder) -> Iterator[Callable[[], Path]]:
    """Yield what returns paths of temporary files; these are removed at the end."""
    names: list[str] = []

    def new() -> Path:
        names.append(temporary_name())
        return Path(folder.path, names[-1])

    try:
        yield new
    finally:
        for name in names:
            folder.remove(name)
