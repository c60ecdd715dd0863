"""The data file of the expanded dataset: the same text, without paths that lead to the source."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from posixpath import relpath
from typing import Any

import yaml

from expand.layouts.labelled.yolo.folder.datafile import OTHER_PARTS, PARTS, DataFile
from expand.layouts.labelled.yolo.folder.parts import finder
from expand.layouts.labelled.yolo.folder.paths import Finder, is_absolute, join


def rewritten(root: Path, data: DataFile) -> bytes | None:
    """Return the text of a data file with paths from its own folder; None if it can stay as it is.

    `path` is emptied: then Ultralytics takes the folder of the file. An absolute one leads to the
    source, and so can a relative one: it is looked for in the current folder, and in Ultralytics'
    folder of datasets. Paths of parts that depend on it, are absolute, or lead out of the folder
    and back become relative to the folder of the file.
    """
    if not data.values:
        return _darknet(root, data)
    changes: dict[str, Any] = {"path": None} if data.path else {}
    find = finder(root, data)
    for key in (*PARTS, *OTHER_PARTS):
        entries = data.values.get(key)
        if isinstance(entries, str) and entries:
            changed: Any = _entry(find, entries, data.folder)
        elif isinstance(entries, list):
            changed = [_entry(find, each, data.folder) for each in entries]
        else:
            continue
        if changed != entries:
            changes[key] = changed
    return _patched(data, changes).encode() if changes else None


def _entry(find: Finder, entry: str, start: str) -> str:
    """Return the path of a part as the expanded dataset is to name it; paths start from `start`."""
    place = find.find(entry)
    if place is None or (not is_absolute(entry) and join(start, entry) == place.path):
        return entry
    # Ultralytics leaves out one "../" of a path that leads nowhere: Roboflow writes such ones
    if place.stays and entry.startswith("../") and join(start, entry[3:]) == place.path:
        return entry
    return relpath(f"/{place.path}", f"/{start}")


def _patched(data: DataFile, changes: dict[str, Any]) -> str:
    """Return the text with some values changed: only their lines, if each has one."""
    text, wanted = data.text, {**data.values, **changes}
    for key, value in changes.items():
        if not isinstance(value, list):
            written = "" if value is None else f" {_scalar(value)}"
            line = re.compile(rf"^({key}[ \t]*:)[^\r\n]*?([ \t]+#[^\r\n]*)?(\r?)$", re.MULTILINE)
            text = line.sub(partial(_line, written), text)
    try:
        if yaml.safe_load(text) == wanted:
            return text
    except yaml.YAMLError:
        pass
    return str(yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True))


def _line(written: str, found: re.Match[str]) -> str:
    return f"{found[1]}{written}{found[2] or ''}{found[3]}"


def _scalar(value: str) -> str:
    return (
        str(yaml.safe_dump(value, allow_unicode=True, width=10_000)).removesuffix("...\n").strip()
    )


def _darknet(root: Path, data: DataFile) -> bytes | None:
    """Return Darknet's file with relative paths for absolute ones."""
    find, lines = Finder(root, (data.folder,)), list[str]()
    for line in data.text.splitlines(keepends=True):
        _, equals, value = line.partition("=")
        place = find.find(value) if equals and is_absolute(value.strip()) else None
        lines.append(line.replace(value.strip(), place.path) if place else line)
    text = "".join(lines)
    return text.encode() if text != data.text else None
