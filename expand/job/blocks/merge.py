"""Merge the blocks that shards at a URL have done: the records of one run are written."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from expand.errors import ExpandError
from expand.job.blocks.output import is_begun
from expand.job.blocks.parts import OtherSettingsError, PartName
from expand.job.blocks.publish import publish, read_costs
from expand.job.blocks.records import find_parts, load_card, remove_parts
from expand.job.sharding.merge import Merged
from expand.records.card import FINISHED
from expand.storage.stores.open import check_store, lock_place, open_store
from expand.storage.stores.store import Store
from expand.storage.stores.url import Place

NAMED = 8
"""Shards that a message names."""


def merge_blocks(out: Place) -> Merged:
    """Make one dataset of the blocks at a place; it can be interrupted and run again.

    Raise ExpandError, naming the shards, if blocks are missing.
    """
    check_store(out)
    if isinstance(out, Path) and not out.is_dir():
        raise ExpandError(f'"{out}" does not exist')
    with closing(open_store(out)) as store, lock_place(out):
        card = load_card(store)
        if card is None:
            raise ExpandError(f'"{out}" has no shards; they are written with --shard I/N')
        if card["state"] == FINISHED:
            if not find_parts(store):
                raise ExpandError(f'"{out}" has no shards: it is one dataset already')
            remove_parts(store)  # a merge was interrupted at its end
            return _merged(card)
        if not is_begun(card):
            raise ExpandError(f'"{out}" has no shards; they are written with --shard I/N')
        parts = _parts(out, store, card)
        card["cost"]["runs"] += read_costs(store)
        try:
            publish(store, card, parts)
        except OtherSettingsError as error:
            raise _other_settings(out, card, error) from error
        done = load_card(store)
        assert done is not None
    return _merged(done)


def _parts(out: Place, store: Store, card: dict[str, Any]) -> list[PartName]:
    """Return the part of each block; refuse blocks that are missing, or done in two ways."""
    found: dict[int, list[PartName]] = {}
    for part in find_parts(store):
        found.setdefault(part.number, []).append(part)
    of = int(card.get("shards") or 1)
    missing = sorted({n % of + 1 for n in range(card["blocks"]) if n not in found})
    if missing:
        named = ", ".join(f"{n}/{of}" for n in missing[:NAMED])
        more = ", …" if len(missing) > NAMED else ""
        shards = f"shard {named} is" if len(missing) == 1 else f"shards {named}{more} are"
        raise ExpandError(
            f'"{out}" cannot be merged: {shards} missing or not finished. Run the '
            "command with --shard for each"
        )
    twice = sorted({number % of + 1 for number, parts in found.items() if len(parts) > 1})
    if twice:
        raise ExpandError(
            f'"{out}" cannot be merged: the input changed between shards. Run shard '
            f"{twice[0]}/{of} again"
        )
    return [found[number][0] for number in sorted(found)]


def _other_settings(out: Place, card: dict[str, Any], error: OtherSettingsError) -> ExpandError:
    part = PartName.parse(error.name)
    number, of = part.number if part else 0, int(card.get("shards") or 1)
    return ExpandError(
        f'"{out}" cannot be merged: shard {number % of + 1}/{of} was written with other settings '
        "than another one. Run the command with --shard for each, with the same settings"
    )


def _merged(card: dict[str, Any]) -> Merged:
    counts = card["counts"]
    shards = len(card["cost"]["runs"])
    return Merged(shards, counts["sources"], counts["files"], counts["bytes"], len(card["bad"]))
