"""A tar that grows: it gets its name when it is whole, and not before."""

from __future__ import annotations

from hashlib import sha256

from expand.archives.index import Tar
from expand.archives.members import end
from expand.archives.names import tar_name
from expand.storage.appending import AppendedFile, publish


class GrowingTar:
    """A tar of which the samples are not all there yet: `add` them, then `end` and `publish` it."""

    def __init__(self, file: AppendedFile, block: int, view: int) -> None:
        self.file, self.block, self.view = file, block, view
        self.count, self.bytes, self._hash = 0, 0, sha256()

    def add(self, samples: list[bytes]) -> None:
        """Append samples, each the bytes of its members."""
        self.count += len(samples)
        self._append(b"".join(samples))

    def end(self) -> Tar:
        """Append what ends a tar, and return what it is; call it once, after the last sample."""
        self._append(end(self.bytes))
        name, digest = tar_name(self.block, self.view), self._hash.hexdigest()
        return Tar(name, self.block, self.view, self.count, self.bytes, digest)

    def publish(self, *, sync: bool) -> None:
        """Give an ended tar its name; with `sync`, its bytes are on the disk before."""
        publish(self.file, tar_name(self.block, self.view), sync=sync)

    def _append(self, data: bytes) -> None:
        self.file.append(data)
        self._hash.update(data)
        self.bytes += len(data)
