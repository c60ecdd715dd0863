"""Read a tar strictly: one that was cut off is an error, also where a member ends."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from expand.archives.members import BLOCK, end, member_bytes
from expand.errors import ExpandError


class DamagedTarError(ExpandError):
    """A file that is not a whole tar; the text says what it has or lacks."""


class Member(NamedTuple):
    """A member of a tar: its name, and where its data begin in the file."""

    name: str
    start: int
    size: int


def list_members(file: BinaryIO) -> Iterator[Member]:
    """Yield the members of an open tar, in order; data are passed over.

    The file may be read from elsewhere in between. Raise DamagedTarError for a tar that is cut off
    or has anything else than plain files.
    """
    position = 0
    while True:
        header = _read(file, position, BLOCK)
        if not any(header):
            rest = end(position)
            if _read(file, position, len(rest)) != rest or file.read(1):
                raise DamagedTarError("has data after its end")
            return
        try:
            found = tarfile.TarInfo.frombuf(header, "ascii", "strict")
        except (tarfile.HeaderError, ValueError) as error:
            raise DamagedTarError(f"is not a tar file at byte {position:,}") from error
        if found.type != tarfile.REGTYPE or found.size < 0:
            raise DamagedTarError(f'has "{found.name}", which is not a plain file')
        yield Member(found.name, position + BLOCK, found.size)
        position += member_bytes(found.size)


def read_member(file: BinaryIO, member: Member, most: int) -> bytes:
    """Return the data of a member, which has `most` bytes at most."""
    if member.size > most:
        raise DamagedTarError(f'has "{member.name}" with {member.size:,} bytes')
    return _read(file, member.start, member.size)


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    if file.tell() != start:
        file.seek(start)
    data = file.read(size)
    if len(data) != size:
        raise DamagedTarError("is cut off")
    return data
