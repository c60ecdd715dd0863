"""Removal: the files of an earlier run in an object store, and no others (--overwrite)."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from expand.job.archives.plan import read_archives
from expand.job.blocks.keys import block_of
from expand.job.blocks.lists import BlockLists
from expand.job.blocks.parts import FOLDER
from expand.job.blocks.records import (
    LocalRecords,
    find_begun,
    find_parts,
    remove_parts,
    save_card,
)
from expand.job.planning.plan import Plan
from expand.records.card import CARD, DELETING, derived_names, is_tars
from expand.records.claims import Claims, largest_factor
from expand.records.manifest import MANIFESTS, manifest_for, names_of, read_records
from expand.storage.lock import LOCK_FILES
from expand.storage.removal import NAMED, Leftovers
from expand.storage.stores.store import Store


def remove_earlier(plan: Plan, store: Store, card: dict[str, Any]) -> Leftovers:
    """Remove the files of an earlier run; return which files stayed, because they are not its.

    Its run card stays, and says that the files are being removed, so that a removal which was
    interrupted is known as one. A run that was not finished noted the blocks that it began: files
    which have the name of one that is made from a source of these are its own, without a row too.
    """
    archives = read_archives(card) if is_tars(card) else None
    save_card(store, {**card, "state": DELETING})
    if archives:
        factor = largest_factor(card["settings"])
        store.delete(_names(store, lambda name: archives.has(name, factor)))
    else:
        store.delete(_recorded(store, card))
        if "blocks" in card:
            store.delete(_unrecorded(plan, store, card))
    remove_parts(store)
    store.delete([manifest_for(card["settings"])])
    count, first = 0, list[str]()
    for name in _names(store, lambda name: not _is_record(name)):
        count += 1
        insort(first, name)
        del first[NAMED:]
    return Leftovers(count, tuple(first))


def _names(store: Store, wanted: Callable[[str], bool]) -> Iterator[str]:
    for page in store.pages():
        yield from (entry.name for entry in page if wanted(entry.name))


def _is_record(name: str) -> bool:
    return name.startswith(FOLDER) or name in (CARD, *MANIFESTS, *LOCK_FILES)


def _recorded(store: Store, card: dict[str, Any]) -> Iterator[str]:
    """Yield the files that the manifest, and the parts of a run that ended early, name."""
    with LocalRecords(store) as records:
        records.fetch(manifest_for(card["settings"]))
        for _ in records.fetch_parts(find_parts(store)):
            pass
        rows = read_records(records.path, ordered=False)
        yield from chain(chain.from_iterable(map(names_of, rows)), derived_names(card))


def _unrecorded(plan: Plan, store: Store, card: dict[str, Any]) -> Iterator[str]:
    """Yield the files without a row that are made from sources of blocks that were begun."""
    settings, blocks = card["settings"], int(card["blocks"])
    begun = {number for number in find_begun(store) if number < blocks}
    with BlockLists(blocks) as lists:
        for source in plan.listing.files() if begun else ():
            if (number := block_of(source.id, blocks)) in begun:
                lists.add(number, source)
        for entry in (entry for page in store.pages() if begun for entry in page):
            if (number := block_of(entry.name, blocks)) in begun and not _is_record(entry.name):
                lists.add(number, entry)
        lists.write()
        for number in sorted(begun):
            block = lists.read(number, "")
            sources, flat = {source.id for source in block.sources}, "dataset" in settings
            factor = largest_factor(settings)
            claims = Claims(factor, settings["format"], sources.__contains__, flat)
            yield from filter(claims.has, block.existing)
