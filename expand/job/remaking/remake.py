"""Remake: tars that are missing or damaged, made again from their sources, rows and index."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from expand import interrupts
from expand.archives.index import Index, Tar
from expand.archives.names import INDEX, Key
from expand.archives.samples import Sample
from expand.errors import STOPPED, ExpandError
from expand.job.archives.growing import GrowingTar
from expand.job.archives.plan import Archives
from expand.job.blocks.keys import block_of
from expand.job.remaking.replay import Replayer
from expand.records.manifest import order, read_rows
from expand.records.rows import Row
from expand.storage.appending import growing_file
from expand.storage.folder import OutputFolder
from expand.storage.reading import read_record

TOGETHER = 64
"""Tars that are written side by side, each an open file; for so many the manifest is read once."""


class Remade(NamedTuple):
    """A tar that was made again, or why that was not possible."""

    name: str
    problem: str = ""


def remake_tars(
    folder: Path, replayer: Replayer, names: Iterable[str], output: OutputFolder
) -> Iterator[Remade]:
    """Write tars of an index again, each if it comes out as it was written, by its hash.

    `folder` has the records; the tars get their names in `output`, one after the other. Raise
    ExpandError with status 3 if one cannot be written.
    """
    index = Index.parse(read_record(folder / INDEX) or b"")
    wanted = [index.by_name[name] for name in sorted(names) if name in index.by_name]
    for first in range(0, len(wanted), TOGETHER):
        yield from _remake(folder, replayer, wanted[first : first + TOGETHER], output)


def _remake(
    folder: Path, replayer: Replayer, wanted: Sequence[Tar], output: OutputFolder
) -> Iterator[Remade]:
    """Write some tars side by side, in one pass over the manifest."""
    archives, problems = replayer.archives, dict[tuple[int, int], str]()
    assert archives
    with ExitStack() as stack:
        growing = {
            (tar.block, tar.view): GrowingTar(
                stack.enter_context(growing_file(output)), tar.block, tar.view
            )
            for tar in wanted
        }
        for key, row in _keyed_rows(folder, replayer.bad, archives.blocks):
            interrupts.check()
            place = key.block, key.view
            if place not in growing or place in problems:
                continue
            try:
                sample = _sample(replayer, archives, key, row)
            except ExpandError as error:
                if error.status == STOPPED:
                    raise
                problems[place] = str(error)
            else:
                growing[place].add([sample.to_members()])
        for tar in wanted:
            place = tar.block, tar.view
            problem = problems.get(place) or _publish(growing[place], tar, output)
            yield Remade(tar.file, problem)


def _publish(growing: GrowingTar, tar: Tar, output: OutputFolder) -> str:
    """Give a tar its name if it is the one that was written; else say why not."""
    if growing.end() != tar:
        return (
            "it comes out with other bytes than it was written with: the manifest or the index was "
            "changed. Run expand again with the same options"
        )
    if problem := output.make_room(tar.file):
        return problem
    growing.publish(sync=output.durable)
    return ""


def _keyed_rows(folder: Path, bad: Iterable[str], blocks: int) -> Iterator[tuple[Key, Row]]:
    """Yield the rows of the manifest, in order, each with the key of its sample.

    Samples are numbered by the sources of a block, among which `bad` ones without rows are.
    """
    numbers = Counter[int]()
    rows = ((order(row["source"]), row) for row in read_rows(folder))
    without = ((order(source), None) for source in sorted(bad, key=order))
    merged = heapq.merge(rows, without, key=itemgetter(0))
    for path, several in groupby(merged, key=itemgetter(0)):
        block = block_of("/".join(path), blocks)
        for _, row in several:
            if row is not None:
                yield Key(block, numbers[block], row["view"]), row
        numbers[block] += 1


def _sample(replayer: Replayer, archives: Archives, key: Key, row: Row) -> Sample:
    """Make the sample of a row again; raise ExpandError if that is not possible."""
    label = row["label"]
    if archives.classes and label not in archives.classes:
        raise ExpandError(f'"{row["file_name"]}" has a class that the run card does not have')
    image = replayer.make(row)
    return Sample(key, archives.extension, image, archives.number_of(label), row)
