"""Lists of images: text files with one path a line, as data.yaml and Darknet name them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from expand.layouts.labelled.files import read_text
from expand.layouts.labelled.splits.lists import join_lines
from expand.layouts.labelled.yolo.folder.paths import Finder, is_absolute
from expand.layouts.spooled.index import TextIndex

MOST_BYTES = 256 << 20


class Line(NamedTuple):
    """A line of a list."""

    written: str
    path: str
    """The image that it names, relative to the dataset's folder; empty if there is none."""


def read_list(root: Path, name: str) -> Iterator[Line]:
    """Yield the lines of a list, without empty ones."""
    find = Finder(root, (name[: name.rfind("/") + 1],))
    for written in read_text(root, name, MOST_BYTES).splitlines():
        if written := written.strip():
            place = find.find(written)
            yield Line(written, place.path if place else "")


def write_list(root: Path, name: str, grown: TextIndex, grows: bool) -> bytes:
    """Return a list with the copies of each image after it, in the style of its own paths.

    `grown` are the files in the expanded dataset of each image that grows. Images that are not in
    it, because they could not be expanded, are left out of a list that `grows`; other lists keep
    them. An absolute path would lead back to the source; it becomes one from the folder of the
    list.
    """
    folder = name[: name.rfind("/") + 1]
    newline = "\r\n" if b"\r\n" in (root / name).read_bytes()[:4096] else "\n"

    def lines(line: Line) -> list[str] | None:
        """Return the lines of an image's files; None for a line that stays."""
        if not line.path:
            return [] if grows else None
        files = grown.of(line.path) if grows else [line.path]
        return [_styled(line, file, folder) + newline for file in files]

    listed = read_list(root, name)
    return join_lines((line.written + newline, lines(line)) for line in listed).encode()


def _styled(line: Line, file: str, folder: str) -> str:
    """Return the path of a file, which lies in the folder of the image that a line names."""
    if not is_absolute(line.written):
        cut = max(line.written.rfind("/"), line.written.rfind("\\")) + 1
        return line.written[:cut] + file.rpartition("/")[2]
    # Ultralytics takes "./" for the folder of the list, and any other path as it is
    return f"./{file[len(folder) :]}" if file.startswith(folder) else file


def has_absolute(root: Path, name: str) -> bool:
    """Tell whether a list has absolute paths."""
    return any(is_absolute(line.written) for line in read_list(root, name))
