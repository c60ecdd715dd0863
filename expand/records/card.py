"""The run card: settings, recipe, counts, versions and cost of an output folder."""

from __future__ import annotations

import json
import os
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from expand import __version__
from expand.errors import ExpandError
from expand.layouts.directory import is_added
from expand.records.manifest import BLOCKS, MANIFEST, is_block_record, is_part
from expand.records.rows import NotJsonError, parse_json
from expand.storage.folder import OutputFolder
from expand.storage.lock import LOCK_FILES
from expand.storage.names import PARTIAL, check_inside
from expand.storage.reading import read_record

CARD = "expand.json"
FINISHED, UNFINISHED, DELETING = STATES = ("finished", "unfinished", "deleting")
KINDS: dict[str, type] = {
    "state": str,
    "source": str,
    "settings": dict,
    "settings.recipe": dict,
    "settings.factor": int,
    "settings.format": str,
    "versions": dict,
    "cost": dict,
    "cost.runs": list,
}
"""What every card has, and of which type."""
WORDS: dict[type, str] = {dict: "an object", str: "text", list: "a list", int: "a whole number"}
LIBRARIES = ("numpy", "opencv-python-headless", "pillow", "tifffile", "albumentations")


def read_card(folder: Path) -> dict[str, Any] | None:
    """Read the run card of an output folder; None if it has none.

    Raise ExpandError if it is not one that `expand` wrote, or damaged.
    """
    path = folder / CARD
    text = read_record(path)
    return None if text is None else parse_card(text, os.fspath(path))


def parse_card(text: bytes, where: str) -> dict[str, Any]:
    """Return a run card from its text, which lies at `where`; raise as `read_card` does."""
    try:
        card = parse_json(text)
        _check_card(card)
    except NotJsonError as error:
        raise ExpandError(
            f'"{where}" is damaged (it {error}); put that file back, or expand into another folder'
        ) from error
    except ExpandError as error:
        raise ExpandError(f'"{where}" is not a run card of expand: {error}') from error
    return card  # type: ignore[no-any-return]


def _check_card(card: Any) -> None:
    """Raise ExpandError with the reason if a card lacks a value, or one has another type."""
    _check(card, "the card", dict)
    for key, kind in KINDS.items():
        value = card
        for part in key.split("."):
            if part not in value:
                raise ExpandError(f'it has no "{key}"')
            value = value[part]
        _check(value, f'"{key}"', kind)
    if card["state"] not in STATES:
        raise ExpandError(f'"state" must be one of {", ".join(STATES)}')
    if card["state"] == FINISHED:
        _check(card.get("counts"), '"counts"', dict)
        _check(card["counts"].get("files"), '"counts.files"', int)
    _check(card.get("derived", []), '"derived"', list)
    for entry in card.get("derived", ()):
        _check(entry, 'each of "derived"', dict)
        check_inside(entry.get("file_name"))
        _check(entry.get("bytes"), 'each "bytes" of "derived"', int)
        _check(entry.get("sha256"), 'each "sha256" of "derived"', str)
    _check(card.get("bad", []), '"bad"', list)
    for entry in card.get("bad", ()):
        _check(entry, 'each of "bad"', dict)
        _check(entry.get("source"), 'each "source" of "bad"', str)


def _check(value: object, name: str, kind: type) -> None:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ExpandError(f"{name} must be {WORDS[kind]}")


def write_card(folder: OutputFolder, card: dict[str, Any]) -> None:
    """Write the run card; it is on the disk before it replaces an earlier one.

    Bytes of a path that are not UTF-8 are written as escapes, which JSON reads back.
    """
    folder.write(CARD, card_bytes(card), sync=True)


def card_bytes(card: dict[str, Any]) -> bytes:
    """Return the file of a run card."""
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace")


def versions() -> dict[str, str]:
    """Return the version of expand and of each library that decides the bytes of copies."""
    found = {library: _version_of(library) for library in LIBRARIES}
    return {"expand": __version__, **{name: each for name, each in found.items() if each}}


@cache
def _version_of(library: str) -> str | None:
    """Return the version of an installed library; it takes 1 ms to read."""
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def is_record(name: str, manifest: str = MANIFEST) -> bool:
    """Tell whether a file of an output folder is one of expand's records."""
    if name in (CARD, manifest, *LOCK_FILES) or name.startswith(BLOCKS):
        return True
    return is_part(name) or is_block_record(name)


def is_ignored(name: str) -> bool:
    """Tell whether a folder with such a file counts as empty, when a run begins in it.

    A killed run leaves temporary files at its top, and file managers add theirs.
    """
    return (name.endswith(PARTIAL) and "/" not in name) or is_added(name)


def derived_names(card: dict[str, Any] | None) -> list[str]:
    """Return the set-wide files that the last finished run wrote."""
    return [entry["file_name"] for entry in (card or {}).get("derived", ())]


def is_tars(card: dict[str, Any] | None) -> bool:
    """Tell whether a run card is of an output folder that has tars."""
    return card is not None and card["settings"].get("output", "folder") != "folder"
