"""The part of the manifest that a block writes when it is done: a line of counts, then rows."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from hashlib import blake2b
from typing import Any, NamedTuple

from expand.archives.index import Tar
from expand.archives.names import block_name
from expand.errors import STOPPED, ExpandError
from expand.job.summary import BadSource, RunSummary
from expand.records.manifest import BLOCKS, SHARDS
from expand.records.rows import NotJsonError, parse_json

FOLDER = BLOCKS
"""The folder of the parts in an output, until they are merged."""
LOCAL = f"{SHARDS}/"
"""The folder of shards without URLs; they have blocks only if the output is tars."""
_NAME = re.compile(r"\.blocks/(\d{6})-([0-9a-f]{16})\.jsonl")
_BEGUN = re.compile(r"\.blocks/begun-(\d{6})")
COUNTED = ("sources", "files", "bytes", "same", "kept", "kept_bytes")


class PartName(NamedTuple):
    """What the name of a part says."""

    number: int
    digest: str
    """That of the block's sources and of the settings."""

    def __str__(self) -> str:
        return f"{FOLDER}{block_name(self.number)}-{self.digest}.jsonl"

    @classmethod
    def parse(cls, name: str) -> PartName | None:
        """Read the name of a file; None for any other file."""
        found = _NAME.fullmatch(name)
        return cls(int(found[1]), found[2]) if found else None


def begun_name(block: int) -> str:
    """Return the name of the note that files of a block are written from now on."""
    return f"{FOLDER}begun-{block_name(block)}"


def begun_number(name: str) -> int | None:
    """Return the block that was begun, by the name of its note; None for any other file."""
    found = _BEGUN.fullmatch(name)
    return int(found[1]) if found else None


def write_part(summary: RunSummary, lines: Iterable[str], settings: str) -> bytes:
    """Return the bytes of a part; `settings` is the digest of those it was written with."""
    return part_head(summary, settings) + "".join(lines).encode()


def part_head(summary: RunSummary, settings: str) -> bytes:
    """Return the line of counts of a part."""
    counts: dict[str, Any] = {key: getattr(summary, key) for key in COUNTED}
    counts |= {"labels": summary.labels, "bad": summary.bad, "settings": settings}
    if summary.tars:
        counts["tars"] = [asdict(tar) for tar in summary.tars]
    return (json.dumps(counts) + "\n").encode()


def digest_settings(settings: dict[str, Any]) -> str:
    """Return a digest of the settings in a run card."""
    return blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=8).hexdigest()


class OtherSettingsError(ExpandError):
    """A part that was written with other settings than those of the run card."""

    def __init__(self, name: str) -> None:
        super().__init__(f'"{name}" was written with other settings; run the same command again')
        self.name = name


def read_part(name: str, data: bytes, settings: str | None = None) -> tuple[RunSummary, bytes]:
    """Return the counts in a part, and its rows; raise ExpandError if it is damaged.

    With the digest of `settings`, raise OtherSettingsError if it was written with others. Parts of
    earlier versions do not say.
    """
    head, _, rows = data.partition(b"\n")
    try:
        counts = parse_json(head)
        summary = RunSummary()
        for key in COUNTED:
            setattr(summary, key, int(counts[key]))
        summary.labels = {str(label): int(count) for label, count in counts["labels"].items()}
        summary.bad = [BadSource(str(source), str(reason)) for source, reason in counts["bad"]]
        summary.tars = [Tar(**tar) for tar in counts.get("tars", ())]
        own = counts.get("settings", settings)
    except (NotJsonError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ExpandError(
            f'"{name}" is not a part of a manifest; remove it and run the same command again',
            STOPPED,
        ) from error
    if settings is not None and own != settings:
        raise OtherSettingsError(name)
    return summary, rows


def add_up(parts: Iterable[RunSummary]) -> RunSummary:
    """Return the counts of all blocks, in the order in which one run counts."""
    total, labels = RunSummary(), Counter[str]()
    for part in parts:
        for key in COUNTED:
            setattr(total, key, getattr(total, key) + getattr(part, key))
        labels.update(part.labels)
        total.bad += part.bad
        total.tars += part.tars
    total.labels = dict(sorted(labels.items()))
    total.bad.sort(key=lambda bad: bad.source.split("/"))
    return total
