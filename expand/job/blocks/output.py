"""The output of a run in blocks: begun by one conditional write, resumed, grown, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expand.errors import ExpandError
from expand.job.archives.plan import plan_archives
from expand.job.blocks.keys import MOST_BLOCKS, count_blocks
from expand.job.blocks.parts import FOLDER, PartName
from expand.job.blocks.records import (
    LocalRecords,
    find_parts,
    load_card,
    replace_card,
    save_card,
)
from expand.job.blocks.removal import remove_earlier
from expand.job.cards import unfinished_card
from expand.job.checks.earlier import (
    OutputState,
    check_settings,
    check_versions,
    count_known_files,
)
from expand.job.planning.plan import Plan
from expand.job.sharding.listed import is_listing
from expand.layouts.directory import is_added
from expand.records.card import CARD, DELETING, FINISHED, UNFINISHED, card_bytes
from expand.records.manifest import MANIFESTS, manifest_for
from expand.storage.lock import LOCK_FILES
from expand.storage.names import is_temporary
from expand.storage.stores.open import before_writing, lock_place, open_store
from expand.storage.stores.store import Store


@dataclass(frozen=True)
class Begun:
    """An output that a run may write to, and what earlier runs left in it."""

    store: Store
    card: dict[str, Any]
    """The run card of this run, as it was written."""
    earlier: dict[str, Any] | None
    """That of the earlier run which it resumes or grows."""
    notes: tuple[str, ...] = ()
    unknown_files: bool = False
    """Whether files lie there that no run wrote."""

    @property
    def blocks(self) -> int:
        """The number of blocks."""
        return int(self.card["blocks"])

    def claim(self) -> bool:
        """Write the run card of a run that resumes or grows an earlier one.

        Return False if another run has changed the card since: then it may be refused now.
        """
        if self.earlier is None:
            return True
        if self.card == self.earlier:
            return load_card(self.store) == self.earlier
        return replace_card(self.store, self.card, self.earlier.__eq__)


@contextmanager
def hold_store(plan: Plan) -> Iterator[Store]:
    """Open the output of a run in blocks.

    A local folder is locked. In an object store, runs with the same settings can work side by side:
    what they write is the same. The first of them creates the run card.
    """
    with closing(open_store(plan.out)) as store, lock_place(plan.out, shared=bool(plan.shard)):
        yield store


def begin(plan: Plan, store: Store, overwrite: bool) -> Begun:
    """Write the run card of a run that begins, or return that of one to resume or grow.

    Refuse an output that this plan can neither resume nor grow.
    """
    with before_writing():
        return _begin(plan, store, overwrite)


def _begin(plan: Plan, store: Store, overwrite: bool) -> Begun:
    earlier = _find_card(plan, store)
    if earlier is None:
        card = {**unfinished_card(plan, []), **_block_fields(plan, None)}
        if store.create(CARD, card_bytes(card)):
            return Begun(store, card, None)
        # another run was faster, whose files are not those that --overwrite is to remove
        earlier, overwrite = load_card(store), False
        if earlier is None:
            raise ExpandError(f'"{plan.out}" is being removed; choose another output')
    if overwrite:
        return _begin_again(plan, store, earlier)
    notes = check_resumed(plan, earlier)
    kept = {"blocks": earlier["blocks"]} if is_begun(earlier) else {}
    fields = _block_fields(plan, earlier)
    card = {**unfinished_card(plan, earlier["cost"]["runs"]), **fields, **kept}
    return Begun(store, card, earlier, tuple(notes))


def _begin_again(plan: Plan, store: Store, earlier: dict[str, Any]) -> Begun:
    """Remove the files of an earlier run, and write the run card of the one that begins."""
    check_removable(plan, earlier)
    left = remove_earlier(plan, store, earlier)
    card = {**unfinished_card(plan, []), **_block_fields(plan, None)}
    save_card(store, card)
    return Begun(store, card, None, (str(left),) * bool(left.count), left.count > 0)


def check_removable(plan: Plan, card: dict[str, Any]) -> None:
    """Refuse an output whose files `remove_earlier` cannot tell from others."""
    if plan.shard:
        raise ExpandError(
            "--overwrite cannot be used with --shard, whose files lie among those of others; to "
            f'start again, remove "{plan.out}" or choose another output'
        )
    if card["state"] == UNFINISHED and not is_begun(card):
        raise ExpandError(
            f'"{plan.out}" was begun by a run on a local folder; finish that first, or choose '
            "another output"
        )


def _block_fields(plan: Plan, earlier: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the run card of a run in blocks has beside that of others."""
    shards = {"shards": plan.shard.of} if plan.shard else {}
    if plan.settings.tars:
        archives = plan_archives(plan, earlier)
        return {"archives": archives.to_dict(), "blocks": archives.blocks, **shards}
    return {"blocks": count_blocks(plan.listing.summary), **shards}


def is_begun(card: dict[str, Any]) -> bool:
    """Tell whether a run in blocks has begun, and is not finished."""
    blocks = card.get("blocks")
    return card["state"] == UNFINISHED and isinstance(blocks, int) and 1 <= blocks <= MOST_BLOCKS


def check_resumed(plan: Plan, card: dict[str, Any]) -> list[str]:
    """Refuse an output that this plan can neither resume nor grow; return what to say about it."""
    if card["state"] == DELETING:
        raise ExpandError(
            f'"{plan.out}" is being removed: a command with --overwrite was interrupted while it '
            "removed the files of an earlier run. Use --overwrite again to finish"
        )
    if card["state"] == UNFINISHED and not is_begun(card):
        raise ExpandError(
            f'"{plan.out}" was begun by a run on a local folder; finish that first, or choose '
            "another output"
        )
    if plan.shard and card["state"] == FINISHED:
        raise ExpandError(
            f'"{plan.out}" is finished, or its shards are merged already; leave out --shard, or '
            "choose another output"
        )
    return [*check_settings(plan, card), *check_versions(card)]


def peek_store(plan: Plan, overwrite: bool = False) -> OutputState:
    """Return what a run would find in its output; refuse what the run would refuse."""
    with before_writing(), closing(open_store(plan.out)) as store:
        card = _find_card(plan, store)
        if card is None:
            return OutputState()
        if overwrite:
            check_removable(plan, card)
            said = f'the files of an earlier run in "{plan.out}" would be removed'
            return OutputState(notes=[said])
        notes = check_resumed(plan, card)
        if card["state"] == FINISHED:
            made = card["counts"]["files"]
            notes.append(f"{made:,} of {plan.images:,} files are there already, as recorded")
        return OutputState(notes=notes, card=card)


def read_earlier(plan: Plan) -> dict[str, Any] | None:
    """Return the run card of an earlier run in the output of a plan; None if there is none."""
    with before_writing(), closing(open_store(plan.out)) as store:
        return load_card(store)


def _find_card(plan: Plan, store: Store) -> dict[str, Any] | None:
    """Return the run card of an output, None if the output is empty; refuse files without one."""
    card = load_card(store)
    if card is None and (name := _find_other(store)) and (card := load_card(store)) is None:
        raise ExpandError(
            f'"{plan.out}" is not empty (it has "{name}") and has no {CARD}: expand did not '
            "write it; choose another one"
        )
    return card  # with other files: of another run, which began since the first look


def _find_other(store: Store) -> str | None:
    """Return the name of a file that is not of expand or a file manager; None if there is none."""
    for page in store.pages():
        for entry in page:
            name = entry.name
            own = is_temporary(name.rpartition("/")[2]) or name in LOCK_FILES
            if not own and not is_listing(name) and not is_added(name):
                return name
    return None


def manifest_of(plan: Plan) -> str:
    """Return what the manifest of a plan is called."""
    return manifest_for(plan.settings.to_dict())


def is_record(name: str) -> bool:
    """Tell whether a file is one of the records of a run in blocks."""
    return name.startswith(FOLDER) or name in (CARD, *MANIFESTS, *LOCK_FILES)


@contextmanager
def earlier_records(plan: Plan, begun: Begun, stale: list[PartName]) -> Iterator[Path | None]:
    """Fetch the rows of earlier runs, those of blocks that are to be done again too.

    Yield the folder that they are in; None if there are none. Refuse rows of sources that the input
    no longer has.
    """
    if begun.earlier is None:
        yield None
        return
    with LocalRecords(begun.store) as records:
        found = records.fetch(manifest_of(plan))
        found = any([*records.fetch_parts(stale)]) or found
        if found:
            count_known_files(plan, records.path)
        yield records.path if found else None


def present_parts(begun: Begun) -> list[PartName]:
    """Return the parts that are there; none are in an output that this run created."""
    return find_parts(begun.store) if begun.earlier else []
