"""The record of a split: what was asked for, what it gave, and whether it is finished."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any

from expand.errors import ExpandError
from expand.records.card import is_ignored
from expand.records.changes import describe_changes
from expand.records.rows import NotJsonError, parse_json
from expand.splitting.parts import RECORD
from expand.storage.folder import OutputFolder
from expand.storage.reading import read_record
from expand.storage.removal import find_others, sweep

FINISHED, UNFINISHED = "finished", "unfinished"


def read_split(out: Path) -> dict[str, Any] | None:
    """Read the record of a split; None if the folder has none."""
    path = out / RECORD
    text = read_record(path)
    if text is None:
        return None
    try:
        record = parse_json(text)
    except NotJsonError as error:
        raise ExpandError(f'"{path}" {error}; choose another folder') from error
    if not isinstance(record, dict) or not isinstance(record.get("settings"), dict):
        raise ExpandError(f'"{path}" is not the record of a split; choose another folder')
    return record


def write_split(folder: OutputFolder, record: dict[str, Any]) -> None:
    """Write the record; names that are not UTF-8 are written as escapes."""
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    folder.write(RECORD, text.encode("utf-8", "backslashreplace"), sync=True)


def check_output(out: Path, settings: dict[str, Any], images: str) -> None:
    """Refuse a folder that has anything else in it than this split, begun or done.

    `images` is the digest of the images and their parts. Temporary files that a killed run left
    are removed.
    """
    record = read_split(out)
    if record is None:
        others = find_others(out, is_ignored)
        if others.count:
            raise ExpandError(
                f'"{out}" is not empty and has no {RECORD}: expand split did not write it; choose '
                "another folder"
            )
    else:
        _check_same(out, record, settings, images)
    sweep(out)


def _check_same(out: Path, record: dict[str, Any], settings: dict[str, Any], images: str) -> None:
    earlier = record["settings"]
    if changes := describe_changes(earlier, settings, settings):
        raise ExpandError(
            f'"{out}" was split with other settings: {changes}. Choose another folder'
        )
    if record.get("images") != images:
        raise ExpandError(
            f'"{out}" was split from other images: some were added, removed or changed since. '
            "Choose another folder, or remove it and split again"
        )


def digest_images(names: Iterable[tuple[str, int]]) -> str:
    """Return a digest of images and their sizes: names in the output folder, in order."""
    hashed = blake2b(digest_size=16)
    for name, size in names:
        hashed.update(f"{name}\0{size}\0".encode())
    return hashed.hexdigest()


def source_path(src: Path, out: Path) -> str:
    """Return the path of the input as the record has it: relative to the output folder."""
    return os.path.relpath(src.resolve(), out.resolve())
