"""The manifest: one row per file of an output folder, sorted by source and view.

Rows are written as they come. A run that ends early leaves its rows in a part. The next run reads
the manifest and all parts side by side, so that no row is kept in memory for later.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from expand.errors import ExpandError
from expand.storage.files import open_lines, replace_whole

MANIFEST = "metadata.jsonl"
PART = ".metadata-{}.part"
_encode = json.JSONEncoder(ensure_ascii=False).encode


class Row(TypedDict):
    """One file of the expanded dataset."""

    file_name: str
    label: str
    source: str
    view: int
    params: dict[str, Any]
    width: int
    height: int
    bytes: int
    sha256: str
    source_sha256: str
    same_as: int
    """The first view of the source with the same pixels; nearly always this one."""


class Record(NamedTuple):
    """What earlier runs wrote for a source: lines of the manifest, by view, and which views."""

    source: str
    lines: list[str]
    views: set[int]


def line_of(row: Row) -> str:
    """Return a row as a line of JSON."""
    return _encode(row) + "\n"


def order(source_id: str) -> list[str]:
    """Return the sort key of a source: folder by folder, as a listing is sorted."""
    return source_id.split("/")


def read_rows(folder: Path) -> Iterator[Row]:
    """Yield the rows of the manifest of a finished output folder."""
    path = folder / MANIFEST
    if not path.is_file():
        raise ExpandError(f'"{folder}" has no {MANIFEST}: not a finished output of expand')
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row: Row = json.loads(line)
                row["file_name"], row["source"], row["view"]
            except (json.JSONDecodeError, KeyError, TypeError) as error:
                raise ExpandError(
                    f'"{path}", line {number}: not a row of a manifest ({error!r})'
                ) from error
            yield row


def read_records(folder: Path, skip: Path | None = None) -> Iterator[Record]:
    """Yield a record of each source, in order, from the manifest and the parts of ended runs.

    A view has two lines if its source changed between two runs.
    """
    paths = [folder / MANIFEST, *sorted(folder.glob(PART.format("*")))]
    with ExitStack() as stack:
        streams = [
            _whole_lines(stack.enter_context(open(path, encoding="utf-8")))
            for path in paths
            if path != skip and path.is_file()
        ]
        merged = heapq.merge(*streams, key=lambda entry: order(entry.source))
        for source, entries in groupby(merged, key=lambda entry: entry.source):
            views = {entry.line: entry.view for entry in entries}  # each line once
            yield Record(source, sorted(views, key=views.__getitem__), set(views.values()))


class _Line(NamedTuple):
    source: str
    view: int
    line: str


def _whole_lines(lines: Iterable[str]) -> Iterator[_Line]:
    """Yield the lines of a manifest; stop at a line that was cut off when its run was killed."""
    for line in lines:
        try:
            row: Row = json.loads(line)
            yield _Line(row["source"], row["view"], line)
        except (json.JSONDecodeError, KeyError, TypeError):
            return


class ManifestWriter:
    """Writes rows, in order, to a part that becomes the manifest when the run is done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        taken = [path.name for path in folder.glob(PART.format("*"))]
        number = next(n for n in range(len(taken) + 1) if PART.format(n) not in taken)
        self.path = folder / PART.format(number)
        self.file = open_lines(self.path)

    def write(self, lines: Iterable[str]) -> None:
        """Add a source's lines."""
        self.file.writelines(lines)

    def flush(self) -> None:
        """Give the lines to the operating system, so that they outlive a kill of this process."""
        self.file.flush()

    def close(self) -> None:
        """Close the part; it stays for the next run to read."""
        self.file.close()

    def publish(self) -> None:
        """Turn the part into the manifest, and remove the other parts."""
        self.close()
        replace_whole(self.path, self.folder / MANIFEST)
        for part in self.folder.glob(PART.format("*")):
            part.unlink()
