"""Merge: the records of all shards become those that one run would have written."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from expand.errors import STOPPED, ExpandError
from expand.job.derived import write_derived
from expand.job.settings import Settings
from expand.job.sharding.records import merge_manifests
from expand.job.sharding.shard import Shard
from expand.layouts.labelled.open import open_dataset
from expand.records.card import FINISHED, read_card, write_card
from expand.records.manifest import SHARDS, order
from expand.records.rows import LabelFileRow
from expand.records.writer import ManifestWriter
from expand.storage.lock import Lock
from expand.storage.removal import open_output, sweep

NAMED = 8
"""Shards that a message names."""
FLUSHED = 4096
"""Lines that are written together."""
SAME = ("settings", "found", "versions")
"""What the run cards of all shards must agree on."""


class Merged(NamedTuple):
    """What was merged."""

    shards: int
    sources: int
    files: int
    bytes: int
    bad: int

    @property
    def status(self) -> int:
        """The exit status: 0 all done, 1 done but some input was bad."""
        return 1 if self.bad else 0


def merge(out: Path, src: Path | None = None) -> Merged:
    """Make one expanded dataset of finished shards; it can be interrupted and run again.

    `src` is the input, if it is not where the shards found it. Raise ExpandError, naming them, if
    shards are missing, are not finished, or do not belong together.
    """
    if not out.is_dir():
        raise ExpandError(f'"{out}" does not exist')
    with Lock(out), open_output(out) as folder:
        done = read_card(out)
        if done and done["state"] == FINISHED and not (out / SHARDS).is_dir():
            raise ExpandError(f'"{out}" has no shards: it is one dataset already')
        if not (done and done["state"] == FINISHED):
            cards = read_cards(out)
            derived = _publish(out, cards, src)
            done = merge_cards(cards, derived)
            write_card(folder, done)
        _remove_shards(out)
        sweep(out)
        folder.sync_names()
    counts = done["counts"]
    shards = len(done["cost"]["runs"])
    return Merged(shards, counts["sources"], counts["files"], counts["bytes"], len(done["bad"]))


def read_cards(out: Path) -> list[dict[str, Any]]:
    """Return the run cards of all shards, in order; refuse shards that do not make a whole."""
    found = {path.name for path in (out / SHARDS).glob("*-of-*")} if (out / SHARDS).is_dir() else ()
    counts = sorted({int(name.rpartition("-")[2]) for name in found})
    if not counts:
        raise ExpandError(f'"{out}" has no shards; they are written with --shard I/N')
    if len(counts) > 1:
        raise ExpandError(
            f'"{out}" has shards of {counts[0]} and of {counts[1]} jobs; expand into another '
            "folder with one number of shards"
        )
    shards = [Shard(number, counts[0]) for number in range(1, counts[0] + 1)]
    cards = {shard: read_card(shard.records(out)) for shard in shards}
    lacking = {
        "is missing": [shard for shard, card in cards.items() if card is None],
        "is not finished": [
            shard for shard, card in cards.items() if card and card["state"] != FINISHED
        ],
    }
    said = [f"{_listed(some)} {what}" for what, some in lacking.items() if some]
    if said:
        raise ExpandError(
            f'"{out}" cannot be merged: {"; ".join(said)}. Run the command with '
            "--shard for each of them"
        )
    whole = {shard: card for shard, card in cards.items() if card}
    _check_same(out, whole)
    return list(whole.values())


def _check_same(out: Path, cards: dict[Shard, dict[str, Any]]) -> None:
    """Refuse shards of different settings, inputs or versions."""
    first, *others = cards.items()
    for shard, card in others:
        for key in SAME:
            if card.get(key) != first[1].get(key):
                raise ExpandError(
                    f'"{out}" cannot be merged: shards {first[0]} and {shard} have different '
                    f"{key}: {_differing(first[1].get(key), card.get(key))}"
                )


def _differing(one: Any, other: Any) -> str:
    """Say in which value two run cards differ."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return f"{one} and {other}"
    key = next(key for key in {**one, **other} if one.get(key) != other.get(key))
    return f"{key} {one.get(key)} and {other.get(key)}"


def _listed(shards: list[Shard]) -> str:
    named = ", ".join(map(str, shards[:NAMED])) + (", …" if len(shards) > NAMED else "")
    return f"shard {named}" if len(shards) == 1 else f"{len(shards)} shards ({named}) each"


def _publish(out: Path, cards: list[dict[str, Any]], src: Path | None) -> list[LabelFileRow]:
    """Write the manifest of all shards, and the set-wide files; return these."""
    settings = Settings.from_dict(cards[0]["settings"])
    shards = [Shard.parse(card["shard"]) for card in cards]
    labelled = settings.dataset is not None
    writer = ManifestWriter(out, labelled=labelled, columns=settings.manifest_columns)
    try:
        folders = [shard.records(out) for shard in shards]
        for line in merge_manifests(folders, out / SHARDS):
            writer.write([line])
            if len(writer.lines) >= FLUSHED:
                writer.flush()
        derived = _derive(settings, src or out / cards[0]["source"], writer)
        writer.publish()
    finally:
        writer.close()
    return derived


def _derive(settings: Settings, src: Path, writer: ManifestWriter) -> list[LabelFileRow]:
    if settings.dataset is None:
        return []
    request = settings.dataset.request
    with open_dataset(src, request, settings.largest, settings.format) as dataset:
        return write_derived(dataset, writer.folder, writer.rows)


def merge_cards(cards: list[dict[str, Any]], derived: list[LabelFileRow]) -> dict[str, Any]:
    """Return the run card that one run would have written; it has the costs of all shards."""
    card = {key: value for key, value in cards[0].items() if key != "shard"}
    card["cost"] = {"runs": [run for each in cards for run in each["cost"]["runs"]]}
    card["counts"] = _add(each["counts"] for each in cards)
    bad = [entry for each in cards for entry in each["bad"]]
    card["bad"] = sorted(bad, key=lambda entry: order(entry["source"]))
    if "derived" in card:
        card["derived"] = derived
    return card


def _add(counts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Add counts, and counts of counts; these sorted by name."""
    total: dict[str, Any] = {}
    for each in counts:
        for key, value in each.items():
            if isinstance(value, dict):
                total[key] = Counter(total.get(key, {})) + Counter(value)
            else:
                total[key] = total.get(key, 0) + value
    return {
        key: dict(sorted(value.items())) if isinstance(value, Counter) else value
        for key, value in total.items()
    }


def _remove_shards(out: Path) -> None:
    """Remove the records of the shards."""
    try:
        with suppress(FileNotFoundError):
            shutil.rmtree(out / SHARDS)
    except OSError as error:
        raise ExpandError(
            f'"{out / SHARDS}" cannot be removed: {error.strerror or error}', STOPPED
        ) from error
