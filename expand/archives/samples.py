"""Samples: an image, its class and its row, as members of a tar that lie side by side.

The types of the row never change, because readers take those of the first rows for all: parameters
differ from view to view, so they are text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from expand.archives.members import member
from expand.archives.names import Key
from expand.archives.reading import DamagedTarError, Member, list_members, read_member
from expand.errors import ExpandError
from expand.records.rows import Row, parse_row

CLASS, ROW = "cls", "json"
"""The extensions of the class, a number as text, and of the row."""
LARGEST_ROW = 64 << 20
"""The most bytes of a class or a row that are read."""
_encode = json.JSONEncoder(ensure_ascii=False).encode


class Sample(NamedTuple):
    """A view of a source in a tar."""

    key: Key
    extension: str
    """That of the image, in lower case, without a dot."""
    image: bytes
    label: int | None
    """The number of its class; None if the dataset has none."""
    row: Row
    """Its row in the manifest."""

    def to_members(self) -> bytes:
        """Return its members, as they lie in a tar."""
        label = b"" if self.label is None else member(f"{self.key}.{CLASS}", b"%d" % self.label)
        row = member(f"{self.key}.{ROW}", json_of(self.row))
        return member(f"{self.key}.{self.extension}", self.image) + label + row


def json_of(row: Row) -> bytes:
    """Return a row as the JSON of a sample."""
    return _encode({**row, "params": _encode(row["params"])}).encode()


def row_of(data: bytes) -> Row:
    """Return the row in the JSON of a sample; raise ExpandError if it is not one."""
    try:
        values: Any = json.loads(data)
        values["params"] = json.loads(values["params"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ExpandError("not a row of a sample") from error
    return parse_row(_encode(values).encode())


class Entry(NamedTuple):
    """A sample of an open tar, of which the image was not read."""

    key: Key
    image: Member
    label: int | None
    row: Row

    @property
    def extension(self) -> str:
        """The extension of the image."""
        return self.image.name.partition(".")[2]


def list_samples(file: BinaryIO) -> Iterator[Entry]:
    """Yield the samples of an open tar; images are passed over, so the file must have `seek`.

    Raise DamagedTarError for anything that `Sample.to_members` does not write.
    """
    members = list_members(file)
    for image in members:
        name, _, extension = image.name.partition(".")
        key, label = Key.parse(name), None
        if key is None or extension in ("", CLASS, ROW):
            raise DamagedTarError(f'has "{image.name}", which is not an image of a sample')
        following = _next(members, name)
        if following.name == f"{name}.{CLASS}":
            text = read_member(file, following, LARGEST_ROW)
            if not (text.isdigit() and len(text) < 10):
                raise DamagedTarError(f'has "{following.name}", which is not the number of a class')
            label, following = int(text), _next(members, name)
        if following.name != f"{name}.{ROW}":
            raise DamagedTarError(f'has no "{name}.{ROW}" where it must be')
        try:
            row = row_of(read_member(file, following, LARGEST_ROW))
        except DamagedTarError:
            raise
        except ExpandError as error:
            raise DamagedTarError(f'has a damaged "{following.name}": {error}') from error
        yield Entry(key, image, label, row)


def read_samples(file: BinaryIO) -> Iterator[Sample]:
    """Yield the samples of an open tar with their images; raise as `list_samples` does."""
    for key, image, label, row in list_samples(file):
        yield Sample(
            key, image.name.partition(".")[2], read_member(file, image, image.size), label, row
        )


def _next(members: Iterator[Member], name: str) -> Member:
    found = next(members, None)
    if found is None:
        raise DamagedTarError(f'ends in the middle of sample "{name}"')
    return found
