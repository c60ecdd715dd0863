"""The files that records name, each checked for its size and its hash, in a folder or at a URL."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from hashlib import file_digest, sha256
from typing import Any, NamedTuple

from expand.records.problems import Problem
from expand.records.rows import Row
from expand.storage.folder import OutputFolder
from expand.storage.removal import open_output
from expand.storage.stores.open import open_store
from expand.storage.stores.store import MissingError, StoreError
from expand.storage.stores.url import Place, Url

SIDE_BY_SIDE = 64
"""Files at a URL that are in memory at the same time."""


class Written(NamedTuple):
    """A file as a record names it."""

    name: str
    bytes: int
    sha256: str


def name_files(rows: Iterable[Row]) -> Iterator[Written]:
    """Yield the files that rows name."""
    for row in rows:
        yield Written(row["file_name"], row["bytes"], row["sha256"])
        for file in row["labels"]["files"] if "labels" in row else ():
            yield Written(file["file_name"], file["bytes"], file["sha256"])


def name_derived(card: dict[str, Any] | None) -> Iterator[Written]:
    """Yield the set-wide files that a run card names."""
    for file in (card or {}).get("derived", ()):
        yield Written(file["file_name"], file["bytes"], file["sha256"])


def check_files(place: Place, files: list[Written]) -> list[Problem | None]:
    """Return what is wrong with each of some files, None if nothing is."""
    if isinstance(place, Url):
        return _check_stored(place, files)
    with open_output(place) as output:
        return [_check_file(output, file) for file in files]


def _check_stored(url: Url, files: list[Written]) -> list[Problem | None]:
    """Return what is wrong with each of some files at a URL."""
    store, problems = open_store(url), list[Problem | None]()
    for first in range(0, len(files), SIDE_BY_SIDE):
        some = files[first : first + SIDE_BY_SIDE]
        for file, found in zip(some, store.read_many([file.name for file in some]), strict=True):
            if isinstance(found, MissingError):
                problems.append(Problem("missing", file.name, "is missing"))
            elif isinstance(found, StoreError):
                detail = "cannot be read: permission denied"
                problems.append(Problem("unreadable", file.name, detail))
            elif len(found) != file.bytes or sha256(found).hexdigest() != file.sha256:
                detail = "is not the file that was written (its size or its hash differs)"
                problems.append(Problem("changed", file.name, detail))
            else:
                problems.append(None)
    return problems


def _check_file(output: OutputFolder, written: Written) -> Problem | None:
    """Return what is wrong with a file, None if nothing is."""
    name = written.name
    try:
        with output.open(name) as file:
            size = os.fstat(file.fileno()).st_size
            if size != written.bytes:
                detail = f"has {size:,} bytes, the manifest says {written.bytes:,}"
                return Problem("changed", name, detail)
            digest = file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return Problem("missing", name, "is missing")
    except OSError as error:
        if output.has_folder(name):
            return Problem("missing", name, "is missing: a folder lies in its place")
        return Problem("unreadable", name, f"cannot be read: {error.strerror or error}")
    if digest != written.sha256:
        return Problem("changed", name, "is not the file that was written (its hash differs)")
    return None
