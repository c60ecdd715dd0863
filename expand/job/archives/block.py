"""A block: its sources, and their views as tars. This is what a worker runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from hashlib import sha256
from typing import NamedTuple

import cv2

from expand import interrupts
from expand.archives.extension import extension_of
from expand.archives.index import Tar
from expand.archives.names import Key
from expand.archives.samples import Sample
from expand.images.memory import keep_buffers
from expand.job.archives.earlier import EarlierTars, StaleError, find_tars
from expand.job.archives.growing import GrowingTar
from expand.job.archives.plan import Archives
from expand.job.archives.records import read_tars, write_tars
from expand.job.summary import RunSummary
from expand.job.tasks.context import (
    PROBLEMS,
    Context,
    TaskContext,
    check_card,
    check_output,
    problem_of,
)
from expand.job.tasks.copies import File, make_files
from expand.job.tasks.drawing import DrawnSource, draw_sources
from expand.job.tasks.labels import classes_of
from expand.job.tasks.outcome import Entry, Outcome, outcome_of
from expand.job.tasks.sources import OpenSource, open_source
from expand.job.tasks.task import entry_of
from expand.layouts.source import Source
from expand.records.manifest import BLOCK_ROWS
from expand.records.rows import line_of
from expand.storage.appending import growing_file, publish
from expand.storage.folder import OutputFolder
from expand.storage.removal import open_output

CHUNK_SOURCES, CHUNK_BYTES = 64, 1 << 20


class Block(NamedTuple):
    """The sources of a block, in order, and its tars as the index of an earlier run has them."""

    number: int
    sources: list[Source]
    known: tuple[Tar, ...] = ()


class Begun(NamedTuple):
    """A source whose file was read: its samples in earlier tars, and what is still to be made."""

    number: int
    """Among the sources of its block."""
    source: Source
    entries: dict[int, Entry]
    opened: OpenSource | None = None
    """None if no view is missing."""
    problem: str = ""


def do_block(context: TaskContext, archives: Archives, strict: bool, block: Block) -> RunSummary:
    """Write the tars of a block that do not exist; raise ExpandError if a folder went away.

    Tars of an earlier run are kept if their sources are the same, byte for byte; else all tars of
    the block are made again. With `strict`, nothing is written of a block with a bad source.
    """
    cv2.setNumThreads(0)
    keep_buffers()
    check_output(context.out, context.output)
    with open_output(context.out, durable=context.durable) as folder:
        check_card(folder, context.card)
        noted = read_tars(folder, block.number)
        known = block.known if noted is None else noted
        found = find_tars(folder, block.number, context.settings.views_written, known)
        try:
            return BlockWriter(context, archives, block, folder, found).write(strict=strict)
        except StaleError:
            return BlockWriter(context, archives, block, folder, []).write(strict=strict)


class BlockWriter:
    """Writes the tars of a block side by side, and its rows; `found` are those that exist."""

    def __init__(
        self,
        context: Context,
        archives: Archives,
        block: Block,
        folder: OutputFolder,
        found: Sequence[Tar],
    ) -> None:
        self.context, self.archives, self.block, self.folder = context, archives, block, folder
        self.settings, self.found = context.settings, list(found)
        self.views = list(self.settings.views_written)
        existing = {tar.view for tar in found}
        self.missing = [k for k in self.views if k not in existing]

    def write(self, *, strict: bool) -> RunSummary:
        """Write all tars that are missing; raise StaleError if those that exist are stale."""
        number, summary = self.block.number, RunSummary()
        with ExitStack() as stack:
            earlier = EarlierTars(self.folder, number, [tar.view for tar in self.found])
            stack.enter_context(earlier)
            rows = stack.enter_context(growing_file(self.folder))
            tars = [
                GrowingTar(stack.enter_context(growing_file(self.folder)), number, k)
                for k in self.missing
            ]
            for chunk in self._chunks():
                interrupts.check()
                samples = defaultdict[int, list[bytes]](list)
                lines: list[str] = []
                for outcome, made in self._do_chunk(chunk, earlier):
                    summary.add(outcome)
                    lines += outcome.lines
                    for sample in made:
                        samples[sample.key.view].append(sample.to_members())
                if strict and summary.bad:
                    return RunSummary(bad=summary.bad)
                rows.append("".join(lines).encode())
                for tar in tars:
                    tar.add(samples[tar.view])
            earlier.end()
            write_tars(self.folder, number, self.found)  # others are replaced from now on
            sync = self.folder.durable
            written = list(self.found)
            for tar in tars:
                written.append(tar.end())
                tar.publish(sync=sync)
            written.sort(key=lambda tar: tar.view)
            publish(rows, BLOCK_ROWS.format(number), sync=False)
            write_tars(self.folder, number, written)
        summary.tars = written
        return summary

    def _chunks(self) -> Iterator[list[tuple[int, Source]]]:
        """Yield the sources with their numbers, a few at a time: many small or one large."""
        chunk: list[tuple[int, Source]] = []
        size = 0
        for number, source in enumerate(self.block.sources):
            chunk.append((number, source))
            size += source.size * len(self.views)
            if len(chunk) == CHUNK_SOURCES or size >= CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk

    def _do_chunk(
        self, chunk: list[tuple[int, Source]], earlier: EarlierTars
    ) -> Iterator[tuple[Outcome, list[Sample]]]:
        """Yield what becomes of each source, and its new samples; views are drawn together."""
        self.context.fetch([source for _, source in chunk])
        begun = [self._begin(number, source, earlier) for number, source in chunk]
        opened = [each.opened for each in begun if each.opened]
        drawn = iter(draw_sources(self.settings, opened))
        for each in begun:
            yield self._finish(each, next(drawn) if each.opened else None)

    def _begin(self, number: int, source: Source, earlier: EarlierTars) -> Begun:
        """Read a source; raise StaleError if its samples in earlier tars are of other bytes."""
        taken = earlier.take(number)
        entries = {view: Entry(found.row, line_of(found.row)) for view, found in taken.items()}
        try:
            data = self.context.read(source)
            self._check_fresh(source, data, entries)
            # one without samples was bad: all views show whether it still is
            ks = self.missing if entries else self.views
            rows = [entry.row for entry in entries.values()]
            classes = classes_of(self.settings, source, None)
            opened = open_source(source.id, data, ks, rows, classes) if ks else None
            return Begun(number, source, entries, opened)
        except PROBLEMS as error:
            return self._bad(Begun(number, source, entries), error)

    def _check_fresh(self, source: Source, data: bytes, entries: dict[int, Entry]) -> None:
        digest = sha256(data).hexdigest() if entries else ""
        for row, _ in entries.values():
            known = row["source"], row["source_sha256"], row["label"]
            if known != (source.id, digest, source.label):
                raise StaleError

    def _finish(self, begun: Begun, drawn: DrawnSource | None) -> tuple[Outcome, list[Sample]]:
        """Return the outcome of a source with its new samples; a bad one has none."""
        source, files = begun.source, list[File]()
        if begun.opened:
            try:
                made = make_files(begun.opened, self.settings, drawn)
                files = [self._named(file) for file in made]
                new = {file.view: entry_of(self.settings, source, file) for file in files}
            except PROBLEMS as error:
                begun = self._bad(begun, error)
            else:
                if self.found and not begun.entries:
                    raise StaleError  # it can be used now
                begun.entries.update(new)
        if begun.problem:
            return Outcome(source, [], problem=begun.problem), []
        entries = [begun.entries[k] for k in self.views]
        return outcome_of(source, entries, len(files)), [
            self._sample(begun, file) for file in files
        ]

    def _bad(self, begun: Begun, error: Exception) -> Begun:
        """Note why a source cannot be used; its samples in earlier tars have to go."""
        problem = problem_of(self.context, error)
        if begun.entries:
            raise StaleError from error
        return begun._replace(opened=None, problem=problem)

    def _named(self, file: File) -> File:
        """Return a file with the name that an image of the set's format has."""
        extension = self.archives.extension
        if extension_of(file.name) == extension:
            return file
        return file._replace(name=f"{file.name}.{extension}")

    def _sample(self, begun: Begun, file: File) -> Sample:
        key = Key(self.block.number, begun.number, file.view)
        label = self.archives.number_of(begun.source.label)
        row = begun.entries[file.view].row
        return Sample(key, self.archives.extension, file.data, label, row)
