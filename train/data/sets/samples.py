"""The samples of a tar, read in one pass: an image, its class and its manifest row."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Generator
from typing import NamedTuple

from expand.archives.samples import CLASS, ROW, row_of
from expand.errors import ExpandError
from expand.records.rows import Row
from train.errors import TrainError

Read = Callable[[int], bytes]
"""Returns the next bytes of a tar, as many as asked for; fewer only at its end."""
RECORD = 512
"""Bytes of a header, of which all other lengths are a multiple."""
MEMBERS = 3
"""Files of a sample: its image, its class and its row."""
LARGEST = 1 << 32
"""Bytes of a member at most; an image has a few megabytes."""


class TarError(TrainError):
    """A tar that is not one that expand wrote, or was damaged since."""


class Member(NamedTuple):
    """A file in a tar."""

    name: str
    data: bytes
    offset: int
    """Where its data begin in the tar."""

    @property
    def key(self) -> str:
        """What the members of one sample have in common."""
        return self.name.partition(".")[0]

    @property
    def extension(self) -> str:
        """What a member holds."""
        return self.name.partition(".")[2]


class Sample(NamedTuple):
    """An image of a tar with what its tar says of it."""

    image: Member
    label: int
    row: Row


def read_samples(read: Read, title: str) -> Generator[Sample, None, None]:
    """Yield the samples of a tar, one after the other; only one of them is in memory.

    Nothing behind a sample has been read when it is yielded. Raise TarError, with the `title` of
    the tar, for what expand does not write.
    """
    members: list[Member] = []
    for member in read_members(read, title):
        if members and member.key != members[0].key:
            raise TarError(_missing(members, title))
        members.append(member)
        if len(members) == MEMBERS:
            yield _as_sample(members, title)
            members = []
    if members:
        raise TarError(_missing(members, title))


def read_members(read: Read, title: str) -> Generator[Member, None, None]:
    """Yield the files in a tar; raise TarError if it ends early or holds anything else."""
    offset = 0
    while any(header := read(RECORD)):
        try:
            info = tarfile.TarInfo.frombuf(header, "ascii", "strict")
        except (tarfile.HeaderError, ValueError) as error:
            short = len(header) < RECORD
            raise TarError(f"{title} {'is cut off' if short else 'is not a tar'}") from error
        if info.type != tarfile.REGTYPE or not 0 <= info.size <= LARGEST:
            raise TarError(f'{title} holds "{info.name}", which is not a plain file')
        data = read(info.size)
        padding = -info.size % RECORD
        if len(data) < info.size or len(read(padding)) < padding:
            raise TarError(f"{title} is cut off")
        yield Member(info.name, data, offset + RECORD)
        offset += RECORD + info.size + padding
    if len(header) < RECORD:
        raise TarError(f"{title} is cut off")


def _as_sample(members: list[Member], title: str) -> Sample:
    parts = {member.extension: member for member in members}
    label, row = parts.pop(CLASS, None), parts.pop(ROW, None)
    if label is None or row is None or len(parts) != 1:
        raise TarError(_missing(members, title))
    return Sample(parts.popitem()[1], _as_number(label, title), _as_row(row, title))


def _missing(members: list[Member], title: str) -> str:
    """Say what the files of a sample lack."""
    extensions = [member.extension for member in members]
    sample = f'{title}: sample "{members[0].key}"'
    if CLASS not in extensions:
        return f"{sample} has no class (.{CLASS}); train needs images that have one class each"
    if ROW not in extensions:
        return f"{sample} has no manifest row (.{ROW}), so it was not written by expand"
    return f"{sample} has no image"


def _as_number(member: Member, title: str) -> int:
    if not member.data.isdigit() or len(member.data) > 9:
        raise TarError(f'{title}: "{member.name}" is not the number of a class')
    return int(member.data)


def _as_row(member: Member, title: str) -> Row:
    try:
        return row_of(member.data)
    except ExpandError as error:
        raise TarError(f'{title}: "{member.name}": {error}') from error
