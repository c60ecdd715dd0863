"""Windows: runs of samples of a tar, about a megabyte each, which are read at once.

They are what a set that is streamed is shuffled by: a few hundred small images, or one large one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import blake2b, sha256
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.archives.samples import CLASS, ROW
from expand.records.rows import Row
from expand.storage.stores.store import Store
from train.data.sets.samples import RECORD, Member, TarError, read_members
from train.data.sets.tars import TarPart
from train.errors import STOPPED, TrainError

WINDOW_BYTES = 1 << 20
"""About how long a window is; 64 of them are in memory at a time."""


class Window(NamedTuple):
    """A run of samples of a tar."""

    tar: int
    """The number of the tar in its set."""
    row: int
    """The row of its first sample among all of the set."""
    images: int
    offset: int
    """Where it begins in the tar."""
    size: int
    """Its bytes."""
    digest: int
    """A hash of them."""


class TarScan(NamedTuple):
    """What one pass over a tar finds."""

    windows: list[Window]
    labels: NDArray[np.int32]
    keys: NDArray[np.uint64]
    """N×5: hashes of each image's file and of its source's (two numbers each), and of its group."""


class _Seen:
    """The bytes that were seen since the last window began."""

    def __init__(self) -> None:
        self.start = self.end = 0
        self.hash = blake2b(digest_size=8)

    def see(self, data: bytes) -> None:
        self.hash.update(data)
        self.end += len(data)

    def cut(self) -> tuple[int, int, int]:
        """Begin a new window; return the offset, the bytes and the hash of the last one."""
        cut = self.start, self.end - self.start, _number(self.hash.digest())
        self.start, self.hash = self.end, blake2b(digest_size=8)
        return cut


def scan_tar(part: TarPart, number: int) -> TarScan:
    """Check a tar, find its windows, and note classes and hashes, in one pass; runs in a worker."""
    tar, seen = part.tar, _Seen()
    most = max(1, WINDOW_BYTES * tar.count // max(1, tar.bytes))
    windows: list[Window] = []
    labels, keys = np.empty(tar.count, np.int32), np.empty((tar.count, 5), np.uint64)
    first, changed = 0, ""
    for row, sample in enumerate(part.samples(seen.see)):
        file = sha256(sample.image.data).hexdigest()
        changed = changed or (sample.image.name if file != sample.row["sha256"] else "")
        labels[row], keys[row] = sample.label, _keys(file, sample.row)
        if row + 1 - first == most or row + 1 == tar.count:
            windows.append(Window(number, part.start + first, row + 1 - first, *seen.cut()))
            first = row + 1
    if changed:  # the hash of the whole tar, known at its end, says more
        raise TarError(f'{part.title}: "{changed}" is not the file that its row describes')
    return TarScan(windows, labels, keys)


def _keys(file: str, row: Row) -> list[int]:
    return [*hash_key(file), *hash_key(row["source_sha256"]), group_key(row.get("group", ""))]


def hash_key(digest: str) -> list[int]:
    """Return the first 128 bits of a hash as two numbers."""
    return [int(digest[:16] or "0", 16), int(digest[16:32] or "0", 16)]


def group_key(group: str) -> int:
    """Return a number for a group; 0 for none."""
    return int.from_bytes(blake2b(group.encode(), digest_size=8).digest(), "big") if group else 0


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "big", signed=True)


class StoredImage(NamedTuple):
    """An image of a window, as a scan has found it: its tar was checked, so its row is not."""

    name: str
    label: int
    held: bytes
    """The images and rows of the whole window, in one piece: many small ones of different lifetimes
    would leave gaps in memory, so that it would grow with the images that were read."""
    start: int
    middle: int
    end: int
    """Where the image begins in it, and where its row begins and ends."""

    @property
    def data(self) -> bytes:
        """The file of the image."""
        return self.held[self.start : self.middle]

    @property
    def row(self) -> bytes:
        """The row of the image in the manifest, as JSON."""
        return self.held[self.middle : self.end]

    @property
    def source(self) -> str:
        """The source that it shows."""
        source: str = json.loads(self.row)["source"]
        return source


def read_window(store: Store, file: str, window: Window) -> list[StoredImage]:
    """Return the images of a window; raise TrainError with status 3 if its bytes have changed."""
    data = store.read_span(file, window.offset, window.size)
    title = f'"{store.place}/{file}"'
    if _number(blake2b(data, digest_size=8).digest()) != window.digest:
        raise TrainError(f"{title} has changed since the run began", STOPPED)
    # as at the end of a tar, an empty header follows
    members = read_members(BytesIO(data + bytes(RECORD)).read, title)
    return _as_stored([_parts(sample) for sample in zip(members, members, members, strict=True)])


class _Parts(NamedTuple):
    image: Member
    label: int
    row: bytes


def _parts(members: Iterable[Member]) -> _Parts:
    parts = {member.extension: member for member in members}
    label, row = parts.pop(CLASS), parts.pop(ROW)
    ((_, image),) = parts.items()
    return _Parts(image, int(label.data), row.data)


def _as_stored(samples: Sequence[_Parts]) -> list[StoredImage]:
    """Return samples whose bytes are held in one piece."""
    held = b"".join(part for sample in samples for part in (sample.image.data, sample.row))
    found, start = [], 0
    for image, label, row in samples:
        middle = start + len(image.data)
        found.append(StoredImage(image.name, label, held, start, middle, middle + len(row)))
        start = middle + len(row)
    return found
