"""Publish: the parts of all blocks become the manifest, and the run card says that it is done."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from typing import Any

from expand.archives.names import INDEX
from expand.errors import STOPPED, ExpandError
from expand.job.archives.plan import read_archives
from expand.job.blocks.parts import FOLDER, PartName, add_up, digest_settings
from expand.job.blocks.records import LocalRecords, load_card, remove_parts, replace_card
from expand.job.cards import finish_card
from expand.job.settings import Settings
from expand.job.sharding.shard import Shard
from expand.job.summary import RunSummary
from expand.records.card import DELETING
from expand.records.manifest import manifest_for
from expand.storage.stores.store import Store

OF_BLOCKS = ("blocks", "shards")
"""What the run card of a run in blocks has until the run is finished."""
COST = f"{FOLDER}cost-"


def publish(store: Store, card: dict[str, Any], parts: list[PartName]) -> RunSummary:
    """Write the manifest and the run card of a run that is done; return its counts.

    Killed at any moment, it can be done again. Raise MissingError if a part does not exist,
    OtherSettingsError for one of other settings, and ExpandError with status 3 if another run has
    changed the run card: the records are those of that run from then on.
    """
    settings = Settings.from_dict(card["settings"])
    manifest = manifest_for(card["settings"])
    with LocalRecords(store) as records:
        summary = add_up(records.fetch_parts(parts, digest_settings(card["settings"])))
        path = records.merge(manifest, len(parts), settings.manifest_columns)
        check_own(store, card)
        store.write_file(manifest, path)
    if settings.tars:
        index = read_archives(card).index(settings.factor, summary.tars)
        store.write(INDEX, index.to_json())
    kept = {key: value for key, value in card.items() if key not in OF_BLOCKS}
    done = finish_card(kept, summary)
    while not replace_card(store, done, partial(_is_own, card)):
        check_own(store, card)  # another run with these settings may write it at the same time
    remove_parts(store)
    return summary


def check_own(store: Store, card: dict[str, Any]) -> dict[str, Any]:
    """Return the run card as it is now.

    Raise ExpandError with status 3 if a run with other settings has written it, or it is gone.
    """
    now = load_card(store)
    if now is None or not _is_own(card, now):
        raise ExpandError(
            f'"{store.place}" was removed during the run, or written by a run with other '
            "settings; let one run finish, then run the same command again.",
            STOPPED,
        )
    return now


def _is_own(card: dict[str, Any], now: dict[str, Any]) -> bool:
    """Tell whether a run card is of this run, or of one that does the same."""
    return bool(now["settings"] == card["settings"] and now["state"] != DELETING)


def cost_name(shard: Shard) -> str:
    """Return the file in which a shard says what it cost."""
    return f"{COST}{shard.number:06d}-of-{shard.of}.json"


def read_costs(store: Store) -> list[dict[str, Any]]:
    """Return what shards have cost, in their order."""
    names = sorted(entry.name for page in store.pages(FOLDER) for entry in page)
    costs = []
    for name in names:
        if name.startswith(COST):
            with suppress(ValueError):
                costs.append(json.loads(store.read(name)))
    return costs
