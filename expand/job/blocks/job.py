"""A run in blocks: list the blocks, do those that are missing, merge what they wrote."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

from expand.archives.names import parse_tar_name
from expand.errors import STOPPED, ExpandError
from expand.job.archives.plan import read_archives
from expand.job.archives.stored import do_stored_block
from expand.job.blocks.keys import block_of
from expand.job.blocks.lists import BlockLists, ListedBlock
from expand.job.blocks.output import (
    Begun,
    begin,
    earlier_records,
    hold_store,
    is_record,
    present_parts,
)
from expand.job.blocks.parts import PartName, add_up
from expand.job.blocks.publish import check_own, cost_name, publish
from expand.job.blocks.records import remove_parts
from expand.job.blocks.task import BlockDone, BlockJob, do_block
from expand.job.planning.estimate import Estimate, check_fits
from expand.job.planning.plan import Plan
from expand.job.run import Means, StrictError, clocks, until
from expand.job.summary import RunSummary
from expand.layouts.limits import limits_of
from expand.records.card import FINISHED
from expand.records.manifest import read_records
from expand.storage.stores.store import Entry, MissingError, Store


def run_blocks(
    plan: Plan,
    estimated: Estimate,
    means: Means,
    overwrite: bool,
) -> tuple[RunSummary, list[str]]:
    """Do what a plan with a URL says; return its summary and notes.

    With the shard of the plan, do its blocks only, and leave the records to `merge`.
    """
    check_fits(plan, estimated)
    means.engine.check({})
    with hold_store(plan) as store:
        while (done := _try(plan, store, means, overwrite)) is None:
            pass  # another run began, grew the output or ended meanwhile
    return done


def _try(
    plan: Plan, store: Store, means: Means, overwrite: bool
) -> tuple[RunSummary, list[str]] | None:
    """Do it, with the run card as it is now; None if another run changed it before that began."""
    started, begun_at = time.strftime("%Y-%m-%dT%H:%M:%S%z"), clocks()
    begun = begin(plan, store, overwrite)
    with BlockLists(begun.blocks) as lists:
        to_do = _list_blocks(plan, begun, lists)
        if not begun.claim():
            return None
        made = _do(plan, begun, means, to_do, lists)
        wall, cpu = clocks()
        cost = {
            "started": started,
            "wall_seconds": round(wall - begun_at[0], 3),
            "cpu_seconds": round(cpu - begun_at[1], 3),
            "workers": means.engine.workers,
            "files": made.made,
        }
        if plan.shard:
            begun.store.write(cost_name(plan.shard), json.dumps(cost).encode())
        summary = made if plan.shard else _finish(begun, to_do.parts, cost)
        summary.made = made.made
        summary.wall_seconds, summary.cpu_seconds = wall - begun_at[0], cpu - begun_at[1]
    return summary, list(begun.notes)


class _ToDo(NamedTuple):
    """What there is to do."""

    parts: list[PartName]
    """Those of all blocks."""
    missing: list[int]
    """The blocks to do."""
    stale: list[PartName]
    """Parts of other sources or settings."""


def _list_blocks(plan: Plan, begun: Begun, lists: BlockLists) -> _ToDo:
    """Put everything into the lists of blocks; return what there is to do.

    Nothing is written before the input is known to have the sources of earlier runs.
    """
    blocks, seed = begun.blocks, seed_of(begun)
    for source in plan.listing.files():
        lists.add(block_of(source.id, blocks), source)
    lists.write()
    present = present_parts(begun)
    parts = [PartName(n, lists.read(n, seed).digest) for n in range(blocks)]
    wanted = [
        n for n in range(blocks) if not plan.shard or n % plan.shard.of + 1 == plan.shard.number
    ]
    missing = sorted({*wanted}.intersection(part.number for part in {*parts} - {*present}))
    stale = [part for part in present if part not in {*parts}]
    with earlier_records(plan, begun, stale) as folder:
        rows = folder and missing and not plan.settings.tars  # tars have their rows
        for record in read_records(folder) if folder and rows else ():
            lists.add(block_of(record.source, blocks), (record.source, record.lines))
    for page in begun.store.pages() if (begun.earlier or begun.unknown_files) and missing else ():
        for entry in page:
            if not is_record(entry.name):
                _list_file(plan, entry, lists)
    lists.write()
    return _ToDo(parts, missing, stale)


def _list_file(plan: Plan, entry: Entry, lists: BlockLists) -> None:
    """Put a file into the list of its block."""
    if not plan.settings.tars:
        lists.add(block_of(entry.name, lists.blocks), entry)
        return
    tar = parse_tar_name(entry.name)
    if tar and tar[0] < lists.blocks and tar[1] in plan.settings.views_written:
        lists.add(tar[0], entry)


def seed_of(begun: Begun) -> str:
    """Return what decides the files of a block beside its sources."""
    return json.dumps([begun.card["settings"], begun.blocks], sort_keys=True)


def _do(plan: Plan, begun: Begun, means: Means, to_do: _ToDo, lists: BlockLists) -> RunSummary:
    """Do the blocks that are missing; return what was made now."""
    total, seed = RunSummary(), seed_of(begun)
    blocks: Iterator[ListedBlock] = (lists.read(number, seed) for number in to_do.missing)
    if means.strict:
        blocks = until(lambda: bool(total.bad), blocks)
    with closing(means.engine.map(_work(plan, begun), blocks)) as done:
        for each in done:
            # what it had is in its new part; a merge could not tell which of the two is meant
            old = [str(part) for part in to_do.stale if part.number == each.part.number]
            begun.store.delete(old)
            made = total.made + each.summary.made
            total = add_up([total, each.summary])
            total.made = made
            means.progress(each.summary.files + each.summary.kept)
    if means.strict and total.bad:
        raise StrictError(total.bad[0], total.made)
    return total


def _work(plan: Plan, begun: Begun) -> Callable[[ListedBlock], BlockDone]:
    """Return what is done with each block."""
    earlier = begun.earlier
    resumed = earlier is not None and earlier["state"] != FINISHED
    careful = earlier is not None or begun.unknown_files
    job = BlockJob(plan.src, plan.out, plan.settings, limits_of(plan.out), careful, resumed)
    if plan.settings.tars:
        return partial(do_stored_block, job, read_archives(begun.card))
    return partial(do_block, job)


def _finish(begun: Begun, parts: list[PartName], cost: dict[str, Any]) -> RunSummary:
    """Merge the parts, and write the manifest and the run card of a run that is done."""
    check_own(begun.store, begun.card)
    card = {**begun.card, "cost": {"runs": [*begun.card["cost"]["runs"], cost]}}
    try:
        return publish(begun.store, card, parts)
    except MissingError as error:
        return _finished_by_another(begun, error)


def _finished_by_another(begun: Begun, error: MissingError) -> RunSummary:
    """Return the counts of a run with the same settings, of the same input, that was faster."""
    card = check_own(begun.store, begun.card)
    if card["state"] != FINISHED or card.get("found") != begun.card["found"]:
        raise ExpandError(f"{error}. Run the same command again to resume.", STOPPED) from error
    remove_parts(begun.store)
    counts = card["counts"]
    summary = RunSummary(counts["sources"], counts["files"], 0, counts["bytes"])
    summary.labels = counts["classes"]
    return summary
